"""Falls of made-up rooms, replayed day by day through the detector that a home runs.

Rooms, people, acts and the module's faults are drawn for each seed from `analytics/datasets/scenes/ranges.toml`; the
detector reads nothing of it. A fall is found when something is raised between its beginning and three minutes after the
body came to rest, and before the person is up again; how many were told within twenty seconds is said beside it. What
is raised later, until the person is up again, belongs to the same alert and is neither. Everything else is a false
alert. Figures are told by kind of fall and by class of module (`modules`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from analytics.datasets.scenes.visits import Fall
from analytics.falls.measures import wilson
from analytics.findings import FALL, NO_RECOVERY
from analytics.radar.replay import Flags, Found, Heights, Middles, PointsAlone, Rooms

ROOMS: Final = 20
DAYS: Final = 10
IN_TIME_S: Final = 180.0  # after the body came to rest; the last look is after two and a half minutes
SOON_S: Final = 20.0
RECOVERY_S: Final = 30.0
_AT_ONCE: Final = 4  # rooms in memory
TAUGHT_WITH: Final = (  # seeds of which no figure may be told
    *(1001, 1002, 1003, 1008, 1010, 1012, 1013, 1014, 1015, 1016, 1017, 1020),
    *(1005, 1006, 1007, 1009, 1011, 1018, 1019),
)  # fmt: skip
# Nor of these: settings were chosen by them, thresholds set.
VALIDATED_WITH: Final = (21, 70, 71, 72, 73, 74, 75, 76, 77, 78)


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class of modules.

    Attributes:
        name: of it.
        made: rooms with such modules, from a seed and their numbers.
        text: what it sees and cannot see.
    """

    name: str
    made: Callable[[int, Sequence[int]], Rooms]
    text: Mapping[str, str]


CLASSES: Final[Mapping[str, Class]] = {
    one.name: one
    for one in (
        Class(
            name="heights", made=Heights,
            text={
                "sees": "targets with their highest points (TI 3D People Tracking)",
                "cannot_see": "who slides down slowly to sit; who lies where people lie; whom it lost for good",
            },
        ),
        Class(
            name="middles", made=Middles,
            text={
                "sees": "targets with one height, that of their middle (LD6002 and its like)",
                "cannot_see": "as with heights, with twice the noise: who falls to sit looks as one who kneels",
            },
        ),
        Class(
            name="points", made=PointsAlone,
            text={
                "sees": "points alone (IWRL6432): heights are estimated from them",
                "cannot_see": "two who stand together, who lies still at once, who falls to sit",
            },
        ),
        Class(
            name="flag", made=Flags,
            text={
                "sees": "the module's own word that somebody fell (MR60FDA1, LD6002C, MR60FDA2), taken as it is",
                "cannot_see": "anything to judge that word by; how good it is was drawn, not measured",
            },
        ),
    )
}  # fmt: skip


@dataclass(slots=True)
class Count:
    """What is counted of one class of module."""

    delays: dict[str, list[float | None]] = field(default_factory=dict)  # of each kind of fall; None: missed
    false: int = 0
    room_days: int = 0
    lies: int = 0  # found falls after which nobody was up for 30 s
    lies_told: int = 0
    rises: int = 0
    rises_told: int = 0

    def falls(self, falls: Sequence[Fall], moments: Sequence[float]) -> None:
        """Of one room: what was raised, s."""
        for fall in falls:
            latest = min(fall.impact_s + IN_TIME_S, fall.up_s)
            hits = [at for at in moments if fall.begin_s <= at <= latest]
            self.delays.setdefault(fall.kind, []).append(hits[0] - fall.impact_s if hits else None)
        self.false += sum(not any(fall.begin_s <= at <= fall.up_s for fall in falls) for at in moments)

    def recoveries(self, falls: Sequence[Fall], found: Sequence[Found]) -> None:
        """Of one room: whether those who lay were told again, and those who got up were not."""
        for fall in falls:
            # Who was told before 30 s were over is told again then, others at once: also of those who get up.
            latest = max(fall.impact_s + RECOVERY_S + SOON_S, min(fall.impact_s + IN_TIME_S, fall.up_s) + 1.0)
            mine = [one for one in found if fall.begin_s <= one.at_s <= latest]
            if not any(one.kind == FALL for one in mine):
                continue
            told = any(one.kind == NO_RECOVERY for one in mine)
            if fall.up_s - fall.impact_s > RECOVERY_S + 5.0:
                self.lies, self.lies_told = self.lies + 1, self.lies_told + told
            elif fall.up_s - fall.impact_s < RECOVERY_S - 3.0:
                self.rises, self.rises_told = self.rises + 1, self.rises_told + told

    def figures(self) -> dict[str, Any]:
        """As a report tells them."""
        delays = [delay for kind in self.delays.values() for delay in kind]
        found = [delay for delay in delays if delay is not None]
        soon = sum(delay <= SOON_S for delay in found)
        low, high = poisson(self.false)
        return {
            "room_days": self.room_days,
            "falls": len(delays),
            "sensitivity": len(found) / len(delays) if delays else None,
            "sensitivity_ci95": wilson(len(found), len(delays)),
            "told_within_20_s": soon / len(delays) if delays else None,
            "told_within_20_s_ci95": wilson(soon, len(delays)),
            "false_alerts": self.false,
            "false_alerts_per_room_day": self.false / self.room_days,
            "false_alerts_per_room_day_ci95": [low / self.room_days, high / self.room_days],
            "delay_s": float(np.median(found)) if found else None,
            "delay_s_p95": float(np.quantile(found, 0.95)) if found else None,
            "delay_s_p99": float(np.quantile(found, 0.99)) if found else None,
            "by_kind": {
                kind: {
                    "falls": len(each),
                    "found": sum(one is not None for one in each),
                    "told_within_20_s": sum(one is not None and one <= SOON_S for one in each),
                    "sensitivity_ci95": wilson(sum(one is not None for one in each), len(each)),
                }
                for kind, each in sorted(self.delays.items())
            },
            "no_recovery": {
                "lay_longer": self.lies, "told": self.lies_told, "rose_before": self.rises,
                "told_all_the_same": self.rises_told,
            },
        }  # fmt: skip


def poisson(count: int) -> tuple[float, float]:
    """95 % interval of a rate, from how often something happened (Wilson and Hilferty 1931, of the exact limits)."""
    z = 1.959964
    low = 0.0 if count == 0 else count * (1 - 1 / (9 * count) - z / (3 * np.sqrt(count))) ** 3
    n = count + 1
    return float(low), float(n * (1 - 1 / (9 * n) + z / (3 * np.sqrt(n))) ** 3)


def report(
    *,
    seed: int,
    rooms: int = ROOMS,
    days: int = DAYS,
    modules: Sequence[str] = tuple(CLASSES),
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Of each class of module, JSON-ready."""
    return {
        "seed": seed,
        "modules": {
            name: {**CLASSES[name].text, **_count(CLASSES[name], seed, rooms, days, say).figures()} for name in modules
        },
        "note": "made-up rooms, written by us: how well it does in homes is not known",
    }


def _count(one: Class, seed: int, rooms: int, days: int, say: Callable[[str], None]) -> Count:
    count = Count()
    for first in range(0, rooms, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, rooms))
        scene = one.made(seed, numbers)
        for _ in range(days):
            replayed = scene.day()
            for falls, found in zip(replayed.falls, replayed.found, strict=True):
                count.falls(falls, [each.at_s for each in found if each.kind == FALL])
                count.recoveries(falls, found)
            count.room_days += len(numbers)
        say(f"{one.name}, rooms {numbers[0]}–{numbers[-1]}: {count.false} false alerts so far")
    return count
