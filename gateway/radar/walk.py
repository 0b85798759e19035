"""What a technician's tests show: somebody walks and is seen, something falls and is seen. Pure; time is handed in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from device_drivers.radar_frame import RadarFrame
from gateway.radar.modules import Module
from gateway.radar.placing import Bodies, bodies, upright

WALKED_M: Final = 2.0  # across a small bathroom
_STEP_M: Final = 0.4  # counted from where the last one ended: whoever stands still trembles less, errors and all
_JUMP_M: Final = 1.0  # between two frames nobody gets so far: it is somebody else, or an error
MOVED_S: Final = 3.0  # of modules that tell no places: how long somebody was seen to move
FELL_FROM_M: Final = 0.9
FELL_TO_M: Final = 0.5
FELL_WITHIN_S: Final = 2.0
_MOST: Final = 60  # points in a picture


@dataclass(slots=True)
class Walk:
    """How far somebody was seen to walk, over all tracks the longest."""

    module: Module
    walked_m: float = 0.0
    _at: dict[int, tuple[float, float, float]] = field(default_factory=dict)  # id → x, y, metres; bounded by targets
    _moving_since: float | None = None
    _moved_s: float = 0.0

    @property
    def passed(self) -> bool:
        """The module sees people."""
        return self.walked_m >= WALKED_M or self._moved_s >= MOVED_S

    def frame(self, frame: RadarFrame, at: float) -> bool:
        """One more. Whether the test is passed."""
        seen = bodies(self.module, frame)
        if seen is not None:
            self._follow(seen)
        if self._moving_since is not None:  # some modules say so once, and again when it is over
            self._moved_s += min(at - self._moving_since, MOVED_S)
            self._moving_since = at
        moves = frame.moving if frame.moving is not None else frame.present if seen is None else None
        if moves is not None:
            self._moving_since = at if moves else None
        return self.passed

    def _follow(self, seen: Bodies) -> None:
        now: dict[int, tuple[float, float, float]] = {}
        for number, (x, y) in zip(seen.ids.tolist(), seen.places.tolist(), strict=True):
            before = self._at.get(number)
            if before is None:
                now[number] = (x, y, 0.0)
                continue
            step = math.hypot(x - before[0], y - before[1])
            if step < _STEP_M:
                now[number] = before
                continue
            now[number] = (x, y, before[2] + (step if step <= _JUMP_M else 0.0))
        self._at = now
        self.walked_m = max([self.walked_m, *(one[2] for one in now.values())])


@dataclass(slots=True)
class Drop:
    """Whether something was seen to fall: from the height of a hand to the floor, or by the module's own word."""

    module: Module
    seen: bool = False
    _high_at: float | None = None

    def frame(self, frame: RadarFrame, at: float) -> bool:
        """One more. Whether the test is passed."""
        if frame.fallen:
            self.seen = True
        heights = _heights(self.module, frame)
        if any(one >= FELL_FROM_M for one in heights):
            self._high_at = at
        elif heights and self._high_at is not None and max(heights) <= FELL_TO_M:
            self.seen |= at - self._high_at <= FELL_WITHIN_S
        return self.seen


def picture(module: Module, frame: RadarFrame) -> dict[str, object] | None:
    """What there is to draw: people (x, y, top or null), points (x, y, height), m in the room; presence.

    None where the frame shows nothing.
    """
    shown: dict[str, object] = {}
    seen = bodies(module, frame)
    if seen is not None:
        shown["people"] = [
            [round(x, 2), round(y, 2), None if math.isnan(top) else round(top, 2)]
            for (x, y), top in zip(seen.places.tolist(), seen.tops.tolist(), strict=True)
        ]
    if frame.points is not None and len(frame.points):
        placed = upright(module, frame.points[:_MOST, :3])
        shown["points"] = [[round(value, 2) for value in row] for row in placed.tolist()]
    for name in ("present", "moving", "fallen"):
        value = getattr(frame, name)
        if value is not None:
            shown[name] = value
    return shown or None


def _heights(module: Module, frame: RadarFrame) -> list[float]:
    if frame.points is not None and len(frame.points):
        return [float(one) for one in upright(module, frame.points[:, :3])[:, 2]]
    seen = bodies(module, frame)
    return [] if seen is None else [one for one in seen.tops.tolist() if not math.isnan(one)]
