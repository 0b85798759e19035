"""From a promise ("N false alerts a month") to a threshold, by the resident's own past.

The statistic promises by itself that false alerts at a level A are A hours apart, but only where the habits are as
learnt. How high it really went in the quiets of the past says more. Above one of the highest, u, the rate of false
alerts falls as a power of the level, r(A) = r(u) · (u / A)^g, and g is estimated from the K peaks above it (Hill,
Annals of Statistics 1975, 3:1163–1174). Both are drawn towards what is true of residents in general, the less past the
more. It sets thresholds beforehand; no alert is ever withheld because the month's number is used up.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

MONTH_H: Final = 30.0 * 24.0
PAST_DAYS: Final = 120  # of peaks looked at; habits of last year are not those of today
# Chosen on sixty made-up residents of six months (seeds of their own), for promises of 0.5 to 4 a month.
_HIGHEST: Final = 30  # K where there is past enough: one of each day at most
_SLOPE: Final = 1.4  # g of residents in general …
_SLOPE_WEIGHT: Final = 8.0  # … weighs as much as so many peaks
_RATE_WEIGHT: Final = 3.0  # and the statistic's own promise as much as so many false alerts
_FEWEST: Final = 3
# One silence that was none of the habits may not set the slope: by chance one of 4,000 peaks is further above u.
_FURTHEST: Final = 6.0  # in logarithms


def threshold_h(per_month: float, peaks_h: NDArray[np.float64] | None = None, hours: float = 0.0) -> float:
    """The threshold of the statistic at which `per_month` false alerts a month are expected.

    Without a past, and with hardly any, it is the statistic's own promise.

    Args:
        per_month: false alerts per resident and 30 days, above 0.
        peaks_h: the highest the statistic was in each quiet of the past, judged by habits that did not know it yet
            (or were learnt without that day), float64 (quiets,).
        hours: how long that past was listened to.

    Raises:
        ValueError: `per_month` is not above 0.
    """
    if not per_month > 0:
        raise ValueError(f"{per_month} false alerts a month cannot be promised; take a number above 0.")
    theory = MONTH_H / per_month
    if peaks_h is None:
        return theory
    highest = min(_HIGHEST, int(hours / 24))
    if highest < _FEWEST or len(peaks_h) <= highest:
        return theory
    ordered = np.sort(peaks_h)[::-1]
    level = float(ordered[highest])
    excess = float(np.minimum(np.log(ordered[:highest] / level), _FURTHEST).sum())
    slope = (highest + _SLOPE_WEIGHT) / (excess + _SLOPE_WEIGHT / _SLOPE)
    rate = (highest + _RATE_WEIGHT) / (hours + _RATE_WEIGHT * level)
    return float(level * (rate * theory) ** (1 / slope))
