"""The sentences of the rules for a nurse, and the readings that go with an alert."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from device_drivers.nomenclature import Kind
from gateway.desk.events import Evidence
from gateway.store.readings import ReadingRow
from gateway.vitals.plan import VitalPlan
from gateway.vitals.usable import is_ahead, measured_at

EVIDENCE: Final = "readings"
Sentence = Callable[[Mapping[str, float], VitalPlan], str]
_KINDS: Final[Mapping[Kind, str]] = {
    Kind.BLOOD_PRESSURE: "Blood pressure",
    Kind.WEIGHT: "Weight",
    Kind.OXYGEN_SATURATION: "Oxygen saturation",
}


def week(figures: Mapping[str, float], plan: VitalPlan) -> str:
    limits = f"{plan.pressure_week_systolic:g}/{plan.pressure_week_diastolic:g}"
    return (
        f"Blood pressure at home {figures['systolic']:.1f}/{figures['diastolic']:.1f} mmHg on the mean of a week "
        f"(limit {limits}; {figures['readings']:.0f} readings on {figures['days']:.0f} days)"
    )


def low(figures: Mapping[str, float], plan: VitalPlan) -> str:
    limit = f"{plan.pressure_low_systolic:g}"
    return f"Blood pressure low: systolic {figures['systolic']:g} mmHg, below {limit} twice in a row"


def gain(figures: Mapping[str, float], plan: VitalPlan) -> str:
    days = int(figures["days"])
    return (
        f"Weight up by {figures['gain']:.1f} kg in {_days(days, one='a day')}, to {figures['weight']:.1f} kg (limit "
        f"{plan.weight_gain_kg:g} kg in {_days(plan.weight_gain_days, one='a day')})"
    )


def saturation_once(figures: Mapping[str, float], plan: VitalPlan) -> str:
    return (
        f"Oxygen saturation {figures['spo2']:g} %, far below the own limit of {plan.saturation_limit:g} %: have it "
        "measured again"
    )


def saturation_twice(figures: Mapping[str, float], plan: VitalPlan) -> str:
    return f"Oxygen saturation {figures['spo2']:g} %, below the own limit of {plan.saturation_limit:g} % twice in a row"


def drift(figures: Mapping[str, float], _plan: VitalPlan) -> str:
    return f"Pulse at rest {figures['pulse']:.0f} /min over three days, usually {figures['usual']:.0f}"


def missing(kind: Kind, per_day: int, figures: Mapping[str, float], plan: VitalPlan) -> str:
    often = "once" if per_day == 1 else "twice" if per_day == 2 else f"{per_day} times"
    said = (
        f"{_KINDS[kind]} was to be measured {often} a day: {figures['measured']:.0f} of {figures['planned']:.0f} in "
        f"the last {_days(plan.missing_days)}"
    )
    unusable = int(figures["unusable"])
    if unusable:
        said += f"; {unusable} measurement{'' if unusable == 1 else 's'} gave nothing that can be used"
    return said


def of_clock(rows: Sequence[ReadingRow]) -> str:
    """What is to be added where the time of one of the readings is not what its device says."""
    if any(is_ahead(row) for row in rows):
        return "; the device's clock is ahead"
    return "; when it was measured is not known" if any(measured_at(row) is None for row in rows) else ""


def _days(number: int, one: str = "day") -> str:
    return one if number == 1 else f"{number} days"


def readings_of(rows: Sequence[ReadingRow]) -> tuple[Evidence, ...]:
    """The readings behind an alert, by the order of commits."""
    content = {"readings": [_reading(row) for row in sorted(rows, key=lambda row: row.seq)]}
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return (Evidence(name=EVIDENCE, media_type="application/json", content=text),)


def ids_of(evidence: Sequence[Evidence]) -> list[str]:
    """Which readings an alert names, in the order in which they came to it."""
    return [one["id"] for kept in evidence if kept.name.startswith(EVIDENCE) for one in _content(kept)]


def _content(kept: Evidence) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kept.content)["readings"]
    return found


def _reading(row: ReadingRow) -> dict[str, Any]:
    at = measured_at(row)
    return {
        "seq": row.seq,
        "id": row.id,
        "kind": row.kind,
        "at": None if at is None else at.isoformat(),
        "values": dict(row.values),
        "flags": [*row.flags, *row.doubtful],
    }
