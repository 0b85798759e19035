"""What Hi-Link LD2410 and LD2450 have in common: commands, and their answers.

`FD FC FB FA | length u16 | command u16 | value | 04 03 02 01`, little-endian; the answer has 0100 added to the command,
and how it went (u16, 0 is well) before its value. A module takes commands between `ENABLE` and `END`, and is silent
meanwhile.

Source: Hi-Link, LD2410 serial communication protocol 1.02, §2.2; LD2450 serial communication protocol 1.00, §2.2.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from device_drivers.decode.radar.splitter import NO_FRAME
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import Answer

BEGIN: Final = bytes.fromhex("FDFCFBFA")
TAIL: Final = bytes.fromhex("04030201")
ENABLE: Final = 0x00FF
END: Final = 0x00FE
FIRMWARE: Final = 0x00A0
RESTART: Final = 0x00A3
MOST_DATA: Final = 64  # the longest answer, of all parameters, has some thirty
_ANSWERED: Final = 0x0100
_HEAD: Final = Struct("<4sH")
_WORDS: Final = Struct("<HH")
LONGEST: Final = _HEAD.size + MOST_DATA + len(TAIL)


def encode(command: int, value: bytes = b"") -> bytes:
    """A command."""
    return _HEAD.pack(BEGIN, 2 + len(value)) + command.to_bytes(2, "little") + value + TAIL


def enable() -> bytes:
    """Open the module for commands."""
    return encode(ENABLE, b"\x01\x00")


def length_at(held: bytearray, at: int) -> int | None:
    """See `splitter.LengthAt`."""
    return framed_length(held, at, TAIL, MOST_DATA)


def framed_length(held: bytearray, at: int, tail: bytes, most: int) -> int | None:
    """Of four bytes, a length, so many bytes, and a tail."""
    if len(held) - at < _HEAD.size:
        return None
    _, length = _HEAD.unpack_from(held, at)
    end = at + _HEAD.size + length
    if length > most:
        return NO_FRAME
    if len(held) < end + len(tail):
        return None
    return end + len(tail) - at if held[end : end + len(tail)] == tail else NO_FRAME


def decode_answer(frame: bytes) -> Answer:
    """The answer to a command.

    Raises:
        DecodeError: not an answer.
    """
    body = frame[_HEAD.size : -len(TAIL)]
    if len(body) < _WORDS.size or length_at(bytearray(frame), 0) != len(frame):
        raise DecodeError(f"ld24xx: {frame[:8].hex() or 'nothing'} is not an answer")
    code, went = _WORDS.unpack_from(body)
    if not code & _ANSWERED:
        raise DecodeError(f"ld24xx: {code:04x} is a command, not an answer")
    return Answer(code=code & ~_ANSWERED, data=body[_WORDS.size :], done=went == 0)
