"""The promise keeper: one setting, "so many false alerts per resident and month", shared between all beforehand.

Each detector gets its share of the setting as a promise of its own and makes a threshold of it; the shares add up to
one. Nothing is withheld because the month's number is used up, and no detector knows of the others.

For inactivity the threshold is `promise.threshold_h`. What is counted by days (`abrupt`, `change`) has a height each
day, and its threshold comes from how high it went in this resident's own past: above a level u, peaks come at a rate r
and exceed u by b on average, and a peak of more than u + x comes at the rate r · exp(−x / b) (peaks over a threshold
with an exponential excess; Davison and Smith, Journal of the Royal Statistical Society B 1990, 52:393–442). u, r and b
are drawn towards what is true of residents in general, the more so the less past there is; who is new has theirs. That
is a prior of made-up residents and has to be said so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.abrupt import KINDS

MONTH_DAYS: Final = 30.0
PAST_DAYS: Final = 120
INACTIVITY: Final = "inactivity"
SLOW: Final = "slow change"
# Of the setting, by detector: half for what may be an emergency, half for changes. Among these the most for what is
# hardest to tell from chance.
SHARES: Final[dict[str, float]] = {
    INACTIVITY: 0.5,
    **dict(zip(KINDS, (0.05, 0.20, 0.12, 0.08), strict=True)),
    SLOW: 0.05,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """How high the height of residents in general goes by chance.

    Attributes:
        level: u, exceeded on `LEVEL_SHARE` of the days.
        per_day: r, peaks above it, of a day.
        excess: b, mean height of a peak above u.
        times: how many times as often as promised thresholds of one's own past were reached: so much less is promised.
    """

    level: float
    per_day: float
    excess: float
    times: float = 1.0


LEVEL_SHARE: Final = 0.08
# Of the made-up residents of `found.fitted`, none of whom is in any figure.
GENERAL: Final[dict[str, Tail]] = {
    "walking about by night": Tail(level=1.72, per_day=0.063, excess=0.63, times=1.1),
    "more bathroom visits by night": Tail(level=1.79, per_day=0.055, excess=0.64, times=1.25),
    "rising later": Tail(level=1.49, per_day=0.056, excess=0.52, times=1.2),
    "fewer kitchen visits": Tail(level=1.54, per_day=0.054, excess=0.38, times=1.3),
    SLOW: Tail(level=8.2, per_day=0.0082, excess=2.5, times=1.5),
}
# What is true of residents in general weighs as much as so many days of their own (u, r), and so many peaks (b).
_DAYS_WEIGHT: Final = 60.0
_PEAKS_WEIGHT: Final = 15.0
_FEWEST_DAYS: Final = 14
_MOST_EXCESS: Final = 4.0  # times the general one; what was once a real change is not what chance does


def divided(per_month: float, shares: dict[str, float] | None = None) -> dict[str, float]:
    """What each detector may promise so that all together keep `per_month`.

    Args:
        per_month: false alerts per resident and 30 days.
        shares: of each detector; `SHARES` when None. They need not add up to one: a detector that a resident's plan
            switches off leaves its share to the others.

    Raises:
        ValueError: `per_month` is not above 0, or a share is not.
    """
    shares = SHARES if shares is None else shares
    if not per_month > 0 or any(not one > 0 for one in shares.values()):
        raise ValueError("a promise, and each share of it, must be above 0.")
    total = sum(shares.values())
    return {name: per_month * share / total for name, share in shares.items()}


def threshold(per_month: float, past: NDArray[np.float64], general: Tail) -> float:
    """The height that is reached `per_month` times in 30 days by chance.

    Args:
        per_month: false alerts promised of this detector, above 0.
        past: heights of the resident's own days, float64 (days,); the last `PAST_DAYS` count, NaN does not.
        general: of residents in general.
    """
    own = past[-PAST_DAYS:]
    days = int((~np.isnan(own)).sum())
    level, per_day, excess = general.level, general.per_day, general.excess
    if days >= _FEWEST_DAYS:
        weight = days / (days + _DAYS_WEIGHT)
        level = (1 - weight) * level + weight * float(np.nanquantile(own, 1 - LEVEL_SHARE))
        over = np.minimum(peaks(own, level) - level, _MOST_EXCESS * excess)
        per_day = (len(over) + _DAYS_WEIGHT * per_day) / (days + _DAYS_WEIGHT)
        excess = (float(over.sum()) + _PEAKS_WEIGHT * excess) / (len(over) + _PEAKS_WEIGHT)
    return max(level, level + excess * float(np.log(per_day * MONTH_DAYS * general.times / per_month)))


def peaks(heights: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """The highest of each stretch of days above a level, float64 (stretches,)."""
    above = np.nan_to_num(heights, nan=-np.inf) > level
    begins = np.flatnonzero(above & ~np.concatenate([[False], above[:-1]]))
    return np.array([float(np.nanmax(heights[at : at + _length(above[at:])])) for at in begins.tolist()], np.float64)


def tail(heights: NDArray[np.float64]) -> Tail:
    """What is true of these residents in general: of their heights, float64 (homes, days), when nothing had changed."""
    level = float(np.nanquantile(heights, 1 - LEVEL_SHARE))
    over = np.concatenate([peaks(one, level) for one in heights]) - level
    # The mean excess near the thresholds of a month, not near u: a tail that is heavier further out is met there.
    high = float(np.quantile(over, 0.5))
    far = over[over > high] - high
    excess = float(far.mean())
    per_day = len(over) / float((~np.isnan(heights)).sum())
    return Tail(level=level, per_day=per_day * 0.5 * float(np.exp(high / excess)), excess=excess)


def raised(heights: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Days on which a height reached its threshold and had not the day before, bool (homes, days).

    Args:
        heights: float64 (homes, days); NaN is not known and raises nothing.
        thresholds: float64 (homes, days).
    """
    above = np.nan_to_num(heights, nan=-np.inf) >= thresholds
    earlier = np.concatenate([np.zeros_like(above[:, :1]), above[:, :-1]], axis=1)
    return np.asarray(above & ~earlier)


def weekly(heights: NDArray[np.float64], per_month: float, general: Tail, week: int = 7) -> NDArray[np.float64]:
    """The threshold of each home on each day, set anew each week from the days before, float64 (homes, days)."""
    found = np.empty(heights.shape)
    for first in range(0, heights.shape[1], week):
        for home, own in enumerate(heights[:, :first]):
            found[home, first : first + week] = threshold(per_month, own, general)
    return found


def _length(above: NDArray[np.bool_]) -> int:
    stops = np.flatnonzero(~above)
    return int(stops[0]) if len(stops) else len(above)
