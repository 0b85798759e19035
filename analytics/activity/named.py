"""What is no emergency and no change of the resident, in words: sensors, deaf hours, away, company."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.activity.course import Home
from analytics.activity.events import Events
from analytics.activity.habits import DAY
from analytics.activity.minutes import AWAY_MIN
from analytics.activity.outages import LONGER, Silence


def outage_words(home: Home) -> list[str]:
    """Each outage of a sensor, in the order of time."""
    first, sensors = home.events.first_day, home.events.sensors
    return [
        f"{sensors[one.sensor].name} {one.why.value} from {_at(first, one.from_s)} to {_at(first, one.to_s)}"
        for one in home.outages
    ]


def silence_words(events: Events, found: Sequence[Silence]) -> list[str]:
    """Silences of sensors that were stranger than ever before (`outages.silences`), in the order of time."""
    return [
        f"{events.sensors[one.sensor].name} said nothing from {_at(events.first_day, one.from_s)} to "
        f"{_at(events.first_day, one.to_s)} while others did, as never before at such hours: it may have failed"
        for one in found
        if one.times >= LONGER
    ]


def deaf_words(listening: NDArray[np.bool_], first_day: np.datetime64) -> list[str]:
    """When nobody listened; `listening` of the minutes of a home's record, bool (minutes,)."""
    return [
        f"nobody listened from {_at(first_day, 60.0 * begin)} to {_at(first_day, 60.0 * end)}"
        for begin, end in spans(~listening)
    ]


def away_words(out: NDArray[np.bool_], first_day: np.datetime64, least: int = AWAY_MIN) -> list[str]:
    """When the resident was out of home for long; `out` at each minute's end (`Home.out`), bool (minutes,)."""
    return [
        f"away from {_at(first_day, 60.0 * begin)}, "
        + (f"back at {_at(first_day, 60.0 * end)}" if end < len(out) else "not back")
        for begin, end in spans(out)
        if end - begin >= least
    ]


def company_words(company: NDArray[np.bool_], first_day: np.datetime64) -> list[str]:
    """Days with more people than usual (`company.company`), bool (days,)."""
    found = []
    for begin, end in spans(company):
        first, last = (_at(first_day, 60.0 * DAY * day)[:10] for day in (begin, end - 1))
        found.append(f"more people than usual on {first}" + (f" to {last}" if last != first else ""))
    return found


def spans(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of True, first and one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _at(first_day: np.datetime64, seconds: float) -> str:
    return str(first_day.astype("datetime64[s]") + np.timedelta64(int(seconds), "s"))
