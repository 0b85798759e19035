"""What each rule says of one resident's rows: which is on, how urgent, in which words, on which readings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.findings import Standing
from device_drivers.nomenclature import Kind
from gateway.desk.events import Priority
from gateway.store.readings import ReadingRow
from gateway.vitals.plan import VitalPlan
from gateway.vitals.rules import FAR, KEYS, KINDS, TWICE, Judged, judge
from tests.gateway.vitals.test_usable import ROW

ZONE = ZoneInfo("Europe/Helsinki")
NOW = datetime(2026, 3, 31, 20, 0, tzinfo=UTC)
EVERYTHING = VitalPlan(
    pressure_low=True, weight_gain=True, pressure_per_day=2, weight_per_day=1, saturation_per_day=1,
    measure_from="2026-03-01",
)  # fmt: skip


def pressures(days: int, pulse: float, *, recent: float, flags: tuple[str, ...] = ()) -> list[ReadingRow]:
    """Twice a day until now; the pulse of the last three days is the recent one."""
    rows = []
    for number in range(2 * days):
        at = NOW - timedelta(hours=12 * (2 * days - number - 1))
        values = {"systolic": 120.0, "diastolic": 70.0, "pulse-rate": recent if number >= 2 * days - 6 else pulse}
        rows.append(
            replace(ROW, seq=number + 1, id=f"r-{number}", values=values, flags=flags, effective_at=at, received_at=at)
        )
    return rows


def by_key(judged: list[Judged]) -> dict[str, Judged]:
    return {one.key: one for one in judged}


def test_the_rules_that_are_on_by_default_and_all_of_them() -> None:
    on = by_key(judge({}, VitalPlan(), NOW, ZONE))
    assert set(on) == {
        "implausible-blood-pressure",
        "implausible-oxygen-saturation",
        "pressure-week",
        "pulse-drift",
        "saturation-low/far",
        "saturation-low/once",
        "saturation-low/twice",
    }
    every = by_key(judge({}, EVERYTHING, NOW, ZONE))
    assert set(every) - {f"missing-{kind}" for kind in KINDS} == {key for keys in KEYS.values() for key in keys}
    assert judge({}, VitalPlan(crisis=False, pressure_week=False, pulse_drift=False, saturation=False), NOW, ZONE) == []


def test_nothing_measured_says_nothing_but_that_it_is_missing() -> None:
    standings = {key: one.judgement.standing for key, one in by_key(judge({}, EVERYTHING, NOW, ZONE)).items()}
    missing = {f"missing-{kind}": Standing.BEYOND for kind in KINDS}
    assert standings == dict.fromkeys(standings, Standing.UNKNOWN) | missing


def test_only_what_is_twice_low_or_once_far_below_is_urgent_and_what_is_missing_is_low() -> None:
    found = {key: one.priority for key, one in by_key(judge({}, EVERYTHING, NOW, ZONE)).items()}
    assert {key for key, priority in found.items() if priority is Priority.HIGH} == {FAR, TWICE}
    assert {key for key, priority in found.items() if priority is Priority.LOW} == {f"missing-{kind}" for kind in KINDS}


def test_the_pulse_of_an_irregular_one_is_never_compared() -> None:
    plan = VitalPlan(irregular_pulse_usual=True)
    regular = {Kind.BLOOD_PRESSURE: pressures(30, 70.0, recent=90.0)}
    assert by_key(judge(regular, plan, NOW, ZONE))["pulse-drift"].judgement.standing is Standing.BEYOND
    irregular = {Kind.BLOOD_PRESSURE: pressures(30, 70.0, recent=90.0, flags=("irregular-pulse",))}
    found = by_key(judge(irregular, plan, NOW, ZONE))
    assert found["pulse-drift"].judgement.standing is Standing.UNKNOWN
    assert found["pressure-week"].judgement.standing is Standing.WITHIN


def test_the_rows_are_those_that_were_counted() -> None:
    rows = pressures(30, 70.0, recent=90.0)
    found = by_key(judge({Kind.BLOOD_PRESSURE: rows}, VitalPlan(), NOW, ZONE))
    assert [row.id for row in found["pressure-week"].rows] == [row.id for row in rows[-14:]]
    assert [row.id for row in found["pulse-drift"].rows] == [row.id for row in rows[-6:]]
