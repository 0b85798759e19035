"""Body Composition Measurement (2A9C): frames → reading, also when one measurement takes several packets.

Source: Bluetooth SIG, Body Composition Service 1.0, §3.2, and its GATT Specification Supplement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device_drivers.decode.date_time import DATE_TIME_BYTES, date_time_at
from device_drivers.decode.measured import ALL_ONES_16, UNKNOWN_USER, counted, settle, wrong_length
from device_drivers.decode.weight import CM_PER_INCH, KG_PER_LB
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceTime, Missing, Reading

INCOMPLETE: Final = "incomplete"  # the flag of a measurement of which a packet is missing

_SOURCE: Final = "2a9c"
_IMPERIAL: Final = 0x0001
_TIME: Final = 0x0002
_USER: Final = 0x0004
_MULTIPLE: Final = 0x1000
_STEPS_PER_KG: Final = 200  # dividing by an exact number is rounded once
_STEPS_PER_LB: Final = 100
_WHOLE_PERCENT: Final = 100.0

# The optional fields, all of 16 bits, in the order of their flags from bit 3 on.
_FIELDS: Final = (
    (0x0008, Quantity.BASAL_METABOLISM),
    (0x0010, Quantity.MUSCLE),
    (0x0020, Quantity.MUSCLE_MASS),
    (0x0040, Quantity.FAT_FREE_MASS),
    (0x0080, Quantity.SOFT_LEAN_MASS),
    (0x0100, Quantity.BODY_WATER_MASS),
    (0x0200, Quantity.IMPEDANCE),
    (0x0400, Quantity.WEIGHT),
    (0x0800, Quantity.HEIGHT),
)
_OPTIONAL: Final = 0x0FF8

_Found = dict[Quantity, float | Missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packet:
    found: _Found
    time: DeviceTime | None
    user: int | None
    multiple: bool
    raw: bytes


def decode(frame: bytes) -> Reading:
    """Decode one 2A9C packet: percentages in %, masses in kg, height in cm, impedance in Ω, metabolism in kJ.

    FFFF is the scale's "unsuccessful"; 0 is what scales send in place of what they did not measure. Without a body fat
    percentage the measurement failed and has no number, as standing on a scale in socks gives. A packet that is one
    of several is decoded by itself, with the flag `INCOMPLETE`: `Joiner` joins them.

    Raises:
        DecodeError: too short for its own flags, bytes left over, or a time out of range.
    """
    packet = _packet(frame)
    return _reading((packet,), complete=not packet.multiple)


class Joiner:
    """Joins the two packets of a measurement that one does not hold. Keeps one packet at most.

    A first packet whose second never comes is not lost: it is handed out, flagged, before the next measurement, or by
    `flush` at the end of the connection.
    """

    def __init__(self) -> None:
        self._first: _Packet | None = None

    def feed(self, frame: bytes) -> tuple[Reading, ...]:
        """What the next packet completes: none, one, or two readings (an unfinished one before it).

        Raises:
            DecodeError: as `decode`; a first packet that waits goes on waiting.
        """
        packet = _packet(frame)
        first, self._first = self._first, None
        if not packet.multiple:
            whole = _reading((packet,), complete=True)
            return (whole,) if first is None else (_reading((first,), complete=False), whole)
        if first is None:
            self._first = packet
            return ()
        if _belong_together(first, packet):
            return (_reading((first, packet), complete=True),)
        self._first = packet
        return (_reading((first,), complete=False),)

    def flush(self) -> tuple[Reading, ...]:
        """The first packet that still waits, as a reading of its own."""
        first, self._first = self._first, None
        return () if first is None else (_reading((first,), complete=False),)


def _packet(frame: bytes) -> _Packet:
    flags = frame[0] | frame[1] << 8 if len(frame) >= 2 else 0  # two bytes of flags
    wanted = (
        4
        + (DATE_TIME_BYTES if flags & _TIME else 0)
        + (1 if flags & _USER else 0)
        + 2 * (flags & _OPTIONAL).bit_count()
    )
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, _SOURCE)
    found: _Found = {Quantity.BODY_FAT: _percent(_u16(frame, 2))}
    at = 4
    time = user = None
    if flags & _TIME:
        time = date_time_at(frame, at, _SOURCE)
        at += DATE_TIME_BYTES
    if flags & _USER:
        user = None if frame[at] == UNKNOWN_USER else frame[at]
        at += 1
    for bit, quantity in _FIELDS:
        if flags & bit:
            found[quantity] = _number(quantity, _u16(frame, at), imperial=bool(flags & _IMPERIAL))
            at += 2
    return _Packet(found=found, time=time, user=user, multiple=bool(flags & _MULTIPLE), raw=frame)


def _belong_together(first: _Packet, second: _Packet) -> bool:
    """No field of its own twice, and nothing that speaks for two measurements."""
    twice = (first.found.keys() & second.found.keys()) - {Quantity.BODY_FAT}  # every packet has that one
    times = None in (first.time, second.time) or first.time == second.time
    users = None in (first.user, second.user) or first.user == second.user
    return not twice and times and users and _agree(first, second)


def _agree(first: _Packet, second: _Packet) -> bool:
    fat, again = first.found[Quantity.BODY_FAT], second.found[Quantity.BODY_FAT]
    return isinstance(fat, Missing) or isinstance(again, Missing) or fat == again


def _reading(packets: Sequence[_Packet], *, complete: bool) -> Reading:
    found: _Found = {}
    for packet in packets:
        for quantity, value in packet.found.items():
            if isinstance(found.get(quantity, Missing.NAN), Missing):  # the mandatory field: whichever has a number
                found[quantity] = value
    values, missing = settle(Kind.BODY_COMPOSITION, found)
    return Reading(
        kind=Kind.BODY_COMPOSITION,
        values=values,
        missing=missing,
        flags=() if complete else (INCOMPLETE,),
        time=next((packet.time for packet in packets if packet.time is not None), None),
        user_slot=next((packet.user for packet in packets if packet.user is not None), None),
        raw=b"".join(packet.raw for packet in packets),
        source=_SOURCE,
    )


def _number(quantity: Quantity, raw: int, *, imperial: bool) -> float | Missing:
    if quantity is Quantity.MUSCLE:
        return _percent(raw)
    steps = counted(raw, ALL_ONES_16)
    if isinstance(steps, Missing) or quantity is Quantity.BASAL_METABOLISM:  # 1 kJ
        return steps
    if quantity is Quantity.IMPEDANCE:  # 0.1 Ω
        return steps / 10
    if quantity is Quantity.HEIGHT:  # 0.1 inch or 1 mm
        return steps / 10 * CM_PER_INCH if imperial else steps / 10
    return steps / _STEPS_PER_LB * KG_PER_LB if imperial else steps / _STEPS_PER_KG


def _percent(raw: int) -> float | Missing:
    """0.1 %. Nobody is more than the whole of himself."""
    steps = counted(raw, ALL_ONES_16)
    if isinstance(steps, Missing):
        return steps
    return steps / 10 if steps / 10 <= _WHOLE_PERCENT else Missing.MEASUREMENT_FAILED


def _u16(frame: bytes, at: int) -> int:
    return frame[at] | frame[at + 1] << 8
