"""Made-up residents who measure at home for months: what was true, and what their devices said.

They vary by about as much as people who measure at home do (Finn-Home: Johansson et al., J Hypertens 2010;28:1836): a
systolic pressure by 6 mmHg from day to day and 5 within a sitting, a weight by 0.4 kg, a saturation by 1 %, a pulse at
rest by 4 per minute. Everything else is drawn from ranges that are set here, so figures on these courses say that rules
do what they are meant to, not how residents are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from analytics.vitals.measured import DAY_S, Bools, Floats, Ints, Measured
from analytics.vitals.weight import GainLimits

DAYS: Final = 180
_HOURS: Final = (8.0, 20.0)  # of the two sittings a day
_COLUMNS: Final = ("systolic", "diastolic", "pulse", "weight", "spo2")
_BETWEEN_DAYS: Final = np.array([6.0, 4.0, 3.0, 0.35, 0.6])
_WITHIN: Final = np.array([5.0, 3.5, 3.0, 0.15, 0.9])

Truth = dict[str, Floats]  # (days,) of each quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """What a rule should notice: first and last day on which it is so."""

    rule: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One resident.

    Attributes:
        pressures: (n, 2), two readings in each sitting.
        pulses: (n, 1) of the same readings.
        weights: (n, 1), in the morning.
        saturations: (n, 1), morning and evening.
        crisis: (n,), readings of `pressures` in which the pressure really was that high.
    """

    kind: str
    pressures: Measured
    pulses: Measured
    weights: Measured
    saturations: Measured
    crisis: Bools
    episodes: tuple[Episode, ...]
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Life:
    """What is made of a resident before anything is measured."""

    truth: Truth
    episodes: list[Episode] = field(default_factory=list)
    crises: tuple[int, ...] = ()  # days
    limits: dict[str, float] = field(default_factory=dict)
    others: float = 0.0  # share of weighings that are somebody else's
    failed: float = 0.02  # share of measurements without a result
    doubtful: float = 0.02  # share that the device flags
    missed: float = 0.03  # share of sittings that are forgotten
    lapses: list[tuple[int, int]] = field(default_factory=list)  # days on which nothing is measured, half open


def _steady(rng: np.random.Generator) -> _Life:
    level = {
        "systolic": rng.uniform(112, 129),
        "diastolic": rng.uniform(64, 79),
        "pulse": rng.uniform(58, 80),
        "weight": rng.uniform(52, 95),
        "spo2": rng.uniform(95, 97.5),
    }
    return _Life(truth={name: np.full(DAYS, value) for name, value in level.items()})


def _ramp(begin: int, days: float) -> Floats:
    ramp: Floats = np.clip((np.arange(DAYS) - begin) / days, 0.0, 1.0)
    return ramp


def _hypertension(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    life.truth["systolic"] += rng.uniform(16, 26) * _ramp(int(rng.integers(60, 100)), rng.uniform(10, 40))
    life.truth["diastolic"] += rng.uniform(4, 8) * _ramp(80, 30)
    raised = np.flatnonzero(life.truth["systolic"] >= 135.0)
    if len(raised):
        life.episodes.append(Episode(rule="pressure-week", begin=int(raised[0]), end=DAYS))
    return life


def _borderline(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    life.truth["systolic"][:] = rng.uniform(132.0, 134.5)
    return life


def _crises(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    days = np.sort(rng.choice(np.arange(20, DAYS - 10, 10), size=3, replace=False))
    life.crises = tuple(int(day) for day in days)
    return life


def _water(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    for begin in (int(rng.integers(40, 70)), int(rng.integers(110, 140))):
        per_day, days = rng.uniform(0.8, 1.3), int(rng.integers(4, 7))
        life.truth["weight"] += per_day * days * (_ramp(begin, days) - _ramp(begin + days + 3, 7.0))
        truth = life.truth["weight"]
        gained = np.flatnonzero(truth[3:] - truth[:-3] > GainLimits().kg) + 3
        first = int(gained[gained >= begin][0])
        life.episodes.append(Episode(rule="weight-gain", begin=first, end=begin + days + 3))
    return life


def _exacerbations(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    life.limits["saturation"] = 88.0
    life.truth["spo2"][:] = rng.uniform(91.5, 93.0)
    for begin in (int(rng.integers(40, 70)), int(rng.integers(110, 140))):
        life.truth["spo2"] -= rng.uniform(6.5, 8.5) * (_ramp(begin, 2.0) - _ramp(begin + 8, 4.0))
        life.episodes.append(Episode(rule="saturation-low", begin=begin + 1, end=begin + 11))
    return life


def _infections(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    for begin in (int(rng.integers(50, 70)), int(rng.integers(115, 140))):
        life.truth["pulse"] += rng.uniform(13, 20) * (_ramp(begin, 2.0) - _ramp(begin + 8, 4.0))
        life.episodes.append(Episode(rule="pulse-drift", begin=begin + 1, end=begin + 11))
    return life


def _shared_scale(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    life.others = 0.15
    return life


def _bad_readings(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    life.failed, life.doubtful = 0.2, 0.2
    return life


def _forgetful(rng: np.random.Generator) -> _Life:
    life = _steady(rng)
    for begin in (int(rng.integers(40, 70)), int(rng.integers(110, 140))):
        life.lapses.append((begin, begin + int(rng.integers(3, 8))))
    return life


KINDS: Final[Mapping[str, Callable[[np.random.Generator], _Life]]] = {
    "stable": _steady,
    "hypertension": _hypertension,
    "borderline": _borderline,
    "crises": _crises,
    "heart-failure": _water,
    "copd": _exacerbations,
    "infections": _infections,
    "shared-scale": _shared_scale,
    "bad-readings": _bad_readings,
    "missing-days": _forgetful,
}


def course(kind: str, rng: np.random.Generator) -> Course:
    """One resident of a kind."""
    life = KINDS[kind](rng)
    days = np.repeat(np.arange(DAYS), 2 * len(_HOURS))
    hours = np.tile(np.repeat(_HOURS, 2), DAYS) + np.tile([0.0, 1 / 60], DAYS * len(_HOURS))
    sitting = np.repeat(np.arange(DAYS * len(_HOURS)), 2)
    kept = rng.random(DAYS * len(_HOURS)) >= life.missed
    for begin, end in life.lapses:
        kept[begin * len(_HOURS) : end * len(_HOURS)] = False
    values = np.stack([life.truth[name] for name in _COLUMNS], axis=1)[days]
    values += (rng.normal(0, 1, (DAYS, len(_COLUMNS))) * _BETWEEN_DAYS)[days]
    values += rng.normal(0, 1, values.shape) * _WITHIN
    crisis = np.isin(days, life.crises) & (hours < 12)
    values[crisis, :2] += (np.array([rng.uniform(190, 215), 105.0]) - values[crisis, :2]) * 0.95
    doubtful = rng.random(len(days)) < life.doubtful
    values[doubtful, :2] += rng.uniform(15, 80, (int(doubtful.sum()), 1))  # who moves has a high pressure
    failed = rng.random(len(days)) < life.failed
    values[failed] = np.nan
    whole = Measured(
        values=np.round(values), at_s=days * DAY_S + hours * 3600.0, day=days, usable=~(failed | doubtful)
    )  # fmt: skip
    kept_readings = kept[sitting]
    singles = kept_readings & (np.arange(len(days)) % 2 == 0)
    weights = replace(whole, values=np.round(values, 1))
    somebody_else = rng.random(len(days)) < life.others
    weights.values[somebody_else, 3] += rng.choice([-1, 1], int(somebody_else.sum())) * rng.uniform(12, 30)
    return Course(
        kind=kind,
        pressures=_part(whole, kept_readings, (0, 1)),
        pulses=_part(whole, kept_readings, (2,)),
        weights=_part(weights, singles & (hours < 12), (3,)),
        saturations=_part(whole, singles, (4,)),
        crisis=crisis[kept_readings],
        episodes=(*life.episodes, *_missing(sitting[kept_readings & whole.usable])),
        limits=life.limits,
    )


def _missing(sittings: Ints) -> Iterator[Episode]:
    """Runs of two days and more, on each of which a sitting is missing or gave nothing usable; known the day after."""
    made = np.zeros((DAYS, len(_HOURS)), dtype=np.bool_)
    made.flat[np.unique(sittings)] = True
    lacking = [-1, *np.flatnonzero(made.all(axis=1)), DAYS]
    for before, after in itertools.pairwise(lacking):
        if after - before > 2 and before + 3 < DAYS:
            yield Episode(rule="missing", begin=int(before) + 3, end=int(after) + 1)


def _part(measured: Measured, chosen: Bools, columns: tuple[int, ...]) -> Measured:
    return Measured(
        values=measured.values[np.ix_(np.flatnonzero(chosen), np.array(columns))],
        at_s=measured.at_s[chosen],
        day=measured.day[chosen].astype(np.int64),
        usable=measured.usable[chosen],
    )
