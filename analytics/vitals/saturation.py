"""Oxygen saturation below the resident's own limit."""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics.findings import Judgement, Level, Standing
from analytics.vitals.measured import DAY_S, EXACT, Measured, last_two, named

# 92: below it NEWS2 gives its highest score for one sign (91 or less; Royal College of Physicians 2017), and 92 or less
# at rest is where the BTS has home oxygen assessed (Thorax 2015;70 Suppl 1). The BTS' target of 94-98 for acutely ill
# people (Thorax 2017;72 Suppl 1) would call about many who are old and well. For who is at risk of hypercapnic failure
# (COPD) the same guideline aims at 88-92: the limit is then 88.
LIMIT_PERCENT: Final = 92.0
COPD_LIMIT_PERCENT: Final = 88.0
# The BTS has a person assessed who falls by 3 or more. Oximeters are off by up to 4 (ISO 80601-2-61, twice the 2 that
# good ones have): one reading just below the limit is no finding, one this far below is.
DEEP_PERCENT: Final = 3.0
# Twice as far as the error of an oximeter at its worst: nobody waits for the morning to have that measured again.
FAR_PERCENT: Final = 8.0
WORSE_PERCENT: Final = 3.0  # likewise: who falls by as much again is worse
TOGETHER_S: Final = DAY_S  # readings further apart are not one worsening
SITTING_S: Final = 60.0  # values within a minute are one measurement


def once(measured: Measured, now_s: float, limit_percent: float) -> Judgement:
    """The newest reading alone: well below the limit. Over when nothing of the last two is below it."""
    return _alone(measured, _newest(measured, now_s), limit_percent, deep=DEEP_PERCENT, cleared=0.0)


def far(measured: Measured, now_s: float, limit_percent: float, by_percent: float = FAR_PERCENT) -> Judgement:
    """The newest reading alone: so far below the limit that it is urgent. Over when it is not well below it.

    One is enough for either: the two are further apart than an oximeter errs, and who falls so far again is not as ill
    as before.
    """
    return _alone(
        measured, _newest(measured, now_s)[-1:], limit_percent, deep=by_percent, cleared=DEEP_PERCENT - 2 * EXACT
    )


def _alone(measured: Measured, newest: list[int], limit_percent: float, *, deep: float, cleared: float) -> Judgement:
    if not newest:
        return Judgement(standing=Standing.UNKNOWN)
    below = limit_percent - _values(measured, newest)
    standing = Standing.WITHIN if (below <= cleared + EXACT).all() else Standing.BETWEEN
    if below[-1] >= deep - EXACT:
        standing = Standing.BEYOND
    return _judged(measured, newest[-1:] if standing is Standing.BEYOND else newest, standing)


def twice(measured: Measured, now_s: float, limit_percent: float) -> Judgement:
    """The two newest measurements, at least a minute apart, both below the limit."""
    newest = _newest(measured, now_s)
    if not newest:
        return Judgement(standing=Standing.UNKNOWN)
    below = _values(measured, newest) < limit_percent - EXACT
    standing = Standing.BETWEEN
    if len(newest) == 2 and below.all():
        standing = Standing.BEYOND
    elif not below.any():
        standing = Standing.WITHIN
    return _judged(measured, newest, standing)


def _newest(measured: Measured, now_s: float) -> list[int]:
    return last_two(measured, now_s, within_s=TOGETHER_S, apart_s=SITTING_S)


def _values(measured: Measured, found: list[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return measured.values[found, 0]


def _judged(measured: Measured, found: list[int], standing: Standing) -> Judgement:
    values = _values(measured, found)
    return Judgement(
        standing=standing,
        evidence=named(np.asarray(found, dtype=np.int64)),
        figures={"spo2": float(values[-1]), "lowest": float(values.min())},
        # Of two the better one: as two are needed to find it, two are needed to find it worse.
        levels={"spo2": Level(-float(values.max()), WORSE_PERCENT)},
    )
