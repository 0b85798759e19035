"""Finds whole frames in the bytes of a serial line, however they are cut, and after any garbage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# How much of a buffer is there at `at`: the frame's length; 0 when none begins there; None when more must come. Whether
# nothing more will come is the last argument: a frame may then be whole that could have gone on.
LengthAt = Callable[[bytearray, int, bool], int | None]
NO_FRAME: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How frames of a protocol begin and how long they are.

    Attributes:
        begins: what a frame can begin with, the same length each.
        longest: bytes of the longest frame; `length_at` never asks for more.
    """

    begins: tuple[bytes, ...]
    longest: int
    length_at: LengthAt


class Splitter:
    """The state of one line. Bounded: it holds the longest frame and what one call brings.

    A frame that turns out to be none costs its first byte: whatever begins inside it is found.

    Attributes:
        dropped: bytes that belonged to no frame.
    """

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._held = bytearray()
        self.dropped = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now, in order."""
        self._held += data
        return self._take(quiet=False)

    def quiet(self) -> list[bytes]:
        """Nothing has come for a while: what is not whole by now never will be. The frames that hid behind it."""
        found = self._take(quiet=True)
        while self._held:
            self.dropped += 1
            del self._held[:1]
            found += self._take(quiet=True)
        return found

    def _take(self, *, quiet: bool) -> list[bytes]:
        held, length_at, at = self._held, self._framing.length_at, 0
        found: list[bytes] = []
        while True:
            begin = self._begin(at)
            self.dropped += begin - at
            at = begin
            if at >= len(held):
                break
            length = length_at(held, at, quiet)
            if length is None:
                break
            if length == NO_FRAME:
                self.dropped += 1
                at += 1
            else:
                found.append(bytes(held[at : at + length]))
                at += length
        del held[:at]
        return found

    def _begin(self, at: int) -> int:
        """Where the next frame may begin: at a whole beginning, or at the piece of one that the buffer ends with."""
        held = self._held
        places = [place for sign in self._framing.begins if (place := held.find(sign, at)) >= 0]
        if places:
            return min(places)
        longest = len(self._framing.begins[0]) - 1
        for begin in range(max(at, len(held) - longest), len(held)):
            if any(sign.startswith(held[begin:]) for sign in self._framing.begins):
                return begin
        return len(held)
