"""What happens in homes and is nobody's emergency: does it raise an alert, and is it named?

The same made-up residents with a disturbance and without. An alert counts as caused where it comes with the disturbance
only; those that come without it only stand beside, because thresholds move with the past and either happens by chance.
All detectors together keep one false alert per resident and month.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np

from analytics.activity import clocktime, cohort, named
from analytics.activity.abrupt import KINDS
from analytics.activity.budget import INACTIVITY, divided
from analytics.activity.checkins import TIMES
from analytics.activity.company import shared
from analytics.activity.course import Home
from analytics.activity.events import DAY_S, Events
from analytics.activity.habits import DAY
from analytics.activity.noticed import Days, noticed, words
from analytics.activity.outages import LONGER, outages, silences
from analytics.datasets import disturbances as put
from analytics.datasets.disturbances import Lived
from analytics.datasets.made_up_home import made_up
from analytics.datasets.made_up_people import someone, steady

RESIDENTS: Final = 40
DAYS: Final = 112
DISTURBED: Final = 84  # the day on which it begins
AFTER_DAYS: Final = 3  # an alert in these is its doing, too …
LATER_DAYS: Final = 14  # … and what comes until then stands apart
PER_MONTH: Final = 1.0
_LONG_DAYS: Final = 2.0  # away
_REPORTED: Final = "as it was, what fails is reported"
_UNSUPERVISED: Final = "as it was, no sensor checks in"
_NO_DOOR: Final = "as it was, no contact at the door"
_SAME_MIN: Final = 12 * 60  # alerts of both records so close are one
_SAME_DAYS: Final = {True: 1, False: 7}  # of findings at once, and of slow ones


class _Supervised(StrEnum):
    """How it is noticed that a sensor fails."""

    REPORTED = "reported within the hour"
    CHECKED = "which checks in every 55 min"
    NEVER = "which speaks only when somebody moves"


# For how many minutes a sensor that lives may have failed without its being known; and one that failed.
_UNTOLD_MIN: Final = {
    _Supervised.REPORTED: (60.0, 60.0),
    _Supervised.CHECKED: (put.CHECKS_IN_S / 60, TIMES * put.CHECKS_IN_S / 60),
    _Supervised.NEVER: (np.inf, np.inf),
}
_BASE: Final = {
    _Supervised.REPORTED: _REPORTED, _Supervised.CHECKED: "as it was", _Supervised.NEVER: _UNSUPERVISED
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Said:
    """Alerts of each home: minute and what it was, one list a home."""

    alerts: list[list[tuple[int, str]]]
    peaks: cohort.Peaks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Case:
    """One disturbance of each home.

    Attributes:
        lived: the disturbed records.
        until_s: when it ended in each.
        base: which undisturbed records they are compared with.
        clock_h: as in `features.daily`.
        how: it is noticed that a sensor fails.
        failed: the sensor that does, by home.
        named: whether it was named, by home.
        traceless: whether it left nothing behind that could be named, by home.
    """

    lived: list[Lived]
    until_s: list[float]
    named: Callable[[int], bool]
    traceless: Callable[[int], bool] = lambda _: False
    base: str = "as it was"
    clock_h: float = 0.0
    how: _Supervised = _Supervised.CHECKED
    failed: Sequence[int | None] = ()


def disturbed(*, residents: int = RESIDENTS, seed: int = 0, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Alerts that come only with each disturbance, and only without it; and how often it was named."""
    homes = [_home([seed, number]) for number in range(residents)]
    still = [put.undisturbed(home) for home in homes]
    without = {
        "as it was": _said(still),
        _NO_DOOR: _said([put.undisturbed(put.without_door(home)) for home in homes]),
    }
    for how in (_Supervised.REPORTED, _Supervised.NEVER):
        without[_BASE[how]] = _said(still, without["as it was"].peaks, how=how)
    say(f"{residents} residents undisturbed")
    rows = []
    for name, case in _cases(homes, seed):
        base = without[case.base]
        said = _said(case.lived, base.peaks, case.clock_h, case.how, case.failed)
        rows.append(
            {
                "disturbance": name,
                **_compared(base, said, case.until_s),
                "named": _share(case, case.named),
                "without_a_trace": _share(case, case.traceless),
            }
        )
        say(name)
    return {
        "residents": residents, "seed": seed, "promised_per_resident_month": PER_MONTH, "disturbances": rows,
        "note": "made-up residents and disturbances: others happen in homes",
    }  # fmt: skip


def _cases(homes: Sequence[Events], seed: int) -> list[tuple[str, _Case]]:
    def drawn(kind: int) -> list[np.random.Generator]:
        return [np.random.default_rng([seed, kind, number]) for number in range(len(homes))]

    found: list[tuple[str, _Case]] = []
    for how in _Supervised:
        found.append((f"a sensor out for 6 h to 5 days, {how}", _sensors(homes, drawn(1), (0.25, 5.0), how)))
        found.append((f"a sensor's battery dead, {how}", _sensors(homes, drawn(2), (DAYS, DAYS), how)))
    begins = [DISTURBED + rng.random() for rng in drawn(3)]
    off = [put.gateway_off(home, day * DAY_S, (day + 2) * DAY_S) for home, day in zip(homes, begins, strict=True)]
    found.append((
        "gateway off for two days",
        _Case(
            lived=off,
            until_s=[(day + 2) * DAY_S for day in begins],
            named=lambda number: len(named.deaf_words(off[number].listening, off[number].events.first_day)) == 1,
        ),
    ))  # fmt: skip
    found += [
        ("summer time begins", _clocks(homes, put.SPRING, 1.0)),
        ("summer time ends", _clocks(homes, put.AUTUMN, -1.0)),
    ]
    found += [
        ("away for a week", _away(homes, drawn(5), "as it was")),
        ("away for a week, no contact at the door", _away(homes, drawn(5), _NO_DOOR)),
        ("a guest for a week", _guests(homes, drawn(6))),
    ]
    return found


def _sensors(
    homes: Sequence[Events], drawn: list[np.random.Generator], days: tuple[float, float], how: _Supervised
) -> _Case:
    lived, until, which = [], [], []
    for home, rng in zip(homes, drawn, strict=True):
        sensor, from_s = int(rng.choice(put.MOTION)), (DISTURBED + rng.random()) * DAY_S
        to_s = min(from_s + rng.uniform(*days) * DAY_S, DAYS * DAY_S)
        if how is _Supervised.CHECKED:
            lived.append(put.sensor_out_checked(home, sensor, from_s, to_s, rng))
        else:
            out = put.sensor_out_reported if how is _Supervised.REPORTED else put.sensor_out
            lived.append(out(home, sensor, from_s, to_s))
        until.append(to_s)
        which.append((sensor, from_s))

    def longest(number: int) -> float:
        """How many times its longest silence the one of the outage was; infinity: it is named as one, 0: no longer."""
        (sensor, from_s), events = which[number], lived[number].events
        out = outages(events)
        if any(one.sensor == sensor and from_s <= one.from_s <= until[number] for one in out):
            return float("inf")
        own = [one for one in silences(events, out) if one.sensor == sensor and one.from_s <= from_s < one.to_s]
        return max((one.times for one in own), default=0.0)

    return _Case(
        lived=lived, until_s=until, named=lambda number: longest(number) >= LONGER,
        traceless=lambda number: longest(number) == 0, base=_BASE[how], how=how, failed=[sensor for sensor, _ in which],
    )  # fmt: skip


def _clocks(homes: Sequence[Events], change: np.datetime64, hours: float) -> _Case:
    first = put.first_day_for(change, DISTURBED)
    lived = [put.clocks_changed(replace(home, first_day=np.datetime64(first)), DISTURBED, hours) for home in homes]
    begin = np.datetime64(first).astype("datetime64[s]").astype(np.int64)
    words = clocktime.change_words(*clocktime.transitions(put.ZONE, float(begin), float(begin + DAYS * DAY_S)))
    return _Case(
        lived=lived,
        until_s=[(DISTURBED + clocktime.ADAPTS_DAYS) * DAY_S] * len(homes),
        named=lambda _: any(str(change) in one for one in words),
        clock_h=hours,
    )


def _away(homes: Sequence[Events], drawn: list[np.random.Generator], base: str) -> _Case:
    lived, until = [], []
    for home, rng in zip(homes, drawn, strict=True):
        from_s = (DISTURBED + rng.uniform(8, 17) / 24) * DAY_S
        to_s = (DISTURBED + 7 + rng.uniform(9, 19) / 24) * DAY_S
        gone = put.holiday(home, from_s, to_s)
        lived.append(put.undisturbed(put.without_door(gone.events)) if base == _NO_DOOR else gone)
        until.append(to_s)
    return _Case(
        lived=lived, until_s=until, base=base, named=lambda number: _longest_away_days(lived[number]) > _LONG_DAYS
    )


def _longest_away_days(lived: Lived) -> float:
    return max((end - begin for begin, end in named.spans(Home.of(lived.events).out)), default=0) / DAY


def _guests(homes: Sequence[Events], drawn: list[np.random.Generator]) -> _Case:
    lived, until = [], []
    for home, rng in zip(homes, drawn, strict=True):
        from_s = (DISTURBED + rng.uniform(10, 18) / 24) * DAY_S
        to_s = (DISTURBED + 7 + rng.uniform(9, 17) / 24) * DAY_S
        lived.append(put.guest(home, from_s, to_s, rng))
        until.append(to_s)

    def is_named(number: int) -> bool:
        return bool(shared([lived[number].events], [outages(lived[number].events)])[0, DISTURBED : DISTURBED + 3].any())

    return _Case(lived=lived, until_s=until, named=is_named)


def _home(seed: list[int]) -> Events:
    """A resident, always the same for the same seed."""
    rng = np.random.default_rng([*seed, 0])
    habits = steady(someone(rng), DAYS)
    return made_up(DAYS, seed=int(rng.integers(2**31)), habits=habits)


def _said(
    lived: list[Lived],
    earlier: cohort.Peaks | None = None,
    clock_h: float = 0.0,
    how: _Supervised = _Supervised.CHECKED,
    failed: Sequence[int | None] = (),
) -> _Said:
    promised = divided(PER_MONTH)
    listening = np.stack([one.listening for one in lived])
    lag = np.zeros((len(lived), DAYS))
    lag[:, DISTURBED : DISTURBED + clocktime.ADAPTS_DAYS] = clock_h
    homes = [Home.of(one.events) for one in lived]
    peaks = cohort.lived(
        homes, listening,
        earlier=earlier, first_day=0 if earlier is None else DISTURBED, clock_h=lag[0],
    )  # fmt: skip
    alerts: list[list[tuple[int, str]]] = [[] for _ in lived]
    untold_min = [
        {sensor: _UNTOLD_MIN[how][sensor == one] for sensor in put.MOTION} for one in failed or [None] * len(lived)
    ]
    raised = cohort.alerts(peaks, homes, listening, promised[INACTIVITY], DISTURBED, lag[0], untold_min)
    for home, minute in zip(peaks.home[raised].tolist(), peaks.minute[raised].tolist(), strict=True):
        alerts[home].append((minute, INACTIVITY))
    found = noticed(Days.of([one.events for one in lived], list(listening), lag), promised)
    for home, day, kind in np.argwhere(found.abrupt).tolist():
        alerts[home].append((day * DAY, KINDS[kind]))
    for home, day in np.argwhere(found.slow >= 0).tolist():
        alerts[home].append((day * DAY, f"slow: {words(None, int(found.slow[home, day]))}"))
    return _Said(alerts=alerts, peaks=peaks)


def _compared(without: _Said, said: _Said, until_s: Sequence[float]) -> dict[str, Any]:
    """Alerts of one record that the other has not, from the beginning on: until it is over, and in the weeks after."""
    found: dict[str, Any] = {"caused": {}, "prevented": {}}
    found |= dict.fromkeys(("only_with", "only_without", "later_only_with", "later_only_without"), 0)
    for home, end_s in enumerate(until_s):
        over = min(int(end_s // 60) + AFTER_DAYS * DAY, DAYS * DAY)
        for key, one, other in (("only_with", said, without), ("only_without", without, said)):
            for minute, what in one.alerts[home]:
                if minute < DISTURBED * DAY or minute >= over + LATER_DAYS * DAY:
                    continue
                if any(_same(minute, what, *another) for another in other.alerts[home]):
                    continue
                found[key if minute < over else f"later_{key}"] += 1
                if minute < over:
                    kinds = found["caused" if key == "only_with" else "prevented"]
                    kinds[what] = kinds.get(what, 0) + 1
    return found


def _same(minute: int, what: str, other: int, otherwise: str) -> bool:
    if what != otherwise:
        return False
    within = _SAME_MIN if what == INACTIVITY else _SAME_DAYS[not what.startswith("slow")] * DAY
    return abs(minute - other) <= within


def _share(case: _Case, of: Callable[[int], bool]) -> float:
    return float(np.mean([of(number) for number in range(len(case.lived))]))
