"""What each installed module has said lately, as the detector wants it: ten frames a second of all rooms."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.radar import tracks
from analytics.radar.falls import LOOKS
from analytics.radar.flags import UNHEARD
from analytics.radar.tracks import MOST, RATE_HZ
from device_drivers.radar_frame import RadarFrame
from gateway.radar.modules import MODULES_MOST, Module
from gateway.radar.placing import NOBODY, Bodies, bodies

HELD_S: Final = 0.35  # slower modules say where somebody is three times a second; older than that nobody is there
SILENT_S: Final = 10.0  # a module that has said nothing for so long is not heard
# A tick comes each half second; but a store that is slow to take an alert holds it up, and somebody may fall meanwhile:
# a minute of the fastest module, three of one that speaks twenty times a second.
_MOST_FRAMES: Final = 3600
_MOST_WAITING: Final = 64  # frames of a module that hangs nowhere so far
PLACES: Final = 2 * MODULES_MOST  # on ports, and behind brokers
_TRACK_S: Final = 42.0  # told as evidence: the way down, and half a minute on the floor …
_ON_FLOOR_S: Final = 30.0  # … however much later that was told
_KEPT_S: Final = _TRACK_S + LOOKS[-1] / RATE_HZ
SAME_M: Final = 0.8  # a body is no further from where it was, but for the way it could go in the time …
FASTEST_M_S: Final = 1.5
_LOST_S: Final = 1.0  # … and no further after that


@dataclass(slots=True)
class _Said:
    """Of one module."""

    frames: deque[tuple[float, Bodies]] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    # When it was heard, when it was said, and whether somebody has fallen.
    words: deque[tuple[float, float, bool]] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    track: deque[tuple[float, Bodies]] = field(default_factory=lambda: deque(maxlen=int(_KEPT_S * RATE_HZ)))
    last: tuple[float, Bodies] = (float("-inf"), NOBODY)
    fallen: bool = False
    word_at: float = float("-inf")
    heard_at: float = float("-inf")


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """T frames of R rooms, K bodies each: int32 (T, R, K), float32 (T, R, K, 2), float32 (T, R, K).

    Attributes:
        fallen: int8 (T, R), the module's own word: 1, 0, or `UNHEARD`.
    """

    ids: NDArray[np.int32]
    places: NDArray[np.float32]
    tops: NDArray[np.float32]
    fallen: NDArray[np.int8]


class Lately:
    """Of all modules, each in a place of its own: a room's number is its module's place.

    A module keeps its place, and what it has said, when others come and go. What comes of one that hangs nowhere so far
    waits: the first word of a module may be that somebody fell.
    """

    def __init__(self, start: float) -> None:
        self.modules: list[Module | None] = [None] * PLACES
        self._number: dict[str, int] = {}
        self._said = [_Said() for _ in range(PLACES)]
        self._strangers: dict[str, deque[tuple[Module, RadarFrame, float]]] = {}
        self._start = start
        self.frames = 0  # how many were given
        self.dropped = 0  # how many were not, because nobody asked for them in time …
        self.dropped_at = float("-inf")  # … and when that was last

    def hung(self, installed: Sequence[Module]) -> list[int]:
        """What hangs where now. The places whose module is another one than before."""
        changed = []
        for number, module in enumerate(self.modules):
            if module is not None and module not in installed:
                del self._number[module.identity]
                self.modules[number], self._said[number] = None, _Said()
                changed.append(number)
        for module in installed:
            if module.identity in self._number or None not in self.modules:
                continue
            number = self.modules.index(None)
            self.modules[number], self._number[module.identity] = module, number
            changed.append(number)
            for _, frame, at in self._strangers.pop(module.identity, ()):
                self.feed(module, frame, at)
        return sorted(set(changed))

    def moment(self, frame: int) -> float:
        """When a frame was (monotonic, s)."""
        return self._start + frame / RATE_HZ

    def word_at(self, room: int) -> float:
        """When the module said last that somebody fell: before the frame that shows it, where a broker kept it."""
        return self._said[room].word_at

    def feed(self, module: Module, frame: RadarFrame, at: float) -> None:
        """A frame."""
        number = self._number.get(module.identity)
        if number is None:
            if module.identity in self._strangers or len(self._strangers) < PLACES:
                waiting = self._strangers.setdefault(module.identity, deque(maxlen=_MOST_WAITING))
                waiting.append((module, frame, at))
            return
        said = self._said[number]
        # What a broker had kept comes late: it is heard now, whenever it was.
        heard_at = max(at, self.moment(self.frames))
        said.heard_at = max(said.heard_at, heard_at)
        if frame.fallen is not None:
            said.words.append((heard_at, at, frame.fallen))
        seen = None if self.modules[number] is None else bodies(module, frame)
        if seen is not None:
            if len(said.frames) == _MOST_FRAMES:
                self.dropped, self.dropped_at = self.dropped + 1, at
            said.frames.append((at, seen))

    def block(self, now: float) -> Block | None:
        """The frames until now that were not given so far; None when no frame is due."""
        count = int((now - self._start) * RATE_HZ) - self.frames
        if count <= 0:
            return None
        shape = (count, PLACES, MOST)
        found = Block(
            np.zeros(shape, np.int32), np.zeros((*shape, 2), np.float32), np.full(shape, np.nan, np.float32),
            np.full(shape[:2], UNHEARD, np.int8),
        )  # fmt: skip
        for step in range(count):
            at = self.moment(self.frames + step + 1)
            for room, said in enumerate(self._said):
                self._fill(found, step, room, said, at)
        self.frames += count
        return found

    def track(self, room: int, place: tuple[float, float], after: float) -> list[list[float | None]]:
        """Who was there at a moment (monotonic, s), followed back and on from it, whatever number the module gave.

        Args:
            room: its number.
            place: x and y, m.
            after: the moment.

        Returns:
            Seconds from it, x, y, top (m), oldest first; nothing while nobody is near enough to be the same body.
        """
        if not np.isfinite(place).all():  # a module's own word has no place
            return []
        track = self._said[room].track
        end = min(track[-1][0], after + _ON_FLOOR_S) if track else after
        said = [one for one in track if end - _TRACK_S <= one[0] <= end]
        before = [one for one in said if one[0] <= after]
        rows = _followed(reversed(before), place, after)[::-1] + _followed(said[len(before) :], place, after)
        return [
            [round(at - after, 2), round(x, 2), round(y, 2), None if np.isnan(top) else round(top, 2)]
            for at, x, y, top in rows
        ]

    @staticmethod
    def _fill(found: Block, step: int, room: int, said: _Said, at: float) -> None:
        while said.frames and said.frames[0][0] <= at:
            said.last = said.frames.popleft()
        while said.words and said.words[0][0] <= at:
            _, own, said.fallen = said.words.popleft()
            if said.fallen:  # one frame at least shows it, however soon it was taken back
                said.word_at = own
                break
        if at - said.heard_at <= SILENT_S:
            found.fallen[step, room] = said.fallen
        else:
            found.ids[step, room] = tracks.UNHEARD
        heard_at, seen = said.last
        if at - heard_at > HELD_S:
            return
        count = min(len(seen.ids), MOST)
        found.ids[step, room, :count] = seen.ids[:count]
        found.places[step, room, :count] = seen.places[:count]
        found.tops[step, room, :count] = seen.tops[:count]
        said.track.append((at, seen))


def _followed(
    frames: Iterable[tuple[float, Bodies]], place: tuple[float, float], at_s: float
) -> list[tuple[float, float, float, float]]:
    """Moment, x, y and top of the body that is nearest to where it was last, and could have come from there."""
    rows: list[tuple[float, float, float, float]] = []
    for at, seen in frames:
        if not len(seen.ids):
            continue
        away = np.hypot(*(seen.places - np.array(place)).T)
        nearest = int(away.argmin())
        if away[nearest] > SAME_M + FASTEST_M_S * min(abs(at - at_s), _LOST_S):
            continue
        x, y = seen.places[nearest].tolist()
        rows.append((at, x, y, float(seen.tops[nearest])))
        place, at_s = (x, y), at
    return rows
