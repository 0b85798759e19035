# ruff: noqa: S608  # the SQL is put together from constants of this file; values are bound
"""Alerts on SQLite: `gateway.desk.store.AlertStore`. What is appended is queued for the sinks in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import apsw

from gateway.core.envelope import ALERT_SCHEMA
from gateway.core.errors import Conflict
from gateway.core.ids import derived_id
from gateway.core.subject import Origin, Subject
from gateway.desk.events import Alert, AlertEvent, EventType, Evidence, PositionedEvent, State
from gateway.store import alert_text
from gateway.store.database import Database
from gateway.store.outgoing import ALERT_RANK, Letter, SinkRoute, enqueue, json_text
from gateway.store.rows import insert
from gateway.store.stamp import Stamp, Stamper, utc_text

_EVENT: Final = (
    "SELECT position, alert_id, sequence, type, at, actor, data, organisation_id, home_id, gateway_id "
    "FROM alert_events "
)


_FOLDED_AGAIN: Final = (
    "ON CONFLICT (id) DO UPDATE SET state = excluded.state, subject_type = excluded.subject_type, "
    "subject_id = excluded.subject_id, last_sequence = excluded.last_sequence, folded = excluded.folded"
)


class SqliteAlertStore:
    """See `gateway.desk.store.AlertStore` for the contracts."""

    def __init__(self, database: Database, stamper: Stamper, *, routes: Sequence[SinkRoute] = ()) -> None:
        self._database = database
        self._stamper = stamper
        self._sinks = tuple(route.name for route in routes if route.takes_alerts)

    async def append(self, alert: Alert, events: Sequence[AlertEvent], evidence: Sequence[Evidence] = ()) -> int:
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> int:
            _check_sequence(connection, alert, events)
            _project(connection, stamp, alert)
            position = 0
            for event in events:
                position = _insert_event(connection, stamp, event)
            for one in evidence:
                values = {
                    "alert_id": alert.id,
                    "name": one.name,
                    "media_type": one.media_type,
                    "content": one.content,
                }
                insert(connection, "evidence", stamp, values)
            self._database.fault("store.alert.appended-not-queued")
            enqueue(connection, stamp, self._sinks, _letter(alert, events, stamp))
            return position

        return await self._database.write(work, essential=True)

    async def load(self, alert_id: str) -> Alert | None:
        return await self._database.read(lambda connection: _one(connection, "WHERE id = ?", (alert_id,)))

    async def history(self, alert_id: str) -> list[AlertEvent]:
        rows = await self._events("WHERE alert_id = ? ORDER BY sequence", (alert_id,))
        return [row.event for row in rows]

    async def open_episode(self, subject: Subject, condition: str) -> Alert | None:
        # rowid: in the order of first events, whatever the wall clock said then.
        where = (
            "WHERE subject_type = ? AND subject_id = ? AND condition = ? AND state <> 'resolved' "
            "ORDER BY state = 'raised' DESC, rowid DESC LIMIT 1"
        )
        values = (subject.type.value, subject.id, condition)
        return await self._database.read(lambda connection: _one(connection, where, values))

    async def newest(self, subject: Subject, condition: str) -> Alert | None:
        where = "WHERE subject_type = ? AND subject_id = ? AND condition = ? ORDER BY rowid DESC LIMIT 1"
        values = (subject.type.value, subject.id, condition)
        return await self._database.read(lambda connection: _one(connection, where, values))

    async def find(
        self, states: frozenset[State] | None = None, *, subject: Subject | None = None, limit: int = 200
    ) -> list[Alert]:
        wanted = sorted(state.value for state in (frozenset(State) if states is None else states))
        about = () if subject is None else (subject.type.value, subject.id)
        sql = (
            f"SELECT folded FROM alerts WHERE state IN ({', '.join('?' * len(wanted))}) "
            f"{'AND subject_type = ? AND subject_id = ? ' if about else ''}ORDER BY raised_at DESC, id DESC LIMIT ?"
        )
        return await self._database.read(
            lambda connection: [_unfolded(row[0]) for row in connection.execute(sql, (*wanted, *about, limit))]
        )

    async def since(self, position: int, *, limit: int = 500) -> list[PositionedEvent]:
        return await self._events("WHERE position > ? ORDER BY position LIMIT ?", (position, limit))

    async def last_position(self) -> int:
        found = await self._database.read(
            lambda connection: connection.execute("SELECT ifnull(max(position), 0) FROM alert_events").get
        )
        return int(found)

    async def evidence(self, alert_id: str) -> list[Evidence]:
        rows = await self._database.read(
            lambda connection: list(
                connection.execute(
                    "SELECT name, media_type, content FROM evidence WHERE alert_id = ? ORDER BY rowid", (alert_id,)
                )
            )
        )
        return [Evidence(name=name, media_type=media, content=content) for name, media, content in rows]

    async def _events(self, where: str, values: tuple[Any, ...]) -> list[PositionedEvent]:
        return await self._database.read(
            lambda connection: [_event(row) for row in connection.execute(_EVENT + where, values)]
        )


def _check_sequence(connection: apsw.Connection, alert: Alert, events: Sequence[AlertEvent]) -> None:
    last = connection.execute("SELECT last_sequence FROM alerts WHERE id = ?", (alert.id,)).get
    if events[0].sequence != (last or 0) + 1:
        raise Conflict(f"Alert {alert.id} has changed meanwhile: event {events[0].sequence} is not the next one.")
    if last is None:
        other = connection.execute(
            "SELECT id FROM alerts WHERE subject_type = ? AND subject_id = ? AND condition = ? AND state = 'raised'",
            (alert.subject.type.value, alert.subject.id, alert.condition),
        ).get
        if other is not None:
            raise Conflict(f"An alert of {alert.condition} is raised already for this subject: {other}.")


def _project(connection: apsw.Connection, stamp: Stamp, alert: Alert) -> None:
    values = {
        "id": alert.id,
        "kind": alert.kind.value,
        "condition": alert.condition,
        "state": alert.state.value,
        "subject_type": alert.subject.type.value,
        "subject_id": alert.subject.id,
        "raised_at": utc_text(alert.raised_at),
        "last_sequence": alert.last_sequence,
        "folded": _folded(alert),
    }
    try:
        insert(connection, "alerts", replace(stamp, origin=alert.origin), values, then=_FOLDED_AGAIN)
    except apsw.ConstraintError as error:  # the subject was narrowed to one who has a raised alert of this condition
        raise Conflict(f"An alert of {alert.condition} is raised already for this subject.") from error


def _insert_event(connection: apsw.Connection, stamp: Stamp, event: AlertEvent) -> int:
    values = {
        "alert_id": event.alert_id,
        "sequence": event.sequence,
        "type": event.type.value,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "data": json_text(event.data),
    }
    insert(connection, "alert_events", replace(stamp, origin=event.origin), values)
    return connection.last_insert_rowid()


def _letter(alert: Alert, events: Sequence[AlertEvent], stamp: Stamp) -> Letter:
    last = events[-1]
    return Letter(
        message_id=derived_id("alert-event", alert.id, str(last.sequence)),
        schema=ALERT_SCHEMA,
        data_type="alert",
        subject=alert.subject,
        received_at=utc_text(stamp.wall),
        body=alert_text.alert_document(alert) | {"events": [alert_text.event_document(event) for event in events]},
        rank=ALERT_RANK,
    )


def _one(connection: apsw.Connection, where: str, values: tuple[Any, ...]) -> Alert | None:
    folded = connection.execute(f"SELECT folded FROM alerts {where}", values).get
    return None if folded is None else _unfolded(folded)


def _folded(alert: Alert) -> str:
    return json_text(alert_text.alert_document(alert))


def _unfolded(text: str) -> Alert:
    return alert_text.alert_from(json.loads(text))


def _event(row: tuple[Any, ...]) -> PositionedEvent:
    position, alert_id, sequence, kind, at, actor, data, organisation, home, gateway = row
    event = AlertEvent(
        alert_id=alert_id,
        sequence=sequence,
        type=EventType(kind),
        at=datetime.fromisoformat(at),
        actor=actor,
        origin=Origin(organisation_id=organisation, home_id=home, gateway_id=gateway),
        data=json.loads(data),
    )
    return PositionedEvent(position=position, event=event)
