"""A resident's own suspected falls: what nurses said of them, and how many false ones a month that makes.

Only what was raised is known: the figures say how a stricter threshold would have done, never a looser one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.core.subject import Subject
from gateway.desk.events import Alert, State, Verdict
from gateway.desk.findings import FALL_CONDITION

MONTH_DAYS: Final = 30.0
THRESHOLDS: Final = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)  # 0: as it was raised
FALSE: Final = frozenset({Verdict.FALSE, Verdict.ACCIDENTAL})
_Z: Final = 1.959964  # of 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class AtThreshold:
    """What it would have been like at a threshold.

    Attributes:
        probability: raised from here on.
        false_alerts: so many.
        per_month: false alerts in 30 days, with the 95 % interval `low` to `high`.
        real_falls: falls that nurses found to be real and that are still raised.
    """

    probability: float
    false_alerts: int
    per_month: float
    low: float
    high: float
    real_falls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FallHistory:
    """Of one resident.

    Attributes:
        days: for which a wearable was the resident's.
        real, false: by verdict; accidental ones are false.
        unknown: suspected falls of which nobody said what they were, or nobody could find out; tests are not counted.
        curve: by threshold.
    """

    days: float
    real: int
    false: int
    unknown: int
    curve: tuple[AtThreshold, ...]


def fall_history(
    alerts: Iterable[Alert], subject: Subject, spans: Sequence[tuple[datetime, datetime | None]], now: datetime
) -> FallHistory:
    """From what is on record.

    Args:
        alerts: of anybody.
        subject: the resident.
        spans: when a wearable was the resident's, from – to (None: still).
        now: aware.
    """
    own = [one for one in alerts if one.subject == subject and one.condition == FALL_CONDITION]
    days = _covered_s(spans, now) / 86_400
    real = [one for one in own if one.verdict is Verdict.REAL]
    false = [one for one in own if one.verdict in FALSE]
    unknown = [one for one in own if one.state is not State.RESOLVED or one.verdict is Verdict.NOT_CONFIRMED]
    return FallHistory(
        days=days,
        real=len(real),
        false=len(false),
        unknown=len(unknown),
        curve=tuple(_at(threshold, real, false, days) for threshold in THRESHOLDS) if days > 0 else (),
    )


def poisson(count: int) -> tuple[float, float]:
    """The 95 % interval of the mean of a Poisson count, within 1 % of the exact one from a count of 2 on.

    Source: Byar's approximation: Breslow, Day, Statistical Methods in Cancer Research II, IARC 1987, p. 69.
    """
    low = count * (1 - 1 / (9 * count) - _Z / (3 * math.sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    return low, more * (1 - 1 / (9 * more) + _Z / (3 * math.sqrt(more))) ** 3


def _at(threshold: float, real: Sequence[Alert], false: Sequence[Alert], days: float) -> AtThreshold:
    raised = sum(_probability(one) >= threshold for one in false)
    low, high = (bound * MONTH_DAYS / days for bound in poisson(raised))
    return AtThreshold(
        probability=threshold,
        false_alerts=raised,
        per_month=raised * MONTH_DAYS / days,
        low=low,
        high=high,
        real_falls=sum(_probability(one) >= threshold for one in real),
    )


def _probability(alert: Alert) -> float:
    """One without any was raised for another reason: no threshold keeps it quiet."""
    return 1.0 if alert.probability is None else alert.probability


def _covered_s(spans: Sequence[tuple[datetime, datetime | None]], now: datetime) -> float:
    """How long at least one of the spans lasts, until now."""
    total, end = 0.0, None
    for begin, until in sorted((begin, min(until or now, now)) for begin, until in spans):
        begin = begin if end is None else max(begin, end)
        if until > begin:
            total += (until - begin).total_seconds()
            end = until
    return total
