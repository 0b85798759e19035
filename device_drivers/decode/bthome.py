"""BTHome v2 service data (FCD2): bytes → readings of rooms, batteries and scales, and presses of buttons.

Sources: bthome.io/format; the hold of Shelly buttons (FE before their firmware 1.0.20, 80 since) from Shelly's BLE
documentation and home-assistant/core#138024.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.decode.bthome_envelope import SOURCE, decrypt, take_apart
from device_drivers.decode.bthome_objects import (
    BATTERY,
    BATTERY_LOW,
    BUTTON,
    COMMAND,
    COMMAND_LENGTH_MASK,
    MASS_LB,
    MEASURED_LENGTH,
    OBJECTS,
    PACKET_ID,
    Object,
)
from device_drivers.decode.measured import settle
from device_drivers.decode.weight import KG_PER_LB
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Pattern, Press, Reading

_FULL_PERCENT: Final = 100
_NOT_PRESSED: Final = 0x00
# A hold is told when it begins (80; FE by older Shelly firmware) and by some when it ends (81): the end is heard where
# the beginning was lost, so it tells of the hold too. Whoever acts on it twice acts on one alert.
_PATTERNS: Final[Mapping[int, Pattern]] = MappingProxyType(
    {
        0x01: Pattern.PRESS,
        0x02: Pattern.DOUBLE_PRESS,
        0x03: Pattern.TRIPLE_PRESS,
        0x04: Pattern.LONG_PRESS,
        0x05: Pattern.LONG_DOUBLE_PRESS,
        0x06: Pattern.LONG_TRIPLE_PRESS,
        0x80: Pattern.HOLD,
        0x81: Pattern.HOLD,
        0xFE: Pattern.HOLD,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object as it was sent: its id, and the bytes behind it."""

    id: int
    data: bytes

    def number(self) -> float:
        """In the unit of the specification. Text and raw bytes have none: 0.0."""
        row = OBJECTS[self.id]
        if not row.size:
            return 0.0
        raw = int.from_bytes(self.data, "little", signed=row.signed)
        return float(raw * row.step) if not row.digits else raw * row.step / 10**row.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """What one advertisement said.

    Attributes:
        items: every object that could be read, in the order of the packet.
        readings: of what we keep: a room's climate, its states, the battery, a weight.
        presses: of a button that was pressed; a button that says "none" gives none.
        ignored: what was said and is not kept, in words: objects without a use here, and what nobody could read.
        packet_id: the device's number of this message, 0 to 255, where it gives one.
        counter: of an encrypted one.
    """

    items: tuple[Item, ...]
    readings: tuple[Reading, ...]
    presses: tuple[Press, ...]
    ignored: tuple[str, ...]
    packet_id: int | None
    counter: int | None
    encrypted: bool
    trigger_based: bool


def decode(data: bytes, *, address: str | None = None, key: bytes | None = None) -> Packet:
    """Decode the service data of one advertisement.

    An object whose id is unknown has an unknown length: it and what follows are dropped, what came before counts.

    Args:
        data: behind the UUID FCD2, from the device information byte on.
        address: of the advertiser ("AA:BB:CC:DD:EE:FF"); needed where it is encrypted.
        key: the bind key, 16 bytes; needed where it is encrypted.

    Raises:
        DecodeError: another version; no object that can be read; encrypted and the key is missing or does not open it;
            the address it writes inside is not the one that it advertises from.
    """
    envelope = take_apart(data)
    if None not in (address, envelope.address) and envelope.address != str(address).upper():
        raise DecodeError(f"{SOURCE}: advertised by {address}, it says that it is {envelope.address}")
    body = envelope.body
    if envelope.encrypted:
        if key is None:
            raise DecodeError(f"{SOURCE}: it is encrypted: its bind key is needed")
        body = decrypt(envelope, address=address or envelope.address or "", key=key)
    ignored: list[str] = []
    items = tuple(_items(body, ignored))
    if not items:
        raise DecodeError(f"{SOURCE}: nothing in it can be read: {', '.join(ignored)}")
    packet_id = next((item.data[0] for item in items if item.id == PACKET_ID), None)
    number = packet_id if envelope.counter is None else envelope.counter
    presses = tuple(_presses(items, number, data))
    low = any(item.id == BATTERY_LOW and item.data == b"\x01" for item in items)
    readings = tuple(_readings(items, data, ("battery-low",) if low else ()))
    ignored += (
        OBJECTS[item.id].name
        for item in items
        if OBJECTS[item.id].quantity is None and item.id not in (PACKET_ID, BUTTON, BATTERY_LOW)
    )
    return Packet(
        items=items,
        readings=readings,
        presses=presses,
        ignored=tuple(ignored),
        packet_id=packet_id,
        counter=envelope.counter,
        encrypted=envelope.encrypted,
        trigger_based=envelope.trigger_based,
    )


def _items(body: bytes, ignored: list[str]) -> Iterator[Item]:
    at = 0
    while at < len(body):
        number = body[at]
        row = OBJECTS.get(number)
        if row is None:
            ignored.append(f"unknown object {number:02x} and {len(body) - at - 1} bytes behind it")
            return
        start = at + 1
        size = row.size
        if number in MEASURED_LENGTH:
            size = body[start] if start < len(body) else 0
            if number == COMMAND:
                size = (size & COMMAND_LENGTH_MASK) + 1  # the operation and its arguments
            start += 1
        if start + size > len(body):
            ignored.append(f"{row.name} cut off")
            return
        at = start + size
        yield Item(id=number, data=body[start:at])


def _presses(items: tuple[Item, ...], number: int | None, raw: bytes) -> Iterator[Press]:
    buttons = [item.data[0] for item in items if item.id == BUTTON]
    for button, event in enumerate(buttons):
        if event != _NOT_PRESSED:
            pattern = _PATTERNS.get(event, Pattern.OTHER)
            yield Press(pattern=pattern, button=button, counter=number, raw=raw, source=SOURCE)


def _readings(items: tuple[Item, ...], raw: bytes, flags: tuple[str, ...]) -> Iterator[Reading]:
    """One reading for each kind; a second sensor of the same quantity in a device makes a second reading."""
    found: dict[tuple[int, Kind], dict[Quantity, float | Missing]] = {}
    seen: dict[Quantity, int] = {}
    for item in items:
        row = OBJECTS[item.id]
        if row.quantity is None or (row.quantity is Quantity.WEIGHT and not any(item.data)):  # nobody stands on it
            continue
        ordinal = seen[row.quantity] = seen.get(row.quantity, 0) + 1
        found.setdefault((ordinal, _kind(item.id, row)), {})[row.quantity] = _value(item, row)
    for (ordinal, kind), quantities in found.items():
        values, missing = settle(kind, quantities)
        which = flags if ordinal == 1 else (*flags, f"sensor-{ordinal}")
        yield Reading(kind=kind, values=values, missing=missing, flags=which, raw=raw, source=SOURCE)


def _kind(number: int, row: Object) -> Kind:
    if row.quantity is Quantity.WEIGHT:
        return Kind.WEIGHT
    if number == BATTERY:
        return Kind.BATTERY
    return Kind.ROOM_STATE if row.state else Kind.ROOM_CLIMATE


def _value(item: Item, row: Object) -> float | Missing:
    if row.state and item.data[0] > 1:
        return Missing.RESERVED
    if item.id == BATTERY and item.data[0] > _FULL_PERCENT:
        return Missing.RESERVED
    return item.number() * KG_PER_LB if item.id == MASS_LB else item.number()
