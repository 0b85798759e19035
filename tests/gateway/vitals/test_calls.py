"""Who is called when: the store, the rules, the desk and its notifier together, by night and by day."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path

import pytest

from gateway.desk.hours import Hours
from gateway.desk.notifier import Notifier
from tests.gateway.desk.notifying import Recorder
from tests.gateway.vitals.ward import Ward, at, virtual, ward
from tests.reliability.home import ZONE
from tests.virtual_time import run_virtual


@asynccontextmanager
async def called(it: Ward) -> AsyncIterator[Recorder]:
    """A care centre that takes every message."""
    channel = Recorder()
    notifier = Notifier(
        desk=it.desk, channels=[channel], clock=it.clock, health=it.health, base_url="https://gateway.example",
        rng=random.Random(1), hours=Hours(ZONE, by_night=it.plans.by_night),
    )  # fmt: skip
    task = asyncio.create_task(notifier.run())
    try:
        yield channel
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.slow
@virtual
async def test_by_night_the_named_person_is_called_for_fifteen_minutes_and_then_the_nurses(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it, called(it) as channel:
        await it.plan(crisis_ask="home-carer")
        began = it.clock.monotonic() - 1000.0
        await it.pressure(185, 110)
        await asyncio.sleep(1200)
        calls = [(whom, len(list(some))) for whom, some in groupby(one.to for one in channel.taken)]
        assert [whom for whom, _ in calls] == ["home-carer", None]
        assert calls[0][1] == 15
        assert channel.times()[0] - began < 3.0
        first_of_nurses = channel.times()[calls[0][1]] - began
        assert 900 <= first_of_nurses <= 912
        assert not any("185" in str(one.document()) for one in channel.taken)


@pytest.mark.slow
@virtual
async def test_by_night_what_is_not_urgent_waits_and_by_the_plan_it_does_not(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it, called(it) as channel:
        await it.saturation(85)
        assert await it.open_conditions() == ["saturation-low"]
        await asyncio.sleep(1800)
        assert channel.taken == []
        await it.plan(by_night=True)
        await asyncio.sleep(65)
        assert len(channel.taken) >= 1


@pytest.mark.slow
@virtual
async def test_one_saturation_far_below_the_limit_calls_by_night(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it, called(it) as channel:
        await it.saturation(84)
        alert = await it.only("saturation-low")
        assert alert.summary == "Oxygen saturation 84 %, far below the own limit of 92 %: have it measured again"
        assert {one.priority.value for one in channel.taken} == {"high"}
        await it.desk.resolve(alert.id, "nurse", "information")
        await asyncio.sleep(300)
        await it.saturation(95)
        await it.plan(saturation_urgent_by=12)
        await asyncio.sleep(300)
        called_so_far = len(channel.taken)
        await it.saturation(84)
        await asyncio.sleep(600)
        assert len(channel.taken) == called_so_far


@pytest.mark.slow
@virtual
async def test_what_is_urgent_by_night_is_told_at_once(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 3)) as it, called(it) as channel:
        for _ in range(2):
            await it.saturation(90)
            await asyncio.sleep(120)
        assert {one.priority.value for one in channel.taken} == {"high"}


def test_whatever_is_wrong_with_a_reading_its_time_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with ward(tmp_path, at(2026, 3, 2, 8)) as it:
            await it.plan(crisis_ask="home-carer")
            await it.pressure(185, 110)

            def broken(*_: object) -> None:
                raise ZeroDivisionError

            monkeypatch.setattr("gateway.vitals.watch.judge", broken)
            await it.pressure(120, 70, failed=True)  # the watch is gone with that
            await asyncio.sleep(900)
            assert await it.open_conditions() == ["pressure-crisis"]

    run_virtual(main)
