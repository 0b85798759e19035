"""Two measurements in a row that cannot be: of a device that errs, or of somebody who is very ill."""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics.findings import Judgement, Level, Standing
from analytics.vitals.measured import DAY_S, Measured, last_two, named

CANNOT_BE: Final = 0  # columns of `Measured.values`
ALARMING: Final = 1
TOGETHER_S: Final = DAY_S  # further apart they say nothing of one another
SITTING_S: Final = 60.0  # what is within a minute is one measurement


def repeated(measured: Measured, now_s: float) -> Judgement:
    """The two newest measurements of the last day, at least a minute apart: neither can be.

    One alone is a cold finger or an arm that moved. Over when neither of the last two is such a one.

    Args:
        measured: values (n, 2), 1 or 0: whether it cannot be, and whether it were alarming if it could.
        now_s: on the same time line.
    """
    newest = last_two(measured, now_s, within_s=TOGETHER_S, apart_s=SITTING_S)
    if not newest:
        return Judgement(standing=Standing.UNKNOWN)
    cannot_be = measured.values[newest, CANNOT_BE] > 0
    standing = Standing.BETWEEN
    if len(newest) == 2 and cannot_be.all():
        standing = Standing.BEYOND
    elif not cannot_be.any():
        standing = Standing.WITHIN
    return Judgement(
        standing=standing,
        evidence=named(np.asarray(newest, dtype=np.int64)),
        levels={"alarm": Level(float(measured.values[newest, ALARMING].min()), 1.0)},
    )
