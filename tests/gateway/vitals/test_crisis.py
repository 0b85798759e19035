"""One very high pressure: who is asked, what a repeat changes, and that nothing is swallowed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import AlertKind, Priority, State, Verdict
from tests.gateway.vitals.ward import CUFF, HOME, at, virtual, ward
from tests.reliability.home import RESIDENT

MORNING = at(2026, 3, 2, 8)
NIGHT = at(2026, 3, 2, 3)
BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")


@virtual
async def test_a_named_person_is_asked_and_a_repeat_below_closes_it_with_both_readings(path: Path) -> None:
    async with ward(path, MORNING) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        request = await it.only("pressure-repeat")
        assert (request.addressee, request.priority, request.kind) == (
            "home-carer", Priority.HIGH, AlertKind.VITAL_SIGN,
        )  # fmt: skip
        assert (
            request.summary == "Blood pressure 185/110 mmHg at 08:00: home-carer is asked to have it repeated by 08:15"
        )
        await asyncio.sleep(300)
        await it.pressure(165, 95)
        closed = await it.only("pressure-repeat")
        assert (closed.state, closed.verdict, closed.resolved_by) == (State.RESOLVED, Verdict.NOT_CONFIRMED, "gateway")
        assert closed.note == "Blood pressure 185/110 mmHg at 08:00, not confirmed: 165/95 mmHg at 08:05"
        assert [one["systolic"] for one in await it.values_behind(closed)] == [185, 165]
        await asyncio.sleep(3600)
        assert await it.alerts_of("pressure-crisis") == []


@virtual
async def test_a_repeat_as_high_calls_the_nurses_at_once(path: Path) -> None:
    async with ward(path, MORNING) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        await asyncio.sleep(120)
        await it.pressure(150, 120)
        page = await it.only("pressure-crisis")
        assert (page.addressee, page.priority, page.state) == (None, Priority.HIGH, State.RAISED)
        assert page.summary == "Blood pressure 185/110 mmHg at 08:00 and as high again: 150/120 mmHg at 08:02"
        assert [one["systolic"] for one in await it.values_behind(page)] == [185, 150]
        assert (await it.only("pressure-repeat")).verdict is Verdict.INFORMATION


@virtual
async def test_without_a_repeat_the_nurses_are_called_after_fifteen_minutes_also_when_the_request_was_acknowledged(
    path: Path,
) -> None:
    async with ward(path, NIGHT) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        await it.desk.acknowledge((await it.only("pressure-repeat")).id, "carer")
        await asyncio.sleep(880)
        assert await it.alerts_of("pressure-crisis") == []
        await asyncio.sleep(20)
        page = await it.only("pressure-crisis")
        assert page.summary == "Blood pressure 185/110 mmHg at 03:00, not repeated within 15 minutes"
        assert (await it.only("pressure-repeat")).state is State.RESOLVED


@virtual
async def test_failed_and_doubtful_repeats_are_none_and_are_told(path: Path) -> None:
    async with ward(path, MORNING) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        await asyncio.sleep(60)
        await it.pressure(120, 70, failed=True)
        await asyncio.sleep(60)
        await it.pressure(120, 70, flags=("cuff-loose",))
        assert (await it.only("pressure-repeat")).state is State.RAISED
        await asyncio.sleep(900)
        page = await it.only("pressure-crisis")
        assert page.summary.endswith("within 15 minutes; 2 measurements since gave nothing that can be used")


@virtual
async def test_failed_and_doubtful_readings_ask_nobody(path: Path) -> None:
    async with ward(path, MORNING) as it:
        await it.plan(crisis_ask="home-carer")
        for how in ({"failed": True}, {"flags": ("body-movement",)}):
            await asyncio.sleep(60)
            await it.pressure(220, 130, **how)
        await asyncio.sleep(60)
        await it.pressure(310, 130)  # nobody has that
        await it.pressure(150, 80, flags=("irregular-pulse",))
        assert await it.desk.open_alerts() == []


@virtual
async def test_below_the_limits_nobody_is_asked_and_they_are_the_residents(path: Path) -> None:
    async with ward(path, MORNING) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(179, 119)
        assert await it.open_conditions() == []
        await it.plan(crisis_systolic=170)
        await asyncio.sleep(60)
        await it.pressure(170, 80)
        assert await it.open_conditions() == ["pressure-repeat"]


@virtual
async def test_switched_off_it_asks_nobody(path: Path) -> None:
    async with ward(path, MORNING) as it:
        await it.plan(crisis=False)
        await it.pressure(220, 130)
        assert await it.open_conditions() == []


@virtual
async def test_where_nobody_is_named_the_nurses_are_called_at_once(path: Path) -> None:
    async with ward(path, NIGHT) as it:
        await it.pressure(180, 119)
        page = await it.only("pressure-crisis")
        assert page.summary == "Blood pressure 180/119 mmHg at 03:00: have it repeated (nobody else is asked)"
        await asyncio.sleep(60)
        await it.pressure(200, 120)
        assert (await it.only("pressure-crisis")).witnesses == 2


@virtual
async def test_a_restart_goes_on_where_it_was(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        await asyncio.sleep(300)
    async with ward(path, clock, boot_id="boot-2") as it:
        await asyncio.sleep(480)
        assert await it.alerts_of("pressure-crisis") == []
        await asyncio.sleep(120)
        assert (await it.only("pressure-crisis")).state is State.RAISED
    async with ward(path, clock, boot_id="boot-3") as it:
        await asyncio.sleep(60)
        assert len(await it.alerts_of("pressure-crisis")) == len(await it.alerts_of("pressure-repeat")) == 1


@virtual
async def test_a_gateway_that_was_off_meanwhile_calls_when_it_is_back_unless_it_was_repeated(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
    await asyncio.sleep(3000)
    async with ward(path, clock, boot_id="boot-2") as it:
        assert "not repeated within 15 minutes" in (await it.only("pressure-crisis")).summary


@virtual
async def test_a_repeat_that_was_stored_before_the_power_went_is_heeded_before_the_time_is_over(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
    async with ward(path, clock, boot_id="boot-2", watch=False) as it:
        await asyncio.sleep(120)
        await it.pressure(150, 90, settle=False)
        await asyncio.sleep(3000)
        async with it.watching():
            assert (await it.only("pressure-repeat")).verdict is Verdict.NOT_CONFIRMED
            assert await it.alerts_of("pressure-crisis") == []


@virtual
async def test_a_reading_committed_as_the_power_went_calls_the_nurses_when_it_is_back(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        await it.plan(crisis_ask="home-carer")
    async with ward(path, clock, boot_id="boot-2", watch=False) as it:
        await it.pressure(185, 110, settle=False)
        await asyncio.sleep(7200)
        async with it.watching():
            page = await it.only("pressure-crisis")
            assert "the gateway did not run since" in page.summary
            assert await it.alerts_of("pressure-repeat") == []


@virtual
async def test_what_is_in_the_store_before_it_is_watched_for_the_first_time_calls_nobody(path: Path) -> None:
    async with ward(path, MORNING, watch=False) as it:
        await it.pressure(220, 130, settle=False)
        async with it.watching():
            assert await it.open_conditions() == []


@virtual
async def test_a_reading_of_yesterday_is_information_with_its_time(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110, ago=timedelta(days=1))
        assert await it.open_conditions() == ["pressure-late"]
        late = await it.only("pressure-late")
        assert late.summary == "Blood pressure was 185/110 mmHg on 2026-03-01 at 08:00, known only now: repeat it"
        assert late.priority is Priority.MEDIUM
        await it.pressure(185, 110, ago=timedelta(minutes=61))
        await it.pressure(190, 110, ago=timedelta(minutes=59))
        assert await it.open_conditions() == ["pressure-late", "pressure-repeat"]


@virtual
async def test_a_reading_that_comes_with_its_repeat_asks_nobody(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110, ago=timedelta(minutes=3), settle=False)
        await it.pressure(150, 90, ago=timedelta(minutes=1))
        both = await it.only("pressure-repeat")
        assert (both.state, both.verdict, both.priority) == (State.RESOLVED, Verdict.NOT_CONFIRMED, Priority.LOW)
        assert len(await it.values_behind(both)) == 2
        await asyncio.sleep(7200)
        await it.pressure(186, 110, ago=timedelta(minutes=3), settle=False)
        await it.pressure(187, 110, ago=timedelta(minutes=1))
        assert await it.open_conditions() == ["pressure-crisis"]
        assert len(await it.alerts_of("pressure-repeat")) == 1


@virtual
async def test_the_same_record_once_more_is_no_repeat(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        await it.pressure(185, 110, ago=timedelta(seconds=5))  # the same stamp: one record
        assert await it.open_conditions() == ["pressure-repeat"]
        await asyncio.sleep(3600)
        await it.desk.resolve((await it.only("pressure-crisis")).id, "nurse", "real")
        await it.pressure(190, 110, stamped=False)
        await asyncio.sleep(60)
        await it.pressure(190, 110, stamped=False)  # of a device without a clock nobody can tell
        assert await it.open_conditions() == ["pressure-repeat"]
        await it.pressure(191, 110, stamped=False)
        assert await it.open_conditions() == ["pressure-crisis"]


@virtual
async def test_a_wall_clock_that_is_set_forward_or_back_loses_no_call(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        clock.step(timedelta(seconds=-30))
        await asyncio.sleep(905)
        assert await it.open_conditions() == ["pressure-crisis"]
    async with ward(path, clock, boot_id="boot-2") as it:
        await it.desk.resolve((await it.only("pressure-crisis")).id, "nurse", "real")
        await it.pressure(186, 110)
        assert await it.open_conditions() == ["pressure-repeat"]
    clock.step(timedelta(days=-700))  # a box without a battery wakes up in the past
    async with ward(path, clock, boot_id="boot-3") as it:
        assert await it.open_conditions() == ["pressure-crisis"]


@virtual
async def test_a_reading_of_somebody_else_is_taken_back_and_theirs_begins(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.registry.add_resident("Bertta", actor="test", resident_id=BERTTA.id)
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        (row,) = await it.readings.after()
        await it.decisions.reassign(row.id, BERTTA, actor="nurse")
        await asyncio.sleep(5)
        request = await it.only("pressure-repeat")
        assert (request.verdict, request.note) == (
            Verdict.NOT_CONFIRMED, "A reading behind this is not this resident's",
        )  # fmt: skip
        assert (await it.only("pressure-crisis", BERTTA)).state is State.RAISED  # she has nobody who is asked
        await asyncio.sleep(3600)
        assert await it.alerts_of("pressure-crisis") == []


@virtual
async def test_a_reading_given_to_its_owner_a_day_later_is_information(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.registry.add_resident("Bertta", actor="test", resident_id=BERTTA.id)
        await it.pressure(185, 110)
        await asyncio.sleep(86_400)
        page = await it.only("pressure-crisis")
        (row,) = await it.readings.after()
        await it.decisions.reassign(row.id, BERTTA, actor="nurse")
        await asyncio.sleep(5)
        assert (await it.only("pressure-late", BERTTA)).priority is Priority.MEDIUM
        told = (await it.desk.store.history(page.id))[-1]
        assert told.data["summary"] == "A reading behind this is not this resident's"


@virtual
async def test_of_a_cuff_that_several_share_and_nobody_knows_whose_the_nurses_are_called(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.registry.add_resident("Bertta", actor="test", resident_id=BERTTA.id)
        await it.registry.assign(CUFF.address, RESIDENT, actor="test", shared=True)
        await it.registry.assign(CUFF.address, BERTTA, actor="test", shared=True)
        await it.pressure(185, 110)
        page = await it.only("pressure-crisis", HOME)
        assert "say whose the reading is" in page.summary
        await asyncio.sleep(60)
        await it.pressure(150, 90)
        assert await it.open_conditions() == ["pressure-crisis"]


@virtual
async def test_another_users_place_on_the_cuff_is_a_strangers(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.registry.unassign(CUFF.address, actor="test")
        await it.registry.assign(CUFF.address, RESIDENT, actor="test", user_slot=1)
        await it.pressure(220, 130, user_slot=2)
        await asyncio.sleep(60)
        assert await it.desk.store.find() == []
        await it.pressure(220, 130, user_slot=1)
        assert await it.open_conditions() == ["pressure-crisis"]


@virtual
async def test_while_the_nurses_are_being_called_nobody_else_is_asked(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        await asyncio.sleep(1000)
        await it.pressure(195, 110)
        assert await it.open_conditions() == ["pressure-crisis"]
        page = await it.only("pressure-crisis")
        assert page.witnesses == 2
        await it.desk.acknowledge(page.id, "nurse")
        await asyncio.sleep(900)
        await it.pressure(196, 110)  # long after somebody came: it begins anew
        assert await it.open_conditions() == ["pressure-crisis", "pressure-repeat"]


@virtual
async def test_what_was_answered_is_not_told_again_after_a_restart(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        await it.pressure(185, 110)
        await it.desk.resolve((await it.only("pressure-crisis")).id, "nurse", "real")
    async with ward(path, clock, boot_id="boot-2") as it:
        await asyncio.sleep(60)
        assert await it.open_conditions() == []


@virtual
async def test_by_a_clock_that_may_be_wrong_nothing_is_called_past(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        clock.is_synchronised = False
        await it.pressure(185, 110, ago=timedelta(days=700))
        assert await it.open_conditions() == ["pressure-crisis"]


@virtual
async def test_of_yesterday_a_repeat_of_yesterday_closes_it_and_one_of_today_does_not(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110, ago=timedelta(days=1, minutes=10), settle=False)
        await it.pressure(150, 90, ago=timedelta(days=1))
        assert await it.open_conditions() == []
        assert (await it.only("pressure-repeat")).verdict is Verdict.NOT_CONFIRMED
        await it.pressure(186, 110, ago=timedelta(hours=20), settle=False)
        await it.pressure(150, 90)
        assert await it.open_conditions() == ["pressure-late"]


@virtual
async def test_a_reading_from_before_is_no_repeat(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
        await it.pressure(140, 80, ago=timedelta(minutes=30))
        assert await it.open_conditions() == ["pressure-repeat"]
        await it.pressure(187, 110, ago=timedelta(minutes=20))  # the two are two in a row
        assert await it.open_conditions() == ["pressure-crisis", "pressure-repeat"]
        await asyncio.sleep(900)
        assert await it.open_conditions() == ["pressure-crisis"]
