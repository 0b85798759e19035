"""One body in a room: where it is, how high, how fast, as moves from one posture to the next.

Metres and seconds; x to the right of the module's wall, y away from it, z above the floor.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from device_drivers.virtual.radar.easing import Ease, eased, slope


class Posture(StrEnum):
    """What a body does, as somebody who stands by would say."""

    WALKING = "walking"
    STANDING = "standing"
    BENT = "bent"
    SITTING = "sitting"
    IN_BED = "in-bed"
    FALLING = "falling"
    ON_FLOOR = "on-floor"


class Kind(StrEnum):
    """Whose body: no module knows it."""

    RESIDENT = "resident"
    CARER = "carer"
    DOG = "dog"
    CUSHION = "cushion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One body at one moment.

    Attributes:
        velocity: x, y, z of its middle, m/s.
        bottom: its lowest point above the floor.
        top: its highest.
        reach: how far it extends to either side: much when it lies.
        moving: more than breath.
    """

    number: int
    kind: Kind
    posture: Posture
    x: float
    y: float
    bottom: float
    top: float
    velocity: tuple[float, float, float]
    reach: float
    moving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """From where the body is to there, in so many seconds."""

    x: float
    y: float
    bottom: float
    top: float
    seconds: float
    during: Posture
    after: Posture
    ease: Ease = Ease.SMOOTH


class Actor:
    """A body with what it will do next. Time only goes on.

    Attributes:
        height: standing.
        posture: when the last move that was given is done.
        fidgets: an arm or a leg moves just now.
    """

    def __init__(self, *, number: int, kind: Kind, height: float, x: float, y: float, bottom: float = 0.0) -> None:
        self.number = number
        self.kind = kind
        self.height = height
        self.posture = Posture.STANDING
        self.fidgets = False
        self._still = Move(
            x=x, y=y, bottom=bottom, top=bottom + height, seconds=0.0,
            during=Posture.STANDING, after=Posture.STANDING,
        )  # fmt: skip
        self._moves: deque[Move] = deque()
        self._began = 0.0
        self._now = 0.0

    @property
    def place(self) -> tuple[float, float]:
        """Where it will be when it has done everything."""
        return self.last.x, self.last.y

    @property
    def last(self) -> Move:
        """What it does last of all that was given."""
        return self._moves[-1] if self._moves else self._still

    @property
    def idle(self) -> bool:
        """Nothing left to do."""
        return not self._moves

    def then(self, move: Move) -> None:
        """Do this after everything else."""
        if not self._moves:
            self._began = self._now
        self._moves.append(move)
        self.posture = move.after

    def stop(self) -> None:
        """Stay as it is now, whatever was planned."""
        body = self.at(self._now)
        self._moves.clear()
        at_rest = Posture.STANDING if body.posture is Posture.WALKING else body.posture
        self._still = Move(
            x=body.x, y=body.y, bottom=body.bottom, top=body.top, seconds=0.0, during=at_rest, after=at_rest
        )
        self.posture = at_rest

    def at(self, now: float) -> Body:
        """How it is at this moment, not before the last one asked for."""
        self._now = max(now, self._now)
        while self._moves and self._now >= self._began + self._moves[0].seconds:
            self._still = self._moves.popleft()
            self._began += self._still.seconds
        if not self._moves:
            return self._body(self._still, self._still.after, (0.0, 0.0, 0.0), moving=self.fidgets)
        here, goal = self._still, self._moves[0]
        share = (self._now - self._began) / goal.seconds
        done, rate = eased(goal.ease, share), slope(goal.ease, share) / goal.seconds
        between = Move(
            x=here.x + (goal.x - here.x) * done,
            y=here.y + (goal.y - here.y) * done,
            bottom=here.bottom + (goal.bottom - here.bottom) * done,
            top=here.top + (goal.top - here.top) * done,
            seconds=0.0, during=goal.during, after=goal.during,
        )  # fmt: skip
        rise = (goal.bottom - here.bottom + goal.top - here.top) / 2
        velocity = ((goal.x - here.x) * rate, (goal.y - here.y) * rate, rise * rate)
        return self._body(between, goal.during, velocity, moving=any(velocity) or self.fidgets)

    def _body(self, where: Move, posture: Posture, velocity: tuple[float, float, float], *, moving: bool) -> Body:
        lies = max(0.0, 1.0 - (where.top - where.bottom) / self.height)  # what is not high is long
        return Body(
            number=self.number, kind=self.kind, posture=posture, x=where.x, y=where.y, bottom=where.bottom,
            top=where.top, velocity=velocity, reach=0.2 + lies * (self.height / 2 - 0.2), moving=moving,
        )  # fmt: skip
