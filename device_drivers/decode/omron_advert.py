"""What Omron's cuffs say in their advertisement: pairing mode, and how many records they hold, without connecting.

Sources: StanfordSpezi/SpeziDevices, OmronManufacturerData (format 1, the flags, records per user); eigger/hass-omron,
advertisement.py (the flag for "wants to transfer" and formats 2, 3, 6, 8 and 9: one public source only, so of those
the flags alone are read).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from device_drivers.errors import DecodeError

COMPANY_ID: Final = 0x020E  # Omron Healthcare

_TRANSFER_PREFIX: Final = "BLESmart_"
_PAIRING_PREFIX: Final = "BLEsmart_"
_MODEL_DIGITS: Final = 8
_ADDRESS_DIGITS: Final = 12

_EACH_USER: Final = 0x01  # formats
_STATUS_ONLY: Final = 0x03
_KNOWN_FORMATS: Final = frozenset({_EACH_USER, 0x02, _STATUS_ONLY, 0x06, 0x08, 0x09})
_USERS: Final = 0x03  # number of users, less one
_TIME_NOT_SET: Final = 0x04
_PAIRING: Final = 0x08
_STANDARD_SERVICES: Final = 0x20
_WANTS_TRANSFER: Final = 0x40
_HEADER_BYTES: Final = 2
_USER_BYTES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecords:
    """The memory of one user, as advertised.

    Attributes:
        user: counted from 1, as on the device.
        sequence: number of the newest record.
        count: how many records it holds, fetched or not (a cuff with room for a hundred says 100 for ever).
    """

    user: int
    sequence: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OmronAdvert:
    """Omron's manufacturer data.

    Attributes:
        users: one for each user of the device; empty in formats that do not tell.
        time_set: the device's clock was set.
        pairing: it is in pairing mode.
        standard_services: its records come by the standard Blood Pressure Service, not by Omron's memory protocol.
        wants_transfer: it asks to be fetched from now; None in formats that do not tell.
    """

    users: tuple[UserRecords, ...]
    time_set: bool
    pairing: bool
    standard_services: bool
    wants_transfer: bool | None

    @property
    def stored(self) -> int | None:
        """How many records it holds for all users together; None when the advertisement does not tell."""
        return sum(user.count for user in self.users) if self.users else None

    def unread(self, fetched: Mapping[int, int]) -> int | None:
        """How many records are newer than those that were fetched; None when the advertisement does not tell.

        Args:
            fetched: the sequence number of the newest record that is safe, by user. Of a user who is not in it
                everything is unread, and so it is when the cuff counts lower than before: it was reset.
        """
        if not self.users:
            return None
        return sum(
            user.count
            if (newest := fetched.get(user.user)) is None or newest > user.sequence
            else min(user.count, user.sequence - newest)
            for user in self.users
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OmronName:
    """The advertised name, "BLESmart_0000016028FFB2112233".

    Attributes:
        pairing: "BLEsmart_", with a lower-case s: in pairing mode.
        model: the eight digits of the model, "00000160" for the BP5250.
        address: the device's own, "28:FF:B2:11:22:33".
    """

    pairing: bool
    model: str
    address: str


def decode(data: bytes) -> OmronAdvert:
    """Decode manufacturer data, without the company identifier.

    Raises:
        DecodeError: an unknown format, or cut short.
    """
    if len(data) < _HEADER_BYTES:
        raise DecodeError(f"omron: {len(data)} bytes of manufacturer data are too few for format and flags")
    form, flags = data[:_HEADER_BYTES]
    if form not in _KNOWN_FORMATS:
        raise DecodeError(f"omron: unknown format {form:#04x} of manufacturer data")
    if form == _EACH_USER:
        wanted = _HEADER_BYTES + _USER_BYTES * ((flags & _USERS) + 1)
        if len(data) != wanted:
            raise DecodeError(f"omron: {len(data)} bytes of manufacturer data instead of {wanted}")
    elif len(data) == _HEADER_BYTES:
        raise DecodeError(f"omron: manufacturer data of format {form:#04x} is cut short")
    return OmronAdvert(
        users=_users(data) if form == _EACH_USER else (),
        time_set=not flags & _TIME_NOT_SET,
        pairing=bool(flags & _PAIRING),
        standard_services=bool(flags & _STANDARD_SERVICES) and form != _STATUS_ONLY,
        wants_transfer=None if form == _STATUS_ONLY else bool(flags & _WANTS_TRANSFER),
    )


def parse_name(name: str) -> OmronName:
    """Take an advertised name apart.

    Raises:
        DecodeError: not a name of this kind.
    """
    pairing = name.startswith(_PAIRING_PREFIX)
    digits = name[len(_PAIRING_PREFIX) :]
    if not pairing and not name.startswith(_TRANSFER_PREFIX):
        raise DecodeError(f"omron: the name {name!r} does not begin with {_TRANSFER_PREFIX} or {_PAIRING_PREFIX}")
    if len(digits) != _MODEL_DIGITS + _ADDRESS_DIGITS or not set(digits) <= set("0123456789ABCDEFabcdef"):
        raise DecodeError(f"omron: the name {name!r} does not end with a model and an address in hexadecimal")
    address = digits[_MODEL_DIGITS:].upper()
    return OmronName(
        pairing=pairing,
        model=digits[:_MODEL_DIGITS].upper(),
        address=":".join(address[at : at + 2] for at in range(0, _ADDRESS_DIGITS, 2)),
    )


def _users(data: bytes) -> tuple[UserRecords, ...]:
    starts = range(_HEADER_BYTES, len(data), _USER_BYTES)
    return tuple(
        UserRecords(user=number, sequence=data[at] | data[at + 1] << 8, count=data[at + 2])
        for number, at in enumerate(starts, start=1)
    )
