"""What every virtual device is: a controller, a host, an attribute table, bonds, and advertising."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from struct import Struct
from typing import Any, Final

from bumble import hci
from bumble.core import AdvertisingData
from bumble.core import ConnectionError as LinkError
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import Characteristic, Service
from bumble.host import Host
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig

from device_drivers.virtual.attributes import INDICATE, READ, WRITE, constant, measured, service
from device_drivers.virtual.controller import VirtualController
from device_drivers.virtual.pairing_io import Io, Panel, PeripheralDelegate
from device_drivers.virtual.radio import VirtualRadio

ADVERTISING_INTERVAL_MS: Final = 100.0
# Bumble's virtual controller (0.0.236) takes the units of 0.625 ms, in which hosts give the interval, for ms.
_ASKED_FOR_MS: Final = ADVERTISING_INTERVAL_MS * 0.625
LE_ONLY: Final = 0x04  # advertising flags: BR/EDR not supported
GENERAL_DISCOVERABLE: Final = 0x02
LIMITED_DISCOVERABLE: Final = 0x01
_UINT16: Final = Struct("<H")
_SHORT: Final = 4  # digits of a 16-bit UUID


class VirtualPeripheral(ABC):
    """A device on the virtual radio. Subclasses fill the attribute table and react to connections.

    Its bonds survive `power_off`; `lose_bonds` is a battery change that forgot them.

    Attributes:
        io, panel: what a person has before him while it is being paired.
        accepts_pairing: it takes a new central.
        pairings: how often somebody asked to pair.
        connections: how often somebody connected.
        chance: what made-up measurements are drawn from: the same for the same address.
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        name: str,
        address: str,
        appearance: int,
        max_mtu: int,
        io: Io = Io.NOTHING,
    ) -> None:
        self.radio = radio
        self.name = name
        self.address = address
        self.io = io
        self.panel = Panel()
        self.chance = random.Random(address)  # noqa: S311  # made-up measurements
        self.bonds = MemoryKeyStore()
        self.accepts_pairing = True
        self.pairings = 0
        self.connection: Connection | None = None
        self.connections = 0
        self.controller = VirtualController(
            name, link=radio.link, public_address=hci.Address(address, hci.Address.PUBLIC_DEVICE_ADDRESS)
        )
        configuration = DeviceConfiguration(
            name=name,
            address=hci.Address.generate_static_address(),
            gap_service_enabled=False,
            gatt_service_enabled=False,
        )
        self.device = Device(config=configuration, host=Host(self.controller, self.controller))
        self.device.gatt_server.max_mtu = max_mtu
        self.device.pairing_config_factory = self._pairing_config
        self._appearance = appearance
        self._said: tuple[list[tuple[int, bytes]], str] | None = None
        self._calling = asyncio.Lock()  # a measurement and the end of a connection may both make it call
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    def services(self) -> list[Service]:
        """The attribute table behind GAP and GATT."""

    @abstractmethod
    def advertised_services(self) -> tuple[str, ...]:
        """The services in the advertisement: short, or with all 128 bits."""

    def manufacturer_data(self) -> bytes | None:
        """Company identifier and what follows it, or None."""
        return None

    async def power_on(self) -> None:
        """Boot the host; silent until `advertise`."""
        self.device.add_services([self._generic_access(), self._generic_attribute(), *self.services()])
        self.device.on("connection", self._on_connection)
        self.device.keystore = self.bonds
        await self.device.power_on()

    async def advertise(self, *, flags: int) -> None:
        """Call, connectable and scannable; a connection ends it."""
        services = self.advertised_services()
        short = b"".join(_UINT16.pack(int(uuid, 16)) for uuid in services if len(uuid) == _SHORT)
        whole = b"".join(bytes.fromhex(uuid.replace("-", ""))[::-1] for uuid in services if len(uuid) != _SHORT)
        structures: list[tuple[int, bytes]] = [(AdvertisingData.FLAGS, bytes([flags]))]
        if short:
            structures.append((AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, short))
        if whole:
            structures.append((AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, whole))
        manufacturer = self.manufacturer_data()
        if manufacturer is not None:
            structures.append((AdvertisingData.MANUFACTURER_SPECIFIC_DATA, manufacturer))
        async with self._calling:
            said = (structures, self.name)
            if self.connection is not None or (self.device.is_advertising and said == self._said):
                return  # somebody came while it was about to call, or it calls already
            self._said = said
            await self.device.start_advertising(
                own_address_type=hci.OwnAddressType.PUBLIC,
                advertising_data=bytes(AdvertisingData(structures)),
                scan_response_data=bytes(AdvertisingData([(AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode())])),
                advertising_interval_min=_ASKED_FOR_MS,
                advertising_interval_max=_ASKED_FOR_MS,
            )

    async def fall_silent(self) -> None:
        """Stop calling."""
        await self.device.stop_advertising()

    async def power_off(self) -> None:
        """Batteries out: the link drops, nothing is heard any more."""
        await self.fall_silent()
        self.radio.link.drop(self.controller)
        self.radio.link.remove_controller(self.controller)

    async def lose_bonds(self) -> None:
        """Forget every central."""
        await self.bonds.delete_all()

    def while_connected(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Run work that ends with the connection."""
        task = self.radio.start(work)
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task

    async def connected(self, connection: Connection) -> None:  # noqa: B027  # a hook: nothing is right too
        """A central is here. Runs until it has gone."""

    async def disconnected(self, *, by_central: bool) -> None:  # noqa: B027  # likewise
        """The link ended; `by_central` when the other side hung up in order."""

    async def paired(self) -> None:  # noqa: B027  # likewise
        """A bond was made on this connection."""

    async def indicate(self, connection: Connection, characteristic: Characteristic[bytes], frame: bytes) -> bool:
        """Send it and wait; whether it was confirmed. False when nobody is there (any more), or has not subscribed."""
        subscribed = self.device.gatt_server.subscribers.get(connection, {}).get(characteristic.handle)
        if self.connection is not connection or not subscribed:
            return False  # Bumble would say nothing
        try:
            await self.device.indicate_subscriber(connection, characteristic, frame)
        except LinkError:
            return False
        return self.connection is connection

    async def hang_up(self) -> None:
        """Close the link from this side."""
        connection = self.connection
        if connection is None:
            return
        try:
            await connection.disconnect()
        except (hci.HCI_Error, LinkError):
            return  # the other side was faster

    def _pairing_config(self, _connection: Connection) -> PairingConfig:
        return PairingConfig(sc=True, mitm=self.io is not Io.NOTHING, bonding=True, delegate=PeripheralDelegate(self))

    def _on_connection(self, connection: Connection) -> None:
        self.connection = connection
        self.connections += 1
        self.device.legacy_advertiser = None  # the controller stopped it
        connection.on(connection.EVENT_DISCONNECTION, self._on_disconnection)
        connection.on(connection.EVENT_PAIRING, lambda _keys: self.while_connected(self.paired()))
        self.while_connected(self.connected(connection))

    def _on_disconnection(self, reason: int) -> None:
        self.connection = None
        for task in list(self._tasks):
            task.cancel()
        by_central = reason == hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR
        self.radio.start(self.disconnected(by_central=by_central))

    def _generic_access(self) -> Service:
        preferred = bytes.fromhex("5000a0000000e803")  # 100–200 ms, no latency, 10 s
        return service(
            "1800",
            constant("2a00", self.name.encode()),
            constant("2a01", _UINT16.pack(self._appearance)),
            constant("2a02", b"\x00", READ | WRITE),
            constant("2a03", bytes(6), WRITE),
            constant("2a04", preferred),
        )

    def _generic_attribute(self) -> Service:
        changed: Characteristic[bytes] = measured(self.device.gatt_server, "2a05", INDICATE)
        return service("1801", changed)
