"""Any device's whole attribute table and all that it sends: what a profile is written from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bleak.backends.characteristic import BleakGATTCharacteristic

from device_drivers.advertising import Advert
from firmware_profiles import short_uuid
from gateway.radio.visits.link import BleakLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One characteristic.

    Attributes:
        service, uuid, descriptors: UUIDs, short ("2a35") or 128-bit, lower case.
        handle: of its value; two characteristics may have the same UUID.
        properties: "read", "write", "write-without-response", "notify", "indicate", …
    """

    service: str
    uuid: str
    handle: int
    properties: tuple[str, ...]
    descriptors: tuple[str, ...]

    @property
    def sends(self) -> bool:
        """It can be subscribed to."""
        return "notify" in self.properties or "indicate" in self.properties


class Capture:
    """A connection to one device, without a driver.

    Attributes:
        advert: its last advertisement.
        attributes: the table, in the order of handles.

    Every method raises LinkLost, BondLost or DeviceRefused, as `device_drivers.sessions.Link` does.
    """

    def __init__(self, link: BleakLink, advert: Advert | None) -> None:
        self._link = link
        self.address = link.address
        self.advert = advert
        self._found = {one.handle: one for one in link.table()}
        self.attributes = tuple(_attribute(one) for _, one in sorted(self._found.items()))

    @property
    def newly_bonded(self) -> bool:
        """A bond was made on this connection."""
        return self._link.newly_bonded

    async def bond(self) -> None:
        """Pair now; it also happens when the device asks for it."""
        await self._link.bond()

    async def read(self, handle: int) -> bytes:
        """The value of one characteristic."""
        return await self._link.read_of(self._found[handle])

    async def write(self, handle: int, data: bytes, *, response: bool = True) -> None:
        """Write a value: only what the caller knows to be harmless."""
        await self._link.write_to(self._found[handle], data, response=response)

    async def subscribe(self, handle: int, heard: Callable[[bytes], None]) -> None:
        """Have `heard` called with each frame, in order. Indications are confirmed at once: the device forgets them."""

        def frame_arrived(frame: bytes) -> None:
            heard(frame)

        await self._link.subscribe_to(self._found[handle], frame_arrived)

    async def wait_closed(self) -> None:
        """Until the link is closed, by whichever side."""
        await self._link.wait_closed()


def _attribute(characteristic: BleakGATTCharacteristic) -> Attribute:
    return Attribute(
        service=short_uuid(characteristic.service_uuid),
        uuid=short_uuid(characteristic.uuid),
        handle=characteristic.handle,
        properties=tuple(sorted(characteristic.properties)),
        descriptors=tuple(short_uuid(one.uuid) for one in characteristic.descriptors),
    )
