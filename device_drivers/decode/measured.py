"""What all decoders share: numbers apart from reasons, status bits into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from device_drivers.errors import DecodeError
from device_drivers.nomenclature import ESSENTIAL, Kind, Quantity
from device_drivers.readings import Missing

UNKNOWN_USER: Final = 0xFF
ALL_ONES_8: Final = 0xFF  # what a device puts where it has no number
ALL_ONES_16: Final = 0xFFFF


def positive(value: float | Missing) -> float | Missing:
    """For what a living person cannot have none of: zero or less was not measured."""
    return value if isinstance(value, Missing) or value > 0 else Missing.MEASUREMENT_FAILED


def not_negative(value: float | Missing) -> float | Missing:
    """For what may be zero and not less: less was not measured."""
    return value if isinstance(value, Missing) or value >= 0 else Missing.MEASUREMENT_FAILED


def counted(raw: int, all_ones: int) -> float | Missing:
    """An unsigned field of something that is never none: zero and all ones are what devices send without a number."""
    return Missing.MEASUREMENT_FAILED if raw in (0, all_ones) else float(raw)


def settle(
    kind: Kind, found: dict[Quantity, float | Missing]
) -> tuple[Mapping[Quantity, float], Mapping[Quantity, Missing]]:
    """Numbers and reasons apart. Without an essential number of the kind no number stays: the measurement failed.

    `found` holds every essential quantity of the kind, and is the caller's no more: it may be returned.
    """
    for value in found.values():
        if type(value) is not float:
            break
    else:  # nearly every frame of a healthy device: nothing to sort
        return cast("dict[Quantity, float]", found), {}
    values = {quantity: value for quantity, value in found.items() if type(value) is float}
    missing = {quantity: value for quantity, value in found.items() if isinstance(value, Missing)}
    if all(quantity in values for quantity in ESSENTIAL[kind]):
        return values, missing
    return {}, {quantity: missing.get(quantity, Missing.MEASUREMENT_FAILED) for quantity in found}


def fail(
    found: Mapping[Quantity, float | Missing],
) -> tuple[Mapping[Quantity, float], Mapping[Quantity, Missing]]:
    """No number stays: the device itself said that this is no measurement of the person."""
    return {}, {
        quantity: value if isinstance(value, Missing) else Missing.MEASUREMENT_FAILED
        for quantity, value in found.items()
    }


def words(status: int, names: Sequence[str]) -> tuple[str, ...]:
    """One word for each set bit, lowest first; a bit without a name is "status-bit-N"."""
    return tuple(
        names[bit] if bit < len(names) and names[bit] else f"status-bit-{bit}"
        for bit in range(status.bit_length())
        if status >> bit & 1
    )


def wrong_length(frame: bytes, wanted: int, source: str) -> DecodeError:
    """The error for a frame that is not exactly as long as its own flags say."""
    over = len(frame) - wanted
    side = f"{over} bytes left over" if over > 0 else f"{-over} bytes too few"
    return DecodeError(f"{source}: {side} for its flags {frame[:1].hex() or '(none)'}")
