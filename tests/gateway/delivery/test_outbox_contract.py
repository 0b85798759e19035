"""The contract of `OutboxStore`, on every implementation there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.core.envelope import Envelope
from gateway.core.subject import Origin
from gateway.delivery.items import data_type_of, is_alert, is_retraction, subject_of
from gateway.delivery.store import ItemState, OutboxStore
from gateway.store.database import Database
from gateway.store.outbox import SqliteOutbox
from gateway.store.outgoing import ALERT_RANK, READING_RANK, Letter, enqueue
from gateway.store.stamp import Stamper
from tests.gateway.delivery.support import OTHER, RESIDENT, MemoryOutbox, alert, resident, retraction, weight, wrap
from tests.virtual_time import VirtualClock

Put = Callable[[str, Envelope], Awaitable[None]]
Box = tuple[OutboxStore, Put]


@pytest.fixture(params=["memory", "sqlite"])
async def box(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Box]:
    if request.param == "memory":
        memory = MemoryOutbox()

        async def put(sink: str, envelope: Envelope) -> None:
            await memory.put(sink, envelope)

        yield memory, put
        return
    clock = VirtualClock()
    stamper = Stamper(Origin(organisation_id="o", home_id="h", gateway_id="g"), clock, boot_id="b")
    async with Database.open(tmp_path / "home.db", clock=clock) as database:

        async def enqueued(sink: str, envelope: Envelope) -> None:
            letter = Letter(
                message_id=envelope["message_id"],
                schema=envelope["schema"],
                data_type=data_type_of(envelope),
                subject=subject_of(envelope),
                received_at=str(envelope["body"].get("received_at") or envelope["body"]["raised_at"]),
                body=envelope["body"],
                rank=ALERT_RANK if is_alert(envelope) else READING_RANK,
            )
            stamp = stamper.now()
            await database.write(lambda connection: enqueue(connection, stamp, [sink], letter))

        yield SqliteOutbox(database, stamper), enqueued


async def ids(store: OutboxStore, **wanted: Any) -> list[int]:
    return [item.item_id for item in await store.queued("fhir", limit=100, **wanted)]


async def test_alerts_first_then_oldest_first_and_sinks_apart(box: Box) -> None:
    store, put = box
    documents = [weight(60.0), weight(61.0)]
    for document in documents:
        await put("fhir", wrap(document))
    await put("influx", wrap(weight()))
    await put("fhir", alert())
    items = await store.queued("fhir", limit=100)
    assert [is_alert(item.envelope) for item in items] == [True, False, False]
    assert [item.envelope["body"].get("id") for item in items[1:]] == [document["id"] for document in documents]
    assert {(item.sink, item.attempts) for item in items} == {("fhir", 0)}
    assert items[1].envelope["body"] == documents[0]
    assert await ids(store, skip=[items[1].item_id]) == [items[0].item_id, items[2].item_id]
    assert len(await store.queued("fhir", limit=1)) == 1
    assert len(await store.queued("influx", limit=9)) == 1


async def test_subjects_can_be_left_out(box: Box) -> None:
    store, put = box
    await put("fhir", wrap(weight()))
    await put("fhir", wrap(weight(subject={"type": "resident", "id": OTHER})))
    [left] = await store.queued("fhir", limit=9, skip_subjects=[resident(RESIDENT)])
    assert subject_of(left.envelope) == resident(OTHER)


async def test_settling(box: Box) -> None:
    store, put = box
    for number in range(4):
        await put("fhir", wrap(weight(60.0 + number)))
    first, second, third, fourth = await ids(store)
    await store.settle("fhir", [(first, ItemState.DELIVERED, "Observation/1")], tried=[(second, "503")])
    assert await ids(store) == [second, third, fourth]
    assert [item.attempts for item in await store.queued("fhir", limit=9)] == [1, 0, 0]
    await store.settle("fhir", [(second, ItemState.DEAD, "422 no")], tried=[(second, "422 no")])
    await store.settle("fhir", [(second, ItemState.DEAD, "422 no"), (third, ItemState.DROPPED, "not carried")])
    await store.settle("fhir", [(fourth, ItemState.WITHHELD, "no consent")])
    counts = {state: number for state, number in (await store.counts("fhir")).items() if number}
    assert counts == dict.fromkeys((ItemState.DELIVERED, ItemState.DEAD, ItemState.DROPPED, ItemState.WITHHELD), 1)
    [(item, reason)] = await store.dead_letters("fhir")
    assert (item.item_id, item.attempts, reason) == (second, 2, "422 no")


async def test_a_delivered_item_stays_delivered(box: Box) -> None:
    store, put = box
    await put("fhir", wrap(weight()))
    [item] = await ids(store)
    await store.settle("fhir", [(item, ItemState.DELIVERED, "Observation/1")])
    assert await store.drop("fhir", subject_type="resident", subject_id=RESIDENT) == 0
    assert await store.release("fhir", subject_type="resident", subject_id=RESIDENT, since=None) == 0
    assert await ids(store) == []


async def test_consent_comes_and_goes(box: Box) -> None:
    store, put = box
    await put("fhir", wrap(weight(received_at="2026-03-01T07:00:00.000000+00:00")))
    await put("fhir", wrap(weight(received_at="2026-03-01T09:00:00.000000+00:00")))
    await put("fhir", wrap(weight(subject={"type": "resident", "id": OTHER})))
    items = await ids(store)
    await store.settle("fhir", [(item, ItemState.WITHHELD, "no consent") for item in items])
    since = "2026-03-01T08:00:00.000000+00:00"
    assert await store.release("fhir", subject_type="resident", subject_id=RESIDENT, since=since) == 1
    assert await ids(store) == [items[1]]
    assert await store.drop("fhir", subject_type="resident", subject_id=RESIDENT) == 2
    assert await ids(store) == []
    assert await store.release("fhir", subject_type="resident", subject_id=RESIDENT, since=None) == 0
    assert await store.release("fhir", subject_type="resident", subject_id=OTHER, since=None) == 1


async def test_what_takes_a_reading_back_needs_no_consent(box: Box) -> None:
    store, put = box
    envelope = wrap(weight())
    await put("fhir", envelope)
    await put("fhir", retraction(envelope, fhir="Observation/1"))
    assert await store.drop("fhir", subject_type="resident", subject_id=RESIDENT) == 1
    (left,) = await store.queued("fhir", limit=9)
    assert is_retraction(left.envelope)
    assert left.envelope["retracts"] == envelope["body"]["id"]
    assert left.envelope["body"]["receipts"] == {"fhir": "Observation/1"}
