"""Somebody who gets worse is never passed over, and who stays as ill as was told is not told of each day."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.desk.events import Priority, State
from tests.gateway.vitals.ward import Ward, at, virtual, ward


async def twice(it: Ward, percent: float) -> None:
    for _ in range(2):
        await it.saturation(percent)
        await asyncio.sleep(120)


async def weighed(it: Ward, *kilos: float) -> None:
    """One each morning."""
    for one in kilos:
        await it.until(7)
        await it.weight(one)


async def states(it: Ward, condition: str) -> list[str]:
    return [one.state.value for one in await it.alerts_of(condition)]


@virtual
async def test_a_saturation_that_falls_on_after_it_was_acknowledged_calls_again(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await twice(it, 88)
        await it.desk.acknowledge((await it.only("saturation-low")).id, "nurse")
        await asyncio.sleep(7200)
        await twice(it, 86)
        assert await states(it, "saturation-low") == ["acknowledged"]
        await twice(it, 80)
        first, second = await it.alerts_of("saturation-low")
        assert (first.state, second.state, second.priority) == (State.ACKNOWLEDGED, State.RAISED, Priority.HIGH)
        await it.desk.resolve(first.id, "nurse", "information")
        await it.desk.resolve(second.id, "nurse", "information")
        await it.until(10)
        await twice(it, 79)  # as ill as was told
        assert await states(it, "saturation-low") == ["resolved"] * 2
        await it.until(10)
        await twice(it, 76)
        assert await states(it, "saturation-low") == ["resolved", "resolved", "raised"]


@virtual
async def test_one_figure_that_is_worse_is_not_two(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await twice(it, 91)
        await it.desk.resolve((await it.only("saturation-low")).id, "nurse", "information")
        await it.until(10)
        await it.saturation(91)
        await asyncio.sleep(120)
        await it.saturation(90)
        assert await states(it, "saturation-low") == ["resolved"]
        await it.until(10)
        await it.saturation(88)
        (_, again) = await it.alerts_of("saturation-low")
        assert again.priority is Priority.MEDIUM
        await asyncio.sleep(120)
        await it.saturation(87)
        (_, again) = await it.alerts_of("saturation-low")
        assert again.priority is Priority.HIGH


@virtual
async def test_what_got_worse_while_a_nurse_was_there_calls_once_she_has_gone(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await twice(it, 88)
        alert = await it.only("saturation-low")
        await it.desk.acknowledge(alert.id, "nurse")
        await twice(it, 82)  # within the ten minutes: she is there
        await asyncio.sleep(3 * 3600)  # looked at again with nothing new
        assert await states(it, "saturation-low") == ["acknowledged"]
        await it.desk.resolve(alert.id, "nurse", "information")
        await asyncio.sleep(3 * 3600)
        assert await states(it, "saturation-low") == ["resolved"]
        await twice(it, 82)
        assert await states(it, "saturation-low") == ["resolved", "raised"]


@pytest.mark.slow
@virtual
async def test_a_weight_that_goes_on_rising_is_told_at_each_limit_more(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6)) as it:
        await it.plan(weight_gain=True)
        await weighed(it, 70.0, 70.0, 72.5)
        await it.desk.resolve((await it.only("weight-gain")).id, "nurse", "real")
        await weighed(it, 74.0)
        assert await states(it, "weight-gain") == ["resolved"]
        await weighed(it, 75.5)
        alert = (await it.alerts_of("weight-gain"))[-1]
        assert alert.state is State.RAISED
        assert alert.summary == "Weight up by 5.5 kg in 3 days, to 75.5 kg (limit 2 kg in 3 days)"
        await it.desk.acknowledge(alert.id, "nurse")
        await weighed(it, 76.5)
        assert await states(it, "weight-gain") == ["resolved", "acknowledged"]


@pytest.mark.slow
@virtual
async def test_a_weight_that_rises_more_slowly_after_it_was_told_is_not_lost(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 6)) as it:
        await it.plan(weight_gain=True)
        await weighed(it, 70.0, 70.0, 72.5)
        await it.desk.resolve((await it.only("weight-gain")).id, "nurse", "real")
        await weighed(it, 73.1, 73.7, 74.3, 74.9)
        assert await states(it, "weight-gain") == ["resolved", "raised"]


@virtual
async def test_a_restart_remembers_how_bad_it_was(path: Path) -> None:
    clock = at(2026, 3, 2, 8)
    async with ward(path, clock) as it:
        await twice(it, 88)
        await it.desk.resolve((await it.only("saturation-low")).id, "nurse", "information")
    async with ward(path, clock, boot_id="boot-2") as it:
        await asyncio.sleep(3600)
        await twice(it, 86)
        assert await states(it, "saturation-low") == ["resolved"]
        await twice(it, 85)
        assert await states(it, "saturation-low") == ["resolved", "raised"]
