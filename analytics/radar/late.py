"""Ways down that were not sure enough after nineteen seconds: who is still down later is looked at again.

A fall that ends sitting looks as kneeling down does, and no look at the way down itself tells them apart. Time does:
who kneels is up again, or works his way on. So what was known after nineteen seconds is kept, and while nobody is up,
went away or was told, it is judged again with that alone: that it still is down. How still it is, is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.radar.descents import LOW_M, Looks
from analytics.radar.judging import FURTHEST_M, Judge
from analytics.radar.places import Zone, lies_in_a_zone
from analytics.radar.staying import LATELY, Staying
from analytics.radar.tracks import Body

LATE: Final = (300, 600, 900, 1200, 1500)  # frames after the way down


@dataclass(slots=True, kw_only=True, eq=False)
class Waiting:
    """A way down that is waited for.

    Attributes:
        at: the look that saw it low.
        early: how likely a fall it was at the last look before these.
        body: who came down, and what is seen of it since.
        judged: how many of LATE.
        told: as a fall, by then or with another way down of the same body.
    """

    at: int
    early: float
    body: Staying
    judged: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How likely a way down was a fall, as known at a moment.

    Attributes:
        at: the look that saw it low.
        now: the frame as of which it is known.
        bodies: who came down, and as whom it was found again.
        probability: 0–1.
        height_m: where its top is; NaN where it is not seen.
        place: x and y, m, where it was seen last.
        late: what is waited for from now on, or since then.
        sure: told from whatever probability on.
    """

    at: int
    now: int
    bodies: Sequence[Body]
    probability: float
    height_m: float
    place: tuple[float, float]
    late: Waiting | None = None
    sure: bool = False


class Late:
    """The ways down of one room that are judged late."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = zones
        self._waiting: list[Waiting] = []

    def begin(self, bodies: Sequence[Body], at: int, now: int, early: float) -> Waiting:
        """One came down at frame `at`, and is not known to have fallen at frame `now`; `bodies`: as in `Judged`."""
        newest = max(bodies, key=lambda body: body.last_seen(now))
        x, y = newest.last_place(now).tolist()
        staying = Staying(bodies=list(bodies), place=(x, y), since=now, looked=now, seen_at=newest.last_seen(now))
        one = Waiting(at=at, early=early, body=staying)
        self._waiting.append(one)
        return one

    def after(self, bodies: Sequence[tuple[Body, Looks]], until: int, judge: Judge) -> list[Judged]:
        """What falls due until that frame.

        Args:
            bodies: those of the room, with the looks of the block that ends there.
            until: the frame behind it.
            judge: who judges.
        """
        found: list[Judged] = []
        for one in list(self._waiting):
            while one.judged < len(LATE) and one.at + LATE[one.judged] <= until:
                now = one.at + LATE[one.judged]
                one.judged += 1
                one.body.follow(bodies, now, up_at_once=True)
                later = self._later(one, now, judge)
                if later is not None:
                    found.append(later)
            one.body.follow(bodies, until, up_at_once=True)
            if one.body.is_up or one.judged == len(LATE):
                self._waiting.remove(one)
        return found

    def forget(self, told: Callable[[Body, int], bool]) -> None:
        """What was told is waited for no longer; `told` says it of a body and when it came down."""
        self._waiting = [
            one for one in self._waiting if not (one.told or any(told(body, one.at) for body in one.body.bodies))
        ]  # fmt: skip

    def _later(self, one: Waiting, now: int, judge: Judge) -> Judged | None:
        # Of two seen in the same frame the older one, whatever their order: that hangs on how frames were cut.
        seen = max(one.body.bodies, key=lambda body: (body.last_seen(now), -body.born))
        place = seen.last_place(now)
        if one.body.is_up:
            return None
        lately = now - one.body.seen_at <= LATELY
        if not np.isnan(place).any() and float(np.hypot(*(place - one.body.place))) > FURTHEST_M:
            return None
        in_bed = lies_in_a_zone(seen, self._zones, max(now - LATELY, seen.first), now)
        if lately and (one.body.height_m > LOW_M or in_bed):
            return None
        x, y = one.body.place if np.isnan(place).any() else place.tolist()
        bodies = tuple(one.body.bodies)
        return Judged(
            at=one.at, now=now, bodies=bodies, probability=judge.later(bodies[0], one.at, now, one.early),
            height_m=one.body.height_m if lately else float("nan"), place=(x, y), late=one,
        )  # fmt: skip
