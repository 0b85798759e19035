"""Beurer's own frames beside the standard services of its BF scales: the list of users, and "take a measurement".

Sources: openScale, drivers of BF105/BF720/BF950 (service FFFF) and BF500/BF600/BF850 (service FFF0), and of the SBF72
by the same maker (showing a user's code on the display); ble-scale-sync, beurer-bf720.test.ts (a user of a BF788).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device_drivers.errors import DecodeError


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorService:
    """Where one family of scales has Beurer's characteristics; short UUIDs."""

    service: str
    user_list: str
    take_measurement: str


FAMILIES: Final = (
    VendorService(service="ffff", user_list="0001", take_measurement="0006"),  # BF105, BF720, BF950
    VendorService(service="fff0", user_list="fff2", take_measurement="fff4"),  # BF500, BF600, BF850, BF788
)

ASK_FOR_USERS: Final = b"\x00"  # to `user_list`: one frame for each user comes back, then the end
TAKE_MEASUREMENT: Final = b"\x00"  # to `take_measurement`, after consent

_USER: Final = 0x00  # the first byte of a frame of the list
_END: Final = 0x01
_NOBODY: Final = 0x02
_SHOW_CODE: Final = 0x10  # plus the index
_USER_BYTES: Final = 12
_UNNAMED: Final = b"\xff\xff\xff"
_LAST_USER: Final = 0x0F


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleUser:
    """One user as the scale knows it.

    Attributes:
        index: what `user_control.consent` takes, and `user_slot` of the readings.
        initials: three letters; None when the scale has none.
        height_cm: as entered at the scale.
    """

    index: int
    initials: str | None
    height_cm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFrame:
    """One frame of the list: a user, or its end (`user` is None). `empty` when the scale has no users at all."""

    user: ScaleUser | None
    empty: bool = False


def show_code(user: int) -> bytes:
    """To `user_list`: have the scale show the consent code of a user on its display.

    Raises:
        ValueError: not a user index.
    """
    if not 0 < user <= _LAST_USER:
        raise ValueError(f"no user of a scale: {user}")
    return bytes((_SHOW_CODE + user,))


def decode_user(frame: bytes) -> UserFrame:
    """Decode one notification of the list of users. Birth date and sex are not read: nobody here needs them.

    Raises:
        DecodeError: neither a user of 12 bytes nor an end.
    """
    if frame in (bytes((_END,)), bytes((_NOBODY,))):
        return UserFrame(user=None, empty=frame[0] == _NOBODY)
    if len(frame) != _USER_BYTES or frame[0] != _USER:
        raise DecodeError(f"beurer: {frame[:4].hex() or 'nothing'}, {len(frame)} bytes, is no entry of the users' list")
    initials = frame[2:5]
    return UserFrame(
        user=ScaleUser(
            index=frame[1],
            initials=None if initials == _UNNAMED else _letters(initials),
            height_cm=frame[9],
        )
    )


def _letters(raw: bytes) -> str | None:
    text = "".join(letter for letter in raw.decode("latin-1") if letter.isprintable()).strip()
    return text or None
