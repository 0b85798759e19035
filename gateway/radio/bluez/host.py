"""BlueZ, through bleak's own backend. Imported only when the settings say `radio = "bluez"`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from bleak import BleakClient, BleakScanner
from bleak.args.bluez import BlueZDiscoveryFilters, BlueZScannerArgs
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError, BleakError
from dbus_fast import Variant, unpack_variants
from dbus_fast.errors import DBusFastError

from gateway.core.clock import Clock
from gateway.core.errors import RadioUnavailable
from gateway.radio.bluez.agent import Agent
from gateway.radio.bluez.bonds import LinkWatch
from gateway.radio.bluez.bus import ADAPTER, DEVICE, OBJECTS, PROPERTIES, BlueZBus, bluez_bus
from gateway.radio.bluez.client import BleakClientBlueZ
from gateway.radio.bluez.scan import BleakScannerBlueZ, Scans
from gateway.radio.host import Closed, Heard, PairingAgent

CONNECT_S: Final = 30.0
APPEAR_S: Final = 5.0  # bluetoothd shows its adapters, and can switch them on, a moment after it is on the bus
POLL_S: Final = 0.2
HEARSAY_S: Final = 1.0
HEARSAY_POLL_S: Final = 0.01
SETTLE_S: Final = 0.05  # a scan begun in the very moment of `Powered` finds nothing
# A signal strength, even one that all have, makes BlueZ's discovery a filtered one: only then it shows devices that are
# not "discoverable", as cuffs are when they call the gateway that they know. Duplicates are what a call is made of.
_FILTERS: Final[BlueZDiscoveryFilters] = {"Transport": "le", "RSSI": -127, "DuplicateData": True}
_SYSFS: Final = Path("/sys/class/bluetooth")
_DOES_NOT_EXIST: Final = "org.bluez.Error.DoesNotExist"
_BLOCKED: Final = "org.bluez.Error.Blocked"
_DEATHS: Final = (BleakError, DBusFastError, EOFError, OSError)


class BlueZHost:
    """The adapter that BlueZ knows by this name. Bonds are BlueZ's own, pairing is answered by our agent."""

    simulated = False

    def __init__(self, adapter: str = "hci0", *, clock: Clock, sysfs: Path = _SYSFS) -> None:
        self.name = adapter
        self._clock = clock
        self._sysfs = sysfs

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BlueZAdapter]:
        """Powers the adapter on if nobody forbids it. Raises RadioUnavailable."""
        folder = self._sysfs / self.name
        if not folder.exists():
            raise RadioUnavailable(
                f"No Bluetooth adapter {self.name}: plug one in, or correct `radio.adapter` in the settings."
            )
        async with AsyncExitStack() as stack:
            try:
                bluez = await stack.enter_async_context(bluez_bus(self._clock))
            except _DEATHS as error:
                raise RadioUnavailable(
                    f"BlueZ is not there ({error}): start its service (systemctl start bluetooth), and see that this "
                    "user may speak to it on D-Bus (the group bluetooth)."
                ) from error
            try:
                address = await self._power_on(bluez, folder)
                adapter = BlueZAdapter(self.name, address, bluez, self._clock)
                await adapter.agent.register()
            except _DEATHS as error:
                raise RadioUnavailable(
                    f"BlueZ does not serve {self.name} ({error}): restart its service (systemctl restart bluetooth)."
                ) from error
            yield adapter

    async def _power_on(self, bluez: BlueZBus, folder: Path) -> str:
        """The address of the adapter, which is on. Raises RadioUnavailable, and as `BlueZBus.call`."""
        path = f"/org/bluez/{self.name}"
        until = self._clock.monotonic() + APPEAR_S
        asked = False
        while True:
            known = await bluez.properties(path, ADAPTER)
            if known is not None and known["Powered"]:
                break
            if self._clock.monotonic() > until:
                shown = "does not show" if known is None else "cannot switch on"
                raise RadioUnavailable(
                    f"BlueZ {shown} the adapter {self.name}: restart its service (systemctl restart bluetooth), or "
                    "unplug the adapter and plug it in again."
                )
            if known is not None:
                asked = True
                await self._switch_on(bluez, path, folder)
            await self._clock.sleep(POLL_S)
        if asked:
            await self._clock.sleep(SETTLE_S)
        return str(known["Address"])

    async def _switch_on(self, bluez: BlueZBus, path: str, folder: Path) -> None:
        _refuse_blocked(self.name, folder)
        try:
            await bluez.call(path, PROPERTIES, "Set", "ssv", ADAPTER, "Powered", Variant("b", True))
        except BleakDBusError as error:
            if error.dbus_error == _BLOCKED:
                raise _blocked(self.name, "rfkill") from error
            # Busy, InProgress, NotReady: asked for again


class BlueZAdapter:
    """An adapter that is on, with our agent registered."""

    notice: str | None = None  # BlueZ keeps the bonds and says nothing of their state

    def __init__(self, name: str, address: str, bluez: BlueZBus, clock: Clock) -> None:
        self.address = address
        self.agent = Agent(bluez)
        self.scans = Scans(clock, broken=self._ended)
        self._name = name
        self._path = f"/org/bluez/{name}"
        self._bluez = bluez
        self.clock = clock
        self._watches: dict[str, LinkWatch] = {}  # by object path: one per open connection
        self._end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        bluez.changed, bluez.removed, bluez.hung_up, bluez.gone = (
            self._changed,
            self._removed,
            self._hung_up,
            self._gone,
        )

    def scanner(self, heard: Heard) -> BleakScanner:
        bluez: BlueZScannerArgs = {"adapter": self._name, "filters": _FILTERS}
        return BleakScanner(heard, bluez=bluez, backend=BleakScannerBlueZ, scans=self.scans)

    def client(
        self,
        device: BLEDevice,
        *,
        closed: Closed,
        may_pair: bool,
        agent: PairingAgent | None = None,
        first: bool = False,
    ) -> BleakClient:
        del first  # the kernel reaches for whichever of several devices it hears
        return BleakClient(
            device,
            closed,
            timeout=CONNECT_S,
            backend=BleakClientBlueZ,
            bluez={"adapter": self._name},
            owner=self,
            may_pair=may_pair,
            agent=agent,
        )

    def newly_bonded(self, client: BleakClient) -> bool:
        backend = client._backend  # noqa: SLF001  # bleak 3.1 has no public way to its backend
        return isinstance(backend, BleakClientBlueZ) and backend.newly_bonded

    async def bonded(self, address: str) -> bool:
        """Raises BleakError when BlueZ cannot be asked."""
        device = await self._bluez.properties(self._device(address), DEVICE)
        return device is not None and bool(device.get("Bonded", device["Paired"]))  # `Bonded` came with 5.65

    async def bonds(self) -> Collection[str]:
        """Of everything on this adapter, a keyboard too. Raises BleakError when BlueZ cannot be asked."""
        objects = unpack_variants((await self._bluez.call("/", OBJECTS, "GetManagedObjects"))[0])
        return tuple(
            path.rpartition("/dev_")[2].replace("_", ":")
            for path, told in objects.items()
            if path.startswith(f"{self._path}/") and DEVICE in told
            if told[DEVICE].get("Bonded", told[DEVICE].get("Paired"))
        )

    async def forget(self, address: str) -> None:
        """Raises BleakError when BlueZ cannot be asked."""
        try:
            await self._bluez.call(self._path, ADAPTER, "RemoveDevice", "o", self._device(address))
        except BleakDBusError as error:
            if error.dbus_error != _DOES_NOT_EXIST:
                raise

    def accept_notice(self) -> None:
        return

    async def repair(self) -> None:
        """Switch it off; being opened switches it on. Raises BleakError, EOFError, OSError."""
        await self._bluez.call(self._path, PROPERTIES, "Set", "ssv", ADAPTER, "Powered", Variant("b", False))

    async def lost(self) -> str:
        async with asyncio.TaskGroup() as group:
            bus = group.create_task(self._until_closed())
            reason = await self._end
            bus.cancel()
        return reason

    async def until_connected(self, path: str) -> None:
        """Until bleak, too, has heard of it, or for a second."""
        for _ in range(round(HEARSAY_S / HEARSAY_POLL_S)):
            if self._bluez.bleak_sees_connected(path):
                return
            await self.clock.sleep(HEARSAY_POLL_S)

    def watch(self, path: str, watch: LinkWatch) -> None:
        """Tell `watch` what BlueZ says of this device, until `unwatch`."""
        self._watches[path] = watch

    def unwatch(self, path: str, watch: LinkWatch) -> None:
        if self._watches.get(path) is watch:
            del self._watches[path]

    def _device(self, address: str) -> str:
        return f"{self._path}/dev_{address.upper().replace(':', '_')}"

    async def _until_closed(self) -> None:
        await self._bluez.closed()
        self._ended("D-Bus has ended: start the gateway again if it does not come back by itself")

    def _changed(self, path: str, interface: str, properties: Mapping[str, Any]) -> None:
        if path == self._path and interface == ADAPTER and properties.get("Powered") is False:
            self._ended(
                f"the Bluetooth adapter {self._name} was switched off: leave it on, the gateway does that by itself"
            )
        watch = self._watches.get(path)
        if watch is not None and interface == DEVICE:
            watch.changed(bonded=properties.get("Bonded", properties.get("Paired")))

    def _removed(self, path: str, interfaces: list[str]) -> None:
        if path == self._path and ADAPTER in interfaces:
            self._ended(f"the Bluetooth adapter {self._name} is gone")

    def _hung_up(self, path: str, reason: str) -> None:
        watch = self._watches.get(path)
        if watch is not None:
            watch.hung_up(reason)

    def _gone(self) -> None:
        self._ended("BlueZ has stopped: if it does not come back by itself, run 'systemctl restart bluetooth'")
        self._bluez.start_bleak_anew()

    def _ended(self, reason: str) -> None:
        if not self._end.done():
            self._end.set_result(reason)


def _refuse_blocked(name: str, folder: Path) -> None:
    """Raises RadioUnavailable when a switch or somebody forbids radio: that is not ours to overrule."""
    for switch in folder.glob("rfkill*"):
        for kind in ("hard", "soft"):
            if (switch / kind).read_text(encoding="ascii").strip() == "1":
                raise _blocked(name, kind)


def _blocked(name: str, kind: str) -> RadioUnavailable:
    if kind == "hard":
        return RadioUnavailable(f"The adapter {name} is off by a switch or a key of this machine: switch radio on.")
    return RadioUnavailable(f"The adapter {name} is blocked by rfkill: run 'rfkill unblock bluetooth'.")
