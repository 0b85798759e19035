"""A reading that somebody got wrongly is taken back everywhere, exactly once, and before it is somebody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import apsw
import pytest

from gateway.core.subject import Subject, SubjectType
from gateway.delivery.store import Item, ItemState
from gateway.ingest.decisions import Decisions
from gateway.ingest.ingest import Stored
from gateway.store.consents import SqliteConsents
from gateway.store.readings import Readings
from tests.gateway.ingest.conftest import (
    AINO,
    CUFF,
    ROUTES,
    STRAP,
    Gateway,
    failed_pressure,
    heart_rate,
    pressure,
)

BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")
LOCAL = datetime(2026, 3, 1, 9, 59)  # noqa: DTZ001  # a device's clock has no zone; a minute before the virtual now
HOUR = timedelta(hours=1)


@pytest.fixture
async def decisions(gateway: Gateway) -> Decisions:
    await gateway.registry.add_resident("Bertta", actor="t", resident_id=BERTTA.id)
    return Decisions(gateway.database, gateway.stamper, routes=ROUTES)


async def measured(gateway: Gateway, at: datetime = LOCAL) -> Stored:
    outcome = await gateway.ingest.accept(gateway.received(CUFF, pressure(at)))
    assert isinstance(outcome, Stored)
    return outcome


async def waiting(gateway: Gateway, sink: str = "fhir") -> list[Item]:
    return await gateway.outbox.queued(sink, limit=99)


def said(items: list[Item]) -> list[tuple[str, str]]:
    return [(item.envelope["schema"].split("/")[0], item.envelope["body"]["subject"]["id"]) for item in items]


async def settle(gateway: Gateway, state: ItemState = ItemState.DELIVERED, words: str = "Observation/17") -> None:
    for sink in ("fhir", "influx"):
        items = await waiting(gateway, sink)
        await gateway.outbox.settle(sink, [(item.item_id, state, words) for item in items])


async def whose(gateway: Gateway) -> list[str | None]:
    return [None if row.subject is None else row.subject.id for row in await Readings(gateway.database).after()]


async def test_what_was_delivered_is_taken_back_first_and_then_given(gateway: Gateway, decisions: Decisions) -> None:
    reading = (await measured(gateway)).document
    await settle(gateway)
    assert await decisions.reassign(reading["id"], BERTTA, actor="nurse") == 1
    retraction, again = await waiting(gateway)
    assert said([retraction, again]) == [("huoma.retraction", "aino"), ("huoma.reading", "bertta")]
    assert retraction.envelope["retracts"] == reading["id"]
    body = retraction.envelope["body"]
    assert body["receipts"] == {"fhir": "Observation/17", "influx": "Observation/17"}
    assert not {"values", "missing", "flags", "series"} & set(body), "a retraction holds no measurement"
    assert body["effective"] == reading["effective"]
    assert again.envelope["body"]["values"] == reading["values"]
    assert again.envelope["message_id"] != retraction.envelope["message_id"]
    assert said(await waiting(gateway, "influx")) == said([retraction, again])
    assert await whose(gateway) == ["bertta"]


async def test_what_still_waits_is_dropped_and_a_retraction_follows_in_case_it_is_on_its_way(
    gateway: Gateway, decisions: Decisions
) -> None:
    reading = (await measured(gateway)).document
    (original,) = await waiting(gateway)
    await decisions.reassign(reading["id"], None, actor="nurse")
    assert said(await waiting(gateway)) == [("huoma.retraction", "aino")]
    assert (await gateway.outbox.counts("fhir"))[ItemState.DROPPED] == 1
    # It was on its way: the receiver's word stands, and the retraction comes after it.
    await gateway.outbox.settle("fhir", [(original.item_id, ItemState.DELIVERED, "Observation/1")])
    assert (await gateway.outbox.counts("fhir"))[ItemState.DELIVERED] == 1
    assert await whose(gateway) == [None]
    assert await decisions.count() == 0


async def test_what_was_never_sent_is_not_taken_back(gateway: Gateway, decisions: Decisions) -> None:
    reading = (await measured(gateway)).document
    await settle(gateway, ItemState.WITHHELD, "no consent that covers it")
    await decisions.reassign(reading["id"], BERTTA, actor="nurse")
    assert said(await waiting(gateway)) == [("huoma.reading", "bertta")]


async def test_what_was_tried_and_withheld_may_be_there(gateway: Gateway, decisions: Decisions) -> None:
    reading = (await measured(gateway)).document
    (item,) = await waiting(gateway)
    tried = [(item.item_id, "no answer")]
    await gateway.outbox.settle("fhir", [(item.item_id, ItemState.DROPPED, "consent withdrawn")], tried=tried)
    await decisions.reassign(reading["id"], None, actor="nurse")
    assert said(await waiting(gateway)) == [("huoma.retraction", "aino")]


async def test_a_withdrawn_consent_leaves_nothing_wrong_behind(gateway: Gateway, decisions: Decisions) -> None:
    """The retraction is neither dropped, nor withheld, nor released with other things."""
    consents = SqliteConsents(gateway.database, gateway.stamper)
    await consents.grant(AINO.id, "fhir", actor="t")
    reading = (await measured(gateway)).document
    await settle(gateway)
    await consents.withdraw(AINO.id, "fhir", actor="t")
    await decisions.reassign(reading["id"], None, actor="nurse")
    await consents.withdraw(AINO.id, "fhir", actor="t", data_type="weight")
    assert await gateway.outbox.drop("fhir", subject_type="resident", subject_id=AINO.id) == 0
    await consents.grant(AINO.id, "fhir", actor="t")
    assert said(await waiting(gateway)) == [("huoma.retraction", "aino")]


async def test_given_back_it_is_another_message(gateway: Gateway, decisions: Decisions) -> None:
    """A receiver that marked the first as wrong must take the last as new."""
    reading = (await measured(gateway)).document
    for subject in (BERTTA, AINO, None, AINO):
        await settle(gateway)
        await decisions.reassign(reading["id"], subject, actor="nurse")
    await settle(gateway)
    sent = await gateway.database.read(
        lambda c: [
            (schema.split(".")[1].split("/")[0], subject, revision, message)
            for schema, subject, revision, message in c.execute(
                "SELECT schema, subject_id, ifnull(json_extract(body, '$.revision'), 0), message_id FROM envelopes "
                "ORDER BY sequence"
            )
        ]
    )
    assert [row[:3] for row in sent] == [
        ("reading", "aino", 0),
        ("retraction", "aino", 0),
        ("reading", "bertta", 1),
        ("retraction", "bertta", 1),
        ("reading", "aino", 2),
        ("retraction", "aino", 2),
        ("reading", "aino", 3),
    ]
    assert len({row[3] for row in sent}) == len(sent)


async def test_the_history_says_who_and_cannot_be_changed(gateway: Gateway, decisions: Decisions) -> None:
    reading = (await measured(gateway)).document
    await decisions.reassign(reading["id"], BERTTA, actor="nurse")
    await decisions.reassign(reading["id"], None, actor="teppo")
    history = await decisions.history(reading["id"])
    assert [(one.actor, one.before, one.after) for one in history] == [
        ("nurse", AINO, BERTTA),
        ("teppo", BERTTA, None),
    ]
    newest = (await gateway.registry.audit(limit=1))[0]
    assert (newest.actor, newest.action, newest.target) == ("teppo", "reading.reassign", reading["id"])
    assert newest.detail == '{"to":null,"from":"resident/bertta"}'
    for sql in ("DELETE FROM reading_corrections", "UPDATE reading_corrections SET actor = 'x'"):
        with pytest.raises(apsw.ConstraintError, match="append-only"):
            await gateway.database.write(lambda c, sql=sql: c.execute(sql))  # type: ignore[misc]


async def test_sent_again_by_the_device_it_stays_where_a_person_put_it(gateway: Gateway, decisions: Decisions) -> None:
    reading = (await measured(gateway)).document
    for subject in (BERTTA, None):
        await decisions.reassign(reading["id"], subject, actor="nurse")
        before = len(await waiting(gateway))
        await gateway.ingest.accept(gateway.received(CUFF, pressure(LOCAL)))
        await gateway.ingest.take_up(CUFF.address)
        assert await whose(gateway) == [None if subject is None else subject.id]
        assert len(await waiting(gateway)) == before


async def test_a_failed_measurement_moves_too_and_nobody_is_told(gateway: Gateway, decisions: Decisions) -> None:
    outcome = await gateway.ingest.accept(gateway.received(CUFF, failed_pressure(LOCAL)))
    assert isinstance(outcome, Stored)
    await decisions.reassign(outcome.document["id"], BERTTA, actor="nurse")
    assert await whose(gateway) == ["bertta"]
    assert await waiting(gateway) == []


async def test_of_a_stream_the_sinks_that_had_it_hear_of_it(gateway: Gateway, decisions: Decisions) -> None:
    batch = [gateway.received(STRAP, heart_rate(60.0 + number)) for number in range(2)]
    first, second = await gateway.ingest.accept_many(batch)
    assert isinstance(first, Stored)
    assert isinstance(second, Stored)
    for one in (first, second):
        await decisions.reassign(one.document["id"], BERTTA, actor="nurse")
    assert said(await waiting(gateway)) == [("huoma.retraction", "aino"), ("huoma.reading", "bertta")]
    influx = said(await waiting(gateway, "influx"))
    assert influx == [("huoma.retraction", "aino"), ("huoma.reading", "bertta")] * 2


async def test_a_reading_from_before_this_schema_is_found_again(gateway: Gateway, decisions: Decisions) -> None:
    """Rows of the first schema do not name their letter."""
    reading = (await measured(gateway)).document
    await settle(gateway)
    await gateway.database.write(lambda c: c.execute("UPDATE readings SET letter = NULL, decided_by = NULL"))
    await decisions.reassign(reading["id"], BERTTA, actor="nurse")
    assert said(await waiting(gateway)) == [("huoma.retraction", "aino"), ("huoma.reading", "bertta")]


class TestAssignmentsOfThePast:
    async def test_the_device_was_somebody_elses_since(self, gateway: Gateway, decisions: Decisions) -> None:
        hours = [LOCAL - number * HOUR for number in (3, 2, 1)]
        for at in hours:
            await measured(gateway, at)
        await settle(gateway)
        since = gateway.clock.wall() - 2.5 * HOUR
        await gateway.registry.assign(CUFF.address, BERTTA, actor="t", since=since)
        assert await gateway.ingest.take_up(CUFF.address) == 2
        assert await whose(gateway) == ["aino", "bertta", "bertta"]
        assert said(await waiting(gateway)) == [("huoma.retraction", "aino"), ("huoma.reading", "bertta")] * 2
        assert await gateway.ingest.take_up(CUFF.address) == 0
        (newest,) = (await decisions.history(await self.id_at(gateway, 2)))[-1:]
        assert (newest.actor, newest.before, newest.after) == ("assignment", AINO, BERTTA)

    async def id_at(self, gateway: Gateway, seq: int) -> str:
        return (await Readings(gateway.database).after(seq - 1))[0].id

    async def test_it_was_nobodys_since(self, gateway: Gateway, decisions: Decisions) -> None:
        for number in (3, 1):
            await measured(gateway, LOCAL - number * HOUR)
        await settle(gateway)
        await gateway.registry.unassign(CUFF.address, actor="t", since=gateway.clock.wall() - 2 * HOUR)
        assert await gateway.ingest.take_up(CUFF.address) == 1
        assert await whose(gateway) == ["aino", None]
        assert said(await waiting(gateway)) == [("huoma.retraction", "aino")]
        # It waits, as if it had just come: somebody may say whose it was.
        (offered,) = await decisions.offered()
        await decisions.assign(offered.reading.id, BERTTA, actor="nurse")
        assert await whose(gateway) == ["aino", "bertta"]
        assert said(await waiting(gateway))[-1] == ("huoma.reading", "bertta")

    async def test_what_a_person_decided_stays(self, gateway: Gateway, decisions: Decisions) -> None:
        reading = (await measured(gateway, LOCAL - HOUR)).document
        await decisions.reassign(reading["id"], None, actor="nurse")
        await gateway.registry.assign(CUFF.address, BERTTA, actor="t", since=gateway.clock.wall() - 5 * HOUR)
        assert await gateway.ingest.take_up(CUFF.address) == 0
        assert await whose(gateway) == [None]

    async def test_a_review_that_was_cut_off_is_still_due(self, gateway: Gateway, decisions: Decisions) -> None:
        for device in await decisions.to_be_reviewed():
            await gateway.ingest.take_up(device)
        await measured(gateway, LOCAL - HOUR)
        await gateway.registry.assign(CUFF.address, BERTTA, actor="t", since=gateway.clock.wall() - 5 * HOUR)
        assert await decisions.to_be_reviewed() == [CUFF.identity]
        await gateway.ingest.take_up(CUFF.identity)
        assert await decisions.to_be_reviewed() == []

    async def test_more_than_one_transaction_s_worth(
        self, gateway: Gateway, decisions: Decisions, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gateway.store.reviews.AT_ONCE", 3)
        for number in range(1, 9):
            await measured(gateway, LOCAL - number * timedelta(minutes=1))
        await gateway.registry.assign(CUFF.address, BERTTA, actor="t", since=gateway.clock.wall() - 5 * HOUR)
        assert await gateway.ingest.take_up(CUFF.address) == 8
        assert await whose(gateway) == ["bertta"] * 8


async def test_nothing_is_half_done(gateway: Gateway, decisions: Decisions) -> None:
    """Cut off inside: neither the row, nor the history, nor the queue has changed."""

    class Cut(Exception):  # noqa: N818
        pass

    def fault(point: str) -> None:
        if point == "ingest.reassign.inside":
            raise Cut

    reading = (await measured(gateway)).document
    await settle(gateway)
    cut = Decisions(gateway.database, gateway.stamper, routes=ROUTES, fault=fault)

    async def state() -> list[Any]:
        tables = ("readings", "reading_corrections", "envelopes", "outbox", "audit", "waiting_readings")
        return [
            await gateway.database.read(lambda c, table=table: list(c.execute(f"SELECT * FROM {table}")))  # type: ignore[misc]
            for table in tables
        ]

    before = await state()
    with pytest.raises(Cut):
        await cut.reassign(reading["id"], BERTTA, actor="nurse")
    assert await state() == before
