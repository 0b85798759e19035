"""Who is trained on whom, and how the threshold is chosen: people are never on both sides of a split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.training.table import Table

FOLDS: Final = 5
# A raise counts from the impact to 3.5 s after it and comes 2.5 s (and the filter's 0.1 s) after its peak.
EARLIEST_S: Final = -2.5
LATEST_S: Final = 0.85
NOTHING: Final = -30.0  # logit of a trial in which nothing was looked at


def folds(subjects: Sequence[str], seed: int, count: int = FOLDS) -> NDArray[np.int64]:
    """The fold of each subject, int64, both age groups spread evenly."""
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(subjects), np.int64)
    begin = 0
    for group in ("SA", "SE"):
        own = np.array([index for index, name in enumerate(subjects) if name.startswith(group)], np.int64)
        fold[rng.permutation(own)] = (np.arange(len(own)) + begin) % count
        begin += len(own)  # the groups' remainders do not pile up in the first folds
    return fold


def trial_scores(table: Table, trials: Sequence[Trial], logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest logit that counts in each trial of each chain, float64 (chains, trials).

    In a fall trial only a raise in time counts; in a daily activity every one does.
    """
    chains = int(table.chain.max()) + 1
    falls = np.array([trial.fall for trial in trials])
    counts = ~falls[table.trial] | ((table.offset_s >= EARLIEST_S) & (table.offset_s <= LATEST_S))
    best = np.full((chains, len(trials)), NOTHING)
    np.maximum.at(best, (table.chain[counts], table.trial[counts]), logits[counts])
    return best


def threshold(scores: NDArray[np.float64], falls: NDArray[np.bool_]) -> float:
    """The logit at which sensitivity and specificity are equal, the middle where it is a range.

    Args:
        scores: float64 (chains, trials) of people the model did not see.
        falls: bool (trials,).
    """
    fall = np.sort(scores[:, falls].ravel())
    daily = np.sort(scores[:, ~falls].ravel())
    grid = np.unique(np.concatenate([fall, daily]))
    grid = np.concatenate([grid[:1] - 1, (grid[1:] + grid[:-1]) / 2, grid[-1:] + 1])
    sensitivity = 1 - np.searchsorted(fall, grid) / len(fall)
    specificity = np.searchsorted(daily, grid) / len(daily)
    worst = np.minimum(sensitivity, specificity)
    best = grid[worst >= worst.max() - 1e-12]
    return float(np.median(best))
