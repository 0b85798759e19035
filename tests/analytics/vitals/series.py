"""Measurements for the tests of the rules: moments in days, day 0 begins at 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analytics.vitals.measured import DAY_S, Measured


def series(rows: Sequence[tuple[float, ...]], *, unusable: Sequence[int] = ()) -> Measured:
    """Rows of (moment in days, values …)."""
    table = np.array(rows, dtype=float)
    usable = np.ones(len(rows), dtype=bool)
    usable[list(unusable)] = False
    return Measured(
        values=table[:, 1:], at_s=table[:, 0] * DAY_S, day=np.floor(table[:, 0]).astype(np.int64), usable=usable
    )


def mornings_and_evenings(days: int, *values: float, twice: bool = True) -> list[tuple[float, ...]]:
    """Two readings each morning and evening, as guidelines have it."""
    minutes = (0.0, 1 / 1440) if twice else (0.0,)
    return [(day + hour / 24 + minute, *values) for day in range(days) for hour in (8, 20) for minute in minutes]
