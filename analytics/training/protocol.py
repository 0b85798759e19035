"""Who is trained on whom, and how the threshold is chosen: people are never on both sides of a split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls.detector import DECISION_S
from analytics.training.table import Table

# Helpers leave out two folds of ten and judge by what models that leave out one would: with five, thresholds came out
# too high.
FOLDS: Final = 10
FEWEST: Final = 5  # people, each a fold of their own
# A raise counts from the impact to 3.5 s after it and comes with the decision, the filter's 0.1 s and half a chunk.
EARLIEST_S: Final = -DECISION_S
LATEST_S: Final = 3.5 - DECISION_S - 0.35
NOTHING: Final = -30.0  # logit of a trial in which nothing was looked at


def folds(groups: Sequence[str], seed: int, count: int = FOLDS) -> NDArray[np.int64]:
    """The fold of each person, int64, each group (data set and age) spread evenly.

    Args:
        groups: which group each person belongs to.
        seed: of the draw.
        count: of folds.
    """
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(groups), np.int64)
    begin = 0
    for group in sorted(set(groups)):
        own = np.array([index for index, name in enumerate(groups) if name == group], np.int64)
        fold[rng.permutation(own)] = (np.arange(len(own)) + begin) % count
        begin += len(own)  # the groups' remainders do not pile up in the first folds
    return fold


def trial_scores(
    table: Table, trials: Sequence[Trial], logits: NDArray[np.float64], chains: Sequence[int] = (0,)
) -> NDArray[np.float64]:
    """The largest logit that counts in each trial as these chains gave it, float64 (chains, trials).

    In a fall trial only a raise in time counts; in a daily activity every one does.
    """
    falls = np.array([trial.fall for trial in trials])
    counts = ~falls[table.trial] | ((table.offset_s >= EARLIEST_S) & (table.offset_s <= LATEST_S))
    best = np.full((len(chains), len(trials)), NOTHING)
    for row, chain in enumerate(chains):
        own = counts & (table.chain == chain)
        np.maximum.at(best[row], table.trial[own], logits[own])
    return best


def threshold(
    scores: NDArray[np.float64],
    falls: NDArray[np.bool_],
    weights: NDArray[np.float64] | None = None,
    ahead: float = 0.0,
) -> float:
    """The logit at which sensitivity and specificity are equal, the middle where it is a range.

    Args:
        scores: float64 (trials,) of people the model did not see.
        falls: bool (trials,).
        weights: of the trials, float64 (trials,); all alike when not given.
        ahead: by how much sensitivity is to be above specificity instead.
    """
    weights = np.ones(len(scores)) if weights is None else weights
    grid = np.unique(scores)
    grid = np.concatenate([grid[:1] - 1, (grid[1:] + grid[:-1]) / 2, grid[-1:] + 1])
    sensitivity = 1 - _below(scores[falls], weights[falls], grid)
    specificity = _below(scores[~falls], weights[~falls], grid)
    worst = np.minimum(sensitivity - ahead, specificity)
    best = grid[worst >= worst.max() - 1e-12]
    return float(np.median(best))


def _below(scores: NDArray[np.float64], weights: NDArray[np.float64], grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the weights whose scores are below each value of the grid."""
    order = np.argsort(scores)
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    return np.asarray(total[np.searchsorted(scores[order], grid)] / total[-1], np.float64)
