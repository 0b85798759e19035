"""Group commit: durable when the await returns, shared, and no write takes its neighbours along."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.store import database as module
from gateway.store.database import PART, Database
from tests.reliability.torn_disk import TornDisk, mounted
from tests.virtual_time import VirtualClock, run_virtual


def put(number: int) -> Callable[[apsw.Connection], int]:
    def work(connection: apsw.Connection) -> int:
        connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY) STRICT")
        connection.execute("INSERT INTO t VALUES (?)", (number,))
        return number

    return work


def numbers(connection: apsw.Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT n FROM t ORDER BY n")]


async def test_writes_at_the_same_moment_share_a_commit(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(database.write(put(n))) for n in range(200)]
    assert [task.result() for task in tasks] == list(range(200))
    assert await database.read(numbers) == list(range(200))
    assert database.writes == 200
    assert database.commits <= 3  # the first alone, the others behind it


async def test_a_failing_write_undoes_itself_only(database: Database) -> None:
    def fails(connection: apsw.Connection) -> None:
        put(1000)(connection)
        raise Conflict("no")

    results = await asyncio.gather(
        database.write(put(1)), database.write(put(2)), database.write(fails), database.write(put(3)),
        database.write(put(2)), return_exceptions=True,
    )  # fmt: skip
    assert list(results[:2]) == [1, 2]
    assert isinstance(results[2], Conflict)
    assert results[3] == 3
    assert isinstance(results[4], apsw.ConstraintError)
    assert await database.read(numbers) == [1, 2, 3]


async def test_the_work_is_done_in_one_thread_that_is_not_the_loop(database: Database) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(database.write(lambda _: threading.get_ident())) for _ in range(10)]
        tasks += [group.create_task(database.read(lambda _: threading.get_ident())) for _ in range(10)]
    threads = {task.result() for task in tasks}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_more_writes_than_places_wait_for_one(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0

    def watch(_: apsw.Connection) -> None:
        nonlocal most
        most = max(most, len(database._pending))

    async with asyncio.TaskGroup() as group:
        for _ in range(3 * module.WAITING_WRITES):
            group.create_task(database.write(watch))
    assert 0 < most <= module.WAITING_WRITES
    assert database.writes == 3 * module.WAITING_WRITES


async def test_a_cancelled_writer_does_not_stop_the_others(database: Database) -> None:
    first = asyncio.ensure_future(database.write(put(1)))
    second = asyncio.ensure_future(database.write(put(2)))
    third = asyncio.ensure_future(database.write(put(3)))
    await asyncio.sleep(0)
    second.cancel()
    assert await first == 1
    assert await third == 3
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await database.read(numbers) == [1, 3]  # it was still waiting, so it was taken out


async def test_what_waits_at_the_end_is_committed(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "home.db"
    async with Database.open(path, clock=clock) as database:
        writes = [asyncio.ensure_future(database.write(put(n))) for n in range(50)]
        await asyncio.sleep(0)
    assert [await write for write in writes] == list(range(50))
    with pytest.raises(StoreError, match="closed"):
        await database.write(put(51))
    with pytest.raises(StoreError, match="closed"):
        await database.read(numbers)
    async with Database.open(path, clock=clock) as again:
        assert await again.read(numbers) == list(range(50))


async def test_listeners_hear_of_commits_until_they_stop(database: Database) -> None:
    heard: list[str] = []
    stop = database.on_commit(lambda: heard.append("a"))
    await database.write(put(1))
    stop()
    await database.write(put(2))
    assert heard == ["a"]


async def test_the_settings_that_the_promises_rest_on(database: Database) -> None:
    def settings(connection: apsw.Connection) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys", "locking_mode")
        return tuple(connection.pragma(name) for name in names)

    assert await database.read(settings) == ("wal", 2, 1, "exclusive")
    sql = "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"
    tables = await database.read(lambda connection: list(connection.execute(sql)))
    assert [name for name, strict in tables if not strict and not name.startswith("sqlite_")] == []
    assert len(tables) > 15


async def test_every_row_says_where_and_when_it_was_made(database: Database) -> None:
    wanted = {"organisation_id", "home_id", "gateway_id", "boot_id", "monotonic_s", "wall", "synchronised"}

    def columns(connection: apsw.Connection) -> dict[str, set[str]]:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {t: {row[1] for row in connection.execute(f"PRAGMA table_info({t})")} for t in tables}

    found = {table: names for table, names in (await database.read(columns)).items() if not table.startswith("sqlite_")}
    assert {table for table, names in found.items() if not wanted <= names} == set()


def test_a_disk_error_fails_the_batch_is_shown_and_passes() -> None:
    async def main() -> None:
        disk = TornDisk()
        board = HealthBoard()
        with mounted(disk, "erring") as vfs:
            async with Database.open("home.db", clock=VirtualClock(), vfs=vfs, health=board) as database:
                await database.write(put(1))
                assert board.parts()[PART].colour is Colour.GREEN
                disk.dead = True
                results = await asyncio.gather(database.write(put(2)), database.write(put(3)), return_exceptions=True)
                assert [type(result) for result in results] == [StoreError, StoreError]
                assert board.parts()[PART].colour is Colour.RED
                assert "home.db" in board.parts()[PART].reason
                disk.dead = False
                await database.write(put(4))
                assert board.parts()[PART].colour is Colour.GREEN
                assert await database.read(numbers) == [1, 4]

    run_virtual(main)
