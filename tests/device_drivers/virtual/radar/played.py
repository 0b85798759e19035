"""Scenes played to modules without a line and without waiting, and read with our decoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from device_drivers.decode.radar.protocols import PROTOCOLS
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.radar_frame import Answer, RadarFrame
from device_drivers.virtual.radar.body import Body
from device_drivers.virtual.radar.module import RadarModule
from device_drivers.virtual.radar.modules import MODULES
from device_drivers.virtual.radar.room import Room

PROTOCOL_OF: Final[Mapping[str, str]] = {
    "ld6002c": "tinyframe",
    "mr60fda2": "tinyframe",
    "mr60fda1": "r60",
    "ld2410": "ld2410",
    "ld2450": "ld2450",
    "ti": "ti",
    "ti-18": "ti",
    "ti-old": "ti",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    at: float
    bodies: tuple[Body, ...]
    frames: Sequence[RadarFrame]


@dataclass(slots=True)
class Played:
    moments: list[Moment] = field(default_factory=list)
    dropped: int = 0
    data: bytes = b""

    def flags(self, what: str) -> list[tuple[float, bool]]:
        """When the module told something else than before about `fallen`, `present` or `moving`."""
        told: list[tuple[float, bool]] = []
        for moment in self.moments:
            for frame in moment.frames:
                value = getattr(frame, what)
                if value is not None and (not told or told[-1][1] != value):
                    told.append((moment.at, value))
        return told

    def impact(self) -> float:
        """When the resident first lay on the floor."""
        return next(one.at for one in self.moments if any(body.posture == "on-floor" for body in one.bodies))


def play(
    name: str,
    acts: Mapping[float, str],
    *,
    seconds: float,
    seed: int = 1,
    module: RadarModule | None = None,
    said: bytes = b"",
    present: bool = True,
) -> Played:
    """Do the acts at their times; `said` is what the host sends before the first frame."""
    protocol = PROTOCOLS[PROTOCOL_OF[name]]
    one = module or MODULES[name].make(seed, True)
    room = Room(seed=seed, plan=MODULES[name].plan, present=present)
    splitter = Splitter(protocol.framing)
    answered = answers(name, one, said) if said else []
    assert all(answer.done for answer in answered)
    played = Played()
    left = dict(acts)
    for step in range(int(seconds * one.rate_hz)):
        at = step / one.rate_hz
        bodies = room.at(at)
        for due in [due for due in left if due <= at]:
            room.act(left.pop(due))
        data = one.says(at, bodies)
        played.data += data
        frames = [protocol.decode(frame) for frame in splitter.feed(data)]
        played.moments.append(Moment(at=at, bodies=bodies, frames=frames))
    played.dropped = splitter.dropped
    assert not left
    return played


def answers(name: str, module: RadarModule, said: bytes) -> list[Answer]:
    """What a module answers to these bytes, as our decoders read it."""
    protocol = PROTOCOLS[PROTOCOL_OF[name]]
    splitter = Splitter(protocol.framing)
    found = [*splitter.feed(module.hears(said)), *splitter.quiet()]
    assert splitter.dropped == 0
    return [answer for frame in found for answer in protocol.decode(frame).answers]
