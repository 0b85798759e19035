"""bleak's client on a Bumble host. What it shares with the scanner is a `BumbleAdapter`, passed as `bumble=`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import bumble.core
from bleak.args import SizedBuffer
from bleak.backends.characteristic import BleakGATTCharacteristic, GattCharacteristicsFlags
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError, BleakGATTProtocolErrorCode
from bumble import att, hci
from bumble.core import UUID
from bumble.device import Connection, Peer
from bumble.gatt_client import Client

from gateway.radio.bumble.confirm import ConfirmingClient
from gateway.radio.bumble.words import translated, uuid128
from gateway.radio.host import BondError, PairingAgent

if TYPE_CHECKING:
    from gateway.radio.bumble.host import BumbleAdapter

MTU: Final = 517
HANG_UP_S: Final = 5.0
# The scan rests while connecting, and a pendant may call meanwhile. Who has just advertised answers within a second.
REACH_S: Final = 6.0
CONNECT_S: Final = 20.0  # with the discovery of its services: some forty round trips at slow intervals
BOND_S: Final = 30.0  # the security manager's own time-out (Core 5.4, Vol 3 Part H §3.4)
TYPING_S: Final = 60.0  # a person looks for six digits and types them
_INSUFFICIENT: Final = (
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
)
_SERVICE_CHANGED: Final = UUID.from_16_bits(0x2A05)
_KEY_MISSING: Final = hci.HCI_ErrorCode.PIN_OR_KEY_MISSING_ERROR
_MIC_FAILURE: Final = hci.HCI_ErrorCode.CONNECTION_TERMINATED_DUE_TO_MIC_FAILURE_ERROR
_T = TypeVar("_T")


class BleakClientBumble(BaseBleakClient):
    """One device. Pairs on demand, as BlueZ does, but only with `may_pair`."""

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        services: set[str] | None = None,
        *,
        disconnected_callback: Callable[[], None] | None,
        timeout: float,
        bumble: BumbleAdapter,
        may_pair: bool = True,
        agent: PairingAgent | None = None,
        first: bool = False,
        **_unused: Any,
    ) -> None:
        super().__init__(address_or_ble_device, disconnected_callback=disconnected_callback, timeout=timeout)
        if not isinstance(address_or_ble_device, BLEDevice):
            raise BleakDeviceNotFoundError(address_or_ble_device, "connect to a device that a scan has found")
        self._device = address_or_ble_device
        self._adapter = bumble
        self._may_pair = may_pair
        self._agent = agent
        self._first = first
        self._connection: Connection | None = None
        self._peer: Peer | None = None
        self._subscriptions: dict[int, Callable[[bytes], Any]] = {}
        self._ended_by: int | None = None
        self._table_changed = False
        self._bonded = False
        self._gone = asyncio.Event()
        self.newly_bonded = False

    @property
    def name(self) -> str:
        return self._device.name or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        return self._connection.att_mtu if self._connection is not None else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **_unused: Any) -> None:
        if self._connection is not None:
            raise BleakError("already connected")
        self.newly_bonded = False
        self._gone.clear()
        typing = pair and self._agent is not None
        try:
            # Waiting for others to be reached first is not this device's fault: its time begins when it has its turn.
            # Encryption and discovery concern this link alone: meanwhile others are heard and connected to.
            async with self._adapter.reaching(first=self._first):
                connection = await self._reach()
            async with self._adapter.clock.timeout(max(self._timeout, TYPING_S) if typing else self._timeout):
                await self._settle_in(connection, pair=pair)
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            with suppress(BleakError), translated():
                async with self._adapter.clock.timeout(HANG_UP_S):
                    await connection.disconnect()
        except TimeoutError:
            self._on_disconnection(hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)  # a hung controller: it is over for us

    async def pair(self, *_arguments: Any, **_unused: Any) -> None:
        connection = self._live()
        if connection.is_encrypted:
            return
        if await self._adapter.bonded(self.address):
            await self._encrypt(connection)
        else:
            await self._bond(connection)

    async def unpair(self) -> None:
        await self.disconnect()
        await self._adapter.forget(self.address)

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_unused: Any
    ) -> bytearray:
        return bytearray(await self._secured(lambda peer: peer.read_value(characteristic.obj)))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_unused: Any
    ) -> bytearray:
        return bytearray(await self._secured(lambda peer: peer.read_value(descriptor.obj)))

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        await self._secured(lambda peer: peer.write_value(characteristic.obj, bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        await self._secured(lambda peer: peer.write_value(descriptor.obj, bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_unused: Any
    ) -> None:
        # bleak types it as returning nothing, and passes on what it does return: a receipt (see ConfirmingClient).
        receive: Callable[[bytearray], object] = callback

        def subscriber(value: bytes) -> object:
            if self._unprotected:
                return None
            return receive(bytearray(value))

        self._subscriptions[characteristic.handle] = subscriber
        await self._secured(lambda peer: peer.gatt_client.subscribe(characteristic.obj, subscriber, prefer_notify=True))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        subscriber = self._subscriptions.pop(characteristic.handle, None)
        await self._secured(lambda peer: peer.gatt_client.unsubscribe(characteristic.obj, subscriber))

    async def _reach(self) -> Connection:
        device = self._adapter.device
        connecting = device.connect_le(
            self._device.details, own_address_type=self._adapter.own_address_type, timeout=None
        )
        try:
            with translated():
                async with self._adapter.clock.timeout(REACH_S), self._adapter.answering():
                    connection = await connecting
        except BaseException:  # time-out or cancellation: the controller must not go on trying
            if not self._adapter.is_lost:
                with suppress(hci.HCI_Error, bumble.core.BaseBumbleError):
                    async with self._adapter.answering():
                        await device.send_sync_command(hci.HCI_LE_Create_Connection_Cancel_Command())
            raise
        self._connection = connection
        connection.gatt_client = ConfirmingClient(connection)
        connection.on(connection.EVENT_DISCONNECTION, self._on_disconnection)
        return connection

    async def _settle_in(self, connection: Connection, *, pair: bool) -> None:
        bonded = self._bonded = await self._adapter.bonded(self.address)
        self._live()  # Bumble waits in vain for the answers of a link that has ended meanwhile
        if bonded:
            await self._encrypt(connection)
            self._must_be_protected()
        elif pair:
            await self._bond(connection)
        tables = self._adapter.tables
        with translated():
            self._peer = Peer(connection)
            await self._peer.request_mtu(MTU)
            if not (bonded and tables.restore(self.address, connection.gatt_client)):
                await self._peer.discover_all()  # type: ignore[no-untyped-call]
                tables.remember(self.address, connection.gatt_client)
            if bonded:
                await self._watch_table(connection.gatt_client)
        self.services = _collection(self._peer, lambda: self.mtu_size - 3)

    async def _watch_table(self, client: Client) -> None:
        """Hear about it when the device says that its attribute table is another one now."""
        tables = self._adapter.tables
        for changed in client.get_characteristics_by_uuid(_SERVICE_CHANGED):
            if self.address in tables.watched:
                client.indication_subscribers.setdefault(changed.handle, set()).add(self._on_table_changed)
                continue
            try:
                await client.subscribe(changed, self._on_table_changed, prefer_notify=False)
                tables.watched.add(self.address)
            except att.ATT_Error:
                tables.forget(self.address)  # it will not tell: discovered on every connection

    def _on_table_changed(self, _range: bytes) -> None:
        self._adapter.tables.forget(self.address)
        self._table_changed = True

    async def _encrypt(self, connection: Connection) -> None:
        """By the stored key. A wrong one shows as "key missing", or as a link that ends with a MIC failure."""
        try:
            with translated():
                await self._while_linked(connection.encrypt())
        except BleakError as error:
            cause = error.__cause__
            missing = isinstance(cause, hci.HCI_Error) and cause.error_code == _KEY_MISSING
            if missing or self._ended_by == _MIC_FAILURE:
                raise BondError(
                    f"the stored bond with {self.name} is stale: the device does not know our key (any more), or "
                    "another one uses its address"
                ) from error
            raise

    async def _while_linked(self, work: Awaitable[_T]) -> _T:
        """Bumble waits for ever for what was to come over a link that ended a moment before it began to wait.

        Raises:
            BleakError: the link ended.
        """
        try:
            async with asyncio.TaskGroup() as group:
                gone = group.create_task(self._raise_when_gone())
                result = await work
                gone.cancel()
        except BaseExceptionGroup as several:
            raise several.exceptions[-1] from None  # the work's own error says more than "disconnected"
        return result

    async def _raise_when_gone(self) -> None:
        await self._gone.wait()
        raise BleakError("disconnected")

    @property
    def _unprotected(self) -> bool:
        """Whoever it is, it has not shown that it knows our key."""
        return self._bonded and (self._connection is None or not self._connection.is_encrypted)

    def _must_be_protected(self) -> None:
        if self._unprotected:
            raise BondError(
                f"there is a bond with {self.name}, and yet the connection is not encrypted: nothing is taken "
                "from it, as it may be another device under its address"
            )

    async def _bond(self, connection: Connection) -> None:
        if not self._may_pair:
            raise BondError(f"there is no bond with {self.name}, and pairing was not asked for")
        if self._agent is not None:
            self._adapter.agents[connection] = self._agent
        try:
            with translated():
                async with self._adapter.clock.timeout(BOND_S if self._agent is None else TYPING_S):
                    await self._while_linked(connection.pair())
        except TimeoutError as silence:
            raise BondError(f"the pairing with {self.name} was not finished in time") from silence
        except BleakError as error:
            if isinstance(error.__cause__, bumble.core.ProtocolError):
                raise BondError(f"{self.name} takes no new gateway now ({error.__cause__.error_name})") from error
            raise
        finally:
            self._adapter.agents.pop(connection, None)
        store = self._adapter.store
        if store is not None and store.failure is not None:
            raise BondError(str(store.failure)) from store.failure
        self.newly_bonded = True

    async def _secured(self, operation: Callable[[Peer], Awaitable[_T]]) -> _T:
        """Raise security when the device demands it, once, as BlueZ does."""
        self._live()
        self._must_be_protected()
        if self._peer is None:
            raise BleakError("not connected")
        if self._table_changed:
            raise BleakError("the device's services have changed; they are looked up on the next connection")
        try:
            with translated():
                return await operation(self._peer)
        except BleakGATTProtocolError as refusal:
            connection = self._live()
            if refusal.code not in _INSUFFICIENT or connection.is_encrypted:
                raise
            await self.pair()
        with translated():
            return await operation(self._peer)

    def _live(self) -> Connection:
        if self._connection is None:
            raise BleakError("not connected")
        return self._connection

    def _on_disconnection(self, reason: int) -> None:
        if self._connection is None:
            return
        self._ended_by = reason
        self._gone.set()
        self._connection = self._peer = None
        self._subscriptions.clear()
        if self._disconnected_callback is not None:
            self._disconnected_callback()


def _collection(peer: Peer, writable: Callable[[], int]) -> BleakGATTServiceCollection:
    collection = BleakGATTServiceCollection()
    for service in peer.services:
        owner = BleakGATTService(service, service.handle, uuid128(service.uuid))
        collection.add_service(owner)
        for characteristic in service.characteristics:
            properties: list[Any] = [
                flag.name.replace("_", "-")
                for flag in GattCharacteristicsFlags
                if int(characteristic.properties) & flag.value
            ]
            uuid = uuid128(characteristic.uuid)
            shown = BleakGATTCharacteristic(characteristic, characteristic.handle, uuid, properties, writable, owner)
            collection.add_characteristic(shown)
            for descriptor in characteristic.descriptors:
                collection.add_descriptor(
                    BleakGATTDescriptor(descriptor, descriptor.handle, uuid128(descriptor.type), shown)
                )
    return collection
