"""What nobody alive shows, again and again: a person is told to look, and no number is trusted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.desk.events import AlertKind, Priority
from tests.gateway.vitals.ward import Ward, at, virtual, ward
from tests.virtual_time import run_virtual

SPO2 = "implausible-oxygen-saturation"
PRESSURE = "implausible-blood-pressure"


async def shown(it: Ward, *percents: float, **how: Any) -> None:
    for one in percents:
        await it.saturation(one, **how)
        await asyncio.sleep(120)


@virtual
async def test_saturations_that_cannot_be_call_by_night_when_they_come_twice(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        await shown(it, 47)
        assert await it.open_conditions() == []
        await shown(it, 46)
        alert = await it.only(SPO2)
        assert (alert.priority, alert.kind) == (Priority.HIGH, AlertKind.VITAL_SIGN)
        assert alert.summary == (
            "Twice in a row the oximeter shows what cannot be (46 %): no number to trust, see to the resident and "
            "measure again"
        )
        assert [one["spo2"] for one in await it.values_behind(alert)] == [47, 46]
        await shown(it, 45, 44)
        assert await it.open_conditions() == [SPO2]


@pytest.mark.parametrize("percents", [(34, 20), (20, 0)], ids=str)
def test_zero_is_no_exception(tmp_path: Path, percents: tuple[float, ...]) -> None:
    async def main() -> None:
        async with ward(tmp_path, at(2026, 3, 2, 3)) as it:
            await shown(it, *percents)
            assert await it.open_conditions() == [SPO2]

    run_virtual(main)


@virtual
async def test_a_sound_one_between_or_a_flag_makes_it_none(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        await shown(it, 47, 96, 47)
        await shown(it, 47, 47, flags=("no-finger",))
        assert await it.open_conditions() == []
        await shown(it, 47)
        await it.desk.resolve((await it.only(SPO2)).id, "nurse", "information")
        await shown(it, 96, 96)
        await shown(it, 47, 47)  # over meanwhile: told anew
        assert len(await it.alerts_of(SPO2)) == 2


@virtual
async def test_more_than_all_waits_for_the_day_until_it_is_alarming(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 12)) as it:
        await shown(it, 105, 105)
        assert (await it.only(SPO2)).priority is Priority.MEDIUM
        await shown(it, 47, 47)
        assert (await it.alerts_of(SPO2))[-1].priority is Priority.HIGH


@virtual
async def test_pressures_that_cannot_be_call(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        await it.pressure(302, 160)
        await asyncio.sleep(120)
        await it.pressure(305, 160)
        alert = await it.only(PRESSURE)
        assert alert.priority is Priority.HIGH
        assert alert.summary == (
            "Twice in a row the cuff shows what cannot be (305/160 mmHg): no number to trust, see to the resident and "
            "measure again"
        )
        assert await it.open_conditions() == [PRESSURE]


@virtual
async def test_a_very_high_pressure_with_a_pulse_that_cannot_be_is_not_silent(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        for pulse in (255.0, 10.0):
            await it.pressure(225, 130, pulse)
            await asyncio.sleep(120)
        assert "(225/130 mmHg, pulse 10 /min)" in (await it.only(PRESSURE)).summary
        for pulse in (255.0, 10.0):
            await it.pressure(125, 80, pulse)  # nothing is wrong but the pulse
            await asyncio.sleep(120)
        assert len(await it.alerts_of(PRESSURE)) == 1


@virtual
async def test_where_a_rule_is_off_this_is_too(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it:
        await it.plan(saturation=False, crisis=False)
        await shown(it, 47, 47)
        for _ in range(2):
            await it.pressure(302, 160)
            await asyncio.sleep(120)
        assert await it.desk.open_alerts() == []
