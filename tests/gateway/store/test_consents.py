"""Consent: the newest word counts, and the queues follow it in the same transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.consent import Consent
from gateway.consent.door import ConsentDoor
from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.delivery.store import ItemState
from gateway.store.consents import SqliteConsents
from gateway.store.database import Database
from gateway.store.outbox import SqliteOutbox
from gateway.store.outgoing import Letter, enqueue
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper, utc_text
from tests.virtual_time import VirtualClock

AINO = Subject(type=SubjectType.RESIDENT, id="aino")
BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")
KITCHEN = Subject(type=SubjectType.ROOM, id="kitchen")
HOME = Subject(type=SubjectType.HOME, id="home-1")


@pytest.fixture
async def consents(database: Database, stamper: Stamper, registry: Registry) -> SqliteConsents:
    await registry.add_resident("Aino", actor="t", resident_id="aino", room_id="kitchen")
    await registry.add_resident("Bertta", actor="t", resident_id="bertta", room_id="kitchen")
    return SqliteConsents(database, stamper)


async def put(database: Database, stamper: Stamper, subject: Subject, kind: str, *sinks: str) -> None:
    stamp = stamper.now()
    body = {
        "kind": kind, "subject": {"type": subject.type.value, "id": subject.id},
        "received_at": utc_text(stamp.wall), "clock_synchronised": stamp.synchronised,
    }  # fmt: skip
    letter = Letter(
        message_id="m", schema="huoma.reading/1", data_type=kind, subject=subject, received_at=utc_text(stamp.wall),
        body=body, rank=1,
    )  # fmt: skip
    await database.write(lambda connection: enqueue(connection, stamp, sinks, letter))


async def waiting(database: Database, stamper: Stamper, sink: str) -> list[str]:
    return [item.envelope["body"]["kind"] for item in await SqliteOutbox(database, stamper).queued(sink, limit=99)]


async def test_the_newest_word_on_a_type_or_on_everything_counts(consents: SqliteConsents) -> None:
    assert await consents.state(AINO, "fhir", "weight") is Consent.NEVER
    await consents.grant("aino", "fhir", actor="t")
    assert await consents.state(AINO, "fhir", "weight") is Consent.GRANTED
    assert await consents.state(AINO, "influx", "weight") is Consent.NEVER
    assert await consents.state(BERTTA, "fhir", "weight") is Consent.NEVER
    await consents.withdraw("aino", "fhir", actor="t", data_type="weight")  # everything but the weight
    assert await consents.state(AINO, "fhir", "weight") is Consent.WITHDRAWN
    assert await consents.state(AINO, "fhir", "heart-rate") is Consent.GRANTED
    await consents.grant("aino", "fhir", actor="t")  # everything, said again
    assert await consents.state(AINO, "fhir", "weight") is Consent.GRANTED
    with pytest.raises(Conflict, match=r"^Aino has agreed to that already"):
        await consents.grant("aino", "fhir", actor="t")
    await consents.withdraw("aino", "fhir", actor="t")
    for kind in ("weight", "heart-rate", "alert"):
        assert await consents.state(AINO, "fhir", kind) is Consent.WITHDRAWN
    await consents.grant("aino", "fhir", actor="t", data_type="weight")
    assert await consents.state(AINO, "fhir", "weight") is Consent.GRANTED
    assert await consents.state(AINO, "fhir", "heart-rate") is Consent.WITHDRAWN


async def test_in_a_room_all_must_agree(consents: SqliteConsents) -> None:
    await consents.grant("aino", "fhir", actor="t")
    assert await consents.state(KITCHEN, "fhir", "alert") is Consent.NEVER
    assert await consents.state(HOME, "fhir", "alert") is Consent.NEVER
    await consents.grant("bertta", "fhir", actor="t")
    assert await consents.state(KITCHEN, "fhir", "alert") is Consent.GRANTED
    assert await consents.state(HOME, "fhir", "alert") is Consent.GRANTED
    await consents.withdraw("bertta", "fhir", actor="t")
    assert await consents.state(KITCHEN, "fhir", "alert") is Consent.WITHDRAWN
    empty = Subject(type=SubjectType.ROOM, id="cellar")
    assert await consents.state(empty, "fhir", "alert") is Consent.NEVER


async def test_withdrawing_drops_what_waits_and_is_no_longer_covered(
    consents: SqliteConsents, database: Database, stamper: Stamper, registry: Registry
) -> None:
    await consents.grant("aino", "fhir", actor="t")
    await consents.grant("aino", "influx", actor="t")
    for subject, kind in ((AINO, "weight"), (AINO, "heart-rate"), (BERTTA, "weight"), (KITCHEN, "alert")):
        await put(database, stamper, subject, kind, "fhir", "influx")
    assert await consents.withdraw("aino", "fhir", actor="nurse", data_type="weight") == 1
    assert await waiting(database, stamper, "fhir") == ["heart-rate", "weight", "alert"]
    assert await consents.withdraw("aino", "fhir", actor="nurse") == 2  # what is hers, and what is of her room
    assert await waiting(database, stamper, "fhir") == ["weight"]  # that is Bertta's
    assert len(await waiting(database, stamper, "influx")) == 4
    note = (await registry.audit())[0]
    assert (note.actor, note.action, note.target) == ("nurse", "consent.withdraw", "aino")
    assert note.detail == '{"recipient":"fhir","data_type":"*","items":2}'


async def test_granting_releases_what_was_withheld_since_it_began(
    consents: SqliteConsents, database: Database, stamper: Stamper, clock: VirtualClock
) -> None:
    outbox = SqliteOutbox(database, stamper)
    await put(database, stamper, AINO, "weight", "fhir")
    clock.step(timedelta(hours=2))
    await put(database, stamper, AINO, "heart-rate", "fhir")
    await put(database, stamper, BERTTA, "weight", "fhir")
    for item in await outbox.queued("fhir", limit=9):
        await outbox.settle("fhir", [(item.item_id, ItemState.WITHHELD, "no consent on record")])
    clock.step(timedelta(hours=1))
    assert await consents.grant("aino", "fhir", actor="t", data_type="body-temperature") == 0
    assert await consents.grant("aino", "fhir", actor="t", since=clock.wall() - timedelta(hours=2)) == 1
    assert await waiting(database, stamper, "fhir") == ["heart-rate"]


async def test_refusals(consents: SqliteConsents, clock: VirtualClock) -> None:
    with pytest.raises(NotFound):
        await consents.grant("nobody", "fhir", actor="t")
    with pytest.raises(NotFound):
        await consents.withdraw("nobody", "fhir", actor="t")
    with pytest.raises(Invalid):
        await consents.grant("aino", "fhir", actor="t", since=clock.wall() + timedelta(days=1))


async def test_a_type_that_does_not_exist_is_neither_granted_nor_withdrawn(consents: SqliteConsents) -> None:
    await consents.grant("aino", "fhir", actor="t")
    for slip in ("blood-presure", "Blood-Pressure", "alerts", "", "all"):
        with pytest.raises(Invalid, match=r"no type of data .*Known: blood-pressure, .*alert, or \*"):
            await consents.withdraw("aino", "fhir", actor="t", data_type=slip)
        with pytest.raises(Invalid, match="no type of data"):
            await consents.grant("aino", "fhir", actor="t", data_type=slip)
    with pytest.raises(Invalid, match="Did you mean 'blood-pressure'"):
        await consents.withdraw("aino", "fhir", actor="t", data_type="blood-presure")
    await consents.withdraw("aino", "fhir", actor="t", data_type="blood-pressure")
    assert await consents.state(AINO, "fhir", "blood-pressure") is Consent.WITHDRAWN
    assert await consents.state(AINO, "fhir", "weight") is Consent.GRANTED


class TestBeforeTheConsent:
    """What waited in the queue when the resident agreed: the sink paused, or the gateway was off."""

    async def leaving(self, consents: SqliteConsents, database: Database, stamper: Stamper) -> list[str]:
        """What would leave now: still queued, and let through by the door."""
        items = await SqliteOutbox(database, stamper).queued("fhir", limit=99)
        answers = await ConsentDoor(consents).ask(items)
        pairs = zip(items, answers, strict=True)
        return [item.envelope["body"]["kind"] for item, answer in pairs if answer is Consent.GRANTED]

    async def test_stays_at_home_unless_it_says_since(
        self, consents: SqliteConsents, database: Database, stamper: Stamper, clock: VirtualClock
    ) -> None:
        measured = clock.wall()
        await put(database, stamper, AINO, "weight", "fhir")
        clock.step(timedelta(days=3))
        assert await consents.grant("aino", "fhir", actor="t") == 0
        clock.step(timedelta(seconds=1))
        await put(database, stamper, AINO, "heart-rate", "fhir")
        assert await self.leaving(consents, database, stamper) == ["heart-rate"]
        assert await consents.grant("aino", "fhir", actor="t", since=measured) == 1  # said again, from earlier on
        assert await self.leaving(consents, database, stamper) == ["weight", "heart-rate"]

    async def test_what_is_queued_later_but_was_received_earlier_stays_too(
        self, consents: SqliteConsents, database: Database, stamper: Stamper, clock: VirtualClock
    ) -> None:
        clock.step(timedelta(days=3))
        await consents.grant("aino", "fhir", actor="t")
        clock.step(timedelta(days=-2))  # as a reading that was kept about nobody and is hers now
        await put(database, stamper, AINO, "weight", "fhir")
        clock.step(timedelta(days=2))
        assert await self.leaving(consents, database, stamper) == []
        await consents.grant("aino", "fhir", actor="t", since=clock.wall() - timedelta(days=2, seconds=1))
        assert await self.leaving(consents, database, stamper) == ["weight"]

    async def test_a_second_consent_takes_nothing_from_the_first(
        self, consents: SqliteConsents, database: Database, stamper: Stamper, clock: VirtualClock
    ) -> None:
        await consents.grant("aino", "fhir", actor="t", data_type="weight")
        await put(database, stamper, AINO, "weight", "fhir")
        clock.step(timedelta(days=1))
        await put(database, stamper, AINO, "heart-rate", "fhir")
        await consents.grant("aino", "fhir", actor="t")
        assert await self.leaving(consents, database, stamper) == ["weight"]

    async def test_what_was_taken_back_in_between_stays(
        self, consents: SqliteConsents, database: Database, stamper: Stamper, clock: VirtualClock
    ) -> None:
        await consents.grant("aino", "fhir", actor="t")
        await consents.withdraw("aino", "fhir", actor="t", data_type="weight")
        clock.step(timedelta(days=1))
        await put(database, stamper, AINO, "weight", "fhir")
        await put(database, stamper, AINO, "heart-rate", "fhir")
        clock.step(timedelta(days=1))
        again = clock.wall()
        await consents.grant("aino", "fhir", actor="t")
        assert await self.leaving(consents, database, stamper) == ["heart-rate"]
        begin = (await consents.word(AINO, "fhir", "weight")).begin
        assert begin is not None
        assert begin >= again
        await consents.withdraw("aino", "fhir", actor="t", data_type="weight")
        assert await consents.state(AINO, "fhir", "weight") is Consent.WITHDRAWN

    @pytest.mark.parametrize("days", [-20000, -1, 3650])
    async def test_a_wrong_clock_lets_nothing_out_and_holds_nothing_back(
        self, consents: SqliteConsents, database: Database, stamper: Stamper, clock: VirtualClock, days: int
    ) -> None:
        await put(database, stamper, AINO, "weight", "fhir")
        clock.step(timedelta(days=days))  # a boot without time: the order of commits decides
        clock.is_synchronised = False
        await put(database, stamper, AINO, "body-temperature", "fhir")
        await consents.grant("aino", "fhir", actor="t")
        await put(database, stamper, AINO, "heart-rate", "fhir")
        clock.step(timedelta(days=-days))
        clock.is_synchronised = True
        await put(database, stamper, AINO, "blood-pressure", "fhir")
        assert await self.leaving(consents, database, stamper) == ["heart-rate", "blood-pressure"]
