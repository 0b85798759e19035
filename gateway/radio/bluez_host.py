"""BlueZ, through bleak's own backend. Imported only when the settings say `radio = "bluez"`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from gateway.core.clock import Clock
from gateway.core.errors import RadioUnavailable
from gateway.radio.host import Closed, Heard, PairingAgent

POLL_S: Final = 5.0
_SYSFS: Final = Path("/sys/class/bluetooth")
CONNECT_S: Final = 30.0


class BlueZHost:
    """The adapter that BlueZ knows by this name. Bonds are BlueZ's own; pairing new devices needs its agent."""

    simulated = False

    def __init__(self, adapter: str = "hci0", *, clock: Clock, sysfs: Path = _SYSFS) -> None:
        self.name = adapter
        self._clock = clock
        self._sysfs = sysfs

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BlueZAdapter]:
        """Raises RadioUnavailable."""
        folder = self._sysfs / self.name
        if not folder.exists():
            raise RadioUnavailable(
                f"No Bluetooth adapter {self.name}: plug one in, or correct `radio.adapter` in the settings."
            )
        probe = BleakScanner(lambda _device, _data: None, bluez={"adapter": self.name})
        try:
            async with probe:
                pass
        except (BleakError, OSError, EOFError) as error:
            raise RadioUnavailable(
                f"BlueZ does not serve {self.name} ({error}): start its service (systemctl start bluetooth) and switch "
                "the adapter on (bluetoothctl power on)."
            ) from error
        yield BlueZAdapter(self.name, folder, self._clock)


class BlueZAdapter:
    """bleak's default backend on one adapter."""

    notice: str | None = None

    def __init__(self, name: str, folder: Path, clock: Clock) -> None:
        self._name = name
        self._folder = folder
        self._clock = clock
        self._address: str | None = None

    @property
    def address(self) -> str:
        """The adapter's address, or its name where the kernel does not show one."""
        if self._address is None:
            try:
                self._address = (self._folder / "address").read_text(encoding="ascii").strip().upper()
            except OSError:
                self._address = self._name
        return self._address

    def scanner(self, heard: Heard) -> BleakScanner:
        return BleakScanner(heard, bluez={"adapter": self._name})

    def client(
        self, device: BLEDevice, *, closed: Closed, may_pair: bool, agent: PairingAgent | None = None
    ) -> BleakClient:
        del may_pair, agent  # BlueZ pairs on demand by itself, if its agent agrees
        return BleakClient(device, closed, timeout=CONNECT_S, bluez={"adapter": self._name})

    def newly_bonded(self, client: BleakClient) -> bool:
        del client
        return False

    async def bonded(self, address: str) -> bool:
        del address
        return False

    async def forget(self, address: str) -> None:
        await BleakClient(address, bluez={"adapter": self._name}).unpair()

    def accept_notice(self) -> None:
        return

    async def lost(self) -> str:
        while self._folder.exists():
            await self._clock.sleep(POLL_S)
        return f"the Bluetooth adapter {self._name} is gone"
