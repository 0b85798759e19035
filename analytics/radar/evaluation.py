"""Falls of made-up rooms, replayed day by day through the detector that a home runs.

Rooms, people, acts and the module's faults are drawn for each seed from `analytics/datasets/scenes/ranges.toml`; the
detector reads nothing of it. A fall is found when something is raised between its beginning and twenty seconds after
the body came to rest. What is raised later, until the person is up again, belongs to the same alert and is neither.
Everything else is a false alert.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from analytics.datasets.scenes.acts import RATE_HZ
from analytics.datasets.scenes.days import Day, draw_day
from analytics.datasets.scenes.rooms import Room, draw_room
from analytics.datasets.scenes.sensing import FRAMES, Sensing
from analytics.datasets.scenes.visits import Fall
from analytics.falls.measures import wilson
from analytics.radar.falls import RadarFalls, Zone

ROOMS: Final = 20
DAYS: Final = 10
FALLS_A_DAY: Final = 2.5  # 500 of 20 rooms and 10 days; a resident has one in months
IN_TIME_S: Final = 20.0
_AT_ONCE: Final = 10  # rooms in memory


@dataclass(slots=True)
class _Count:
    delays: dict[str, list[float | None]] = field(default_factory=dict)  # of each kind of fall; None: missed
    false: int = 0
    room_days: int = 0


def report(*, seed: int, rooms: int = ROOMS, days: int = DAYS, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Of a module that tells targets and heights."""
    count = _Count()
    for first in range(0, rooms, _AT_ONCE):
        _replay(seed, range(first, min(first + _AT_ONCE, rooms)), days, count, say)
    delays = [delay for kind in count.delays.values() for delay in kind]
    found = [delay for delay in delays if delay is not None]
    return {
        "module": "targets with heights (TI 3D People Tracking)",
        "seed": seed,
        "room_days": count.room_days,
        "falls": len(delays),
        "sensitivity": len(found) / len(delays) if delays else None,
        "sensitivity_ci95": wilson(len(found), len(delays)),
        "false_alerts": count.false,
        "false_alerts_per_room_day": count.false / count.room_days,
        "delay_s": float(np.median(found)) if found else None,
        "delay_s_p99": float(np.quantile(found, 0.99)) if found else None,
        "by_kind": {
            kind: {"falls": len(each), "found": sum(one is not None for one in each)}
            for kind, each in sorted(count.delays.items())
        },
        "note": "made-up rooms: how well it does in homes is not known",
    }


def _replay(seed: int, numbers: Sequence[int], days: int, count: _Count, say: Callable[[str], None]) -> None:
    rngs = [np.random.default_rng([seed, number]) for number in numbers]
    rooms = [draw_room(rng) for rng in rngs]
    modules = [Sensing(rng) for rng in rngs]
    detector = RadarFalls([zones(room) for room in rooms])
    for day in range(days):
        drawn = [draw_day(room, _falls(rng), rng) for room, rng in zip(rooms, rngs, strict=True)]
        raised = _raised(detector, drawn, modules)
        for one, moments in zip(drawn, raised, strict=True):
            _counted(one.falls, moments, count)
        count.room_days += len(rooms)
        say(f"rooms {numbers[0]}–{numbers[-1]}, day {day + 1}: {count.false} false alerts so far")


def zones(room: Room) -> list[Zone]:
    """What the technician has entered of it."""
    return [Zone(low=one.low, high=one.high, height=one.height) for one in room.told]


def _falls(rng: np.random.Generator) -> int:
    return int(FALLS_A_DAY) + int(rng.random() < FALLS_A_DAY % 1)


def _raised(detector: RadarFalls, drawn: Sequence[Day], modules: Sequence[Sensing]) -> list[list[float]]:
    """Seconds of the day at which something was raised, for each room."""
    told = [module.tells(day) for module, day in zip(modules, drawn, strict=True)]
    ids = np.ascontiguousarray(np.stack([one.ids for one in told]).transpose(2, 0, 1))
    places = np.ascontiguousarray(np.stack([one.places for one in told]).transpose(2, 0, 1, 3))
    tops = np.ascontiguousarray(np.stack([one.tops for one in told]).transpose(2, 0, 1))
    raised: list[list[float]] = [[] for _ in drawn]
    for frame in range(FRAMES):
        for fall in detector.frame(ids[frame], places[frame], tops[frame]):
            raised[fall.room].append((frame + 1) / RATE_HZ)
    return raised


def _counted(falls: Sequence[Fall], moments: Sequence[float], count: _Count) -> None:
    for fall in falls:
        hits = [at for at in moments if fall.begin_s <= at <= fall.impact_s + IN_TIME_S]
        count.delays.setdefault(fall.kind, []).append(hits[0] - fall.impact_s if hits else None)
    count.false += sum(not any(fall.begin_s <= at <= fall.up_s for fall in falls) for at in moments)
