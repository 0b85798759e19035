"""The rules over one resident's readings, as the resident's plan has them. Pure: no store, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Final

from analytics.findings import Judgement
from analytics.vitals import implausible, missing, pressure, pulse, saturation, weight
from device_drivers.nomenclature import Kind, Quantity
from gateway.desk.events import Priority
from gateway.store.readings import ReadingRow
from gateway.vitals import words
from gateway.vitals.implausible import is_alarming, sentence, shown
from gateway.vitals.plan import VitalPlan
from gateway.vitals.usable import arrays

KINDS: Final = (Kind.BLOOD_PRESSURE, Kind.WEIGHT, Kind.OXYGEN_SATURATION)

Readings = Mapping[Kind, Sequence[ReadingRow]]


class Rule(StrEnum):
    """What is watched: the condition of the alert begins with it."""

    PRESSURE_CRISIS = "pressure-crisis"
    PRESSURE_WEEK = "pressure-week"
    PRESSURE_LOW = "pressure-low"
    WEIGHT_GAIN = "weight-gain"
    SATURATION_LOW = "saturation-low"
    PULSE_DRIFT = "pulse-drift"
    IMPLAUSIBLE = "implausible"
    MISSING = "missing"


ONCE: Final = f"{Rule.SATURATION_LOW}/once"
TWICE: Final = f"{Rule.SATURATION_LOW}/twice"
FAR: Final = f"{Rule.SATURATION_LOW}/far"
CANNOT_BE: Final[Mapping[Kind, str]] = {
    kind: f"{Rule.IMPLAUSIBLE}-{kind}" for kind in (Kind.BLOOD_PRESSURE, Kind.OXYGEN_SATURATION)
}
# Which standings rest on readings of which kind.
KEYS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.BLOOD_PRESSURE: (
        *(Rule.PRESSURE_WEEK, Rule.PRESSURE_LOW, Rule.PULSE_DRIFT),
        CANNOT_BE[Kind.BLOOD_PRESSURE],
    ),
    Kind.WEIGHT: (Rule.WEIGHT_GAIN,),
    Kind.OXYGEN_SATURATION: (ONCE, TWICE, FAR, CANNOT_BE[Kind.OXYGEN_SATURATION]),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one rule says of one resident now.

    Attributes:
        key: whose standing is remembered under it: two steps of one rule have one each.
        condition: of the alert.
        rows: the readings behind it.
    """

    key: str
    condition: str
    priority: Priority
    judgement: Judgement
    summary: str
    rows: tuple[ReadingRow, ...]


def judge(readings: Readings, plan: VitalPlan, now: datetime, zone: tzinfo) -> list[Judged]:
    """Every rule that is on, but for the crisis, which is about single readings (`gateway.vitals.crisis`)."""
    return [*_pressure(readings, plan, now, zone), *_weight(readings, plan, now, zone)] + [
        *_saturation(readings, plan, now, zone),
        *_missing(readings, plan, now, zone),
    ]


def _pressure(readings: Readings, plan: VitalPlan, now: datetime, zone: tzinfo) -> list[Judged]:
    rows = readings.get(Kind.BLOOD_PRESSURE, ())
    usual = plan.irregular_pulse_usual
    pressures = arrays(rows, (Quantity.SYSTOLIC, Quantity.DIASTOLIC), zone, irregular_is_usual=usual)
    found: list[Judged] = []
    if plan.pressure_week:
        judged = pressure.week(pressures, now.timestamp(), plan.week_limits)
        found.append(_said(Rule.PRESSURE_WEEK, judged, rows, words.week, plan))
    if plan.pressure_low:
        judged = pressure.low(pressures, now.timestamp(), plan.pressure_low_systolic)
        found.append(_said(Rule.PRESSURE_LOW, judged, rows, words.low, plan))
    if plan.pulse_drift:
        pulses = arrays(rows, (Quantity.PULSE_RATE,), zone)  # of an irregular pulse there is no rate to compare
        judged = pulse.drift(pulses, _today(now, zone), plan.pulse_drift_by)
        found.append(_said(Rule.PULSE_DRIFT, judged, rows, words.drift, plan))
    if plan.crisis:
        found.append(_implausible(Kind.BLOOD_PRESSURE, rows, plan, now, zone))
    return found


def _weight(readings: Readings, plan: VitalPlan, now: datetime, zone: tzinfo) -> list[Judged]:
    if not plan.weight_gain:
        return []
    rows = readings.get(Kind.WEIGHT, ())
    judged = weight.gain(arrays(rows, (Quantity.WEIGHT,), zone), _today(now, zone), plan.gain_limits)
    return [_said(Rule.WEIGHT_GAIN, judged, rows, words.gain, plan)]


def _saturation(readings: Readings, plan: VitalPlan, now: datetime, zone: tzinfo) -> list[Judged]:
    if not plan.saturation:
        return []
    rows = readings.get(Kind.OXYGEN_SATURATION, ())
    measured = arrays(rows, (Quantity.SPO2,), zone, unknown_is_now=True)
    once = saturation.once(measured, now.timestamp(), plan.saturation_limit)
    twice = saturation.twice(measured, now.timestamp(), plan.saturation_limit)
    far = saturation.far(measured, now.timestamp(), plan.saturation_limit, plan.saturation_urgent_by)
    high = Priority.HIGH
    return [  # the most urgent first: the sentence of an alert is that of its first, or of a more urgent one
        _said(Rule.SATURATION_LOW, twice, rows, words.saturation_twice, plan, key=TWICE, priority=high),
        _said(Rule.SATURATION_LOW, far, rows, words.saturation_once, plan, key=FAR, priority=high),
        _said(Rule.SATURATION_LOW, once, rows, words.saturation_once, plan, key=ONCE),
        _implausible(Kind.OXYGEN_SATURATION, rows, plan, now, zone),
    ]


def _implausible(kind: Kind, rows: Sequence[ReadingRow], plan: VitalPlan, now: datetime, zone: tzinfo) -> Judged:
    judged = implausible.repeated(shown(rows, plan, zone), now.timestamp())
    found = _rows(rows, judged)
    alarming = bool(found) and all(is_alarming(row, plan) for row in found)
    return Judged(
        key=CANNOT_BE[kind], condition=CANNOT_BE[kind], priority=Priority.HIGH if alarming else Priority.MEDIUM,
        judgement=judged, summary=sentence(found[-1]) + words.of_clock(found) if found else "", rows=found,
    )  # fmt: skip


def _missing(readings: Readings, plan: VitalPlan, now: datetime, zone: tzinfo) -> list[Judged]:
    today = _today(now, zone)
    first = _day(plan.measure_from)
    if first is None:
        return []
    last = _day(plan.measure_until) or date.max.toordinal()
    found: list[Judged] = []
    planned = (plan.pressure_per_day, plan.weight_per_day, plan.saturation_per_day)
    columns = ((Quantity.SYSTOLIC, Quantity.DIASTOLIC), (Quantity.WEIGHT,), (Quantity.SPO2,))
    for kind, per_day, quantities in zip(KINDS, planned, columns, strict=True):
        if per_day == 0 or today - 1 > last:
            continue
        rows = readings.get(kind, ())
        measured = arrays(rows, quantities, zone, irregular_is_usual=plan.irregular_pulse_usual)
        judged = missing.missing(
            measured, today, per_day=per_day, days=plan.missing_days, first=first, last=last
        )  # fmt: skip
        summary = words.missing(kind, per_day, judged.figures, plan) if judged.figures else ""
        condition = f"{Rule.MISSING}-{kind}"
        found.append(
            Judged(
                key=condition, condition=condition, priority=Priority.LOW, judgement=judged, summary=summary,
                rows=_rows(rows, judged),
            )
        )  # fmt: skip
    return found


def _said(
    rule: Rule,
    judgement: Judgement,
    rows: Sequence[ReadingRow],
    say: words.Sentence,
    plan: VitalPlan,
    *,
    key: str | None = None,
    priority: Priority = Priority.MEDIUM,
) -> Judged:
    found = _rows(rows, judgement)
    return Judged(
        key=key or rule.value,
        condition=rule.value,
        priority=priority,
        judgement=judgement,
        summary=say(judgement.figures, plan) + words.of_clock(found) if found else "",
        rows=found,
    )


def _rows(rows: Sequence[ReadingRow], judgement: Judgement) -> tuple[ReadingRow, ...]:
    return tuple(rows[index] for index in judgement.evidence)


def _today(now: datetime, zone: tzinfo) -> int:
    return now.astimezone(zone).date().toordinal()


def _day(text: str | None) -> int | None:
    return None if text is None else date.fromisoformat(text).toordinal()
