"""Heart Rate Measurement (2A37): frame → reading.

Source: Bluetooth SIG, Heart Rate Service 1.0, §3.1, and its GATT Specification Supplement.
"""

from __future__ import annotations

from typing import Final

from device_drivers.decode.measured import ALL_ONES_8, ALL_ONES_16, counted, settle
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

RR_INTERVALS_S: Final = "rr-intervals-s"  # the name of the series

_SOURCE: Final = "2a37"
_WIDE: Final = 0x01  # the rate has 16 bits
_CONTACT: Final = 0x02
_CONTACT_SUPPORTED: Final = 0x04
_ENERGY: Final = 0x08
_RR: Final = 0x10
_ENERGY_FULL: Final = ALL_ONES_16  # stays there until it is reset: at least so much
_RR_PER_S: Final = 1024


def decode(frame: bytes) -> Reading:
    """Decode one 2A37 value: rate in 1/min, energy in kJ, RR intervals in s as the series `RR_INTERVALS_S`.

    Straps send a rate of 0 while they hear no heart: no rate, and no intervals with it. Intervals of 0 and of all ones
    are none and left out.

    Raises:
        DecodeError: too short for its own flags, or bytes left over.
    """
    if not frame:
        raise DecodeError(f"{_SOURCE}: empty")
    flags = frame[0]
    energy_at = 3 if flags & _WIDE else 2
    rr_at = energy_at + (2 if flags & _ENERGY else 0)
    rest = len(frame) - rr_at
    if rest < 0:
        raise DecodeError(f"{_SOURCE}: {-rest} bytes too few for its flags {flags:02x}")
    if rest % 2 or (rest and not flags & _RR):
        raise DecodeError(f"{_SOURCE}: {rest if not flags & _RR else 1} bytes left over for its flags {flags:02x}")
    rate = counted(_u16(frame, 1), ALL_ONES_16) if flags & _WIDE else counted(frame[1], ALL_ONES_8)
    found: dict[Quantity, float | Missing] = {Quantity.HEART_RATE: rate}
    if flags & _ENERGY:
        energy = _u16(frame, energy_at)
        found[Quantity.ENERGY_EXPENDED] = Missing.INFINITE if energy == _ENERGY_FULL else float(energy)
    counts = (counted(_u16(frame, at), ALL_ONES_16) for at in range(rr_at, len(frame), 2))
    intervals = tuple(count / _RR_PER_S for count in counts if not isinstance(count, Missing))
    values, missing = settle(Kind.HEART_RATE, found)
    return Reading(
        kind=Kind.HEART_RATE,
        values=values,
        missing=missing,
        flags=_contact(flags),
        series={RR_INTERVALS_S: intervals} if intervals and values else {},
        raw=frame,
        source=_SOURCE,
    )


def _u16(frame: bytes, at: int) -> int:
    return frame[at] | frame[at + 1] << 8


def _contact(flags: int) -> tuple[str, ...]:
    if not flags & _CONTACT_SUPPORTED:
        return ()
    return ("skin-contact",) if flags & _CONTACT else ("no-skin-contact",)
