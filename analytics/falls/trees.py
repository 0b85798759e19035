"""Boosted trees of at most 16 leaves as flat arrays, all trees and all windows at once.

Every split is compared at once; a split whose answer is "right" rules out the leaves of its left side. What is left
of a tree's leaves, read from the left, begins with the leaf the window falls into.

Source: Lucchese et al., "QuickScorer: A Fast Algorithm to Rank Documents with Additive Ensembles of Regression Trees",
SIGIR 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_LEAVES: Final = 16
_ALL: Final = np.uint16(0xFFFF)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trees:
    """T trees of S splits and L leaves each (shorter ones padded).

    Attributes:
        feature: column each split looks at, int16 (S, T).
        threshold: a value ≤ it goes left, float32 (S, T); +inf in padding.
        ruled_out: the leaves that remain when the answer is "right", uint16 (S, T), bit i = leaf i.
        value: what each leaf adds, float64 (T, L).
        base: what every sum begins with.
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    ruled_out: NDArray[np.uint16]
    value: NDArray[np.float64]
    base: float

    def logit(self, columns: NDArray[np.float32]) -> NDArray[np.float64]:
        """The sum over all trees, float64 (N,), for features float32 (F, N), all finite."""
        splits, trees = self.feature.shape
        count = columns.shape[1]
        looked = np.take(columns, self.feature.ravel(), axis=0).reshape(splits, trees, count)
        remaining = np.where(looked <= self.threshold[:, :, None], _ALL, self.ruled_out[:, :, None])
        left = np.bitwise_and.reduce(remaining, axis=0)
        leaf = _FIRST[left & (~left + np.uint16(1))]
        return np.asarray(self.value[np.arange(trees)[:, None], leaf].sum(axis=0) + self.base, np.float64)


def _first_bit() -> NDArray[np.uint8]:
    table = np.zeros(2 ** (MAX_LEAVES - 1) + 1, np.uint8)
    for bit in range(MAX_LEAVES):
        table[1 << bit] = bit
    return table


_FIRST: Final = _first_bit()
