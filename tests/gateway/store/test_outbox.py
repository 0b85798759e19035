"""The queues: alerts overtake, receipts end, envelopes are numbered without gaps."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.core.errors import Conflict
from gateway.core.subject import Subject, SubjectType
from gateway.delivery.store import ItemState
from gateway.store.database import Database
from gateway.store.outbox import SqliteOutbox
from gateway.store.outgoing import ALERT_RANK, READING_RANK, Letter, SinkRoute, enqueue, sinks_for_stream
from gateway.store.stamp import Stamper, utc_text
from tests.virtual_time import VirtualClock

AINO = Subject(type=SubjectType.RESIDENT, id="aino")
BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")


@pytest.fixture
def outbox(database: Database, stamper: Stamper) -> SqliteOutbox:
    return SqliteOutbox(database, stamper)


async def put(
    database: Database, stamper: Stamper, name: str, subject: Subject = AINO, rank: int = READING_RANK,
    sinks: tuple[str, ...] = ("fhir",), *, fails: bool = False,
) -> None:  # fmt: skip
    stamp = stamper.now()
    letter = Letter(
        message_id=name, schema="huoma.reading/1", data_type="weight", subject=subject,
        received_at=utc_text(stamp.wall), body={"subject": {"type": "resident", "id": subject.id}}, rank=rank,
    )  # fmt: skip

    def work(connection: object) -> None:
        enqueue(connection, stamp, sinks, letter)  # type: ignore[arg-type]
        if fails:
            raise Conflict("no")

    await database.write(work)


async def names(outbox: SqliteOutbox, **options: object) -> list[str]:
    found = await outbox.queued("fhir", limit=99, **options)  # type: ignore[arg-type]
    return [item.envelope["message_id"] for item in found]


async def test_alerts_overtake_readings_and_the_oldest_goes_first(
    database: Database, stamper: Stamper, outbox: SqliteOutbox
) -> None:
    for name, rank in (("r1", READING_RANK), ("a1", ALERT_RANK), ("r2", READING_RANK), ("a2", ALERT_RANK)):
        await put(database, stamper, name, rank=rank)
    assert await names(outbox) == ["a1", "a2", "r1", "r2"]
    items = await outbox.queued("fhir", limit=2)
    assert [item.envelope["message_id"] for item in items] == ["a1", "a2"]
    assert await names(outbox, skip=[items[0].item_id]) == ["a2", "r1", "r2"]
    assert items[0].envelope["gateway_id"] == "gw-1"


async def test_subjects_are_skipped(database: Database, stamper: Stamper, outbox: SqliteOutbox) -> None:
    await put(database, stamper, "r1")
    await put(database, stamper, "r2", BERTTA)
    assert await names(outbox, skip_subjects=[AINO]) == ["r2"]
    assert await names(outbox, skip_subjects=[AINO, BERTTA]) == []


async def test_a_receipt_ends_it_and_tries_are_counted(
    database: Database, stamper: Stamper, outbox: SqliteOutbox
) -> None:
    for name in ("r1", "r2", "r3"):
        await put(database, stamper, name, sinks=("fhir", "influx"))
    one, two, three = (item.item_id for item in await outbox.queued("fhir", limit=9))
    outcomes = [(one, ItemState.DELIVERED, "Observation/1"), (two, ItemState.DEAD, "422")]
    await outbox.settle("fhir", outcomes, tried=[(two, "422"), (three, "503")])
    (left,) = await outbox.queued("fhir", limit=9)
    assert (left.item_id, left.attempts) == (three, 1)
    ((dead, why),) = await outbox.dead_letters("fhir")
    assert (dead.item_id, dead.attempts, why) == (two, 1, "422")
    counts = await outbox.counts("fhir")
    assert counts == {
        ItemState.QUEUED: 1, ItemState.DELIVERED: 1, ItemState.DEAD: 1, ItemState.WITHHELD: 0, ItemState.DROPPED: 0,
    }  # fmt: skip
    assert (await outbox.counts("influx"))[ItemState.QUEUED] == 3
    await outbox.settle("fhir", [(one, ItemState.WITHHELD, "late word")])
    assert (await outbox.counts("fhir"))[ItemState.DELIVERED] == 1  # what the receiver has stays delivered


async def test_drop_and_release_are_by_subject_and_sink(
    database: Database, stamper: Stamper, outbox: SqliteOutbox, clock: VirtualClock
) -> None:
    await put(database, stamper, "r1")
    await put(database, stamper, "r2", BERTTA)
    await put(database, stamper, "r3", sinks=("influx",))
    items = await outbox.queued("fhir", limit=9)
    await outbox.settle("fhir", [(item.item_id, ItemState.WITHHELD, "no consent") for item in items])
    assert await outbox.release("fhir", subject_type="resident", subject_id="aino", since=None) == 1
    assert await names(outbox) == ["r1"]
    late, early = (clock.wall() + timedelta(minutes=minutes) for minutes in (1, -1))
    assert await outbox.release("fhir", subject_type="resident", subject_id="bertta", since=late.isoformat()) == 0
    assert await outbox.release("fhir", subject_type="resident", subject_id="bertta", since=early.isoformat()) == 1
    assert await outbox.drop("fhir", subject_type="resident", subject_id="aino") == 1
    assert await names(outbox) == ["r2"]
    assert (await outbox.counts("influx"))[ItemState.QUEUED] == 1


async def test_envelopes_are_numbered_without_gaps_though_writes_fail(
    database: Database, stamper: Stamper, outbox: SqliteOutbox
) -> None:
    writes = [put(database, stamper, f"r{n}", fails=n % 3 == 1) for n in range(60)]
    await asyncio.gather(*writes, return_exceptions=True)
    numbers = [item.envelope["sequence"] for item in await outbox.queued("fhir", limit=99)]
    assert numbers == list(range(1, 41))


async def test_a_streamed_kind_goes_out_once_a_period_by_the_monotonic_clock(
    database: Database, stamper: Stamper, clock: VirtualClock
) -> None:
    routes = (SinkRoute(name="fhir"), SinkRoute(name="influx", stream_period_s=0))
    served = {"fhir": 0, "influx": 0}
    for second in range(180):
        if second == 90:
            clock.step(-timedelta(hours=1))  # an hour back changes nothing
        stamp = stamper.at(clock.wall(), 5000.0 + second, synchronised=True)
        due = await database.write(
            lambda c, s=stamp: sinks_for_stream(c, s, routes, device_identity="d", kind="heart-rate")  # type: ignore[misc]
        )
        for sink in due:
            served[sink] += 1
    assert served == {"fhir": 3, "influx": 180}
