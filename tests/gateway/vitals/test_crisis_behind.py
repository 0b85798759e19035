"""Very high pressures that seem old when they come: confirmed ones call, and a clock that is behind hides nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import Priority
from tests.gateway.vitals.ward import CUFF, HOME, at, virtual, ward
from tests.reliability.home import RESIDENT

BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")
BEHIND = timedelta(hours=1, seconds=30)


@pytest.mark.parametrize("behind", [BEHIND, timedelta(hours=12), timedelta(days=3)], ids=str)
@pytest.mark.parametrize("hour", [10, 23])
def test_the_second_as_high_from_a_cuff_whose_clock_is_behind_calls(
    tmp_path: Path, behind: timedelta, hour: int
) -> None:
    @virtual
    async def story(path: Path) -> None:
        async with ward(path, at(2026, 3, 2, hour)) as it:
            await it.plan(crisis_ask="home-carer")
            await it.pressure(225, 130, ago=behind)
            assert await it.open_conditions() == ["pressure-late"]
            await asyncio.sleep(900)
            await it.pressure(222, 128, ago=behind)
            page = await it.only("pressure-crisis")
            assert page.priority is Priority.HIGH
            assert f"by the device's clock, received at {hour}:00 and as high again: 222/128" in page.summary
            assert [one["systolic"] for one in await it.values_behind(page)] == [225, 222]

    story(tmp_path)


@virtual
async def test_a_cuff_that_was_always_behind_is_of_now(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(130, 75, ago=BEHIND)
        await asyncio.sleep(86_400)
        await it.pressure(225, 130, ago=BEHIND)
        assert await it.open_conditions() == ["pressure-repeat"]
        assert (await it.only("pressure-repeat")).summary == (
            "Blood pressure 225/130 mmHg at 06:59 by the device's clock, received at 08:00: home-carer is asked to "
            "have it repeated by 08:15"
        )
        await asyncio.sleep(300)
        await it.pressure(150, 90, ago=BEHIND)
        assert await it.open_conditions() == []


@virtual
async def test_a_cuff_that_is_out_of_reach_now_and_then_is_not_behind(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        for minutes, systolic in ((70, 130), (95, 131), (200, 225)):
            await it.pressure(systolic, 80, ago=timedelta(minutes=minutes))
            await asyncio.sleep(86_400)
        assert await it.open_conditions() == ["pressure-late"]


@virtual
async def test_two_as_high_within_the_hour_call_when_they_become_known_hours_later(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(225, 130, ago=timedelta(hours=5, minutes=10), settle=False)
        await it.pressure(221, 130, ago=timedelta(hours=5))
        page = await it.only("pressure-crisis")
        assert page.summary == (
            "Blood pressure 225/130 mmHg on 2026-03-01 at 21:50 by the device's clock, received at 03:00 and as high "
            "again: 221/130 mmHg on 2026-03-01 at 22:00 by the device's clock, received at 03:00"
        )
        assert page.witnesses == 1


@virtual
async def test_two_as_high_of_before_half_a_day_are_information(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        await it.pressure(225, 130, ago=timedelta(hours=13, minutes=10), settle=False)
        await it.pressure(221, 130, ago=timedelta(hours=13))
        assert await it.open_conditions() == ["pressure-late"]


@virtual
async def test_what_was_below_again_within_that_hour_calls_nobody_by_night(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        for minutes, systolic in ((320, 225), (310, 221), (300, 150)):
            await it.pressure(systolic, 90, ago=timedelta(minutes=minutes), settle=False)
        await asyncio.sleep(5)
        assert await it.alerts_of("pressure-crisis") == []
        assert await it.open_conditions() == ["pressure-late"]


@virtual
async def test_a_late_one_of_a_cuff_that_several_share_is_told_about_the_home(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.registry.add_resident("Bertta", actor="test", resident_id=BERTTA.id)
        await it.registry.assign(CUFF.address, RESIDENT, actor="test", shared=True)
        await it.registry.assign(CUFF.address, BERTTA, actor="test", shared=True)
        await asyncio.sleep(2 * 3600)
        await it.pressure(225, 130, ago=BEHIND)
        assert (await it.only("pressure-late", HOME)).priority is Priority.MEDIUM
        assert await it.alerts_of("pressure-crisis", HOME) == []
