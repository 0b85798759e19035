"""Each rule over made-up courses: what it notices, how late, and how often nobody needed to hear it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analytics.findings import Judgement, Told, crossed, told_from
from analytics.vitals.courses import DAYS, KINDS, Course, course
from analytics.vitals.measured import DAY_S, Measured
from analytics.vitals.missing import missing
from analytics.vitals.pressure import CrisisLimits, WeekLimits, crisis, week
from analytics.vitals.pulse import drift
from analytics.vitals.saturation import LIMIT_PERCENT, far, once, twice
from analytics.vitals.weight import GainLimits, gain

RESIDENTS: Final = 30  # of each kind
MONTH_DAYS: Final = 30.0
# An alert so long after the last day on which it was true still is about it: a week's mean, three days' pulse.
AFTERMATH_DAYS: Final = 7
REPEATED: Final = 0.8  # of those who are asked have it repeated in time
_REPEAT_SD: Final = 5.0  # mmHg, between two readings of one sitting
_DAY_ENDS_S: Final = 23.5 * 3600.0  # when the rules about days are judged

NOTE: Final = (
    "Made-up residents: the figures show that the rules do what they say, not how well residents are served. Nobody's "
    "real measurements are in them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raised:
    """An alert, on a day."""

    rule: str
    day: float


def evaluated(*, seed: int, residents: int = RESIDENTS, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """`residents` of every kind. JSON-able; the same seed gives the same figures."""
    courses: list[tuple[Course, list[_Raised]]] = []
    for number, kind in enumerate(KINDS):
        for one in range(residents):
            rng = np.random.default_rng([seed, number, one])
            made = course(kind, rng)
            courses.append((made, [*_over_days(made), *_at_readings(made), *_crises(made, rng)]))
        say(f"{kind}: {residents} residents")
    rules = ("pressure-week", "pressure-crisis", "weight-gain", "saturation-low", "pulse-drift", "missing")
    return {
        "seed": seed,
        "residents_of_each_kind": residents,
        "days": DAYS,
        "rules": {rule: _figures(rule, courses) for rule in rules},
        "false_per_resident_month_by_kind": {
            kind: {rule: _false_rate(rule, [one for one in courses if one[0].kind == kind]) for rule in rules}
            for kind in KINDS
        },
        "note": NOTE,
    }


def _over_days(made: Course) -> Iterator[_Raised]:
    """The rules about days, each judged every evening."""
    judges: dict[str, Callable[[int, float], Judgement]] = {
        "pressure-week": lambda _, now: week(_until(made.pressures, now), now, WeekLimits()),
        "weight-gain": lambda day, now: gain(_until(made.weights, now), day, GainLimits()),
        "pulse-drift": lambda day, now: drift(_until(made.pulses, now), day),
        "missing": lambda day, now: missing(_until(made.pressures, now), day, per_day=2, days=2, first=0, last=DAYS),
    }
    for rule, judge in judges.items():
        told: Told = None
        for day in range(DAYS):
            judged = judge(day, day * DAY_S + _DAY_ENDS_S)
            new = crossed(told, judged)
            told = told_from(told, judged, now=new)
            if new:
                yield _Raised(rule=rule, day=float(day))


def _at_readings(made: Course) -> Iterator[_Raised]:
    """The saturation, with each measurement; the three steps of it make one alert."""
    limit = made.limits.get("saturation", LIMIT_PERCENT)
    told: list[Told] = [None, None, None]
    for at in made.saturations.at_s:
        seen = _until(made.saturations, float(at))
        alert = False
        for step, judge in enumerate((twice, far, once)):
            judged = judge(seen, float(at), limit)
            new = crossed(told[step], judged)
            told[step] = told_from(told[step], judged, now=new)
            alert |= new
        if alert:
            yield _Raised(rule="saturation-low", day=float(at) / DAY_S)


def _crises(made: Course, rng: np.random.Generator) -> Iterator[_Raised]:
    """Pages to the nurses: who is asked has it repeated, or not; a repeat varies as readings of one sitting do."""
    limits, pressures = CrisisLimits(), made.pressures
    waits_until = -np.inf
    for index in np.flatnonzero(crisis(pressures.values, pressures.usable, limits)):
        at = float(pressures.at_s[index])
        if at < waits_until:  # asked about already
            continue
        waits_until = at + 3600.0
        level = np.array([200.0, 105.0]) if made.crisis[index] else np.array([120.0, 70.0])
        repeat = (level + rng.normal(0, _REPEAT_SD, 2))[None]
        if rng.random() >= REPEATED or crisis(repeat, np.ones(1, dtype=np.bool_), limits)[0]:
            yield _Raised(rule="pressure-crisis", day=at / DAY_S)


def _figures(rule: str, courses: list[tuple[Course, list[_Raised]]]) -> dict[str, Any]:
    delays: list[float] = []
    episodes = 0
    for made, raised in courses:
        for begin, end in _true(rule, made):
            episodes += 1
            # What noise raised in the three days before is of it, and not early.
            found = [one.day for one in raised if one.rule == rule and begin - 3 <= one.day < end + AFTERMATH_DAYS]
            if found:
                delays.append(max(0.0, min(found) - begin))
    rate = _false_rate(rule, courses)
    return {
        "episodes": episodes,
        "detected": len(delays),
        "detection": round(len(delays) / episodes, 4) if episodes else None,
        "delay_days_median": round(float(np.median(delays)), 2) if delays else None,
        "delay_days_p90": round(float(np.quantile(delays, 0.9)), 2) if delays else None,
        "false_per_resident_month": rate,
    }


def _true(rule: str, made: Course) -> list[tuple[float, float]]:
    if rule == "pressure-crisis":
        at_s = made.pressures.at_s[made.crisis & made.pressures.usable]
        first = np.diff(at_s, prepend=-np.inf) > 3600.0
        return [(float(at) / DAY_S, float(at) / DAY_S + 1) for at in at_s[first]]
    return [(float(one.begin), float(one.end)) for one in made.episodes if one.rule == rule]


def _false_rate(rule: str, courses: list[tuple[Course, list[_Raised]]]) -> float:
    """Alerts of the rule that nothing true lies behind, per resident and month."""
    false = 0
    for made, raised in courses:
        true = [(begin - 3.0, end + AFTERMATH_DAYS) for begin, end in _true(rule, made)]
        days = [one.day for one in raised if one.rule == rule]
        false += sum(not any(begin <= day < end for begin, end in true) for day in days)
    return round(false / (len(courses) * DAYS / MONTH_DAYS), 4)


def _until(measured: Measured, now_s: float) -> Measured:
    """What had been measured by then, and not longer ago than any rule looks back. They are in order of time."""
    first, last = np.searchsorted(measured.at_s, (now_s - 33 * DAY_S, now_s + 1e-3))
    return Measured(
        values=measured.values[first:last],
        at_s=measured.at_s[first:last],
        day=measured.day[first:last],
        usable=measured.usable[first:last],
    )
