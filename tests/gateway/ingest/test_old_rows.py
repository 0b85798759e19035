"""Readings that were stored before the schema named their letters: what a person says of them is delivered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.core.subject import Origin, Subject, SubjectType
from gateway.ingest.decisions import Decisions
from gateway.ingest.ingest import Ingest
from gateway.store.database import Database
from gateway.store.outgoing import SinkRoute
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper
from tests.reliability import old_store
from tests.virtual_time import VirtualClock

BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")
ROUTES = (SinkRoute(name="fhir"),)
BEGIN = datetime.fromisoformat("2026-02-02T08:00:00+00:00")
DAY = timedelta(days=1)


@pytest.fixture
async def clock() -> VirtualClock:
    clock = VirtualClock()
    clock.step(BEGIN - clock.wall())
    return clock


@pytest.fixture
async def database(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Database]:
    old_store.make(tmp_path / "home.db")
    async with Database.open(tmp_path / "home.db", clock=clock) as database:
        yield database


@pytest.fixture
def stamper(clock: VirtualClock) -> Stamper:
    return Stamper(Origin(organisation_id="org", home_id="home-1", gateway_id="gw-1"), clock, boot_id="boot-1")


async def letters(database: Database, reading: str) -> list[tuple[str, str]]:
    sql = (
        "SELECT schema, subject_id FROM envelopes WHERE json_extract(body, '$.id') = ? AND sequence >= ? "
        "ORDER BY sequence"
    )
    rows = await database.read(lambda c: list(c.execute(sql, (reading, old_store.READINGS))))
    return [(schema.split("/")[0], subject) for schema, subject in rows]


@pytest.mark.parametrize("named", [True, False])
async def test_reassigned_to_nobody_and_later_to_somebody(database: Database, stamper: Stamper, named: bool) -> None:
    """Without `named`: the first step was done by a release that did not name the letter at it either."""
    decisions = Decisions(database, stamper, routes=ROUTES)
    await decisions.reassign("r-2", None, actor="nurse")
    if not named:
        await database.write(lambda c: c.execute("UPDATE readings SET letter = NULL").fetchall())
    await decisions.reassign("r-2", BERTTA, actor="nurse")
    assert await letters(database, "r-2") == [("huoma.retraction", "aino"), ("huoma.reading", "bertta")]


async def test_the_device_was_nobodys_and_then_a_person_says_whose(
    database: Database, stamper: Stamper, clock: VirtualClock
) -> None:
    """An assignment that never held takes all back: each waits for a person, complete."""
    registry = Registry(database, stamper)
    ingest = Ingest(database, stamper, clock=clock, zone=ZoneInfo("Europe/Helsinki"), routes=ROUTES)
    decisions = Decisions(database, stamper, routes=ROUTES)
    await registry.unassign(old_store.ADDRESS, actor="t", since=BEGIN - 60 * DAY)
    await ingest.take_up(old_store.DEVICE)
    assert await decisions.count() >= old_store.READINGS - 1  # all that were Aino's
    assert await letters(database, "r-2") == [("huoma.retraction", "aino")]
    assert await decisions.assign("r-2", BERTTA, actor="nurse") == 1
    assert await letters(database, "r-2") == [("huoma.retraction", "aino"), ("huoma.reading", "bertta")]
