"""How modules find commands among the bytes that a host sends."""

from __future__ import annotations

from struct import unpack_from
from typing import Final, NamedTuple

from device_drivers.virtual.radar.reports import complement

_MOST_HELD: Final = 4096
_TINY_HEAD: Final = 8
_R60_AROUND: Final = 9  # two of beginning, control, command, two of length, sum, two of end
_LD_BEGIN: Final = bytes.fromhex("FDFCFBFA")
_LD_END: Final = bytes.fromhex("04030201")


class Command(NamedTuple):
    """One of them."""

    code: int
    data: bytes
    number: int = 0


class TinyFrameCommands:
    """`01 | number | length | type | check | data | check`; without data the second check may be missing."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Command]:
        """The commands that are whole now."""
        held = self._held
        held += data
        found: list[Command] = []
        while len(held) >= _TINY_HEAD:
            begin, number, length, code = unpack_from(">BHHH", held)
            if begin != 1 or length > 1024 or held[7] != complement(held[:7]):
                del held[0]
                continue
            end = _TINY_HEAD + length
            if length and len(held) <= end:
                break
            if length and held[end] != complement(held[_TINY_HEAD:end]):
                del held[0]
                continue
            found.append(Command(code, bytes(held[_TINY_HEAD:end]), number))
            del held[: end + (length > 0 or held[end : end + 1] == b"\xff")]
        del held[:-_MOST_HELD]
        return found


class R60Commands:
    """`53 59 | control | command | length | data | sum | 54 43`."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Command]:
        """The commands that are whole now."""
        held = self._held
        held += data
        found: list[Command] = []
        while len(held) >= _R60_AROUND:
            begin, code, length = unpack_from(">2sHH", held)
            end = 6 + length
            if begin != b"SY" or length > 512:
                del held[0]
                continue
            if len(held) < end + 3:
                break
            if held[end] != sum(held[:end]) % 256 or held[end + 1 : end + 3] != b"TC":
                del held[0]
                continue
            found.append(Command(code, bytes(held[6:end])))
            del held[: end + 3]
        del held[:-_MOST_HELD]
        return found


class Ld24xxCommands:
    """`FD FC FB FA | length | command | value | 04 03 02 01`."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Command]:
        """The commands that are whole now."""
        held = self._held
        held += data
        found: list[Command] = []
        while len(held) >= 12:
            begin, length = unpack_from("<4sH", held)
            end = 6 + length
            if begin != _LD_BEGIN or not 2 <= length <= 64:
                del held[0]
                continue
            if len(held) < end + 4:
                break
            if held[end : end + 4] != _LD_END:
                del held[0]
                continue
            found.append(Command(int.from_bytes(held[6:8], "little"), bytes(held[8:end])))
            del held[: end + 4]
        del held[:-_MOST_HELD]
        return found
