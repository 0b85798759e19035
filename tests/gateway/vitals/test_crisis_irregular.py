"""A very high pressure that the cuff flags for an irregular pulse: measured again, not passed over."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.desk.events import Priority, Verdict
from tests.gateway.vitals.ward import HOME, at, virtual, ward

FLAGGED = ("irregular-pulse",)


@virtual
async def test_it_is_to_be_repeated_and_a_repeat_without_the_flag_closes_it(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(220, 110, flags=FLAGGED)
        request = await it.only("pressure-repeat")
        assert request.summary == (
            "Blood pressure 220/110 mmHg (irregular pulse) at 08:00: home-carer is asked to have it repeated by 08:15"
        )
        await asyncio.sleep(300)
        await it.pressure(140, 80)
        assert (await it.only("pressure-repeat")).verdict is Verdict.NOT_CONFIRMED
        await asyncio.sleep(900)
        assert await it.open_conditions() == []


@virtual
async def test_flagged_again_it_is_no_repeat_and_the_nurses_are_called(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(220, 110, flags=FLAGGED)
        for systolic in (215, 150):
            await asyncio.sleep(120)
            await it.pressure(systolic, 90, flags=FLAGGED)
        assert await it.open_conditions() == ["pressure-repeat"]
        await asyncio.sleep(700)
        page = await it.only("pressure-crisis")
        assert page.priority is Priority.HIGH
        assert page.summary.endswith("within 15 minutes; 2 measurements since gave nothing that can be used")


@virtual
async def test_where_nobody_is_named_the_nurses_have_it_repeated(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.pressure(185, 100, flags=FLAGGED)
        assert (await it.only("pressure-crisis")).summary.endswith("have it repeated (nobody else is asked)")


@virtual
async def test_where_it_is_usual_it_counts_as_any_other(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.plan(crisis_ask="home-carer", irregular_pulse_usual=True)
        await it.pressure(220, 130, flags=FLAGGED)
        await asyncio.sleep(120)
        await it.pressure(218, 130, flags=FLAGGED)
        assert (await it.only("pressure-crisis")).summary.count("as high again") == 1


@virtual
async def test_with_the_flag_for_movement_too_it_is_nothing(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.pressure(220, 130, flags=(*FLAGGED, "body-movement"))
        assert await it.desk.open_alerts() == []
        assert await it.alerts_of("pressure-crisis", HOME) == []
