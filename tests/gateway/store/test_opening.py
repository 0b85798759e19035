"""A store that cannot be used is refused with one sentence that says what to do; nothing in it is changed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from gateway.core.errors import StoreError
from gateway.store import opening
from gateway.store.database import Database
from tests.reliability.torn_disk import TornDisk, mounted
from tests.virtual_time import VirtualClock


async def refusal(path: Path, clock: VirtualClock) -> str:
    with pytest.raises(StoreError) as caught:
        async with Database.open(path, clock=clock):
            pass
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    assert caught.value.exit_status == 3
    return text


async def test_a_store_of_a_newer_version(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "home.db"
    async with Database.open(path, clock=clock):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    assert "written by a newer Huoma (schema 99" in await refusal(path, clock)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "home.db"
    path.write_text("a diary, and not a short one " * 100)
    assert "is not a store" in await refusal(path, clock)
    assert path.read_text().startswith("a diary")


async def test_the_database_of_another_program(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "home.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()
    assert "another program" in await refusal(path, clock)


async def test_a_folder(tmp_path: Path, clock: VirtualClock) -> None:
    assert "is a folder" in await refusal(tmp_path, clock)


async def test_a_place_where_nothing_can_be_written(clock: VirtualClock) -> None:
    assert "cannot be written" in await refusal(Path("/proc/huoma/home.db"), clock)


async def test_a_path_under_a_file(tmp_path: Path, clock: VirtualClock) -> None:
    (tmp_path / "file").write_text("x")
    assert "cannot be written" in await refusal(tmp_path / "file" / "home.db", clock)


async def test_a_damaged_store(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "home.db"
    async with Database.open(path, clock=clock):
        pass
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)
    assert "damaged" in await refusal(path, clock)


async def test_a_second_opening_in_the_same_process(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "home.db"
    async with Database.open(path, clock=clock):
        assert "in use by another process" in await refusal(path, clock)
    async with Database.open(path, clock=clock):
        pass


@pytest.mark.slow
async def test_another_process_is_told_who_has_it(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "home.db"
    program = (
        "import sys; from pathlib import Path\nfrom gateway.store.opening import Lock\n"
        "lock = Lock(Path(sys.argv[1])); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: ASYNC220  # a line is awaited from it, nothing else runs here
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3], text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        assert f"(id {other.pid})" in await refusal(path, clock)
        other.kill()
        other.wait()
    async with Database.open(path, clock=clock):  # gone with the process, however it ended
        pass


def test_an_sqlite_that_damages_stores() -> None:
    opening.check_sqlite(apsw.SQLITE_VERSION_NUMBER)
    opening.check_sqlite(3_051_003)
    for version in (3_051_002, 3_040_001, 3_007_000):
        with pytest.raises(StoreError, match=r"apsw 3\.54"):
            opening.check_sqlite(version)


async def test_a_full_disk_at_the_first_start(clock: VirtualClock) -> None:
    disk = TornDisk()
    disk.capacity = 20_000
    with mounted(disk, "tiny") as vfs:
        with pytest.raises(StoreError, match=r"disk of the store home\.db is full: free some space"):
            async with Database.open("home.db", clock=clock, vfs=vfs):
                pass
        disk.capacity = None
        async with Database.open("home.db", clock=clock, vfs=vfs) as database:
            assert await database.read(lambda c: c.pragma("user_version")) == len(opening.migrations())


@pytest.mark.parametrize("point", ["store.migration.before", "store.migration.inside", "store.migration.after"])
async def test_a_migration_that_is_cut_off_begins_again(tmp_path: Path, clock: VirtualClock, point: str) -> None:
    class Cut(Exception):  # noqa: N818
        pass

    def fault(name: str) -> None:
        if name == point:
            raise Cut

    path = tmp_path / "home.db"
    with pytest.raises(Cut):
        async with Database.open(path, clock=clock, fault=fault):
            pass
    connection = sqlite3.connect(path)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    connection.close()
    assert (version, tables > 0) == ((1, True) if point.endswith("after") else (0, False))
    async with Database.open(path, clock=clock) as database:
        assert await database.read(lambda c: c.pragma("user_version")) == len(opening.migrations())


async def test_only_we_may_read_the_store(tmp_path: Path, clock: VirtualClock) -> None:
    path = tmp_path / "data" / "home.db"
    async with Database.open(path, clock=clock) as database:
        await database.write(lambda c: c.execute("INSERT INTO sqlite_sequence VALUES ('x', 1)"))
        for file in path.parent.iterdir():
            assert file.stat().st_mode & 0o077 == 0, file
        assert path.parent.stat().st_mode & 0o077 == 0
