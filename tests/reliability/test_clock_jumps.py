"""R12: the wall clock jumps 500 times in 24 hours; no time-out is missed, nothing is lost, wrong times are flagged.

The day is the one on which summer time begins. The gateway boots five times, in 1970, and learns the time later.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from device_drivers.readings import DeviceTime
from gateway.consent.door import ConsentDoor
from gateway.core.envelope import READING_SCHEMA
from gateway.core.health import HealthBoard
from gateway.delivery.sink import Answer, Ruling
from gateway.delivery.store import Item, ItemState
from gateway.delivery.worker import DeliveryWorker
from gateway.desk.events import AlertKind, Priority
from gateway.desk.notice import Notice
from gateway.desk.notifier import Notifier
from gateway.desk.service import Desk
from gateway.ingest.effective import UNSYNCHRONISED
from gateway.ingest.ingest import Stored
from gateway.ingest.received import ClockMeasurement
from gateway.store.readings import ReadingRow, Readings
from tests.reliability.home import ORIGIN, RESIDENT, SCALE, ZONE, Home, home, weight
from tests.virtual_time import VirtualClock, run_virtual

DAWN = datetime(2026, 3, 28, 15, 0, tzinfo=UTC)  # summer time begins at 01:00 UTC of the next day
HOURS = 24
JUMPS = 500
BOOTS = 5
EVERY_S = 60.0
EPOCH_1970 = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Log:
    true_time: dict[str, tuple[datetime, bool]] = field(default_factory=dict)  # reading -> truth, synchronised
    tries: list[float] = field(default_factory=list)
    received: list[str] = field(default_factory=list)
    notices: list[float] = field(default_factory=list)
    jumps: int = 0
    started: list[float] = field(default_factory=list)


class Truth:
    """What an observer's watch says, whatever the gateway believes."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._zero = clock.monotonic()

    def now(self) -> datetime:
        return DAWN + timedelta(seconds=self._clock.monotonic() - self._zero)

    @property
    def elapsed_s(self) -> float:
        return self._clock.monotonic() - self._zero


class Record:
    """A sink that is away for a quarter of each hour."""

    name = "fhir"
    address = "a record"
    batch_size = 50

    def __init__(self, log: Log, truth: Truth) -> None:
        self._log = log
        self._truth = truth

    async def send(self, items: Sequence[Item], *, in_doubt: Collection[int]) -> list[Answer]:
        self._log.tries.append(self._truth.elapsed_s)
        if self._truth.elapsed_s % 3600 < 900:
            return [Answer(ruling=Ruling.BUSY, words="away", whole=True)] * len(items)
        self._log.received += [
            str(i.envelope["body"]["id"]) for i in items if i.envelope["schema"].startswith("huoma.r")
        ]
        return [Answer(ruling=Ruling.ACCEPTED, words="ok")] * len(items)

    def refresh(self) -> None:
        return

    async def aclose(self) -> None:
        return


class Pager:
    name = "pager"

    def __init__(self, log: Log, truth: Truth) -> None:
        self._log = log
        self._truth = truth

    async def send(self, notice: Notice) -> None:
        self._log.notices.append(self._truth.elapsed_s)


async def jump(clock: VirtualClock, truth: Truth, random: Random, log: Log) -> None:
    while True:
        await clock.sleep(HOURS * 3600 / JUMPS * random.uniform(0.4, 1.4))
        match random.randrange(5):
            case 0:
                clock.step(EPOCH_1970 - clock.wall())
                clock.is_synchronised = False
            case 1:
                clock.step(timedelta(hours=random.choice((-1, 1))))
                clock.is_synchronised = False
            case 2:
                clock.step(-timedelta(days=3652))
                clock.is_synchronised = False
            case _:
                clock.step(truth.now() - clock.wall())
                clock.is_synchronised = True
        log.jumps += 1


async def measure(it: Home, clock: VirtualClock, truth: Truth, log: Log, until: float) -> None:
    """Each minute a record of the cuff, made half a minute ago by a clock three hours ahead; read at a true moment."""
    while truth.elapsed_s < until:
        made = truth.now() - timedelta(seconds=30)
        device = (made + timedelta(hours=3)).astimezone(ZONE).replace(tzinfo=None)
        local_now = clock.wall().astimezone(ZONE).replace(tzinfo=None)
        device_now = (truth.now() + timedelta(hours=3)).astimezone(ZONE).replace(tzinfo=None)
        measured = ClockMeasurement(
            offset_s=(device_now - local_now).total_seconds(),
            uncertainty_s=1.0,
            measured_at=clock.wall(),
            was_set=False,
        )
        one = weight(0, clock, measured=measured)
        stamp = DeviceTime(
            year=device.year, month=device.month, day=device.day, hour=device.hour, minute=device.minute,
            second=device.second,
        )  # fmt: skip
        outcome = await it.ingest.accept(dataclasses.replace(one, reading=dataclasses.replace(one.reading, time=stamp)))
        assert isinstance(outcome, Stored), outcome
        log.true_time[outcome.document["id"]] = (made, one.synchronised)
        await clock.sleep(EVERY_S)


async def live(path: Path, clock: VirtualClock, truth: Truth, random: Random, log: Log, boot: int) -> None:
    until = (boot + 1) * HOURS * 3600 / BOOTS
    async with home(path, clock, boot_id=f"boot-{boot}") as it:
        desk = Desk(store=it.alerts, clock=clock, origin=ORIGIN)
        if boot == 0:
            await it.move_in()
            await desk.raise_alert(
                subject=RESIDENT, kind=AlertKind.FALL, condition="fall", priority=Priority.HIGH, probability=0.9,
                summary="A fall.",
            )  # fmt: skip
        health = HealthBoard()
        worker = DeliveryWorker(
            Record(log, truth), store=it.outbox, door=ConsentDoor(it.consents), clock=clock, report=health.report,
            random=random,
        )  # fmt: skip
        notifier = Notifier(desk=desk, channels=[Pager(log, truth)], clock=clock, health=health, base_url="http://h")
        stop = it.database.on_commit(worker.notify)
        log.started.append(truth.elapsed_s)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(worker.run()), group.create_task(notifier.run())]
            running.append(group.create_task(jump(clock, truth, random, log)))
            await measure(it, clock, truth, log, until)
            for task in running:
                task.cancel()
        stop()


@pytest.mark.slow
def test_five_hundred_jumps_in_a_day(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    log = Log()

    async def main() -> None:
        clock = VirtualClock(DAWN)
        truth = Truth(clock)
        random = Random(12)
        for boot in range(BOOTS):
            if boot:  # without a battery behind its clock
                clock.step(EPOCH_1970 - clock.wall())
                clock.is_synchronised = False
                log.jumps += 1
            await live(tmp_path / "home.db", clock, truth, random, log, boot)
        await examine(tmp_path / "home.db", clock, log)

    run_virtual(main)
    gaps = [after - before for before, after in pairwise(log.notices)]
    pauses = [after - before for before, after in pairwise(log.tries)]
    unsynchronised = sum(not synchronised for _, synchronised in log.true_time.values())
    figures = {
        "jumps": log.jumps, "readings": len(log.true_time), "unsynchronised": unsynchronised,
        "notices": len(log.notices), "longest_silence_s": round(max(gaps), 1), "longest_pause_s": round(max(pauses), 1),
    }  # fmt: skip
    print(f"R12: {figures}")
    record_property("r12", figures)
    assert log.jumps >= JUMPS
    assert len(log.true_time) >= HOURS * 60 * 0.99
    assert unsynchronised > 300
    assert max(gaps) <= 61.0  # no repetition of the alert was missed or late
    assert len(log.notices) >= HOURS * 60 * 0.99
    assert max(pauses) <= 61.0  # a reading a minute, and the longest pause of a sink that is away


async def examine(path: Path, clock: VirtualClock, log: Log) -> None:
    """Everything is in the store once, about the right person, with a right time or a flag, and was delivered once."""
    async with home(path, clock, boot_id="after") as it:
        rows: list[ReadingRow] = []
        while batch := await Readings(it.database).of_resident(RESIDENT.id, after_seq=len(rows), limit=1000):
            rows += batch
        waiting = await it.outbox.queued("fhir", limit=2000)
        counts = await it.outbox.counts("fhir")
    assert {row.id for row in rows} == log.true_time.keys()
    for row in rows:
        made, synchronised = log.true_time[row.id]
        assert row.synchronised is synchronised
        assert (UNSYNCHRONISED in row.doubtful) is not synchronised
        if synchronised:
            assert row.effective_at is not None
            error = abs((row.effective_at - made).total_seconds())
            assert error <= (row.effective_uncertainty_s or 0.0) + 1.0, (row, made)
            assert error <= 1.0 or row.effective_uncertainty_s == 3600.0
        assert row.device_identity == SCALE.identity
    left = {str(item.envelope["body"]["id"]) for item in waiting if item.envelope["schema"] == READING_SCHEMA}
    assert len(log.received) == len(set(log.received))
    assert set(log.received) | left == log.true_time.keys()
    assert set(log.received).isdisjoint(left)
    assert counts[ItemState.DEAD] == counts[ItemState.WITHHELD] == counts[ItemState.DROPPED] == 0
    assert len(left) <= 20  # what the last quarter of an hour without the record has left
