"""Falls of modules that only say "fallen": their word is a witness, no better than they are.

There is nothing to judge it by: no height, no track. Once told, a flag that goes on is the same fall; one that comes
again after it was down for `SAME_S` is another. Thirty seconds later, while the flag stands, or when the module is not
heard, nobody is known to be up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.findings import FALL, NO_RECOVERY, Seen
from analytics.radar.falls import RadarFinding

UNHEARD: Final = -1  # of a word: the module was not heard
# Half of what such modules say is none, as far as is known; a home may have one that is better.
PROBABILITY: Final = 0.5
SAME_S: Final = 20.0
RECOVERY_S: Final = 30.0
_NOWHERE: Final = (float("nan"), float("nan"))


@dataclass(slots=True)
class _Room:
    down_at: int = -1  # of the fall whose recovery is watched
    stood: int = -1  # the last word in which the flag stood
    told: bool = False


class FlagFalls:
    """R modules that speak `rate_hz` times a second; blocks of any length give the same findings."""

    def __init__(self, rooms: int, *, rate_hz: float, probability: float = PROBABILITY) -> None:
        self._rooms = [_Room() for _ in range(rooms)]
        self._same, self._watch = round(SAME_S * rate_hz), round(RECOVERY_S * rate_hz)
        self._probability = probability
        self._start = 0

    def hang(self, room: int) -> None:
        """Another module hangs there from now on."""
        self._rooms[room] = _Room()

    def feed(self, fallen: NDArray[np.int8]) -> list[RadarFinding]:
        """A block: int8 (T, R), 1 fallen, 0 not, UNHEARD. In the order in which they were said."""
        found: list[RadarFinding] = []
        for number, room in enumerate(self._rooms):
            words = fallen[:, number]
            if not words.any() and room.down_at < 0:
                continue
            for at in range(len(words)):
                found += self._word(number, room, self._start + at, int(words[at]))
        self._start += len(fallen)
        return sorted(found, key=lambda one: (one.raised_at, one.room, one.kind))

    def _word(self, number: int, room: _Room, now: int, word: int) -> Sequence[RadarFinding]:
        found = []
        if word == 1:
            if not room.told or now - room.stood > self._same:
                room.down_at, room.told = now, True
                found.append(self._finding(FALL, number, now, now, None))
            room.stood = now
        if room.down_at >= 0 and now - room.down_at >= self._watch:
            if word == 1 or word == UNHEARD:
                seen = Seen.DOWN if word == 1 else Seen.UNHEARD
                found.append(self._finding(NO_RECOVERY, number, room.down_at, now, seen))
            room.down_at = -1
        return found

    def _finding(self, kind: str, room: int, down_at: int, now: int, seen: Seen | None) -> RadarFinding:
        return RadarFinding(
            kind=kind, room=room, down_at=down_at, raised_at=now, probability=self._probability,
            height_m=float("nan"), place=_NOWHERE, seen=seen,
        )  # fmt: skip
