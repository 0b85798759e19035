"""R21: a store of every released schema is upgraded, kill -9 at any step of it; nothing is lost, and life goes on."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from random import Random

import apsw
import pytest

from gateway.core.subject import Subject, SubjectType
from gateway.delivery.store import ItemState
from gateway.ingest.ingest import Duplicate, Stored
from gateway.store.opening import migrations
from tests.reliability import old_store
from tests.reliability.home import full, home, weight
from tests.virtual_time import VirtualClock

ROOT = Path(__file__).parents[2]
# Schemas that homes have: what is in them cannot change any more. A new release adds a line.
RELEASED = {1: "0001_first.sql"}
SUMS = {"0001_first.sql": "78f877603d5b4beefe501a78694ab59dcc4ab7ce2ca253f45fdb58e20cd7ffb9"}


def test_released_migrations_stay_as_they_are() -> None:
    folder = resources.files("gateway.store").joinpath("migrations")
    for name in RELEASED.values():
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == SUMS[name], name


class Upgrader:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def upgrade(self, path: Path, steps: int = 0) -> tuple[int, int]:
        """(signal that ended it, looks taken)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path} {steps}\n")
        self._process.stdin.flush()
        status, taken = self._process.stdout.readline().split()
        return int(status), int(taken)


@pytest.fixture
def upgrader() -> Iterator[Upgrader]:
    command = [sys.executable, "-m", "tests.reliability.upgrade"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        yield Upgrader(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.slow
@pytest.mark.timeout(3600 if full() else 300)
def test_killed_at_any_step(tmp_path: Path, upgrader: Upgrader, record_property: Callable[[str, object], None]) -> None:
    released = tmp_path / "released.db"
    old_store.make(released)
    columns = old_store.columns_of(released)
    before = old_store.content(released, columns)
    whole = tmp_path / "whole.db"
    shutil.copy(released, whole)
    _, looks = upgrader.upgrade(whole)
    assert looks > 50, "too few steps to be killed in"
    random = Random(21)
    kills = 0
    inside: set[int] = set()
    wanted = 200 if full() else 20
    path = tmp_path / "home.db"
    while kills < wanted:
        for leftover in tmp_path.glob("home.db*"):
            leftover.unlink()
        shutil.copy(released, path)
        for _ in range(random.choice((1, 1, 2))):  # killed again while it tries again
            # The first steps make a few tables, the last read every row: half of the kills go to the first.
            ended, _ = upgrader.upgrade(path, random.randint(1, random.choice((400, looks))))
            kills += ended == signal.SIGKILL
            inside.add(version_of(path))
            assert old_store.content(path, columns) == before
            assert integrity_of(path) == ("ok", [])
        assert upgrader.upgrade(path)[0] == 0
        assert version_of(path) == len(migrations())
        assert old_store.content(path, columns) == before
    print(f"R21: {kills} kills in {looks} looks, found at schema {sorted(inside)}")
    record_property("r21", {"kills": kills, "schemas": sorted(inside)})
    assert len(inside) >= 2, "killed within too few of the steps"


def version_of(path: Path) -> int:
    connection = apsw.Connection(str(path))
    try:
        return int(connection.pragma("user_version"))
    finally:
        connection.close()


def integrity_of(path: Path) -> tuple[object, list[object]]:
    connection = apsw.Connection(str(path))
    try:
        return connection.pragma("integrity_check"), list(connection.execute("PRAGMA foreign_key_check"))
    finally:
        connection.close()


async def test_life_goes_on_in_an_upgraded_store(tmp_path: Path) -> None:
    """What the first release stored can be corrected, what waited can be given, and the devices go on."""
    path = tmp_path / "home.db"
    old_store.make(path)
    clock = VirtualClock()
    bertta = Subject(type=SubjectType.RESIDENT, id="bertta")
    async with home(path, clock) as it:
        assert await it.database.read(lambda c: c.pragma("user_version")) == len(migrations())
        assert isinstance(await it.ingest.accept(weight(100_000_000, clock)), Stored)
        assert isinstance(await it.ingest.accept(weight(100_000_000, clock)), Duplicate)
        waiting = f"r-{old_store.READINGS}"
        await it.ingest.take_up(old_store.DEVICE)
        assert [one.reading.id for one in await it.decisions.offered()] in ([], [waiting])
        before = (await it.outbox.counts("fhir"))[ItemState.QUEUED]
        await it.decisions.reassign("r-1", bertta, actor="t")  # it was delivered
        queued = await it.outbox.queued("fhir", limit=1000)
        assert len(queued) == before + 2
        assert [item.envelope.get("retracts") for item in queued[-2:]] == ["r-1", None]
        assert queued[-1].envelope["body"]["subject"]["id"] == "bertta"
        assert [row.shared for row in await it.registry.assigned(old_store.DEVICE)] == [False]
