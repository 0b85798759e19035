"""From readings in the store to alerts over days: once when newly crossed, as planned, and nothing of what failed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import StoreError
from gateway.core.health import Colour
from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import AlertEvent, EventType, Priority, State
from gateway.vitals.watch import PART
from tests.gateway.vitals.ward import OXIMETER, Ward, at, virtual, ward
from tests.reliability.home import RESIDENT
from tests.virtual_time import run_virtual

BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")


async def days_of(it: Ward, systolic: float, diastolic: float = 80.0, *, days: int = 3, **how: Any) -> None:
    """Two readings each morning and evening."""
    for _ in range(days):
        for hour in (8, 20):
            await it.until(hour)
            for _ in range(2):
                await it.pressure(systolic, diastolic, **how)
                await asyncio.sleep(60)


async def weighed(it: Ward, *kilos: float) -> None:
    """One each morning."""
    for one in kilos:
        await it.until(7)
        await it.weight(one)


async def told(it: Ward, condition: str) -> list[AlertEvent]:
    """What was found of the newest alert."""
    alert = (await it.alerts_of(condition))[-1]
    history = await it.desk.store.history(alert.id)
    return [one for one in history if one.type in (EventType.RAISED, EventType.WITNESS)]


@pytest.mark.slow
@virtual
async def test_a_raised_week_is_told_with_the_twelfth_reading(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 7)) as it:
        await days_of(it, 142, 88, days=2)
        await it.until(8)
        for _ in range(3):
            await it.pressure(142, 88)
            await asyncio.sleep(60)
        assert await it.open_conditions() == []
        await it.pressure(142, 88)
        alert = await it.only("pressure-week")
        assert alert.priority is Priority.MEDIUM
        assert alert.summary == (
            "Blood pressure at home 142.0/88.0 mmHg on the mean of a week (limit 135/85; 12 readings on 3 days)"
        )
        assert len(await it.values_behind(alert)) == 12
        assert it.health.parts()[PART].reason == "Watching the measurements of 1 resident."


@pytest.mark.slow
@virtual
async def test_it_is_added_to_once_a_day_and_raised_again_only_when_newly_crossed(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 7)) as it:
        await days_of(it, 142, 88, days=3)
        alert = await it.only("pressure-week")
        await it.desk.acknowledge(alert.id, "nurse")
        await days_of(it, 142, 88, days=2)
        assert len(await told(it, "pressure-week")) == 3
        await it.desk.resolve(alert.id, "nurse", "real")
        await days_of(it, 142, 88, days=4)
        assert len(await it.alerts_of("pressure-week")) == 1  # it is as it was
        await days_of(it, 120, 70, days=7)
        await days_of(it, 150, 90, days=7)
        assert [one.state for one in await it.alerts_of("pressure-week")] == [State.RESOLVED, State.RAISED]


@pytest.mark.slow
@virtual
async def test_a_restart_raises_nothing_again(path: Path) -> None:
    clock = at(2026, 3, 2, 7)
    async with ward(path, clock) as it:
        await days_of(it, 142, 88, days=3)
    async with ward(path, clock, boot_id="boot-2") as it:
        assert len(await told(it, "pressure-week")) == 1
        await it.desk.resolve((await it.only("pressure-week")).id, "nurse", "real")
    async with ward(path, clock, boot_id="boot-3") as it:
        assert await it.open_conditions() == []


@virtual
async def test_what_was_committed_while_nobody_watched_is_judged_when_somebody_does(path: Path) -> None:
    clock = at(2026, 3, 2, 7)
    async with ward(path, clock) as it:
        pass
    async with ward(path, clock, boot_id="boot-2", watch=False) as it:
        await days_of(it, 142, 88, days=3, settle=False)
        async with it.watching():
            assert await it.open_conditions() == ["pressure-week"]


@pytest.mark.slow
@virtual
async def test_failed_and_doubtful_readings_raise_no_week(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 7)) as it:
        await days_of(it, 160, 95, days=2, flags=("body-movement",))
        await days_of(it, 160, 95, days=2, flags=("irregular-pulse",))
        await days_of(it, 160, 95, days=2, failed=True)
        assert await it.desk.store.find() == []
        await it.plan(irregular_pulse_usual=True, pressure_week_readings=8, pressure_week_days=2)
        await asyncio.sleep(10)
        assert await it.open_conditions() == ["pressure-week"]


@virtual
async def test_a_limit_that_is_changed_is_heeded_at_once(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 7)) as it:
        await days_of(it, 134, 80)
        assert await it.open_conditions() == []
        await it.plan(pressure_week_systolic=130)
        await asyncio.sleep(10)
        assert await it.open_conditions() == ["pressure-week"]


@pytest.mark.slow
@virtual
async def test_water_is_told_only_where_a_nurse_has_switched_it_on(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6)) as it:
        await weighed(it, 72.0, 72.3, 73.0, 74.4)
        assert await it.open_conditions() == []
        await it.plan(weight_gain=True)
        await asyncio.sleep(10)
        alert = await it.only("weight-gain")
        assert alert.summary == "Weight up by 2.4 kg in 3 days, to 74.4 kg (limit 2 kg in 3 days)"
        assert [one["weight"] for one in await it.values_behind(alert)] == [72.0, 74.4]


@pytest.mark.slow
@virtual
async def test_another_person_on_the_scale_is_no_water(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6)) as it:
        await it.plan(weight_gain=True)
        await weighed(it, 102.0, 102.0, 102.0, 72.0, 102.0, 102.0)
        assert await it.desk.store.find() == []


@virtual
async def test_a_rule_that_was_switched_off_begins_anew(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6)) as it:
        await it.plan(weight_gain=True)
        await weighed(it, 72.0, 74.4)
        await it.desk.resolve((await it.only("weight-gain")).id, "nurse", "real")
        await it.plan(weight_gain=False)
        await asyncio.sleep(10)
        await it.plan(weight_gain=True)
        await asyncio.sleep(10)
        first, _again = await it.alerts_of("weight-gain")
        assert first.summary == "Weight up by 2.4 kg in a day, to 74.4 kg (limit 2 kg in 3 days)"


@virtual
async def test_saturation_far_below_and_then_twice_below_becomes_urgent(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        await it.saturation(91)
        assert await it.open_conditions() == []
        await asyncio.sleep(3600)
        await it.saturation(95)
        await asyncio.sleep(3600)
        await it.saturation(88)
        alert = await it.only("saturation-low")
        assert (alert.priority, alert.summary) == (
            Priority.MEDIUM, "Oxygen saturation 88 %, far below the own limit of 92 %: have it measured again",
        )  # fmt: skip
        await asyncio.sleep(600)
        await it.saturation(90)
        alert = await it.only("saturation-low")
        assert (alert.priority, alert.summary) == (
            Priority.HIGH, "Oxygen saturation 90 %, below the own limit of 92 % twice in a row",
        )  # fmt: skip


@virtual
async def test_a_low_saturation_days_after_an_acknowledged_one_calls_again(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        for _ in range(2):
            await it.saturation(90)
            await asyncio.sleep(300)
        await it.desk.acknowledge((await it.only("saturation-low")).id, "nurse")
        for _ in range(2):
            await it.saturation(96)
            await asyncio.sleep(300)
        await asyncio.sleep(86_400)
        for _ in range(2):
            await it.saturation(90)
            await asyncio.sleep(300)
        states = [one.state for one in await it.alerts_of("saturation-low")]
        assert states == [State.ACKNOWLEDGED, State.RAISED]


@virtual
async def test_a_saturation_that_stays_low_is_no_new_alert_each_day(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        for day in range(4):
            for _ in range(2):
                await it.saturation(90)
                await asyncio.sleep(300)
            if day == 0:
                await it.desk.acknowledge((await it.only("saturation-low")).id, "nurse")
            await it.until(12)
        assert len(await told(it, "saturation-low")) == 4
        assert len(await it.alerts_of("saturation-low")) == 1


@virtual
async def test_the_own_limit_of_a_resident_with_copd(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        await it.plan(saturation_limit=88)
        for percent in (90, 89, 88):
            await it.saturation(percent)
            await asyncio.sleep(300)
        assert await it.open_conditions() == []
        await it.saturation(87)
        await asyncio.sleep(300)
        await it.saturation(87, flags=("poor-signal",))
        assert await it.open_conditions() == []
        await asyncio.sleep(300)
        await it.saturation(87)
        assert await it.open_conditions() == ["saturation-low"]


@virtual
async def test_low_pressures_are_told_where_it_is_switched_on(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        for _ in range(2):
            await it.pressure(85, 50)
            await asyncio.sleep(60)
        assert await it.open_conditions() == []
        await it.plan(pressure_low=True)
        await asyncio.sleep(10)
        assert (await it.only("pressure-low")).summary == (
            "Blood pressure low: systolic 85 mmHg, below 90 twice in a row"
        )


@virtual
async def test_a_pulse_that_has_drifted(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6), watch=False) as it:
        for day in range(20, 0, -1):
            pulse = 84 if day <= 3 else 70
            await it.pressure(120, 70, pulse, ago=timedelta(days=day), settle=False)
            await it.pressure(120, 70, pulse + 1, ago=timedelta(days=day, hours=-12), settle=False)
        async with it.watching():
            await it.pressure(120, 70, 84)
            assert (await it.only("pulse-drift")).summary == "Pulse at rest 84 /min over three days, usually 71"


@pytest.mark.slow
@virtual
async def test_what_the_plan_asks_for_and_was_not_measured_is_told_once_and_by_low_priority(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6)) as it:
        await it.plan(pressure_per_day=2, measure_from="2026-03-03", measure_until="2026-03-09")
        await days_of(it, 120, 70, days=2)  # 2 and 3 March
        await it.until(12)
        await it.pressure(120, 70)
        await it.until(13)
        await it.pressure(120, 70, failed=True)
        await it.until(7)
        assert await it.open_conditions() == []
        await it.until(7)
        alert = await it.only("missing-blood-pressure")
        assert alert.priority is Priority.LOW
        assert alert.summary == (
            "Blood pressure was to be measured twice a day: 1 of 4 in the last 2 days; "
            "1 measurement gave nothing that can be used"
        )
        await it.desk.resolve(alert.id, "nurse", "information")
        await asyncio.sleep(10 * 86_400)
        assert len(await it.alerts_of("missing-blood-pressure")) == 1


@pytest.mark.slow
@virtual
async def test_a_plan_that_is_over_leaves_nothing_to_the_next(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6)) as it:
        for first, last in (("2026-03-02", "2026-03-03"), ("2026-03-09", "2026-03-10")):
            await it.plan(weight_per_day=1, measure_from=first, measure_until=last)
            await asyncio.sleep(3 * 86_400)
            alert = (await it.alerts_of("missing-weight"))[-1]
            assert alert.state is State.RAISED
            await it.desk.resolve(alert.id, "nurse", "real")
            await asyncio.sleep(4 * 86_400)
        assert len(await it.alerts_of("missing-weight")) == 2


@virtual
async def test_what_a_gateway_could_not_hear_is_not_missing_before_devices_had_time(path: Path) -> None:
    clock = at(2026, 3, 2, 6)
    async with ward(path, clock) as it:
        await it.plan(pressure_per_day=2, measure_from="2026-03-02")
    await asyncio.sleep(4 * 86_400)
    async with ward(path, clock, boot_id="boot-2") as it:
        await asyncio.sleep(5 * 3600)
        assert await it.open_conditions() == []
        await asyncio.sleep(2 * 3600)
        assert await it.open_conditions() == ["missing-blood-pressure"]


@virtual
async def test_a_reading_that_was_anothers_makes_the_new_owners_rules_look(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        await it.registry.add_resident("Bertta", actor="test", resident_id=BERTTA.id)
        await it.saturation(80)
        (row,) = await it.readings.after()
        await it.decisions.reassign(row.id, BERTTA, actor="nurse")
        await asyncio.sleep(5)
        assert len(await it.alerts_of("saturation-low", BERTTA)) == 1
        assert [one.data["summary"] for one in await told(it, "saturation-low")][1:] == [
            "A reading behind this is not this resident's"
        ]


@virtual
async def test_what_was_anothers_does_not_keep_the_residents_own_quiet(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        await it.registry.add_resident("Bertta", actor="test", resident_id=BERTTA.id)
        await it.saturation(80)
        (row,) = await it.readings.after()
        await it.decisions.reassign(row.id, BERTTA, actor="nurse")
        await asyncio.sleep(5)
        await it.desk.resolve((await it.only("saturation-low")).id, "nurse", "false")
        await it.saturation(81)
        assert [one.state for one in await it.alerts_of("saturation-low")] == [State.RESOLVED, State.RAISED]


@virtual
async def test_what_waited_for_its_owner_is_judged_when_it_has_one(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        await it.registry.unassign(OXIMETER.address, actor="test")
        await it.saturation(80)
        assert await it.desk.store.find() == []
        await it.registry.assign(OXIMETER.address, RESIDENT, actor="test", since=it.clock.wall() - timedelta(hours=1))
        await it.ingest.take_up(OXIMETER.address)
        await asyncio.sleep(5)
        assert await it.open_conditions() == ["saturation-low"]


@virtual
async def test_nobody_who_has_moved_out_and_no_stream_is_judged(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        await it.database.write(
            lambda c: c.execute("UPDATE residents SET moved_out_at = 'now' WHERE id = ?", (RESIDENT.id,)).get
        )
        await it.saturation(80)
        assert await it.desk.store.find() == []


def test_a_store_that_is_away_is_said_and_nothing_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with ward(tmp_path, at(2026, 3, 2, 12)) as it:
            report = it.desk.report
            broken = True

            async def away(*args: Any) -> Any:
                if broken:
                    raise StoreError("the disk is away")
                return await report(*args)

            monkeypatch.setattr(it.desk, "report", away)
            await it.pressure(190, 120)
            assert it.health.parts()[PART].colour is Colour.RED
            broken = False
            await asyncio.sleep(5)
            assert it.health.parts()[PART].colour is Colour.GREEN
            assert await it.open_conditions() == ["pressure-crisis"]

    run_virtual(main)
