"""A part that fails is started again; the others do not notice."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest

from gateway.core.errors import RadioUnavailable
from gateway.core.health import Colour, HealthBoard
from gateway.supervision.supervisor import LONGEST_PAUSE_S, STEADY_S, Part, Supervisor
from tests.virtual_time import VirtualClock, run_virtual


class Done(BaseException):
    """Ends a part for the test: not an Exception, so the supervisor lets it through."""


async def kept(supervisor: Supervisor, name: str, part: Part) -> None:
    """Keep a part until it returns, which in a test means that there is no more to see."""

    async def once() -> None:
        await part()
        raise Done

    with pytest.raises(Done):
        await supervisor.keep(name, once)


def test_restarts_with_growing_pauses_until_it_works() -> None:
    async def main() -> None:
        clock, health = VirtualClock(), HealthBoard()
        supervisor = Supervisor(clock=clock, health=health, rng=random.Random(1))
        starts: list[float] = []

        async def part() -> None:
            starts.append(clock.monotonic())
            if len(starts) < 10:
                raise RadioUnavailable("No adapter. Plug one in.")

        await kept(supervisor, "radio", part)
        pauses = [b - a for a, b in itertools.pairwise(starts)]
        assert len(starts) == 10
        assert pauses[0] < 1.3
        assert max(pauses) <= LONGEST_PAUSE_S * 1.2
        assert pauses[5] > pauses[0] * 10
        assert health.parts()["radio"].colour is Colour.RED
        assert "Plug one in" in health.parts()["radio"].reason
        assert supervisor.restarts == {"radio": 9}

    run_virtual(main)


def test_a_part_that_ran_long_starts_again_soon() -> None:
    async def main() -> None:
        clock = VirtualClock()
        supervisor = Supervisor(clock=clock, health=HealthBoard(), rng=random.Random(1))
        starts: list[float] = []

        async def part() -> None:
            starts.append(clock.monotonic())
            if len(starts) == 8:
                return
            if len(starts) == 7:
                await clock.sleep(STEADY_S)
            raise ValueError

        await kept(supervisor, "x", part)
        assert starts[7] - starts[6] - STEADY_S < 1.3

    run_virtual(main)


def test_an_unexpected_failure_names_its_type_but_not_its_text() -> None:
    async def main() -> None:
        health = HealthBoard()
        supervisor = Supervisor(clock=VirtualClock(), health=health, rng=random.Random(1))
        calls = 0

        async def part() -> None:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise KeyError("Aino Virtanen")

        await kept(supervisor, "delivery", part)
        assert "KeyError" in health.parts()["delivery"].reason
        assert "Aino" not in health.parts()["delivery"].reason

    run_virtual(main)


def test_cancellation_passes_through() -> None:
    async def main() -> None:
        supervisor = Supervisor(clock=VirtualClock(), health=HealthBoard(), rng=random.Random(1))
        task = asyncio.get_running_loop().create_task(supervisor.keep("x", asyncio.Event().wait))  # type: ignore[arg-type]
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run_virtual(main)


def test_a_part_that_fails_while_it_is_cancelled_is_not_started_again() -> None:
    async def main() -> None:
        supervisor = Supervisor(clock=VirtualClock(), health=HealthBoard(), rng=random.Random(1))

        async def part() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                raise RadioUnavailable("The adapter went away meanwhile.")

        task = asyncio.get_running_loop().create_task(supervisor.keep("radio", part))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert supervisor.restarts == {}

    run_virtual(main)


def test_a_part_that_runs_again_is_well_again() -> None:
    async def main() -> None:
        clock, health = VirtualClock(), HealthBoard()
        supervisor = Supervisor(clock=clock, health=health, rng=random.Random(1))
        starts = 0

        async def part() -> None:
            nonlocal starts
            starts += 1
            if starts == 1:
                raise RadioUnavailable("No adapter. Plug one in.")
            await clock.sleep(60)

        task = asyncio.get_running_loop().create_task(kept(supervisor, "frames", part))
        await clock.sleep(5)
        assert health.parts()["frames"].colour is Colour.RED
        await clock.sleep(20)
        assert health.parts()["frames"].colour is Colour.GREEN
        await task

    run_virtual(main)


def test_what_a_part_said_itself_stands() -> None:
    async def main() -> None:
        clock, health = VirtualClock(), HealthBoard()
        supervisor = Supervisor(clock=clock, health=health, rng=random.Random(1))
        starts = 0

        async def part() -> None:
            nonlocal starts
            starts += 1
            if starts == 1:
                raise RadioUnavailable("No adapter. Plug one in.")
            health.report("radio", Colour.AMBER, "one device needs pairing")
            await clock.sleep(60)

        await kept(supervisor, "radio", part)
        assert health.parts()["radio"].reason == "one device needs pairing"

    run_virtual(main)


@pytest.mark.parametrize("how", ["returns", "foreign cancellation"])
def test_a_part_that_just_ends_is_started_again_and_is_red_meanwhile(how: str) -> None:
    async def main() -> None:
        clock, health = VirtualClock(), HealthBoard()
        supervisor = Supervisor(clock=clock, health=health, rng=random.Random(1))
        starts = 0

        async def part() -> None:
            nonlocal starts
            starts += 1
            health.report("radio", Colour.GREEN, "Listening.")
            if starts == 1 and how != "returns":
                given_up = asyncio.get_running_loop().create_future()
                given_up.cancel()
                await given_up
            if starts > 1:
                await clock.sleep(3600)

        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(supervisor.keep("radio", part))
            await clock.sleep(0.1)
            assert health.parts()["radio"].colour is Colour.RED
            await clock.sleep(5)
            assert starts == 2
            assert supervisor.restarts == {"radio": 1}
            task.cancel()

    run_virtual(main)


def test_the_worst_part_colours_the_whole() -> None:
    health = HealthBoard()
    assert health.worst() is Colour.AMBER  # nothing has reported yet: not known to be well
    health.report("a", Colour.GREEN, "well")
    assert health.worst() is Colour.GREEN
    health.report("b", Colour.RED, "down")
    health.report("c", Colour.AMBER, "slow")
    assert health.worst() is Colour.RED


def test_a_part_whose_tasks_failed_behind_the_end_of_their_group_is_started_again() -> None:
    async def main() -> None:
        supervisor = Supervisor(clock=VirtualClock(), health=HealthBoard(), rng=random.Random(1))
        starts = itertools.count(1)

        async def fail() -> None:
            await asyncio.sleep(1)
            raise RadioUnavailable("No adapter. Plug one in.")

        async def part() -> None:
            if next(starts) > 3:
                return
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(fail())
            except* RadioUnavailable as several:
                [unavailable] = several.exceptions
            raise unavailable

        await kept(supervisor, "radio", part)
        assert supervisor.restarts == {"radio": 3}

    run_virtual(main)
