"""Somebody who gets worse is never passed over, and who stays as ill as was told is not told of each day."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.desk.events import Priority, State
from tests.gateway.vitals.ward import Ward, at, virtual, ward
from tests.virtual_time import run_virtual


async def twice(it: Ward, percent: float) -> None:
    for _ in range(2):
        await it.saturation(percent)
        await asyncio.sleep(120)


async def low_twice(it: Ward) -> None:
    for _ in range(2):
        await it.pressure(85, 50)
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


@virtual
async def test_so_far_below_the_limit_after_three_weeks_without_a_measurement_calls(path: Path) -> None:
    """The one who was taken to hospital with 84 is back: 82 is not "within a step of what was told"."""
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.saturation(84)
        await it.desk.resolve((await it.only("saturation-low")).id, "nurse", "real")
        await asyncio.sleep(21 * 86_400)
        await it.saturation(82)
        (_, again) = await it.alerts_of("saturation-low")
        assert (again.state, again.priority) == (State.RAISED, Priority.HIGH)


@virtual
async def test_twice_below_the_limit_after_three_weeks_without_a_measurement_calls(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await twice(it, 88)
        await it.desk.resolve((await it.only("saturation-low")).id, "nurse", "real")
        await asyncio.sleep(21 * 86_400)
        await twice(it, 86)
        assert (await it.alerts_of("saturation-low"))[-1].priority is Priority.HIGH
        assert await states(it, "saturation-low") == ["resolved", "raised"]


@virtual
async def test_who_is_as_far_below_each_day_and_forgets_one_is_told_of_once(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.saturation(84)
        await it.desk.resolve((await it.only("saturation-low")).id, "nurse", "real")
        for percent, days in ((84, 1), (83, 1), (86, 1), (84, 2), (82, 1)):
            await asyncio.sleep(days * 86_400 + 1800)
            await it.saturation(percent)
        assert await states(it, "saturation-low") == ["resolved"]


@virtual
async def test_so_far_below_again_after_a_good_value_of_the_same_day_calls(path: Path) -> None:
    async with ward(path, at(2026, 3, 2, 8)) as it:
        await it.saturation(84)
        await it.desk.resolve((await it.only("saturation-low")).id, "nurse", "real")
        await asyncio.sleep(2 * 3600)
        await it.saturation(95)
        await asyncio.sleep(8 * 3600)
        await it.saturation(83)
        assert await states(it, "saturation-low") == ["resolved", "raised"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("percents", "days", "told_again"),
    [([80], 2, False), ([80], 4, True), ([89, 89], 12, False), ([89, 89], 16, True)],
)
def test_a_standing_of_long_ago_is_forgotten(
    tmp_path: Path, percents: list[float], days: int, told_again: bool
) -> None:
    """What is urgent by itself the soonest."""

    async def main() -> None:
        async with ward(tmp_path, at(2026, 3, 2, 12)) as it:
            for percent in percents:
                await it.saturation(percent)
                await asyncio.sleep(120)
            await it.desk.resolve((await it.only("saturation-low")).id, "nurse", "real")
            await asyncio.sleep(days * 86_400)
            for percent in percents:
                await it.saturation(percent)
                await asyncio.sleep(120)
            assert len(await it.alerts_of("saturation-low")) == 1 + told_again

    run_virtual(main)


@pytest.mark.slow
@pytest.mark.parametrize(("days", "told_again"), [(20, False), (29, True)])
def test_a_pressure_of_long_ago_is_forgotten(tmp_path: Path, days: int, told_again: bool) -> None:
    async def main() -> None:
        async with ward(tmp_path, at(2026, 3, 2, 12)) as it:
            await it.plan(pressure_low=True)
            await low_twice(it)
            await it.desk.resolve((await it.only("pressure-low")).id, "nurse", "real")
            await asyncio.sleep(days * 86_400)
            await low_twice(it)
            assert len(await it.alerts_of("pressure-low")) == 1 + told_again

    run_virtual(main)
