"""R2: the power goes at a random operation of the disk; what was acknowledged is there afterwards, nothing is damaged.

The same harness must lose rows with `synchronous=NORMAL` and OFF, or it has no teeth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import apsw
import pytest

from gateway.core.errors import StoreError
from gateway.delivery.store import ItemState
from gateway.ingest.ingest import Duplicate, Stored
from tests.reliability.home import Home, full, home, weight
from tests.reliability.torn_disk import TornDisk, mounted
from tests.virtual_time import VirtualClock, run_virtual

NAME = "home.db"
READINGS = 24
SOME_BEFORE = 6


@dataclass
class Tally:
    cuts: int = 0
    acked: int = 0
    lost: int = 0
    corrupt: int = 0
    incoherent: list[str] = field(default_factory=list)


@dataclass
class Acked:
    ids: set[str] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)


async def live(disk: TornDisk, synchronous: str, random: Random, acked: Acked) -> None:
    """Readings arrive, receipts come, the log is checkpointed now and then, until the power goes or the day ends."""
    clock = VirtualClock()
    with mounted(disk, "torn") as vfs:
        try:
            async with home(NAME, clock, vfs=vfs, synchronous=synchronous) as it:
                await it.database.read(lambda c: c.wal_autocheckpoint(random.choice((4, 12, 40))))
                async with asyncio.TaskGroup() as group:
                    for number in range(READINGS):
                        group.create_task(take(it, number, acked))
                        if random.random() < 0.6:
                            await asyncio.sleep(0.001)
                    group.create_task(receipts(it, acked))
        except* (StoreError, apsw.Error):
            pass


async def take(it: Home, number: int, acked: Acked) -> None:
    outcome = await it.ingest.accept(weight(SOME_BEFORE + number, VirtualClock()))
    assert isinstance(outcome, Stored)
    acked.ids.add(outcome.document["id"])


async def receipts(it: Home, acked: Acked) -> None:
    for item in await it.outbox.queued("fhir", limit=SOME_BEFORE):
        await it.outbox.settle("fhir", [(item.item_id, ItemState.DELIVERED, "Observation/1")])
        acked.settled.add(item.item_id)


async def look(disk: TornDisk, acked: Acked, tally: Tally) -> None:
    """What the next boot finds."""
    tally.cuts += 1
    tally.acked += len(acked.ids) + len(acked.settled)
    clock = VirtualClock()
    with mounted(disk, "torn") as vfs:
        try:
            async with home(NAME, clock, vfs=vfs) as it:
                if await it.database.read(lambda c: c.pragma("integrity_check")) != "ok":
                    tally.corrupt += 1
                    return
                ids, delivered, letters, sequences = await it.database.read(inventory)
                tally.lost += len(acked.ids - ids) + len(acked.settled - delivered)
                if not len(ids) == len(letters) == len(sequences):
                    tally.incoherent.append(f"{len(ids)} readings, {len(letters)} letters, {len(sequences)} items")
                if sequences != list(range(1, len(sequences) + 1)):
                    tally.incoherent.append(f"gaps: {sequences}")
                outcome = await it.ingest.accept(weight(0, clock))  # and life goes on
                assert isinstance(outcome, (Stored, Duplicate))
        except (StoreError, apsw.Error):
            tally.corrupt += 1


def inventory(connection: apsw.Connection) -> tuple[set[str], set[int], set[str], list[int]]:
    def column(sql: str) -> list[object]:
        return [row[0] for row in connection.execute(sql)]

    return (
        {str(i) for i in column("SELECT id FROM readings")},
        {int(str(i)) for i in column("SELECT item_id FROM outbox WHERE state = 'delivered'")},
        {str(i) for i in column("SELECT message_id FROM envelopes")},
        [int(str(i)) for i in column("SELECT envelope_sequence FROM outbox ORDER BY item_id")],
    )


async def cut_power(synchronous: str, times: int, seed: int) -> Tally:
    tally = Tally()
    for sector in (4096, 512):
        begun = TornDisk(sector=sector)
        with mounted(begun, "torn") as vfs:
            async with home(NAME, VirtualClock(), vfs=vfs) as it:
                await it.move_in()
                for number in range(SOME_BEFORE):
                    await it.ingest.accept(weight(number, VirtualClock()))
        image = begun.content()
        operations = await life_span(image, sector, synchronous)
        for turn in range(times // 2):
            random = Random(f"{seed}/{sector}/{turn}")
            disk = TornDisk(sector=sector, files=image)
            disk.cut_at = random.randint(1, operations)
            acked = Acked()
            await live(disk, synchronous, random, acked)
            await look(disk.after_power_cut(random, garbage=turn % 2 == 1), acked, tally)
    return tally


async def life_span(image: dict[str, bytes], sector: int, synchronous: str) -> int:
    """About how many operations a whole life takes, closing included."""
    disk = TornDisk(sector=sector, files=image)
    acked = Acked()
    await live(disk, synchronous, Random(0), acked)
    assert len(acked.ids) == READINGS
    assert len(acked.settled) == SOME_BEFORE
    return disk.operations


@pytest.mark.slow
@pytest.mark.timeout(3600 if full() else 300)
def test_with_full_nothing_acknowledged_is_lost(record_property: Callable[[str, object], None]) -> None:
    tally: Tally = run_virtual(lambda: cut_power("FULL", 10_000 if full() else 1_000, seed=2))
    print(f"R2 FULL: {tally.cuts} cuts, {tally.acked} acknowledged, {tally.lost} lost, {tally.corrupt} corrupt")
    record_property("r2_full", vars(tally))
    assert tally.cuts >= 1_000
    assert tally.acked > 5 * tally.cuts  # the cuts come in the middle of life, not before it
    assert (tally.lost, tally.corrupt, tally.incoherent) == (0, 0, [])


async def cut_first_start(times: int) -> tuple[int, int]:
    """(starts that had been promised, those of them that a later boot does not know)."""
    whole = TornDisk()
    with mounted(whole, "torn") as vfs:
        async with home(NAME, VirtualClock(), vfs=vfs) as it:
            await it.move_in()
    promised = lost = 0
    for turn in range(times):
        random = Random(f"first/{turn}")
        disk = TornDisk(sector=random.choice((512, 4096)))
        disk.cut_at = random.randint(1, whole.operations)
        moved_in = False
        with mounted(disk, "torn") as vfs, suppress(StoreError, apsw.Error):
            async with home(NAME, VirtualClock(), vfs=vfs) as it:
                await it.move_in()
                moved_in = True
        with mounted(disk.after_power_cut(random, garbage=True), "torn") as vfs:
            async with home(NAME, VirtualClock(), vfs=vfs) as it:
                promised += moved_in
                lost += moved_in and not await it.registry.residents()
                assert await it.database.read(lambda c: c.pragma("integrity_check")) == "ok"
    return promised, lost


@pytest.mark.slow
def test_the_power_goes_at_the_first_start(record_property: Callable[[str, object], None]) -> None:
    times = 1_000 if full() else 100
    promised, lost = run_virtual(lambda: cut_first_start(times))
    print(f"R2 first start: {times} cuts, {promised} had moved in, {lost} lost")
    record_property("r2_first_start", {"cuts": times, "promised": promised, "lost": lost})
    assert promised > 0
    assert lost == 0


@pytest.mark.slow
@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_with_less_the_same_harness_loses(synchronous: str, record_property: Callable[[str, object], None]) -> None:
    tally: Tally = run_virtual(lambda: cut_power(synchronous, 1_000 if full() else 100, seed=3))
    print(f"R2 {synchronous}: {tally.cuts} cuts, {tally.acked} acked, {tally.lost} lost, {tally.corrupt} corrupt")
    record_property(f"r2_{synchronous.lower()}", vars(tally))
    # With this seed it was 30 of 100, and 18 since the schema grew: that it loses at all is the point.
    assert tally.lost + tally.corrupt > tally.cuts / 10
    assert (tally.corrupt > 0) == (synchronous == "OFF")
