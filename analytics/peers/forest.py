"""Isolation forest on what a quarter of an hour looks like, learnt anew each week from the days before.

Liu, Ting, Zhou, "Isolation Forest", ICDM 2008, as PyOD and scikit-learn have it. Needs scikit-learn (extra `train`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from analytics.activity.course import Home
from analytics.activity.habits import DAY
from analytics.activity.minutes import since
from analytics.activity.protocol import HORIZON, Situation

STEP: Final = 15
REFIT_DAYS: Final = 7
TREES: Final = 100
_WINDOWS: Final = (60, 180)  # minutes of which the lively ones are counted


def paths(home: Home, given: Situation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The statistic (minus the mean log path, as scikit-learn scales it); see `protocol.tried`."""
    life = home.life
    total = np.concatenate([[0], np.cumsum(life)])
    quiet = since(life)
    minute = np.arange(STEP - 1, len(life), STEP)
    known = _features(minute % DAY, quiet[minute], [total[minute + 1] - total[_back(minute, w)] for w in _WINDOWS])

    at = given.moments.astype(np.int64)
    now = given.first + at
    # Ends of quarters of an hour after the emergency; nothing is lively in between.
    later = (now[:, None] + 1) // STEP * STEP + STEP - 1 + np.arange(HORIZON // STEP) * STEP
    lively = [np.maximum(0, total[now + 1][:, None] - total[np.minimum(_back(later, w), len(life))]) for w in _WINDOWS]
    after = _features(later % DAY, quiet[now][:, None] + later - now[:, None], lively)

    untouched = np.full(len(given.life), -np.inf)
    silent: NDArray[np.float64] = np.empty(later.shape)
    for begin in range(0, given.days, REFIT_DAYS):
        first = given.first + begin * DAY
        forest = IsolationForest(n_estimators=TREES, random_state=0).fit(known[minute < first])
        own = (minute >= first) & (minute < first + REFIT_DAYS * DAY)
        untouched[minute[own] - given.first] = -forest.score_samples(known[own])
        rows = (at // DAY >= begin) & (at // DAY < begin + REFIT_DAYS)
        if rows.any():
            scores = forest.score_samples(after[rows].reshape(-1, after.shape[-1]))
            silent[rows] = -np.asarray(scores).reshape(-1, silent.shape[1])
    column = (now[:, None] + 1 + np.arange(HORIZON) - later[:, :1]) // STEP
    spread = np.where(column >= 0, np.take_along_axis(silent, np.clip(column, 0, silent.shape[1] - 1), 1), -np.inf)
    return untouched, spread


def _back(minute: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    return np.maximum(0, minute + 1 - width)


def _features(
    clock: NDArray[np.int64], quiet: NDArray[np.int64], lively: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """float64 (…, 5): the time of day as a point of a circle, the running quiet, and how much was going on."""
    angle = 2 * np.pi * clock / DAY
    return np.stack([np.sin(angle), np.cos(angle), np.log1p(quiet), *[one.astype(float) for one in lively]], axis=-1)
