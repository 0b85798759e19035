"""From a promise ("N false alerts a month") to a threshold, by the resident's own past."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

MONTH_H: Final = 30.0 * 24.0
# The theory's word weighs as much as so many false alerts counted in the past.
_BELIEVED: Final = 3.0


def expected_false(threshold_h: float, hours: float) -> float:
    """False alerts that the statistic itself promises in so many hours."""
    return hours / threshold_h


def threshold_h(per_month: float, peaks_h: NDArray[np.float64] | None = None, hours: float = 0.0) -> float:
    """The threshold of the statistic at which `per_month` false alerts a month are expected.

    Without a past it is the theory's. With one, the level is lifted or lowered by how many quiets of the past would
    have raised a false alert compared with the theory, the less past the less.

    Args:
        per_month: false alerts per resident and 30 days, above 0.
        peaks_h: the highest the statistic was in each quiet of the past, judged by habits learnt without that day,
            float64 (quiets,).
        hours: how long that past was listened to.

    Raises:
        ValueError: `per_month` is not above 0.
    """
    if not per_month > 0:
        raise ValueError(f"{per_month} false alerts a month cannot be promised; take a number above 0.")
    theory = MONTH_H / per_month
    if peaks_h is None or not hours:
        return theory
    # Ten false alerts in the past tell more than none: the ratio is taken where so many were to be expected.
    reference = min(theory, hours / 10.0)
    counted = float((peaks_h >= reference).sum())
    return theory * (counted + _BELIEVED) / (expected_false(reference, hours) + _BELIEVED)
