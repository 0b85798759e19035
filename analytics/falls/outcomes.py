"""What one replay of all trials gave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What one seed gave.

    Attributes:
        right: whether each trial was judged rightly, bool (trials,).
        score: the largest probability that counts in each trial, float64 (trials,).
        delay_s: impact to raise, of each raised fall, float64.
        false_raises: per trial, int64 (trials,).
        metadata: what the stream shows around each trial's largest acceleration but acceleration, float64 (trials,
            columns).
    """

    right: NDArray[np.bool_]
    score: NDArray[np.float64]
    delay_s: NDArray[np.float64]
    false_raises: NDArray[np.int64]
    metadata: NDArray[np.float64]
