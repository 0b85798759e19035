"""Measurements that the plan asks for and that were not made."""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics.findings import Judgement, Standing
from analytics.vitals.measured import Ints, Measured, named

# Guidelines have two readings a minute or two apart each morning and evening: that is measured twice a day, not four
# times. Whoever measures again after an hour has measured again.
SITTING_S: Final = 3600.0


def sittings(measured: Measured, days: Ints) -> Ints:
    """(len(days),), how often something usable was measured on each day; what is within an hour is once."""
    counts = np.zeros(len(days), dtype=np.int64)
    for number, day in enumerate(days):
        at_s = measured.at_s[measured.where(measured.day == day)]
        begun = -np.inf
        for at in at_s:
            if at - begun >= SITTING_S:
                counts[number] += 1
                begun = at
    return counts


def missing(measured: Measured, today: int, *, per_day: int, days: int, first: int, last: int) -> Judgement:
    """The last `days` whole days of the plan, on each of which less was measured than planned.

    Args:
        measured: of one kind, failed and doubtful ones among them.
        today: not over, so not judged.
        per_day: planned.
        days: in a row before it is said.
        first: the plan's first day.
        last: its last.
    """
    judged = np.arange(today - days, today, dtype=np.int64)
    if days < 1 or judged[0] < first or judged[-1] > last:
        return Judgement(standing=Standing.UNKNOWN)
    counts = sittings(measured, judged)
    standing = Standing.BETWEEN
    if (counts < per_day).all():
        standing = Standing.BEYOND
    elif counts[-1] >= per_day:
        standing = Standing.WITHIN
    tried = np.flatnonzero(np.isin(measured.day, judged))
    unusable = tried[~measured.usable[tried]]
    return Judgement(
        standing=standing,
        evidence=named(tried.astype(np.int64)),
        figures={
            "measured": float(np.minimum(counts, per_day).sum()),
            "planned": float(per_day * days),
            "unusable": float(len(unusable)),
        },
    )
