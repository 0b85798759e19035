"""A full disk: the alert is still stored, everybody can see it, nothing crashes, and it recovers by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw
import pytest

from gateway.consent import Consent
from gateway.core.health import Colour, HealthBoard
from gateway.desk import machine
from gateway.store.ballast import Ballast, StoreFull
from gateway.store.database import PART
from tests.gateway.desk.words import ORIGIN, fall
from tests.reliability.home import RESIDENT, Home, home, weight
from tests.reliability.torn_disk import DiskFile, TornDisk, mounted
from tests.virtual_time import VirtualClock, run_virtual

BALLAST = 3_500_000  # more than the log: it may be copied into the file when the room is given back
MARGIN = 100_000


class DiskBallast(Ballast):
    """The ballast on a disk in memory."""

    def __init__(self, disk: TornDisk) -> None:
        super().__init__(Path("/disk/ballast"), size=BALLAST, margin=MARGIN)
        self._disk = disk

    def held(self) -> bool:
        return "ballast" in self._disk.files

    def release(self) -> None:
        self._disk.files.pop("ballast", None)

    def restore(self) -> bool:
        assert self._disk.capacity is not None
        if not self.held() and self._disk.used() + BALLAST + MARGIN <= self._disk.capacity:
            self._disk.files["ballast"] = DiskFile(bytes(BALLAST))
        return self.held()


@asynccontextmanager
async def small_home(disk: TornDisk, clock: VirtualClock, board: HealthBoard) -> AsyncIterator[Home]:
    with mounted(disk, "small") as vfs:
        async with home("home.db", clock, vfs=vfs, health=board, ballast=DiskBallast(disk)) as it:
            yield it


def fill(connection: apsw.Connection) -> None:
    """Somebody's holiday pictures."""
    connection.execute("CREATE TABLE IF NOT EXISTS pictures (content BLOB) STRICT")
    connection.execute("INSERT INTO pictures VALUES (randomblob(100000))")


async def fill_up(it: Home) -> None:
    async def pictures() -> None:
        for _ in range(100):
            await it.database.write(fill)

    with pytest.raises(StoreFull, match="disk of /disk is full: only alerts are stored until somebody frees space"):
        await pictures()


async def raise_alert(it: Home, name: str) -> None:
    decision = machine.decide_report(None, fall(condition=name), new_id=name, origin=ORIGIN)
    await it.alerts.append(decision.alert, decision.events, decision.evidence)


def test_an_alert_is_stored_a_reading_waits_and_it_recovers_by_itself() -> None:
    async def main() -> None:
        disk, clock, board = TornDisk(), VirtualClock(), HealthBoard()
        disk.capacity = 6_000_000
        async with small_home(disk, clock, board) as it:
            await it.move_in()
            assert board.parts()[PART].colour is Colour.GREEN
            assert DiskBallast(disk).held()
            await fill_up(it)
            assert board.parts()[PART].colour is Colour.RED
            assert "only alerts are stored" in board.parts()[PART].reason
            for number in range(10):
                await raise_alert(it, f"a{number}")
            assert len(await it.alerts.find()) == 10
            await it.consents.withdraw("aino", "fhir", actor="t")  # this cannot wait either
            assert await it.consents.state(RESIDENT, "fhir", "weight") is Consent.WITHDRAWN
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(it.ingest.accept(weight(1, clock)))
                await clock.sleep(60)
                assert not waiting.done()
                assert board.parts()[PART].colour is Colour.RED
                disk.capacity *= 2  # somebody deletes the pictures
                freed = clock.monotonic()
                await waiting
                assert clock.monotonic() - freed <= 10.0
            assert board.parts()[PART].colour is Colour.GREEN
            assert DiskBallast(disk).held()
            await it.ingest.accept(weight(2, clock))

    run_virtual(main)


def test_a_restart_on_a_full_disk_is_no_crash_loop() -> None:
    async def main() -> None:
        disk, clock, board = TornDisk(), VirtualClock(), HealthBoard()
        disk.capacity = 6_000_000
        async with small_home(disk, clock, board) as it:
            await it.move_in()
            await fill_up(it)
            await raise_alert(it, "before")
        disk.capacity = disk.used() + BALLAST // 3
        for turn in range(3):
            async with small_home(disk, clock, board) as it:
                assert it.database.full
                assert board.parts()[PART].colour is Colour.RED
                await raise_alert(it, f"after-{turn}")
                with pytest.raises(StoreFull):
                    await it.database.write(fill)
        disk.capacity += BALLAST + MARGIN
        async with small_home(disk, clock, board) as it:
            assert not it.database.full
            assert len(await it.alerts.find()) == 4
            assert len(await it.outbox.queued("fhir", limit=99)) == 4
            assert await it.database.read(lambda c: c.pragma("integrity_check")) == "ok"

    run_virtual(main)


def test_neighbours_in_the_commit_that_finds_the_disk_full() -> None:
    async def main() -> None:
        disk, clock, board = TornDisk(), VirtualClock(), HealthBoard()
        disk.capacity = 6_000_000
        async with small_home(disk, clock, board) as it:
            await it.move_in()
            disk.capacity = disk.used() + 20_000
            results = await asyncio.gather(
                it.database.write(fill), raise_alert(it, "a"), it.database.write(fill), raise_alert(it, "b"),
                return_exceptions=True,
            )  # fmt: skip
            assert [type(result) for result in results] == [StoreFull, type(None), StoreFull, type(None)]
            assert {alert.id for alert in await it.alerts.find()} == {"a", "b"}

    run_virtual(main)


def test_the_ballast_takes_real_room_and_gives_it_back(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "home.db.ballast")
    assert not ballast.held()
    assert ballast.restore()
    assert ballast.held()
    assert ballast.path.stat().st_blocks * 512 >= 16 * 1024 * 1024  # not a sparse file
    ballast.release()
    assert not ballast.path.exists()
    ballast.release()


def test_no_ballast_is_taken_from_a_disk_that_has_no_room_to_spare(tmp_path: Path) -> None:
    huge = Ballast(tmp_path / "home.db.ballast", size=1 << 60)
    assert not huge.restore()
    assert not huge.path.exists()
