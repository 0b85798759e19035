"""The R60 family: Seeed (MicRadar) MR60FDA1.

`53 59 | control | command | length u16 | data | sum | 54 43`, numbers big-endian; the sum is of all bytes before it.
An answer repeats control and command of what was asked; a command that only asks has the top bit of what sets it.

Sources: Seeed, MR60FDA1 user manual and library; limengdu/Seeed-Studio-MR60FDA1-Sersor.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from device_drivers.decode.radar.checks import size
from device_drivers.decode.radar.splitter import NO_FRAME, Framing
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import Answer, RadarFrame

BEGIN: Final = b"SY"
END: Final = b"TC"
MOST_DATA: Final = 512  # its longest report, of points, has some tens of bytes
_HEADER: Final = Struct(">2sBBH")
_AFTER_DATA: Final = 3

PRESENCE: Final = 0x8001
MOTION: Final = 0x8002
FALL: Final = 0x8301
FALL_ASKED: Final = 0x8381
SET_SWITCH: Final = 0x8300
ASK_SWITCH: Final = 0x8380
SET_SENSITIVITY: Final = 0x830D
ASK_SENSITIVITY: Final = 0x838D
SET_FALL_TIME: Final = 0x830C
ASK_FALL_TIME: Final = 0x838C
SET_INSTALLATION_HEIGHT: Final = 0x0602  # cm
ASK_INSTALLATION_HEIGHT: Final = 0x0682
_ANSWERS: Final = frozenset(
    {SET_SWITCH, ASK_SWITCH, SET_SENSITIVITY, ASK_SENSITIVITY, SET_FALL_TIME, ASK_FALL_TIME}
    | {SET_INSTALLATION_HEIGHT, ASK_INSTALLATION_HEIGHT}
)
_STILL: Final = 0x01
_MOVES: Final = 0x02


def encode(code: int, data: bytes = b"\x0f") -> bytes:
    """A frame with control and command in one number; without more to say commands carry 0F."""
    body = _HEADER.pack(BEGIN, code >> 8, code & 0xFF, len(data)) + data
    return body + bytes((sum(body) & 0xFF,)) + END


def _length_at(held: bytearray, at: int, quiet: bool) -> int | None:
    del quiet
    if len(held) - at < _HEADER.size:
        return None
    _, _, _, length = _HEADER.unpack_from(held, at)
    if length > MOST_DATA:
        return NO_FRAME
    end = at + _HEADER.size + length
    if len(held) < end + _AFTER_DATA:
        return None
    right = held[end] == sum(held[at:end]) & 0xFF and held[end + 1 : end + _AFTER_DATA] == END
    return end + _AFTER_DATA - at if right else NO_FRAME


FRAMING: Final = Framing(begins=(BEGIN,), longest=_HEADER.size + MOST_DATA + _AFTER_DATA, length_at=_length_at)


def decode(frame: bytes) -> RadarFrame:
    """What a whole frame says.

    Raises:
        DecodeError: not a frame with a right sum, or data of another size than its command has.
    """
    if not frame.startswith(BEGIN) or _length_at(bytearray(frame), 0, True) != len(frame):
        raise DecodeError(f"r60: {frame[:8].hex() or 'nothing'} is not a frame with a right sum")
    code = frame[2] << 8 | frame[3]
    data = frame[_HEADER.size : -_AFTER_DATA]
    if code in (FALL, FALL_ASKED):
        return RadarFrame(fallen=bool(_byte(data)), raw=frame)
    if code == PRESENCE:
        return RadarFrame(present=bool(_byte(data)), raw=frame)
    if code == MOTION:
        state = _byte(data)
        if state not in (_STILL, _MOVES):
            return RadarFrame(moving=False, raw=frame)
        return RadarFrame(present=True, moving=state == _MOVES, raw=frame)
    if code in _ANSWERS:
        return RadarFrame(answers=(Answer(code=code, data=data),), raw=frame)
    return RadarFrame(unknown={code: data}, raw=frame)


def _byte(data: bytes) -> int:
    size("r60", data, 1)
    return data[0]
