"""Figures of a detector: area under the curve, intervals, and what mere metadata would give away."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_Z95: Final = 1.959964
_RESAMPLES: Final = 2000
_STEPS: Final = 10
_LEVELS: Final = 12  # of each metadata column


def auc(scores: Floats, positive: Flags) -> float:
    """Area under the ROC curve, ties counted half; NaN when a class is empty."""
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return math.nan
    values, index, counts = np.unique(scores, return_inverse=True, return_counts=True)
    above = np.cumsum(counts)
    rank = (above - counts + 1 + above) / 2  # the mean rank of equal scores
    total = float(rank[index][positive].sum())
    return (total - positives * (positives + 1) / 2) / (positives * negatives) if len(values) else math.nan


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (NaN, NaN) of nothing."""
    if not total:
        return math.nan, math.nan
    share, z2 = hits / total, _Z95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration_error(probability: Floats, positive: Flags) -> float:
    """Expected calibration error: how far probabilities are from shares, over ten equal steps of the probability.

    Source: Naeini, Cooper, Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    """
    step = np.minimum((probability * _STEPS).astype(np.int64), _STEPS - 1)
    said = np.bincount(step, weights=probability, minlength=_STEPS)
    was = np.bincount(step, weights=positive.astype(np.float64), minlength=_STEPS)
    return float(np.abs(said - was).sum() / len(probability)) if len(probability) else math.nan


def by_person(hits: Floats, totals: Floats, seed: int = 0) -> tuple[float, float]:
    """95 % interval of a share when people, not trials, are drawn anew (percentile bootstrap).

    Args:
        hits: per person, float64 (P,).
        totals: per person, float64 (P,); people with none are left out.
        seed: of the draws.
    """
    hits, totals = hits[totals > 0], totals[totals > 0]
    if not len(totals):
        return math.nan, math.nan
    drawn = np.random.default_rng(seed).integers(0, len(totals), (_RESAMPLES, len(totals)))
    low, high = np.quantile(hits[drawn].sum(axis=1) / totals[drawn].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)


def paired(change: Floats, person: NDArray[np.int64], seed: int = 0) -> tuple[float, float, float]:
    """The mean change of trials judged in two ways, and its 95 % interval when people are drawn anew.

    Args:
        change: of each trial, float64 (trials,).
        person: of each trial, int64 (trials,).
        seed: of the draws.
    """
    if not len(change):
        return math.nan, math.nan, math.nan
    totals = np.bincount(person).astype(np.float64)
    sums = np.asarray(np.bincount(person, weights=change)[totals > 0], np.float64)
    low, high = by_person(sums, totals[totals > 0], seed)
    return float(change.mean()), low, high


def metadata_auc(columns: Floats, positive: Flags, group: NDArray[np.int64]) -> float:
    """What a model that sees only metadata reaches, people never on both sides: 0.5 is nothing.

    Each column is cut into levels; the log odds of a trial's levels, learnt from the other people, are added (naive
    Bayes).

    Args:
        columns: float64 (trials, metadata).
        positive: bool (trials,).
        group: the person of each trial, int64 (trials,).
    """
    score = np.zeros(len(positive))
    for person in np.unique(group):
        own = group == person
        if not positive[~own].any() or positive[~own].all():
            continue
        for column in columns.T:
            edges = np.unique(np.quantile(column[~own], np.linspace(0, 1, _LEVELS + 1)[1:-1]))
            # A value that many trials share is a level of its own: it may be the one that tells.
            level = np.searchsorted(edges, column, side="left") + np.searchsorted(edges, column, side="right")
            hits = np.bincount(level[~own & positive], minlength=2 * len(edges) + 1) + 1.0
            misses = np.bincount(level[~own & ~positive], minlength=2 * len(edges) + 1) + 1.0
            score[own] += np.log(hits / hits.sum() / (misses / misses.sum()))[level[own]]
    return auc(score, positive)
