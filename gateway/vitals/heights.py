"""How high one pressure is, and how two of them lie in time."""

from __future__ import annotations

from collections.abc import Sequence
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
from gateway.vitals.usable import LATE_S, is_number, measured_at, moments


class Height(Enum):
    """What a reading is to a limit."""

    UNUSABLE = auto()
    BELOW = auto()
    HIGH = auto()
    IRREGULAR = auto()  # as high, of an irregular pulse that is not usual: to be measured again, and no repeat itself


REPEATS: Final = (Height.HIGH, Height.BELOW)


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


def clock_is_behind(row: ReadingRow, rows: Sequence[ReadingRow]) -> bool:
    """Whether it is of now though its device says otherwise: by what this sent before, among these rows and it."""
    found = next((at for one, at in zip(rows, moments(rows), strict=True) if one.id == row.id), None)
    return found == row.received_at != measured_at(row)


def soon_after(row: ReadingRow, first: ReadingRow) -> bool:
    """Whether it may be called the repeat of one that is long past."""
    at, then = measured_at(row), measured_at(first)
    return at is not None and then is not None and 0.0 <= (at - then).total_seconds() <= LATE_S


def as_high_near(row: ReadingRow, others: Sequence[ReadingRow], plan: VitalPlan) -> ReadingRow | None:
    """The usable one next to it, within an hour by their own times, if it is as high; none if that hour ended below."""
    near = [one for one in others if one.id != row.id and (soon_after(one, row) or soon_after(row, one))]
    usable = sorted((one for one in near if height_of(one, plan) in REPEATS), key=_by_time)
    after = [one for one in usable if measured_after(one, row)]
    before = usable[: len(usable) - len(after)]
    if after and height_of(after[-1], plan) is Height.BELOW:
        return None
    if height_of(row, plan) is not Height.HIGH:  # no repeat itself
        before = []
    return next((one for one in [*after[:1], *before[-1:]] if height_of(one, plan) is Height.HIGH), None)


def _by_time(row: ReadingRow) -> tuple[datetime, int]:
    return measured_at(row) or row.received_at, row.seq


def measured_after(row: ReadingRow, first: ReadingRow) -> bool:
    """Whether it was measured after the other. Where a time is not known, by the order in which they came."""
    at, then = measured_at(row), measured_at(first)
    if at is None or then is None or at == then:
        return row.seq > first.seq
    return at > then
