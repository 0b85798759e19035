"""What each installed module has said lately, as the detector wants it: ten frames a second of all rooms."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.radar.tracks import MOST, RATE_HZ
from device_drivers.radar_frame import RadarFrame
from gateway.radar.modules import Module
from gateway.radar.placing import NOBODY, Bodies, bodies

HELD_S: Final = 0.35  # slower modules say where somebody is three times a second; older than that nobody is there
_MOST_FRAMES: Final = 128  # 2.5 s of the fastest module: a tick comes each half second
_TRACK_S: Final = 12.0  # kept as evidence


@dataclass(slots=True)
class _Said:
    """Of one module."""

    frames: deque[tuple[float, Bodies]] = field(default_factory=lambda: deque(maxlen=_MOST_FRAMES))
    track: deque[tuple[float, Bodies]] = field(default_factory=lambda: deque(maxlen=int(_TRACK_S * RATE_HZ)))
    last: tuple[float, Bodies] = (float("-inf"), NOBODY)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """T frames of R rooms, K bodies each: int32 (T, R, K), float32 (T, R, K, 2), float32 (T, R, K)."""

    ids: NDArray[np.int32]
    places: NDArray[np.float32]
    tops: NDArray[np.float32]


class Lately:
    """Of all modules, in a fixed order: a room's number is its module's place in it."""

    def __init__(self, modules: list[Module], start: float) -> None:
        self.modules = modules
        self._number = {one.identity: number for number, one in enumerate(modules)}
        self._said = [_Said() for _ in modules]
        self._start = start
        self.frames = 0  # how many were given

    def moment(self, frame: int) -> float:
        """When a frame was (monotonic, s)."""
        return self._start + frame / RATE_HZ

    def feed(self, module: Module, frame: RadarFrame, at: float) -> None:
        """A frame that tells of bodies; others are not for here."""
        number = self._number.get(module.identity)
        seen = None if number is None else bodies(self.modules[number], frame)
        if number is not None and seen is not None:
            self._said[number].frames.append((at, seen))

    def block(self, now: float) -> Block | None:
        """The frames until now that were not given so far; None when no frame is due."""
        count = int((now - self._start) * RATE_HZ) - self.frames
        if count <= 0:
            return None
        shape = (count, len(self.modules), MOST)
        found = Block(
            np.zeros(shape, np.int32), np.zeros((*shape, 2), np.float32), np.full(shape, np.nan, np.float32)
        )  # fmt: skip
        for step in range(count):
            at = self.moment(self.frames + step + 1)
            for room, said in enumerate(self._said):
                self._fill(found, step, room, said, at)
        self.frames += count
        return found

    def track(self, room: int, place: tuple[float, float], after: float) -> list[list[float | None]]:
        """Seconds before now, x, y, top (m) of the body that was nearest to there, oldest first."""
        rows: list[list[float | None]] = []
        for at, seen in self._said[room].track:
            if not len(seen.ids):
                continue
            nearest = int(np.hypot(*(seen.places - np.array(place)).T).argmin())
            x, y = seen.places[nearest].tolist()
            top = float(seen.tops[nearest])
            rows.append([round(at - after, 2), round(x, 2), round(y, 2), None if np.isnan(top) else round(top, 2)])
        return rows

    @staticmethod
    def _fill(found: Block, step: int, room: int, said: _Said, at: float) -> None:
        while said.frames and said.frames[0][0] <= at:
            said.last = said.frames.popleft()
        heard_at, seen = said.last
        if at - heard_at > HELD_S:
            return
        count = min(len(seen.ids), MOST)
        found.ids[step, room, :count] = seen.ids[:count]
        found.places[step, room, :count] = seen.places[:count]
        found.tops[step, room, :count] = seen.tops[:count]
        said.track.append((at, seen))
