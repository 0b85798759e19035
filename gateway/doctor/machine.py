"""The machine under the gateway: adapters, their drivers, switches, BlueZ, D-Bus. Works without a gateway that runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gateway.core.clock import Clock
from gateway.doctor.findings import Finding, fail, ok, warn

OLDEST_BLUEZ: Final = (5, 55)  # before it, bonding from an own agent and `Paired` were unreliable (Debian 11 has 5.55)
COMMAND_S: Final = 5.0
_DONGLE: Final = "use a USB Bluetooth dongle on a short extension cable, away from USB 3 ports"

# USB vendors whose Bluetooth is one half of a Wi-Fi card.
_COMBO_VENDORS: Final = MappingProxyType(
    {"8087": "Intel", "0e8d": "MediaTek", "0cf3": "Qualcomm", "0489": "Foxconn", "13d3": "AzureWave", "04ca": "Lite-On"}
)
# Adapters on a serial line or beside an SD card sit on the board, as the Raspberry Pi's does, and share its antenna.
_ON_BOARD: Final = ("hci_uart", "hci_uart_bcm", "hci_uart_qca", "btbcm", "btsdio", "btmtksdio", "serdev", "bcm43xx")

Ran = Callable[[tuple[str, ...]], Awaitable[str | None]]  # a command: what it printed, None when there is no such


class BlueZTrouble(Exception):  # noqa: N818
    """BlueZ cannot be asked. `why`: "no-bus", "denied", "absent", or other words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Looks at the machine.

    Args:
        through_bluez: the settings say BlueZ; else a controller of our own is named, and BlueZ does not matter.
        ask_bluez: returns when BlueZ answers. Raises BlueZTrouble.
        run: runs a harmless command.
        root: of the file system.
    """

    through_bluez: bool
    ask_bluez: Callable[[], Awaitable[None]]
    run: Ran
    root: Path = field(default=Path("/"))

    async def look(self) -> list[Finding]:
        """All that can be seen without a gateway."""
        if not self.through_bluez:
            return [ok("bluetooth", "The settings name a controller of its own: BlueZ is not needed.")]
        return [*self._adapters(), *self._switches(), await self._version(), await self._bus()]

    def _adapters(self) -> Iterator[Finding]:
        folder = self.root / "sys/class/bluetooth"
        try:
            found = sorted(entry for entry in folder.iterdir() if re.fullmatch(r"hci\d+", entry.name))
        except OSError:
            found = []
        if not found:
            advice = "plug in a USB Bluetooth adapter, or name a controller in the settings ([radio])."
            yield fail("adapter", "The kernel shows no Bluetooth adapter", advice)
        for adapter in found:
            yield self._adapter(adapter)

    def _adapter(self, adapter: Path) -> Finding:
        driver, vendor = _driver(adapter), _usb_vendor(adapter)
        words = f"{adapter.name} by the driver {driver or 'unknown'}"
        if driver in _ON_BOARD or (driver is not None and driver.startswith("hci_uart")):
            return warn(
                "adapter",
                f"{words} sits on the board and shares its antenna with Wi-Fi: under Wi-Fi load packets are lost",
                f"{_DONGLE}, or connect the gateway by cable and switch Wi-Fi off.",
            )
        if vendor is not None and vendor in _COMBO_VENDORS:
            return warn(
                "adapter",
                f"{words} is one half of a Wi-Fi card ({_COMBO_VENDORS[vendor]}): the two share an antenna",
                f"if devices are heard badly, {_DONGLE}.",
            )
        return ok("adapter", f"{words}.")

    def _switches(self) -> Iterator[Finding]:
        folder = self.root / "sys/class/rfkill"
        blocked = []
        for switch in sorted(folder.glob("rfkill*")):
            if _read(switch / "type") != "bluetooth":
                continue
            if _read(switch / "hard") == "1":
                blocked.append(fail("rfkill", f"{switch.name} is switched off by hardware", "turn the switch on."))
            elif _read(switch / "soft") == "1":
                blocked.append(fail("rfkill", f"{switch.name} is blocked", "run 'rfkill unblock bluetooth'."))
        yield from blocked or [ok("rfkill", "No switch blocks Bluetooth.")]

    async def _version(self) -> Finding:
        said = await self.run(("bluetoothctl", "--version"))
        found = re.search(r"(\d+)\.(\d+)", said or "")
        if found is None:
            return warn("bluez", "The version of BlueZ is not known", "install it: 'apt install bluez'.")
        version = (int(found[1]), int(found[2]))
        if version < OLDEST_BLUEZ:
            oldest = ".".join(map(str, OLDEST_BLUEZ))
            return warn(
                "bluez", f"BlueZ {found[0]} is older than {oldest}", "upgrade the system to Debian 12 or newer."
            )
        return ok("bluez", f"BlueZ {found[0]}.")

    async def _bus(self) -> Finding:
        try:
            await self.ask_bluez()
        except BlueZTrouble as trouble:
            match trouble.why:
                case "no-bus":
                    return fail("d-bus", "The system has no D-Bus", "start it: 'systemctl start dbus'.")
                case "denied":
                    advice = (
                        "add the gateway's user to the group bluetooth ('usermod -aG bluetooth USER'), then restart."
                    )
                    return fail("d-bus", "This user may not speak to BlueZ", advice)
                case "absent":
                    advice = "run 'systemctl enable --now bluetooth'."
                    return fail("d-bus", "BlueZ does not run", advice)
                case words:
                    return fail("d-bus", f"BlueZ cannot be asked ({words})", "run 'systemctl restart bluetooth'.")
        return ok("d-bus", "BlueZ answers this user.")


def _driver(adapter: Path) -> str | None:
    try:
        return (adapter / "device" / "driver").resolve(strict=True).name
    except OSError:
        return None


def _usb_vendor(adapter: Path) -> str | None:
    """Of the USB device that the adapter's interface belongs to."""
    try:
        device = (adapter / "device").resolve(strict=True)
    except OSError:
        return None
    return _read(device.parent / "idVendor")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip().lower()
    except (OSError, ValueError):
        return None


def runner(clock: Clock) -> Ran:
    """Runs commands of this machine, each for a few seconds at most."""

    async def run(command: tuple[str, ...]) -> str | None:
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(*command, stdin=null, stdout=pipe, stderr=null)
        except OSError:
            return None
        try:
            async with clock.timeout(COMMAND_S):
                out, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return None
        return out.decode("utf-8", "replace")

    return run
