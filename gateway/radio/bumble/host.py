"""Bluetooth without BlueZ: Bumble as the host on any HCI transport (usb:0, serial:…, tcp-client:…, unix-client:…)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

import bumble.core
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bumble import hci, smp
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.host import Host as BumbleStack
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig
from bumble.transport import open_transport
from bumble.transport.common import Transport

from gateway.core.clock import Clock
from gateway.core.errors import RadioUnavailable
from gateway.radio.bumble.agent import pairing_config
from gateway.radio.bumble.cache import AttributeTables
from gateway.radio.bumble.client import CONNECT_S, BleakClientBumble
from gateway.radio.bumble.keys import BumbleKeyStore, KeyFile
from gateway.radio.bumble.scanner import BleakScannerBumble
from gateway.radio.bumble.turns import Turns
from gateway.radio.bumble.words import translated
from gateway.radio.host import Closed, Heard, PairingAgent

OPEN_S: Final = 10.0  # a USB controller answers its reset within a second; one that loads firmware within a few

BREATH_S: Final = 3.0  # the scan between two devices that were sought for long: a pressed pendant calls for seconds
SOUGHT_LONG_S: Final = 1.0

COMMAND_S: Final = 5.0  # a controller answers a command within milliseconds, or never

SCHEMES: Final = MappingProxyType(
    {
        "usb": "usb:0",
        "serial": "serial:/dev/ttyACM0",
        "tcp-client": "tcp-client:HOST:PORT",
        "unix-client": "unix-client:PATH",
    }
)

TransportOpener = Callable[[], Awaitable[Transport]]


class BumbleHost:
    """A controller by its Bumble transport name, or by a function that opens a transport (the virtual radio).

    Args:
        keys: the file of bonds; several controllers share it.
        controller: which of several it is, where they have no addresses of their own ("" is the first).
    """

    def __init__(
        self,
        transport: str | TransportOpener,
        *,
        keys: Path,
        clock: Clock,
        name: str | None = None,
        simulated: bool = False,
        controller: str = "",
    ) -> None:
        self._transport = transport
        self._keys = keys
        self._clock = clock
        self._controller = controller
        self.simulated = simulated
        self.name = name or (transport if isinstance(transport, str) else "the virtual radio")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BumbleAdapter]:
        """Raises RadioUnavailable, KeysDamaged."""
        transport = await self._open_transport()
        try:
            adapter = BumbleAdapter(transport, KeyFile(self._keys, now=self._clock.wall), self._clock, self._controller)
            try:
                async with self._clock.timeout(OPEN_S):
                    await adapter.power_on()
            except (TimeoutError, bumble.core.BaseBumbleError, hci.HCI_Error) as error:
                raise RadioUnavailable(
                    f"The Bluetooth controller at {self.name} does not answer ({str(error) or 'silence'}): unplug it "
                    "and plug it in again, or correct `radio.transport` in the settings."
                ) from error
            try:
                yield adapter
            finally:
                adapter.power_off()
        finally:
            await transport.close()

    async def _open_transport(self) -> Transport:
        """Bumble's transports fail with whatever the library beneath them raises."""
        errors: tuple[type[Exception], ...] = (OSError, ValueError, ImportError, bumble.core.BaseBumbleError)
        if isinstance(self._transport, str):
            scheme, _, rest = self._transport.partition(":")
            if scheme not in SCHEMES or not rest:
                raise RadioUnavailable(
                    f"{self._transport!r} is no Bluetooth controller: set `radio.transport` to one of "
                    f"{', '.join(SCHEMES.values())}."
                )
            if scheme == "usb":
                errors = (*errors, *_usb_errors())
        try:
            if isinstance(self._transport, str):
                return await open_transport(self._transport)
            return await self._transport()
        except errors as error:
            raise RadioUnavailable(
                f"No Bluetooth controller at {self.name} ({str(error) or type(error).__name__}): plug one in, or "
                "correct `radio.transport` in the settings."
            ) from error


def _usb_errors() -> tuple[type[Exception], ...]:
    """Libusb's own errors are no OSErrors."""
    try:
        import usb1  # only where a USB controller is used
    except (ImportError, OSError):
        return ()
    return (usb1.USBError,)


class BumbleAdapter:
    """One powered controller with its bonds: the state that bleak's scanner and clients share."""

    def __init__(self, transport: Transport, keys: KeyFile, clock: Clock, controller: str) -> None:
        self.clock = clock
        self.keys = keys
        self._controller = controller
        self._turns = Turns()  # controllers take one LE Create Connection at a time
        self.scanners: set[BleakScannerBumble] = set()
        self.tables = AttributeTables()
        configuration = DeviceConfiguration(name="Huoma", gap_service_enabled=True, gatt_service_enabled=False)
        stack = _Stack(transport.source, transport.sink)
        self.device = _GatewayDevice(config=configuration, host=stack)
        self.device.command_timeout = COMMAND_S
        self.device.pairing_config_factory = self._pairing_config
        self.agents: dict[Connection, PairingAgent] = {}  # while a bond is being made
        self.store: BumbleKeyStore | None = None
        self._lost = asyncio.Event()
        self._lost_because = "the Bluetooth controller is gone"
        self._scan_pauses = 0
        self._hearing_until = 0.0
        self._switching = asyncio.Lock()
        transport.source.terminated.add_done_callback(lambda _ended: self._lost.set())
        stack.on("flush", self._lost.set)

    @property
    def address(self) -> str:
        own = self.device.public_address if self.own_is_public else self.device.static_address
        return own.to_string(False)

    def _pairing_config(self, connection: Connection) -> PairingConfig:
        return pairing_config(connection.peer_address.to_string(False), self.agents.get(connection))

    @property
    def own_is_public(self) -> bool:
        """The controller has an address of its own, as all but bare chips do."""
        return bool(self.device.public_address != hci.Address.ANY)

    @property
    def own_address_type(self) -> hci.OwnAddressType:
        return hci.OwnAddressType.PUBLIC if self.own_is_public else hci.OwnAddressType.RANDOM

    @property
    def notice(self) -> str | None:
        return self.keys.damage

    def accept_notice(self) -> None:
        self.keys.accept_damage()

    async def power_on(self) -> None:
        self.device.keystore = MemoryKeyStore()  # the key store is one adapter's: its address must be read first
        await self.device.power_on()
        if not self.own_is_public:
            own = self.device.static_address = self.device.random_address = hci.Address(
                self.keys.static_address(self._controller)
            )
            await self.device.send_sync_command(hci.HCI_LE_Set_Random_Address_Command(random_address=own))
        self._lost.clear()  # powering on flushes what was before
        self.store = BumbleKeyStore(self.keys, self.address)
        self.device.keystore = self.store
        await self.device.refresh_resolving_list()

    def power_off(self) -> None:
        """Everything that waits for the controller ends."""
        self.device.host.emit("flush")

    def scanner(self, heard: Heard) -> BleakScanner:
        return BleakScanner(heard, backend=BleakScannerBumble, bumble=self)

    def client(
        self,
        device: BLEDevice,
        *,
        closed: Closed,
        may_pair: bool,
        agent: PairingAgent | None = None,
        first: bool = False,
    ) -> BleakClient:
        return BleakClient(
            device,
            closed,
            timeout=CONNECT_S,
            backend=BleakClientBumble,
            bumble=self,
            may_pair=may_pair,
            agent=agent,
            first=first,
        )

    def newly_bonded(self, client: BleakClient) -> bool:
        backend = client._backend  # noqa: SLF001  # bleak 3.1 has no public way to its backend
        return isinstance(backend, BleakClientBumble) and backend.newly_bonded

    async def bonded(self, address: str) -> bool:
        return self.store is not None and await self.store.get(address) is not None

    async def bonds(self) -> Collection[str]:
        return tuple(self.keys.peers(self.address))

    def bonded_elsewhere(self, address: str) -> str | None:
        return self.keys.holder(address, besides=self.address)

    async def forget(self, address: str) -> None:
        """On every adapter that this gateway ever had: a technician means the device, not the adapter."""
        self.tables.forget(address)
        if self.store is not None:
            self.keys.forget(address)
            await self.device.refresh_resolving_list()

    async def lost(self) -> str:
        await self._lost.wait()
        return self._lost_because

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """A controller that leaves a command within unanswered is lost: whoever waits for it is told."""
        try:
            yield
        except bumble.core.CommandTimeoutError:
            self._lost_because = "the Bluetooth controller does not answer any more"
            self._lost.set()
            self.power_off()
            raise

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    async def listen(self, scanner: BleakScannerBumble) -> None:
        """The first scanner starts the scan."""
        self.scanners.add(scanner)
        await self._scan()

    async def deafen(self, scanner: BleakScannerBumble) -> None:
        """The last scanner stops it."""
        self.scanners.discard(scanner)
        await self._scan()

    @asynccontextmanager
    async def reaching(self, *, first: bool) -> AsyncIterator[None]:
        """One device is sought, without a scan. Whoever goes `first` waits for one other at most.

        Between two that are not found the scan goes on for a while: somebody may be calling for help.
        """
        while True:
            async with self._turns.turn(first=first):
                pause = 0.0 if first else self._hearing_until - self.clock.monotonic()
                if pause <= 0:
                    began = self.clock.monotonic()
                    try:
                        async with self.quiet():
                            yield
                    finally:
                        now = self.clock.monotonic()
                        if now - began > SOUGHT_LONG_S:
                            self._hearing_until = now + BREATH_S
                    return
            await self.clock.sleep(pause)

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """No scan meanwhile: some controllers cannot initiate while they scan, and A&D asks for it."""
        self._scan_pauses += 1
        try:
            with translated():
                await self._scan()
            yield
        finally:
            self._scan_pauses -= 1
            if not self.is_lost:
                with translated():
                    await self._scan()

    async def _scan(self) -> None:
        if self.is_lost:
            return
        async with self._switching, self.answering():
            wanted = bool(self.scanners) and not self._scan_pauses
            if wanted and not self.device.scanning:
                await self.device.start_scanning(
                    active=True, own_address_type=self.own_address_type, filter_duplicates=False
                )
            elif not wanted and self.device.scanning:
                await self.device.stop_scanning()


class _Stack(BumbleStack):
    """Bumble's own trips over a response that arrived in the very moment the transport went."""

    def on_transport_lost(self) -> None:
        if self.pending_response is not None and self.pending_response.done():
            self.pending_response = None
        super().on_transport_lost()  # type: ignore[no-untyped-call]


class _GatewayDevice(Device):
    """Resolves private addresses while scanning (see the scanner), so it never has to scan in order to connect."""

    async def refresh_resolving_list(self) -> None:
        await super().refresh_resolving_list()
        if self.address_resolver is not None:
            self.address_resolver = _OnAirResolver(self.address_resolver.resolving_keys)


class _OnAirResolver(smp.AddressResolver):
    def can_resolve_to(self, address: hci.Address) -> bool:
        del address  # we connect to the address that is on the air
        return False
