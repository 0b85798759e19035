"""Rest–activity metrics: how alike the days are, how broken they are, how far day and night are apart.

IS (interdaily stability) is the share of the variance that the mean 24-hour profile explains: 1 when every day is the
same, towards 0 when there is no rhythm. IV (intradaily variability) compares the steps from hour to hour with the
variance: near 0 for a smooth rhythm, about 2 for noise. RA (relative amplitude) is (M10 − L5) / (M10 + L5), of the mean
profile's ten most and five least active hours in a row, which may run over midnight.

Sources: Witting, Kwa, Eikelenboom, Mirmiran, Swaab, Biological Psychiatry 1990, 27:563–572 (IS, IV, RA); Van Someren et
al., Chronobiology International 1999, 16:505–518 (hourly, L5 and M10 from the mean profile).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

HOURS: Final = 24
LEAST_H: Final = 5
MOST_H: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rhythm:
    """One number per home, float64 (homes,); NaN where it is not defined.

    Attributes:
        stability: IS.
        variability: IV.
        amplitude: RA.
        least, most: L5 and M10, mean activity an hour.
        least_from, most_from: the hour at which they begin, int64; -1 where not defined.
    """

    stability: NDArray[np.float64]
    variability: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    least_from: NDArray[np.int64]
    most_from: NDArray[np.int64]


def rhythm(activity: NDArray[np.float64]) -> Rhythm:
    """The metrics of many homes.

    Hours that are not known (NaN) are left out of every sum: of IS the variances are over known hours, the profile's
    weighted by how many days know it; of IV the steps between two known hours that follow each other. A home is NaN
    where nothing varies, where no two known hours follow each other, or, for RA, where an hour of the day is never
    known or nothing ever moved.

    Args:
        activity: per hour, not negative, float64 (homes, days, 24).

    Raises:
        ValueError: not hourly.
    """
    if activity.ndim != 3 or activity.shape[2] != HOURS:
        raise ValueError(f"activity has the shape {activity.shape}, expected (homes, days, 24).")
    known = ~np.isnan(activity)
    filled = np.where(known, activity, 0.0)
    number = known.sum(axis=(1, 2))
    each = known.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = filled.sum(axis=(1, 2)) / number
        off = np.where(known, activity - mean[:, None, None], 0.0)
        squares = (off**2).sum(axis=(1, 2))
        # A sum of squares of mere rounding is no variance.
        varies = squares > number * (np.abs(mean) * 1e-12) ** 2
        profile = filled.sum(axis=1) / each
        # Σ p·n_h·(x̄_h − x̄)² / (p·Σ(x − x̄)²) with every hour as often as it is known; as printed when all are.
        between = np.where(each > 0, each * (profile - mean[:, None]) ** 2, 0.0).sum(axis=1)
        stability = np.where(varies, between / squares, np.nan)
        line, seen = filled.reshape(len(activity), -1), known.reshape(len(activity), -1)
        both = seen[:, 1:] & seen[:, :-1]
        steps = np.where(both, np.diff(line, axis=1), 0.0)
        pairs = both.sum(axis=1)
        variability = np.where(varies & (pairs > 0), (steps**2).sum(axis=1) / pairs / (squares / number), np.nan)
    least, least_from = _run(profile, LEAST_H, smallest=True)
    most, most_from = _run(profile, MOST_H, smallest=False)
    total = most + least
    with np.errstate(divide="ignore", invalid="ignore"):
        amplitude = np.where(total > 0, (most - least) / total, np.nan)
    return Rhythm(
        stability=stability, variability=variability, amplitude=amplitude,
        least=least, most=most, least_from=least_from, most_from=most_from,
    )  # fmt: skip


def _run(profile: NDArray[np.float64], hours: int, *, smallest: bool) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mean and beginning of the least or most active hours in a row, over midnight too."""
    around = np.concatenate([profile, profile[:, : hours - 1]], axis=1)
    means = np.lib.stride_tricks.sliding_window_view(around, hours, axis=1).mean(axis=2)
    defined = ~np.isnan(profile).any(axis=1)
    ranked = np.where(np.isnan(means), np.inf if smallest else -np.inf, means)
    begin = ranked.argmin(axis=1) if smallest else ranked.argmax(axis=1)
    value = means[np.arange(len(means)), begin]
    return np.where(defined, value, np.nan), np.where(defined, begin, -1).astype(np.int64)
