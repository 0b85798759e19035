"""What each promise would have meant in the last month: what `huoma tune` shows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.budget import INACTIVITY, divided
from analytics.activity.habits import DAY
from analytics.activity.running import Habits, Learnt
from analytics.activity.what_if import delays_h
from gateway.days.record import Record

PER_MONTH: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
MONTH_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One promise.

    Attributes:
        per_month: false alerts that are accepted in thirty days, of all detectors together.
        threshold_h: of the statistic.
        last_month: quiets of the last thirty days that would have been alerts, each judged by the other days. Changes
            of habits have their own share of the promise, and are not counted.
        delay_h: mean hours until an alert, had nothing been heard any more from some moment on; None: too little known.
        night_delay_h: of moments from ten to seven; None likewise.
    """

    per_month: float
    threshold_h: float
    last_month: int
    delay_h: float | None
    night_delay_h: float | None


def choices(record: Record, learnt: Learnt, per_month: float, others: Sequence[Habits] = ()) -> tuple[Choice, ...]:
    """The promises of `PER_MONTH`, and the one that holds, in the order of their numbers.

    Args:
        record: of the household.
        learnt: from it.
        per_month: that holds.
        others: of `running.less_one`.
    """
    asked = sorted({*PER_MONTH, per_month})
    shares = [divided(one)[INACTIVITY] for one in asked]
    levels = np.array([learnt.threshold_h(one) for one in shares])
    recent = learnt.peaks_h[learnt.ended >= (learnt.days - MONTH_DAYS) * DAY]
    untold_min = {
        sensor: np.inf if usual is None else usual.usual_s / 60 for sensor, usual in enumerate(record.check_ins)
    }
    delays, night = delays_h(
        record.events, learnt, record.teaches, levels,
        days=MONTH_DAYS, others=[(one, untold_min[one.only(learnt)]) for one in others],
    )  # fmt: skip
    return tuple(
        Choice(
            per_month=one, threshold_h=float(level), last_month=int((recent >= level).sum()),
            delay_h=_mean(own), night_delay_h=_mean(own[night]),
        )
        for one, level, own in zip(asked, levels, delays, strict=True)
    )  # fmt: skip


def _mean(hours: NDArray[np.float64]) -> float | None:
    return float(hours.mean()) if len(hours) else None
