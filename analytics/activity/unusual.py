"""Days that are not like the others: a score for each part of the day, and the three features that made it.

Counts are put on a scale on which a Poisson count has a deviation of one whatever its mean (Anscombe, Biometrika 1948,
35:246–254). What is usual is the median of the home's own past days; its spread the median absolute deviation, or from
tenth to tenth where days are of two kinds (out on some, not on others), and never less than mere chance. Neither moves
much while fewer than a tenth of those days were odd themselves. The score is the sum of the
three largest deviations; what it means is said by where it stands among the home's own past days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.features import HOURS

PARTS: Final = ("night", "morning", "afternoon", "evening")
_PART_OF_HOUR: Final = np.array([0] * 6 + [1] * 6 + [2] * 6 + [3] * 4 + [0] * 2)
NAMED: Final = 3
ENOUGH_DAYS: Final = 14  # known days of a cell; before that nothing is usual
_MAD_TO_DEVIATION: Final = 1.4826
_TENTHS_TO_DEVIATION: Final = 2.563  # from the lowest tenth of a normal distribution to the highest
_CHANCE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Usual:
    """What is usual, float32 (homes, parts, features), NaN where too little is known."""

    middle: NDArray[np.float32]
    spread: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unusual:
    """How unusual days are.

    Attributes:
        score: float32 (homes, days), NaN where fewer than three cells are known.
        cells: which three made it, the largest first: index into (parts, features) flattened, int64 (homes, days, 3).
        deviations: of these, signed, float32 (homes, days, 3).
    """

    score: NDArray[np.float32]
    cells: NDArray[np.int64]
    deviations: NDArray[np.float32]


def parts(hours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hours summed to parts of the day and stabilised, float32 (homes, days, parts, features).

    A part of which an hour is not known is not known. The night is that of the calendar day: its first six hours and
    its last two.

    Args:
        hours: `features.hourly` of many homes, float32 (homes, days, 24, features).
    """
    homes, days, slots, features = hours.shape
    if slots != HOURS:
        raise ValueError(f"hours have the shape {hours.shape}, expected (homes, days, 24, features).")
    found = np.zeros((homes, days, len(PARTS), features), np.float32)
    for hour, part in enumerate(_PART_OF_HOUR.tolist()):
        found[:, :, part] += hours[:, :, hour]
    return np.asarray(2 * np.sqrt(found + np.float32(0.375)))


def usual(past: NDArray[np.float32]) -> Usual:
    """What is usual in past days, `parts` of them, float32 (homes, days, parts, features)."""
    ordered = np.sort(np.moveaxis(past, 1, -1), axis=-1)  # NaN come last
    count = (~np.isnan(ordered)).sum(axis=-1)
    middle = _quantile(ordered, count, 0.5)
    off = np.sort(np.abs(ordered - middle[..., None]), axis=-1)
    wide = (_quantile(ordered, count, 0.9) - _quantile(ordered, count, 0.1)) / np.float32(_TENTHS_TO_DEVIATION)
    spread = np.maximum(np.float32(_MAD_TO_DEVIATION) * _quantile(off, count, 0.5), wide)
    middle = np.where(count >= ENOUGH_DAYS, middle, np.float32(np.nan))
    return Usual(middle=middle, spread=np.maximum(spread, np.float32(_CHANCE)))


def unusual(days: NDArray[np.float32], known: Usual) -> Unusual:
    """Days against what is usual, `parts` of them, float32 (homes, days, parts, features)."""
    off = unusual_cells(days, known)
    size = np.where(np.isnan(off), np.float32(-1), np.abs(off))
    largest = np.argpartition(size, -NAMED, axis=2)[:, :, -NAMED:]
    order = np.argsort(-np.take_along_axis(size, largest, axis=2), axis=2, kind="stable")
    cells = np.take_along_axis(largest, order, axis=2)
    deviations = np.take_along_axis(off, cells, axis=2)
    return Unusual(score=np.abs(deviations).sum(axis=2), cells=cells, deviations=deviations)


def unusual_cells(days: NDArray[np.float32], known: Usual) -> NDArray[np.float32]:
    """How far each cell of each day is off, in deviations, float32 (homes, days, parts * features)."""
    off = (days - known.middle[:, None]) / known.spread[:, None]
    return np.asarray(off.reshape(*off.shape[:2], -1))


def rank(score: NDArray[np.float32], past: NDArray[np.float32]) -> NDArray[np.float64]:
    """How often a past day was as unusual, float64 (homes,), in (0, 1]: (1 + days at least so unusual) / (1 + days).

    Args:
        score: of today, float32 (homes,).
        past: of past days judged by the same, float32 (homes, days); NaN counts as no day.
    """
    known = ~np.isnan(past)
    above = (known & (past >= score[:, None])).sum(axis=1)
    found = (1 + above) / (1 + known.sum(axis=1))
    return np.where(np.isnan(score), np.nan, found)


def words(cell: int, deviation: float, features: tuple[str, ...]) -> str:
    """One cell for a person: "kitchen in the morning: far less than usual"."""
    part, feature = divmod(cell, len(features))
    size = "far " if abs(deviation) >= 2 * NAMED else ""
    return f"{features[feature]} in the {PARTS[part]}: {size}{'more' if deviation > 0 else 'less'} than usual"


def _quantile(ordered: NDArray[np.float32], count: NDArray[np.int64], share: float) -> NDArray[np.float32]:
    """A quantile of the known values, linear between two, NaN where there is none.

    NumPy's nanquantile takes each cell apart and is a hundred times slower.

    Args:
        ordered: ascending, NaN last, float32 (…, days).
        count: how many are known, int64 (…,).
        share: 0 to 1.
    """
    place = share * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = (np.take_along_axis(ordered, index[..., None], axis=-1)[..., 0] for index in (low, high))
    found = below + (above - below) * (place - low).astype(np.float32)
    return np.where(count > 0, found, np.float32(np.nan)).astype(np.float32)
