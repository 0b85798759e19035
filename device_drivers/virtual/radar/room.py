"""One room and who is in it: a resident who walks, sits, bends, lies down, falls; a carer; a dog; a thrown cushion.

Pure: time is handed in and only goes on; the same seed and the same words at the same times give the same room.

Kinematics: usual walking speeds of people over seventy (Bohannon 1997) and slower ones with aids; sitting down takes
1.0–2.5 s (Kerr et al. 1997); from the loss of balance to the impact it takes 0.4–1.0 s (Hsiao and Robinovitch 1998).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from device_drivers.virtual.radar.body import Actor, Body, Kind, Move, Posture
from device_drivers.virtual.radar.easing import Ease

FALL_S: Final = (0.4, 1.0)
_THROWN_FROM_M: Final = 1.2
_HELD_S: Final = 2.0
_THROWN_S: Final = 0.5  # free fall from there
LYING_TOP_M: Final = (0.20, 0.35)
_MARGIN_M: Final = 0.35  # nobody walks through walls
_FIDGETS_SHARE: Final = 0.08  # of the seconds of somebody who rests
_SPEED_MPS: Final = {Kind.RESIDENT: (0.4, 0.9), Kind.CARER: (0.9, 1.2), Kind.DOG: (0.6, 1.6)}
_HEIGHT_M: Final = {
    Kind.RESIDENT: (1.52, 1.80),
    Kind.CARER: (1.62, 1.82),
    Kind.DOG: (0.35, 0.60),
    Kind.CUSHION: (0.12, 0.20),
}
_DOWN: Final = frozenset({Posture.ON_FLOOR, Posture.FALLING})
_LOW: Final = _DOWN | {Posture.IN_BED, Posture.SITTING, Posture.BENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A room: x from −width/2 to width/2, y from 0 (the module's wall) to depth; the door is in a far corner."""

    width: float = 3.6
    depth: float = 4.2
    chair: tuple[float, float] = (-1.2, 2.0)
    bed: tuple[float, float] = (1.0, 3.2)
    bed_height: float = 0.50


BEDROOM: Final = Plan()
BATHROOM: Final = Plan(width=2.2, depth=2.4, chair=(-0.6, 1.6), bed=(0.5, 1.7))  # the chair is the toilet


class Room:
    """See the module's docstring.

    Args:
        present: the resident is there and walks; else the room is empty.
    """

    def __init__(self, *, seed: int, plan: Plan = BEDROOM, present: bool = True) -> None:
        self.plan = plan
        self._rng = np.random.default_rng(seed)
        self._actors: dict[Kind, Actor] = {}
        self._wanders: set[Kind] = set()
        self._leaves: set[Kind] = set()
        self._now = 0.0
        self._second = 0
        self._verbs: Mapping[str, Callable[[], object]] = {
            "come": lambda: self._enter(Kind.RESIDENT),
            "walk": self._walk,
            "stand": lambda: self._stand(self._resident()),
            "sit": self._sit,
            "bend": self._bend,
            "lie-down": self._lie_down,
            "fall": self._fall,
            "get-up": lambda: self._rise(self._resident()),
            "leave": lambda: self._go(Kind.RESIDENT),
            "carer": lambda: self._enter(Kind.CARER),
            "carer-leaves": lambda: self._go(Kind.CARER),
            "dog": lambda: self._enter(Kind.DOG),
            "dog-leaves": lambda: self._go(Kind.DOG),
            "cushion": self._throw,
            "cushion-gone": lambda: self._actors.pop(Kind.CUSHION, None),
        }
        if present:
            self._appear(Kind.RESIDENT, *self._somewhere())
            self._wanders.add(Kind.RESIDENT)

    @property
    def words(self) -> frozenset[str]:
        """What `act` understands."""
        return frozenset(self._verbs)

    def act(self, word: str) -> None:
        """Begin to do that, at the last time that was asked for.

        Raises:
            ValueError: no such word, or whoever should do it is not there.
        """
        if word not in self._verbs:
            raise ValueError(f"{word!r} is nothing that can be done in a room")
        self._verbs[word]()

    def at(self, now: float) -> tuple[Body, ...]:
        """Everybody who is there at this moment, in seconds from the beginning; not before the last one asked for."""
        now = max(now, self._now)
        while self._second + 1 <= now:  # at whole seconds, so that it does not matter how often somebody looks
            self._second += 1
            self._live(float(self._second))
        self._now = now
        return tuple(actor.at(now) for actor in self._actors.values())

    def _live(self, now: float) -> None:
        for kind, actor in list(self._actors.items()):
            actor.at(now)
            actor.fidgets = kind is not Kind.CUSHION and bool(self._rng.random() < _FIDGETS_SHARE)
            if not actor.idle:
                continue
            if kind in self._leaves:
                del self._actors[kind]
            elif kind in self._wanders:
                self._wait(actor, self._rng.uniform(0.0, 3.0))
                self._to(actor, *self._somewhere())

    def _resident(self) -> Actor:
        if Kind.RESIDENT not in self._actors:
            raise ValueError("nobody is in the room: 'come' first")
        self._leaves.discard(Kind.RESIDENT)
        return self._actors[Kind.RESIDENT]

    def _appear(self, kind: Kind, x: float, y: float, *, bottom: float = 0.0) -> Actor:
        height = self._rng.uniform(*_HEIGHT_M[kind])
        actor = Actor(number=list(Kind).index(kind) + 1, kind=kind, height=height, x=x, y=y, bottom=bottom)
        actor.at(self._now)
        self._actors[kind] = actor
        return actor

    def _enter(self, kind: Kind) -> None:
        if kind is Kind.RESIDENT and kind in self._actors and kind not in self._leaves:
            raise ValueError("the resident is in the room already")
        self._leaves.discard(kind)
        actor = self._actors.get(kind) or self._appear(kind, *self._door())
        if kind is Kind.CARER:
            if Kind.RESIDENT in self._actors:
                x, y = self._actors[Kind.RESIDENT].place
                self._to(actor, *self._inside(x - 0.6, y - 0.4))  # beside whom they came for
            return
        self._wanders.add(kind)

    def _go(self, kind: Kind) -> None:
        actor = self._actors.get(kind)
        if actor is None:
            raise ValueError(f"no {kind} is in the room")
        self._wanders.discard(kind)
        self._leaves.add(kind)
        self._stand(actor)
        self._to(actor, *self._door())

    def _walk(self) -> None:
        self._rise(self._resident())
        self._wanders.add(Kind.RESIDENT)

    def _stand(self, actor: Actor) -> None:
        self._wanders.discard(actor.kind)
        self._rise(actor)

    def _rise(self, actor: Actor) -> None:
        """To its feet, when it is not; it takes longest from the floor."""
        posture = actor.at(self._now).posture
        actor.stop()
        if posture in _LOW:
            long = (2.5, 5.0) if posture in _DOWN else (1.0, 2.5)
            self._change(actor, 0.0, actor.height, self._rng.uniform(*long), posture, Posture.STANDING)

    def _sit(self) -> None:
        actor = self._resident()
        self._stand(actor)
        self._to(actor, *self.plan.chair)
        self._change(actor, 0.0, 0.74 * actor.height, self._rng.uniform(1.0, 2.5), Posture.SITTING, Posture.SITTING)

    def _bend(self) -> None:
        actor = self._resident()
        self._stand(actor)
        low = self._rng.uniform(0.75, 1.0)
        self._change(actor, 0.0, low, self._rng.uniform(0.6, 1.6), Posture.BENT, Posture.BENT)
        self._wait(actor, self._rng.uniform(2.0, 6.0))
        self._change(actor, 0.0, actor.height, self._rng.uniform(0.8, 1.6), Posture.BENT, Posture.STANDING)

    def _lie_down(self) -> None:
        actor = self._resident()
        self._stand(actor)
        self._to(actor, *self.plan.bed)
        bed = self.plan.bed_height
        self._change(actor, 0.0, bed + 0.80, self._rng.uniform(1.0, 2.5), Posture.SITTING, Posture.SITTING)
        self._change(actor, bed, bed + 0.25, self._rng.uniform(1.2, 4.0), Posture.IN_BED, Posture.IN_BED)

    def _fall(self) -> None:
        """Where the person is, to any side; who falls lies until told otherwise."""
        actor = self._resident()
        self._wanders.discard(Kind.RESIDENT)
        actor.stop()
        x, y = actor.place
        way = self._rng.uniform(0.0, 2.0 * np.pi)
        far = 0.4 * actor.height
        x, y = self._inside(x + far * np.cos(way), y + far * np.sin(way))
        actor.then(
            Move(
                x=x, y=y, bottom=0.0, top=self._rng.uniform(*LYING_TOP_M), seconds=self._rng.uniform(*FALL_S),
                during=Posture.FALLING, after=Posture.ON_FLOOR, ease=Ease.FALLING,
            )
        )  # fmt: skip

    def _throw(self) -> None:
        """How a technician tries a fall: held out, then dropped in the middle of the room, where it stays."""
        x, y = 0.0, self.plan.depth / 2
        actor = self._appear(Kind.CUSHION, x, y, bottom=_THROWN_FROM_M)
        self._wait(actor, _HELD_S)
        actor.then(
            Move(
                x=x, y=y, bottom=0.0, top=actor.height, seconds=_THROWN_S,
                during=Posture.FALLING, after=Posture.ON_FLOOR, ease=Ease.FALLING,
            )
        )  # fmt: skip

    def _to(self, actor: Actor, x: float, y: float) -> None:
        here = actor.place
        far = float(np.hypot(x - here[0], y - here[1]))
        speed = self._rng.uniform(*_SPEED_MPS[actor.kind])
        if far > 0.0:
            actor.then(
                Move(
                    x=x, y=y, bottom=0.0, top=actor.height, seconds=far / speed,
                    during=Posture.WALKING, after=Posture.STANDING, ease=Ease.EVEN,
                )
            )  # fmt: skip

    def _change(self, actor: Actor, bottom: float, top: float, seconds: float, during: Posture, after: Posture) -> None:
        x, y = actor.place
        actor.then(Move(x=x, y=y, bottom=bottom, top=top, seconds=seconds, during=during, after=after))

    def _wait(self, actor: Actor, seconds: float) -> None:
        last = actor.last
        if seconds > 0.0:
            actor.then(replace(last, seconds=seconds, during=last.after))

    def _somewhere(self) -> tuple[float, float]:
        half = self.plan.width / 2 - _MARGIN_M
        return float(self._rng.uniform(-half, half)), float(
            self._rng.uniform(2 * _MARGIN_M, self.plan.depth - _MARGIN_M)
        )

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        half = self.plan.width / 2 - _MARGIN_M
        return float(np.clip(x, -half, half)), float(np.clip(y, _MARGIN_M, self.plan.depth - _MARGIN_M))

    def _door(self) -> tuple[float, float]:
        return self.plan.width / 2 - _MARGIN_M, self.plan.depth - _MARGIN_M
