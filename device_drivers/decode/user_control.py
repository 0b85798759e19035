"""User Control Point (2A9F) of the User Data Service: register, consent, delete, and what the scale answers.

Source: Bluetooth SIG, User Data Service 1.1, §3.2, and its GATT Specification Supplement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.errors import DecodeError

CHARACTERISTIC: Final = "2a9f"
REGISTER: Final = 0x01  # operations
CONSENT: Final = 0x02
DELETE: Final = 0x03
RESPONSE: Final = 0x20

SUCCESS: Final = "success"
NOT_AUTHORISED: Final = "user-not-authorised"  # a wrong code, or a user that this code does not belong to
FAILED: Final = "operation-failed"  # to register: the scale is full

LAST_CODE: Final = 9999  # consent codes are four decimal digits
UNKNOWN_USER: Final = 0xFF

_OUTCOMES: Final[Mapping[int, str]] = MappingProxyType(
    {
        0x01: SUCCESS,
        0x02: "operation-not-supported",
        0x03: "invalid-parameter",
        0x04: FAILED,
        0x05: NOT_AUTHORISED,
    }
)
_FIXED_BYTES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What the control point answered.

    Attributes:
        operation: `REGISTER`, `CONSENT`, `DELETE`, or another.
        outcome: `SUCCESS`, the scale's reason in words, or "outcome-N" for one that we do not know.
        user: the index of the user that was registered; None in every other answer.
    """

    operation: int
    outcome: str
    user: int | None = None

    @property
    def succeeded(self) -> bool:
        """The scale did what it was asked."""
        return self.outcome == SUCCESS


def register(code: int) -> bytes:
    """Make a new user, whose consent code this is.

    Raises:
        ValueError: not a code of four digits.
    """
    return bytes((REGISTER,)) + _code(code)


def consent(user: int, code: int) -> bytes:
    """Be this user for the rest of the connection.

    Raises:
        ValueError: not a user index, or not a code of four digits.
    """
    if not 0 <= user < UNKNOWN_USER:
        raise ValueError(f"no user index: {user}")
    return bytes((CONSENT, user)) + _code(code)


def delete() -> bytes:
    """Forget the user who consented on this connection, with all measurements."""
    return bytes((DELETE,))


def decode(frame: bytes) -> Response:
    """Decode one indication of the control point.

    Raises:
        DecodeError: not an answer, cut short, or a registered user without an index.
    """
    if len(frame) < _FIXED_BYTES or frame[0] != RESPONSE:
        raise DecodeError(f"{CHARACTERISTIC}: {frame[:4].hex() or 'nothing'} is not an answer (20, operation, outcome)")
    _, operation, number = frame[:_FIXED_BYTES]
    outcome = _OUTCOMES.get(number, f"outcome-{number}")
    if operation != REGISTER or outcome != SUCCESS:
        return Response(operation=operation, outcome=outcome)
    if len(frame) != _FIXED_BYTES + 1:
        raise DecodeError(f"{CHARACTERISTIC}: {len(frame)} bytes instead of 4 for a registered user")
    return Response(operation=operation, outcome=outcome, user=frame[_FIXED_BYTES])


def _code(code: int) -> bytes:
    if not 0 <= code <= LAST_CODE:
        raise ValueError("a consent code is a number from 0 to 9999")
    return code.to_bytes(2, "little")
