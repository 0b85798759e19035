"""Many lives of a desk, each ended at a random crash point, over one store: what nobody answered is never silent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from gateway.core.health import HealthBoard
from gateway.desk.events import State
from gateway.desk.machine import EPISODE_S
from gateway.desk.notice import NotDelivered, Notice
from gateway.desk.notifier import Notifier
from gateway.desk.service import Desk
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.words import ORIGIN, fall
from tests.virtual_time import VirtualClock, run_virtual

RUNS: Final = 1000
RESUMED_S: Final = 10.0


class PowerCut(BaseException):
    """Nothing catches it: the process is gone."""


class Pager:
    name = "webhook https://care.example"

    def __init__(self) -> None:
        self.dead = False
        self.taken: list[str] = []

    async def send(self, notice: Notice) -> None:
        await asyncio.sleep(0.05)
        if self.dead:
            raise NotDelivered("does not answer", advice="check it")
        self.taken.append(notice.alert_id)


class Lives:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.store = MemoryAlertStore()
        self.clock = VirtualClock()
        self.pager = Pager()
        self.promised: set[str] = set()  # ids the desk has given back to who reported
        self.answered: set[str] = set()  # ids a person has acknowledged, or was about to when the power went
        self.cuts: list[str] = []
        self.episodes = 0  # beyond the first of a condition

    def fuse(self) -> Callable[[str], None]:
        """Burns through at one of the next crash points."""
        left = self.dice.randrange(1, 14)

        def fault(point: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self.cuts.append(point)
                raise PowerCut

        return fault

    async def live(self, fault: Callable[[str], None]) -> None:
        """Report two falls, announce and perhaps answer them, until the power goes (or for two minutes)."""
        desk = Desk(store=self.store, clock=self.clock, origin=ORIGIN, fault=fault)
        try:
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(self.notifier(desk, fault).run())
                for _ in range(2):
                    await asyncio.sleep(self.dice.uniform(0, 40))
                    await self.fall(desk)
                    if self.dice.random() < 0.4:
                        await self.answer(desk)
                await asyncio.sleep(40)
                running.cancel()
        except* PowerCut:
            pass

    async def fall(self, desk: Desk) -> None:
        condition = f"c{self.dice.randrange(4)}"
        at = self.clock.wall()
        known = [alert.acknowledged_at for alert in await self.store.find() if alert.condition == condition]
        last = [mark for mark in known if mark is not None]
        alert = await desk.report(fall(condition=condition, at=at))
        self.promised.add(alert.id)
        if all(at - mark >= timedelta(seconds=EPISODE_S) for mark in last):
            assert alert.state is State.RAISED, "somebody fell hours after the last alert, and nobody is called"

    async def answer(self, desk: Desk) -> None:
        raised = await self.store.find(frozenset({State.RAISED}))
        if raised:
            chosen = self.dice.choice(raised).id
            self.answered.add(chosen)
            await desk.acknowledge(chosen, "aino")

    def notifier(self, desk: Desk, fault: Callable[[str], None]) -> Notifier:
        return Notifier(
            desk=desk,
            channels=[self.pager],
            clock=self.clock,
            health=HealthBoard(),
            base_url="https://gateway.example",
            rng=self.dice,
            fault=fault,
        )

    async def run(self) -> None:
        for _ in range(self.dice.randrange(1, 6)):
            self.pager.dead = self.dice.random() < 0.4
            await self.live(self.fuse())
            await asyncio.sleep(self.dice.choice([1.0, 100.0, 2 * EPISODE_S]))  # without power
        self.pager.dead = False
        self.pager.taken.clear()
        desk = Desk(store=self.store, clock=self.clock, origin=ORIGIN)
        last = asyncio.create_task(self.notifier(desk, lambda _point: None).run())
        await asyncio.sleep(RESUMED_S)
        alerts = await self.store.find()
        assert {one.id for one in alerts} >= self.promised, "an acknowledged report is lost"
        raised = [one for one in alerts if one.state is State.RAISED]
        assert {one.id for one in alerts} - {one.id for one in raised} <= self.answered
        self.episodes = len(alerts) - len({one.condition for one in alerts})
        assert sorted(self.pager.taken) == sorted(one.id for one in raised), "each once, within ten seconds"
        for one in raised:
            await desk.acknowledge(one.id, "aino")
        await asyncio.sleep(1)
        answered = len(self.pager.taken)
        await asyncio.sleep(300)
        assert len(self.pager.taken) == answered, "a person has answered"
        last.cancel()
        await asyncio.gather(last, return_exceptions=True)


@pytest.mark.slow
def test_killed_at_random_points_again_and_again_no_alert_is_silent() -> None:
    cuts: set[str] = set()
    episodes = 0
    for seed in range(RUNS):
        lives = Lives(seed)
        run_virtual(lives.run)
        cuts.update(lives.cuts)
        episodes += lives.episodes
    assert episodes > RUNS / 20, "falls after an acknowledged one were among them"
    assert cuts == {
        "desk.before-append",
        "desk.after-append",
        "notify.before-send",
        "notify.after-send-before-record",
        "notify.after-failure-before-record",
        "notify.after-record",
    }
