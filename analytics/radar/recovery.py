"""Whether somebody is up again thirty seconds after a fall, as far as the radar sees.

Up is who sits at the least, for two seconds. Only the body that fell can be, or one that began low beside it after its
track was lost: who comes to help is up all the time. A body that is not seen is not known to be up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analytics.findings import Seen
from analytics.radar.descents import EVERY, Looks
from analytics.radar.staying import LATELY, Staying
from analytics.radar.tracks import RATE_HZ, Body

RECOVERY_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUp:
    """Nobody was seen to be up after a fall."""

    down_at: int
    due_at: int
    probability: float
    place: tuple[float, float]
    height_m: float
    seen: Seen


@dataclass(slots=True)
class _Fallen:
    body: Staying
    down_at: int
    raised_at: int
    probability: float

    @property
    def due_at(self) -> int:
        return max(self.down_at + int(RECOVERY_S * RATE_HZ), self.raised_at + EVERY)


class Watch:
    """Of one room: the falls that are less than thirty seconds old."""

    def __init__(self) -> None:
        self._fallen: list[_Fallen] = []

    def begin(
        self, bodies: Sequence[Body], *, down_at: int, raised_at: int, probability: float, place: tuple[float, float]
    ) -> None:
        """One fell; `bodies`: it, and those as which it was found again."""
        staying = Staying(
            bodies=list(bodies), place=place, since=raised_at, looked=raised_at,
            seen_at=max(body.last_seen(raised_at) for body in bodies),
        )  # fmt: skip
        self._fallen.append(_Fallen(body=staying, down_at=down_at, raised_at=raised_at, probability=probability))

    def after(self, bodies: Sequence[tuple[Body, Looks]], until: int) -> list[NotUp]:
        """What is known at frame `until`; `bodies`: those of the room, with the looks of the block that ends there."""
        found: list[NotUp] = []
        for one in list(self._fallen):
            one.body.follow(bodies, min(until, one.due_at))
            if until < one.due_at:
                continue
            self._fallen.remove(one)
            if not one.body.is_up:
                lately = one.due_at - one.body.seen_at <= LATELY
                found.append(
                    NotUp(
                        down_at=one.down_at, due_at=one.due_at, probability=one.probability, place=one.body.place,
                        height_m=one.body.height_m if lately else float("nan"),
                        seen=Seen.DOWN if lately else Seen.UNHEARD,
                    )
                )  # fmt: skip
        return found
