"""The power goes at each write of a crisis, before it and behind it: the nurses are called, or the repeat closes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.desk.events import State, Verdict
from gateway.store.followed import Followed
from tests.gateway.vitals.ward import Ward, at, ward
from tests.virtual_time import VirtualClock, run_virtual

STORIES = {"none": None, "high": 190.0, "below": 150.0}


class Power:
    """Goes at the n-th write from now on, before it or behind it; from then on nothing is written."""

    def __init__(self, it: Ward, number: int, *, behind: bool) -> None:
        self._write = it.database.write
        self._left, self._behind = number, behind
        self.gone = asyncio.Event()
        it.database.write = self.write  # type: ignore[method-assign]

    async def write(self, work: Any, **options: Any) -> Any:
        if self.gone.is_set():
            await asyncio.Event().wait()
        self._left -= 1
        if self._left > 0:
            return await self._write(work, **options)
        if self._behind:
            await self._write(work, **options)
        self.gone.set()
        return await asyncio.Event().wait()


@asynccontextmanager
async def dying(path: Path, clock: VirtualClock, number: int, *, behind: bool) -> AsyncIterator[tuple[Ward, Power]]:
    async with ward(path, clock, watch=False) as it:
        if not await it.plans.of("aino"):
            await it.plan(crisis_ask="home-carer")
        async with it.watching():
            yield it, Power(it, number, behind=behind)


async def told_of(it: Ward) -> tuple[int, list[Verdict | None]]:
    requests = await it.alerts_of("pressure-repeat")
    assert all(one.state is State.RESOLVED for one in requests)
    pages = await it.alerts_of("pressure-crisis")
    assert len(pages) <= 1
    assert all(one.witnesses == 1 for one in pages)
    return len(pages), [one.verdict for one in requests]


async def story(path: Path, repeat: float | None, number: int, *, behind: bool) -> bool:
    """Whether the power went at all."""
    clock = at(2026, 3, 2, 3)
    async with ward(path, clock, watch=False) as it:
        await it.pressure(120, 70, settle=False)
    async with dying(path, clock, number, behind=behind) as (it, power):
        commit = power._write
        it.ingest._database = type("Through", (), {"write": staticmethod(commit), "read": it.database.read})()
        await it.pressure(185, 110)
        if repeat is not None:
            await asyncio.sleep(120)
            await it.pressure(repeat, 90)
        await asyncio.sleep(10 if repeat is not None else 1000)
        went = power.gone.is_set()
    async with ward(path, clock, boot_id="boot-2") as it:
        await asyncio.sleep(1000)
        pages, verdicts = await told_of(it)
        if repeat == STORIES["below"]:
            assert (pages, verdicts[-1]) == (0, Verdict.NOT_CONFIRMED)
        else:
            assert pages == 1
            assert Verdict.NOT_CONFIRMED not in verdicts
    return went


@pytest.mark.slow
@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("name", STORIES)
def test_at_each_write(tmp_path: Path, name: str, behind: bool) -> None:
    number, went = 0, True
    while went:
        number += 1
        folder = tmp_path / str(number)
        went = bool(run_virtual(lambda: story(folder, STORIES[name], number, behind=behind)))  # noqa: B023
    assert number > 3


@pytest.mark.slow
@pytest.mark.parametrize("acknowledged", [False, True])
def test_looked_at_once_more_nothing_is_told_again(tmp_path: Path, acknowledged: bool) -> None:
    async def main() -> None:
        clock = at(2026, 3, 2, 8)
        async with ward(tmp_path, clock) as it:
            await it.plan(crisis_ask="home-carer", weight_gain=True)
            for kilos in (70.0, 73.0):
                await it.until(7)
                await it.weight(kilos)
            for _ in range(2):
                await it.saturation(88)
                await asyncio.sleep(300)
            for systolic in (185, 190):
                await it.pressure(systolic, 100)
                await asyncio.sleep(300)
            for one in await it.desk.open_alerts() if acknowledged else []:
                await it.desk.acknowledge(one.id, "nurse")
            await asyncio.sleep(60)
            conditions = await it.open_conditions()
            assert conditions == ["pressure-crisis", "saturation-low", "weight-gain"]
            position = await it.desk.store.last_position()
            await Followed(it.database, it.stamper).keep("vital-signs", 0)
            await it.database.write(lambda connection: connection.execute("DELETE FROM vital_states").get)
        async with ward(tmp_path, clock, boot_id="boot-2") as it:
            await asyncio.sleep(1200)
            assert await it.open_conditions() == conditions
            assert await it.desk.store.last_position() == position

    run_virtual(main)
