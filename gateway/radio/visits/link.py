"""`Link` over a bleak client, on whichever host: bleak's errors become the driver's three."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self, TypeVar

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakError,
    BleakGATTProtocolError,
    BleakGATTProtocolErrorCode,
)

from device_drivers.errors import BondLost, DeviceRefused, LinkLost
from device_drivers.sessions.link import FrameCallback, Receipt
from gateway.radio.host import Adapter, BondError, PairingAgent

_T = TypeVar("_T")
_SECURITY: Final = (
    BleakGATTProtocolErrorCode.INSUFFICIENT_AUTHENTICATION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION,
    BleakGATTProtocolErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE,
)
# What BlueZ calls it when the peer will not pair or has lost its key (org.bluez.Device1, doc/org.bluez.Device.rst).
_BLUEZ_BOND: Final = (
    "org.bluez.Error.AuthenticationFailed",
    "org.bluez.Error.AuthenticationRejected",
    "org.bluez.Error.AuthenticationCanceled",
    "org.bluez.Error.AuthenticationTimeout",
)


class BleakLink:
    """One connection to one device: `async with` connects and hangs up.

    Entering raises LinkLost, BondLost or DeviceRefused.

    Attributes:
        answers: how many of our requests the device has answered since it was connected.
        timed_out: connecting took too long, which a device out of range does too.
        on_bonded: called once when a bond is made on this connection.
    """

    def __init__(
        self,
        adapter: Adapter,
        device: BLEDevice,
        *,
        may_pair: bool,
        agent: PairingAgent | None = None,
        first: bool = False,
        on_bonded: Callable[[], None] | None = None,
    ) -> None:
        self._adapter = adapter
        self.answers = 0
        self.timed_out = False
        self._on_bonded = on_bonded
        self._closed = asyncio.Event()
        self._client = adapter.client(device, closed=self._on_closed, may_pair=may_pair, agent=agent, first=first)
        self._address = device.address
        self._services: frozenset[str] = frozenset()
        self._characteristics: dict[str, BleakGATTCharacteristic] = {}

    @property
    def address(self) -> str:
        return self._address

    @property
    def services(self) -> frozenset[str]:
        return self._services

    @property
    def characteristics(self) -> frozenset[str]:
        return frozenset(self._characteristics)

    @property
    def newly_bonded(self) -> bool:
        return self._adapter.newly_bonded(self._client)

    async def __aenter__(self) -> Self:
        try:
            await self._mapped(self._client.connect)
        except LinkLost as lost:
            self.timed_out = isinstance(lost.__cause__, TimeoutError)
            raise
        self._note_bond()
        collection = self._client.services
        self._services = frozenset(service.uuid.lower() for service in collection)
        for characteristic in collection.characteristics.values():
            # A device with two of a kind (two batteries) is read by its first.
            self._characteristics.setdefault(characteristic.uuid.lower(), characteristic)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.disconnect()

    async def bond(self) -> None:
        await self._asked(self._client.pair)

    async def read(self, uuid: str) -> bytes:
        return await self.read_of(self._characteristic(uuid))

    async def write(self, uuid: str, data: bytes, *, response: bool = True) -> None:
        await self.write_to(self._characteristic(uuid), data, response=response)

    async def subscribe(self, uuid: str, callback: FrameCallback) -> None:
        await self.subscribe_to(self._characteristic(uuid), callback)

    def table(self) -> tuple[BleakGATTCharacteristic, ...]:
        """Every characteristic, those of the same UUID too."""
        return tuple(self._client.services.characteristics.values())

    async def read_of(self, characteristic: BleakGATTCharacteristic) -> bytes:
        """As `read`, of one of `table`."""
        return bytes(await self._asked(lambda: self._client.read_gatt_char(characteristic)))

    async def write_to(self, characteristic: BleakGATTCharacteristic, data: bytes, *, response: bool = True) -> None:
        """As `write`, to one of `table`."""
        await self._asked(lambda: self._client.write_gatt_char(characteristic, data, response=response))

    async def subscribe_to(self, characteristic: BleakGATTCharacteristic, callback: FrameCallback) -> None:
        """As `subscribe`, to one of `table`."""

        def heard(_characteristic: BleakGATTCharacteristic, frame: bytearray) -> Receipt:
            return callback(bytes(frame))

        # A future is an awaitable; bleak hands it through to the backend without awaiting it.
        await self._asked(lambda: self._client.start_notify(characteristic, heard))

    async def wait_closed(self) -> None:
        await self._closed.wait()

    async def disconnect(self) -> None:
        try:
            await self._client.disconnect()
        except (BleakError, TimeoutError, EOFError, OSError):
            self._closed.set()  # the host could not even do that: the link is over for us

    def _on_closed(self, _client: BleakClient) -> None:
        self._closed.set()

    def _characteristic(self, uuid: str) -> BleakGATTCharacteristic:
        try:
            return self._characteristics[uuid]
        except KeyError:
            raise DeviceRefused(f"the device has no characteristic {uuid}") from None

    async def _asked(self, operation: Callable[[], Awaitable[_T]]) -> _T:
        """A request and its answer; a refusal is an answer too."""
        try:
            answer = await self._mapped(operation)
        except DeviceRefused:
            self.answers += 1
            raise
        self.answers += 1
        self._note_bond()
        return answer

    def _note_bond(self) -> None:
        if self._on_bonded is not None and self.newly_bonded:
            told, self._on_bonded = self._on_bonded, None
            told()

    async def _mapped(self, operation: Callable[[], Awaitable[_T]]) -> _T:
        try:
            return await operation()
        except BondError as error:
            raise BondLost(str(error)) from error
        except BleakGATTProtocolError as error:
            raise self._refusal(error) from error
        except BleakDBusError as error:
            if error.dbus_error in _BLUEZ_BOND:
                raise BondLost(f"encryption failed ({error})") from error
            raise LinkLost(str(error)) from error
        except BleakCharacteristicNotFoundError as error:
            raise DeviceRefused(str(error)) from error
        except TimeoutError as error:
            raise LinkLost("the device did not answer in time") from error
        except (BleakError, EOFError, OSError) as error:  # EOFError: BlueZ has gone from D-Bus
            raise LinkLost(str(error) or type(error).__name__) from error

    def _refusal(self, error: BleakGATTProtocolError) -> BondLost | LinkLost | DeviceRefused:
        if error.code in _SECURITY:
            return BondLost(f"the device demands an encryption that there is none of ({error})")
        if not self._client.is_connected:  # walking away in mid-read shows as an "unlikely error"
            return LinkLost(str(error))
        return DeviceRefused(str(error))
