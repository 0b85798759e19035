"""Record Access Control Point (2A52): commands, and what the device answers.

Source: Bluetooth SIG, Glucose Service 1.0.1, §3.4, and its GATT Specification Supplement. Omron's variant numbers its
records by a filter of its own (4 instead of 1) and tells the newest number: StanfordSpezi/SpeziDevices, SpeziOmron.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.errors import DecodeError

CHARACTERISTIC: Final = "2a52"
BY_SEQUENCE: Final = 0x01  # filter types
OMRON_BY_SEQUENCE: Final = 0x04

REPORT: Final = 0x01  # operations
ABORT: Final = 0x03
COUNT: Final = 0x04
COUNT_RESPONSE: Final = 0x05
RESPONSE: Final = 0x06
OMRON_LATEST: Final = 0x10
OMRON_LATEST_RESPONSE: Final = 0x11

SUCCESS: Final = "success"
NO_RECORDS: Final = "no-records"

_ALL: Final = 0x01  # operators
_FROM: Final = 0x03
_LAST_SEQUENCE: Final = 0xFFFF
_OUTCOMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0x01: SUCCESS,
        0x02: "operation-not-supported",
        0x03: "invalid-operator",
        0x04: "operator-not-supported",
        0x05: "invalid-operand",
        0x06: NO_RECORDS,
        0x07: "abort-unsuccessful",
        0x08: "procedure-not-completed",
        0x09: "operand-not-supported",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the control point answered.

    Attributes:
        operation: the operation that it answers (`REPORT`, `COUNT`, `OMRON_LATEST`, `ABORT`, or another).
        outcome: `SUCCESS`, `NO_RECORDS`, the device's reason in words, or "outcome-N" for one that we do not know.
        number: how many records there are (of `COUNT`), or the newest sequence number (of `OMRON_LATEST`); else None.
    """

    operation: int
    outcome: str
    number: int | None = None

    @property
    def succeeded(self) -> bool:
        """The device did what it was asked; having no records is an answer, not a failure."""
        return self.outcome in (SUCCESS, NO_RECORDS)


def report_all() -> bytes:
    """Send every stored record."""
    return bytes((REPORT, _ALL))


def report_from(sequence: int, *, by: int = BY_SEQUENCE) -> bytes:
    """Send the records with this sequence number and the greater ones.

    Raises:
        ValueError: not a number of 16 bits.
    """
    return bytes((REPORT, _FROM, by)) + _sequence(sequence)


def report_count(sequence: int | None = None, *, by: int = BY_SEQUENCE) -> bytes:
    """Tell how many records there are: all, or those from this sequence number on.

    Raises:
        ValueError: not a number of 16 bits.
    """
    return bytes((COUNT, _ALL)) if sequence is None else bytes((COUNT, _FROM, by)) + _sequence(sequence)


def report_latest() -> bytes:
    """Omron only: tell the sequence number of the newest record."""
    return bytes((OMRON_LATEST, 0x00))


def abort() -> bytes:
    """Stop sending."""
    return bytes((ABORT, 0x00))


def decode(frame: bytes) -> Response:
    """Decode one indication of the control point.

    Raises:
        DecodeError: not four bytes, or not an answer.
    """
    if len(frame) != 4:  # operation, operator, and two bytes in every answer
        raise DecodeError(f"{CHARACTERISTIC}: {len(frame)} bytes instead of 4")
    operation, operator, low, high = frame
    if operator:
        raise DecodeError(f"{CHARACTERISTIC}: operator {operator:#04x} in an answer, which has none")
    if operation == RESPONSE:
        return Response(operation=low, outcome=_OUTCOMES.get(high, f"outcome-{high}"))
    if operation == COUNT_RESPONSE:
        return Response(operation=COUNT, outcome=SUCCESS, number=low | high << 8)
    if operation == OMRON_LATEST_RESPONSE:
        return Response(operation=OMRON_LATEST, outcome=SUCCESS, number=low | high << 8)
    raise DecodeError(f"{CHARACTERISTIC}: operation {operation:#04x} is not an answer")


def _sequence(number: int) -> bytes:
    if not 0 <= number <= _LAST_SEQUENCE:
        raise ValueError(f"no sequence number: {number}")
    return number.to_bytes(2, "little")
