"""Many homes in one pass, as the hub of a city has them: a block of homes at a time, so that memory stays small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from analytics.activity.features import FEATURES
from analytics.activity.rhythm import Rhythm, rhythm
from analytics.activity.unusual import Unusual, parts, rank, unusual, usual

BLOCK: Final = 250  # homes; what is made of them on the way stays near the processor
_ANYWHERE: Final = FEATURES.index("any room")
_Arrays = TypeVar("_Arrays", Unusual, Rhythm)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class City:
    """The last day of each home.

    Attributes:
        today: its score and what made it; arrays (homes, 1, …).
        rank: how often a past day was as unusual, float64 (homes,).
        rhythm: of all days, (homes,) each.
    """

    today: Unusual
    rank: NDArray[np.float64]
    rhythm: Rhythm


def scored(hours: NDArray[np.float32]) -> City:
    """The last day of each home against the days before it.

    Args:
        hours: `features.hourly` of homes, float32 (homes, days, 24, features).
    """
    blocks = [_block(hours[first : first + BLOCK]) for first in range(0, len(hours), BLOCK)]

    return City(
        today=_joined(Unusual, [one.today for one in blocks]),
        rank=np.concatenate([one.rank for one in blocks]),
        rhythm=_joined(Rhythm, [one.rhythm for one in blocks]),
    )


def _joined(kind: type[_Arrays], parts: Sequence[_Arrays]) -> _Arrays:
    """Dataclasses of arrays (homes, …), one below the other."""
    names = [one.name for one in fields(kind)]
    return kind(**{name: np.concatenate([getattr(one, name) for one in parts]) for name in names})


def _block(hours: NDArray[np.float32]) -> City:
    days = parts(hours)
    known = usual(days[:, :-1])
    each = unusual(days, known)
    today = Unusual(score=each.score[:, -1:], cells=each.cells[:, -1:], deviations=each.deviations[:, -1:])
    return City(
        today=today,
        rank=rank(each.score[:, -1], each.score[:, :-1]),
        rhythm=rhythm(hours[:, :, :, _ANYWHERE].astype(np.float64)),
    )
