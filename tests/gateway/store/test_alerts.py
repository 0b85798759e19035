"""The alert store keeps the desk's contract; what it appends is queued for the sinks that take alerts."""

from __future__ import annotations

import pytest

from gateway.desk import machine
from gateway.desk.store import AlertStore
from gateway.store.alerts import SqliteAlertStore
from gateway.store.database import Database
from gateway.store.outbox import SqliteOutbox
from gateway.store.outgoing import SinkRoute
from gateway.store.stamp import Stamper
from tests.gateway.desk.contract import AlertStoreContract
from tests.gateway.desk.words import AT, ORIGIN, fall

ROUTES = (SinkRoute(name="hub", takes_readings=False, takes_alerts=True), SinkRoute(name="fhir"))


class TestSqliteStore(AlertStoreContract):
    @pytest.fixture
    def store(self, database: Database, stamper: Stamper) -> AlertStore:
        return SqliteAlertStore(database, stamper, routes=ROUTES)


async def test_events_go_to_the_sinks_that_take_alerts(database: Database, stamper: Stamper) -> None:
    store = SqliteAlertStore(database, stamper, routes=ROUTES)
    outbox = SqliteOutbox(database, stamper)
    first = machine.decide_report(None, fall(), new_id="a1", origin=ORIGIN)
    await store.append(first.alert, first.events, first.evidence)
    done = machine.decide_resolve(first.alert, actor="aino", verdict="real", note=None, at=AT)
    await store.append(done.alert, done.events)
    assert await outbox.queued("fhir", limit=9) == []
    raised, resolved = (item.envelope for item in await outbox.queued("hub", limit=9))
    assert raised["schema"] == "huoma.alert/1"
    assert (raised["body"]["id"], raised["body"]["state"]) == ("a1", "raised")
    assert resolved["body"]["verdict"] == "real"
    assert [event["type"] for event in resolved["body"]["events"]] == ["acknowledged", "resolved"]
    assert raised["message_id"] != resolved["message_id"]


async def test_a_refused_append_queues_nothing(database: Database, stamper: Stamper) -> None:
    store = SqliteAlertStore(database, stamper, routes=ROUTES)
    first = machine.decide_report(None, fall(), new_id="a1", origin=ORIGIN)
    await store.append(first.alert, first.events)
    with pytest.raises(Exception, match="a1"):
        await store.append(first.alert, first.events)
    assert len(await SqliteOutbox(database, stamper).queued("hub", limit=9)) == 1


async def test_events_cannot_be_changed(database: Database, stamper: Stamper) -> None:
    store = SqliteAlertStore(database, stamper)
    first = machine.decide_report(None, fall(), new_id="a1", origin=ORIGIN)
    await store.append(first.alert, first.events)
    for sql in ("DELETE FROM alert_events", "UPDATE alert_events SET actor = 'x'"):
        with pytest.raises(Exception, match="append-only"):
            await database.write(lambda connection, sql=sql: connection.execute(sql))  # type: ignore[misc]
