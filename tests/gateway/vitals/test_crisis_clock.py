"""Fifteen minutes are fifteen minutes, whatever the wall clock is set to."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.vitals.crisis import REPEAT_S
from tests.gateway.vitals.ward import at, virtual, ward
from tests.virtual_time import run_virtual


@pytest.mark.parametrize("step", [timedelta(minutes=20), timedelta(minutes=-3), timedelta(days=-700)], ids=str)
def test_a_step_while_a_request_is_open_neither_calls_early_nor_late(tmp_path: Path, step: timedelta) -> None:
    async def main() -> None:
        clock = at(2026, 3, 2, 8)
        async with ward(tmp_path, clock) as it:
            await it.plan(crisis_ask="home-carer")
            began = clock.monotonic()
            await it.pressure(185, 110)
            await asyncio.sleep(30)
            clock.step(step)
            await asyncio.sleep(began + REPEAT_S - 5.0 - clock.monotonic())
            assert await it.open_conditions() == ["pressure-repeat"]
            await asyncio.sleep(20)
            assert await it.open_conditions() == ["pressure-crisis"]

    run_virtual(main)


@virtual
async def test_a_request_of_before_a_restart_goes_by_the_wall_clock(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        await it.plan(crisis_ask="home-carer")
        await it.pressure(185, 110)
    await asyncio.sleep(600)
    async with ward(path, clock, boot_id="boot-2") as it:
        await asyncio.sleep(240)
        assert await it.open_conditions() == ["pressure-repeat"]
        await asyncio.sleep(60)
        assert await it.open_conditions() == ["pressure-crisis"]
