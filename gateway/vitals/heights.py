"""How high one pressure is, and how two of them lie in time."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import Final

import numpy as np

from analytics.vitals.pressure import crisis
from device_drivers.nomenclature import Kind
from gateway.ingest.effective import UNSYNCHRONISED
from gateway.store.readings import ReadingRow
from gateway.vitals.crisis_words import figures_of
from gateway.vitals.plan import VitalPlan
from gateway.vitals.usable import is_number, measured_at

# What was measured longer ago when it came says nothing of now: a cuff was out of reach, or the gateway off.
LATE_S: Final = 3600.0


class Height(Enum):
    """What a reading is to a limit."""

    UNUSABLE = auto()
    BELOW = auto()
    HIGH = auto()
    IRREGULAR = auto()  # as high, of an irregular pulse that is not usual: to be measured again, and no repeat itself


def height_of(row: ReadingRow, plan: VitalPlan) -> Height:
    """By the limits of the resident's plan."""
    if row.kind != Kind.BLOOD_PRESSURE or not is_number(row, irregular_is_usual=True):
        return Height.UNUSABLE
    systolic, diastolic = figures_of(row)
    if not np.isfinite((systolic, diastolic)).all():
        return Height.UNUSABLE
    high = crisis(np.array([[systolic, diastolic]]), np.array([True]), plan.crisis_limits)
    if not is_number(row, irregular_is_usual=plan.irregular_pulse_usual):
        return Height.IRREGULAR if high[0] else Height.UNUSABLE
    return Height.HIGH if high[0] else Height.BELOW


def long_past(row: ReadingRow, known_since: datetime) -> datetime | None:
    """When it was measured, if that was long ago. By a clock that may be wrong nobody can tell: it is of now."""
    at = measured_at(row)
    if at is None or UNSYNCHRONISED in row.doubtful or (known_since - at).total_seconds() <= LATE_S:
        return None
    return at


def soon_after(row: ReadingRow, first: ReadingRow) -> bool:
    """Whether it may be called the repeat of one that is long past."""
    at, then = measured_at(row), measured_at(first)
    return at is not None and then is not None and (at - then).total_seconds() <= LATE_S


def measured_after(row: ReadingRow, first: ReadingRow) -> bool:
    """Whether it was measured after the other. Where a time is not known, by the order in which they came."""
    at, then = measured_at(row), measured_at(first)
    if at is None or then is None or at == then:
        return row.seq > first.seq
    return at > then
