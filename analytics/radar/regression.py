"""The recordings of point clouds, as a test that nothing broke: how well vertical motion alone tells falls apart.

Nothing is taught or tuned: the score is `point_heights.vertical_motion` of the whole window. Each class was recorded in
one sitting, so windows that lie near each other are alike: what counts is the worst and the mean over blocks, in which
falls of one piece of their recording meet other movement of one piece of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.iwrl6432 import Window
from analytics.falls.measures import auc
from analytics.radar.point_heights import middles, vertical_motion

BLOCKS: Final = 5
_RESAMPLES: Final = 2000
NOTE: Final = (
    "Staged, each class in one sitting, falls further away than the rest: a test that nothing broke, no measure of how "
    "well falls are found in homes."
)


def scores(windows: Sequence[Window]) -> NDArray[np.float64]:
    """Float64 (windows,), m."""
    return np.array(
        [
            float(vertical_motion(middles(one.frames, one.heights, int(one.frames.max(initial=-1)) + 1)))
            for one in windows
        ]
    )


def report(windows: Sequence[Window], *, seed: int = 0) -> dict[str, Any]:
    """Areas under the curve: of all windows, and block against block."""
    fall = np.array([one.fall for one in windows])
    score = scores(windows)
    halves = [np.array_split(np.flatnonzero(fall == kind), BLOCKS) for kind in (True, False)]
    cells = [_auc(score, falls, rest) for falls in halves[0] for rest in halves[1]]
    rng = np.random.default_rng(seed)
    drawn = [
        _auc(score, *(np.concatenate([blocks[i] for i in rng.integers(0, BLOCKS, BLOCKS)]) for blocks in halves))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {
        "windows": len(windows),
        "falls": int(fall.sum()),
        "auc": auc(score, fall),
        "auc_block_wise": float(np.mean(cells)),
        "auc_worst_block": float(np.min(cells)),
        "auc_ci95": [float(low), float(high)],
        "score": "standard deviation of the median height, m; no range, signal or number of points",
        "note": NOTE,
    }


def _auc(score: NDArray[np.float64], falls: NDArray[np.intp], rest: NDArray[np.intp]) -> float:
    return auc(score[np.concatenate([falls, rest])], np.arange(len(falls) + len(rest)) < len(falls))
