"""The figures of a protocol as a tree of plain values, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.evaluation import MONTHLY, Evaluated
from analytics.activity.named import deaf_words, outage_words
from analytics.activity.promise import MONTH_H
from analytics.activity.protocol import HORIZON, Tried
from analytics.activity.recorded import recorded

AT_MOST: Final = (0, 1, 2, 4, 6, 12)  # false alerts of the whole test
DRAWS: Final = 2000
NOTE: Final = (
    "One home, recorded once. Emergencies are silences put into its days: nobody had one. "
    "Intervals are of its days drawn anew, not of other homes."
)


class Figures:
    """One detector's curve and its points. Days are drawn anew for the intervals (percentile bootstrap, seeded)."""

    def __init__(self, tried: Tried, seed: int = 0) -> None:
        self._tried = tried
        days = tried.false.shape[1]
        drawn = np.random.default_rng(seed).integers(0, days, (DRAWS, days))
        self._weights = np.stack([np.bincount(one, minlength=days) for one in drawn]).astype(np.float64)
        counted = tried.counted & ~np.isnan(tried.delay_h)
        self._sums = _by_day(np.where(counted, tried.delay_h, 0.0), tried.day, days)
        self._numbers = _by_day(counted.astype(np.float64), tried.day, days)
        self._counted = counted

    @property
    def mean_delay_h(self) -> NDArray[np.float64]:
        """Of each level, float64 (levels,)."""
        return np.asarray(self._sums.sum(axis=1) / np.maximum(1, self._numbers.sum(axis=1)))

    def best(self, at_most: int) -> dict[str, Any] | None:
        """The point of least delay among those with so few false alerts; None where there is none."""
        allowed = np.flatnonzero(self._tried.false.sum(axis=1) <= at_most)
        if not len(allowed):
            return None
        return {"false_alerts_at_most": at_most, **self.point(int(allowed[np.argmin(self.mean_delay_h[allowed])]))}

    def point(self, row: int) -> dict[str, Any]:
        """Everything at one level."""
        tried = self._tried
        false = tried.false[row].astype(np.float64)
        per_day = tried.watched_days / tried.false.shape[1]
        return {
            "threshold_h": float(tried.levels[row]),
            "false_alerts": int(false.sum()),
            "false_alerts_per_day": float(false.sum() / tried.watched_days),
            "false_alerts_per_day_ci95": _interval(self._weights @ false / per_day / len(false)),
            "mean_delay_h": float(self.mean_delay_h[row]),
            "mean_delay_h_ci95": _interval(
                self._weights @ self._sums[row] / np.maximum(1.0, self._weights @ self._numbers[row])
            ),
            "night": self._part(row, tried.false_night[row], tried.night),
            "day": self._part(row, tried.false[row] - tried.false_night[row], ~tried.night),
            "unnoticed_for_a_day": int((self._counted[row] & (tried.delay_h[row] >= HORIZON / 60)).sum()),
        }

    def curve(self) -> list[dict[str, Any]]:
        """Every level, strictest last."""
        keep = (
            "threshold_h", "false_alerts", "false_alerts_per_day", "false_alerts_per_day_ci95",
            "mean_delay_h", "mean_delay_h_ci95",
        )  # fmt: skip
        points = [self.point(row) for row in range(len(self._tried.levels))]
        return [{key: one[key] for key in keep} for one in points]

    def _part(self, row: int, false: NDArray[np.int64], which: NDArray[np.bool_]) -> dict[str, Any]:
        delays = self._tried.delay_h[row][self._counted[row] & which]
        return {"false_alerts": int(false.sum()), "mean_delay_h": float(delays.mean()) if len(delays) else None}


def away(tried: Tried, row: int) -> dict[str, Any]:
    """What was said while the resident was out, and how long after an emergency there."""
    delays = tried.delay_h[row][tried.away]
    delays = delays[~np.isnan(delays)]
    return {
        "emergencies": int(tried.away.sum()),
        "not_back_by": int(tried.told[row].sum()),
        "mean_delay_h": float(delays.mean()) if len(delays) else None,
    }


def report(found: Evaluated, per_month: float, peers: Mapping[str, Tried]) -> dict[str, Any]:
    """All of it. Top-level figures are at the promise of `per_month`, thresholds set from the past only."""
    home, given = found.home, found.given
    curve, whole = Figures(found.curve), Figures(found.whole_curve)
    row = MONTHLY.index(per_month)
    end = home.events.first_day + np.timedelta64(home.events.days, "D")
    return {
        "test_from": str(end - np.timedelta64(given.days, "D")),
        "days": given.days,
        "watched_days": found.curve.watched_days,
        "left_out": {"outage": float(given.outage.mean()), "out_of_home": float((given.out & ~given.outage).mean())},
        "emergencies": int(found.curve.counted.sum()),
        "promised_per_month": per_month,
        **Figures(found.promised).point(row),
        "at_most": _points(curve),
        "promises": _promises(found.promised),
        "out_of_home": away(found.promised, row),
        "nothing_left_out": {"at_most": _points(whole), "promises": _promises(found.whole_promised)},
        "peers": {name: _points(Figures(one)) for name, one in peers.items()},
        "outages": outage_words(home),
        "remarks": [*home.events.remarks, *deaf_words(recorded(home.events), home.events.first_day)],
        "curve": curve.curve(),
        "note": NOTE,
    }


def _points(figures: Figures) -> list[dict[str, Any]]:
    return [one for at_most in AT_MOST if (one := figures.best(at_most)) is not None]


def _promises(tried: Tried) -> list[dict[str, Any]]:
    months, figures = tried.watched_days * 24 / MONTH_H, Figures(tried)
    return [
        {"per_month": per_month, "expected": per_month * months, **figures.point(row)}
        for row, per_month in enumerate(MONTHLY)
    ]


def _by_day(values: NDArray[np.float64], day: NDArray[np.int64], days: int) -> NDArray[np.float64]:
    """Sums of columns that belong to a day, float64 (levels, days)."""
    found = np.zeros((len(values), days))
    for one in range(days):
        found[:, one] = values[:, day == one].sum(axis=1)
    return found


def _interval(drawn: NDArray[np.float64]) -> Sequence[float]:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return [float(low), float(high)] if math.isfinite(low) else []
