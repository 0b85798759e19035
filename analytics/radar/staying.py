"""Who came down, as far as it is seen: whether it is up again, went away, or was lost and found on the floor.

Up is who sits at the least, for two seconds. Only the body that came down can be, or one that began beside it after its
track was lost. A body that is not seen is not known to be up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from analytics.radar.descents import EVERY, LOW_M, UP_M, Looks
from analytics.radar.tracks import Body, Floats, Ints

BESIDE_M: Final = 1.5
LATELY: Final = 50  # frames in which it must have been seen to be called down
_UP_LOOKS: Final = 4  # two seconds
_BEGINS: Final = 2 * EVERY  # frames of a track in which it is known how high it began


@dataclass(slots=True)
class Staying:
    """One that came down.

    Attributes:
        bodies: it, and those it was found as again.
        place: x and y, m, where it came down.
        since: a track that began before this frame is somebody else.
        looked: up to this frame.
        seen_at: the last look that saw it.
        height_m: where its top was there; NaN where it was not seen since.
        up_as: those of `bodies` that were up for two seconds.
    """

    bodies: list[Body]
    place: tuple[float, float]
    since: int
    looked: int
    seen_at: int
    height_m: float = float("nan")
    up_as: list[Body] = field(default_factory=list)
    _up: dict[Body, int] = field(default_factory=dict)  # looks in a row

    @property
    def is_up(self) -> bool:
        """It was up for two seconds, as whomever."""
        return bool(self.up_as)

    def joined(self) -> Body:
        """Its first track, with what was seen of it since that was lost."""
        first, *more = self.bodies
        if not more:
            return first
        end = max(one.end for one in self.bodies)
        tops, places = np.full(end - first.first, np.nan), np.full((end - first.first, 2), np.nan)
        for one in self.bodies:
            begin = max(one.first, first.first)
            seen = np.flatnonzero(~np.isnan(one.places[begin - one.first :, 0])) + begin
            tops[seen - first.first] = one.tops[seen - one.first]
            places[seen - first.first] = one.places[seen - one.first]
        return replace(first, tops=tops, places=places, shapes={}, runs=[])

    def follow(self, bodies: Sequence[tuple[Body, Looks]], until: int, *, up_at_once: bool = False) -> None:
        """What is seen until that frame.

        Args:
            bodies: all of the room, with looks that go as far.
            until: a look is at it at the latest.
            up_at_once: one that begins beside it while it is lost, and high, is it as well. Where it is not said that
                somebody stays down, that is the helper who comes in; where it is said, it may be who got up unseen.
        """
        for body, looks in bodies:
            self._look(body, looks, until, up_at_once)
        self.looked = max(self.looked, until)

    def _look(self, body: Body, looks: Looks, until: int, up_at_once: bool) -> None:
        mine = (looks.frames > self.looked) & (looks.frames <= until) & ~np.isnan(looks.newest)
        if not mine.any():
            return
        frames, newest = looks.frames[mine], looks.newest[mine]
        if body not in self.bodies:
            begun = self._begun(body, frames, newest, up_at_once)
            if begun is None:
                return
            self.bodies.append(body)
            frames, newest = frames[begun:], newest[begun:]
        count = self._up.get(body, 0)
        for top in newest.tolist():
            count = count + 1 if top >= UP_M else 0
            if count >= _UP_LOOKS and body not in self.up_as:
                self.up_as.append(body)
        self._up[body] = count
        if frames[-1] >= self.seen_at:
            self.seen_at, self.height_m = int(frames[-1]), float(newest[-1])

    def _begun(self, body: Body, frames: Ints, newest: Floats, up_at_once: bool) -> int | None:
        """The look at which another track turns out to be it; None where it is somebody else."""
        if body.born <= self.since:
            return None
        low = newest <= LOW_M
        if up_at_once and all(body.born - own.last_seen(body.born) > _BEGINS for own in self.bodies):
            low = np.ones(len(newest), bool)
        begun = np.flatnonzero(low & (frames - body.born <= _BEGINS))
        # Two that are seen at once are two: a helper who kneels down beside it, a dog.
        if not len(begun) or any(own.last_seen(int(frames[begun[0]])) >= body.born for own in self.bodies):
            return None
        far = float(np.hypot(*(body.last_place(int(frames[begun[0]])) - np.array(self.place))))
        return int(begun[0]) if far <= BESIDE_M else None
