# ruff: noqa: S608  # the SQL is put together from constants of this file; values are bound
"""The queues of the sinks: `gateway.delivery.store.OutboxStore` on SQLite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import apsw

from gateway.core.envelope import ENVELOPE_SCHEMA, RETRACTION_SCHEMA, Envelope
from gateway.core.subject import Subject
from gateway.delivery.store import Item, ItemState
from gateway.store.database import Database
from gateway.store.stamp import Stamper, utc_text

_ITEM: Final = (
    "SELECT o.item_id, o.sink, o.attempts, e.message_id, e.organisation_id, e.home_id, e.gateway_id, e.sequence, "
    "e.schema, e.wall, e.body, o.detail FROM outbox o JOIN envelopes e ON e.sequence = o.envelope_sequence "
)
_MOST_PLACEHOLDERS: Final = 30_000  # SQLite takes 32,766 in one statement
# What the receiver has is delivered, whatever was decided here meanwhile; everything else moves only what still waits.
_FROM: Final[Mapping[ItemState, tuple[str, ...]]] = {
    ItemState.DELIVERED: ("queued", "withheld", "dropped", "dead"),
    ItemState.DEAD: ("queued",),
    ItemState.WITHHELD: ("queued",),
    ItemState.DROPPED: ("queued", "withheld"),
    ItemState.QUEUED: ("withheld", "dead"),
}


class SqliteOutbox:
    """One queue per sink; see `gateway.delivery.store.OutboxStore` for the contracts."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def queued(
        self, sink: str, *, limit: int, skip: Sequence[int] = (), skip_subjects: Sequence[Subject] = ()
    ) -> list[Item]:
        skipped = list(skip)[:_MOST_PLACEHOLDERS]
        subjects = [f"{subject.type.value}/{subject.id}" for subject in skip_subjects]
        sql = (
            f"{_ITEM} WHERE o.sink = ? AND o.state = 'queued' AND o.item_id NOT IN ({_marks(skipped)}) "
            f"AND e.subject_type || '/' || e.subject_id NOT IN ({_marks(subjects)}) ORDER BY o.rank, o.item_id LIMIT ?"
        )
        return await self._database.read(
            lambda connection: [_item(row) for row in connection.execute(sql, (sink, *skipped, *subjects, limit))]
        )

    async def settle(
        self, sink: str, outcomes: Sequence[tuple[int, ItemState, str | None]], *, tried: Sequence[tuple[int, str]] = ()
    ) -> None:
        now = utc_text(self._stamper.now().wall)

        def work(connection: apsw.Connection) -> None:
            for item_id, error in tried:
                connection.execute(
                    "UPDATE outbox SET attempts = attempts + 1, detail = ? WHERE item_id = ? AND sink = ?",
                    (error, item_id, sink),
                )
            self._database.fault("store.settle.tried-not-settled")
            for item_id, state, words in outcomes:
                origins = _FROM[state]
                connection.execute(
                    f"UPDATE outbox SET state = ?, detail = ?, settled_at = ? WHERE item_id = ? AND sink = ? "
                    f"AND state IN ({_marks(origins)})",
                    (state.value, words, now, item_id, sink, *origins),
                )

        # A receipt frees a place and costs no room to speak of: it may use what is kept back.
        await self._database.write(work, essential=True)

    async def release(self, sink: str, *, subject_type: str, subject_id: str, since: str | None) -> int:
        begin = "" if since is None else utc_text(datetime.fromisoformat(since))
        return await self._move(
            "state = 'queued', detail = NULL, settled_at = NULL",
            "o.state = 'withheld' AND e.received_at >= ?",
            (),
            (sink, subject_type, subject_id, begin),
        )

    async def drop(self, sink: str, *, subject_type: str, subject_id: str) -> int:
        return await self._move(
            "state = 'dropped', detail = 'consent withdrawn', settled_at = ?",
            "o.state IN ('queued', 'withheld')",
            (utc_text(self._stamper.now().wall),),
            (sink, subject_type, subject_id),
        )

    async def counts(self, sink: str) -> Mapping[ItemState, int]:
        found = await self._database.read(
            lambda connection: list(
                connection.execute("SELECT state, number FROM outbox_counts WHERE sink = ?", (sink,))
            )
        )
        known = {ItemState(state): int(number) for state, number in found}
        return {state: known.get(state, 0) for state in ItemState}

    async def dead_letters(self, sink: str, *, limit: int = 100) -> list[tuple[Item, str]]:
        sql = f"{_ITEM} WHERE o.sink = ? AND o.state = 'dead' ORDER BY o.item_id DESC LIMIT ?"
        return await self._database.read(
            lambda connection: [(_item(row), str(row[11] or "")) for row in connection.execute(sql, (sink, limit))]
        )

    async def _move(self, change: str, which: str, new: tuple[str, ...], whose: tuple[str, ...]) -> int:
        sql = (
            f"UPDATE outbox SET {change} WHERE item_id IN (SELECT o.item_id FROM outbox o JOIN envelopes e "
            f"ON e.sequence = o.envelope_sequence WHERE o.sink = ? AND e.subject_type = ? AND e.subject_id = ? "
            f"AND e.schema <> '{RETRACTION_SCHEMA}' AND {which})"
        )

        def work(connection: apsw.Connection) -> int:
            connection.execute(sql, (*new, *whose))
            return connection.changes()

        return await self._database.write(work)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _item(row: tuple[Any, ...]) -> Item:
    envelope = Envelope(
        envelope=ENVELOPE_SCHEMA,
        message_id=row[3],
        organisation_id=row[4],
        home_id=row[5],
        gateway_id=row[6],
        sequence=row[7],
        schema=row[8],
        created_at=row[9],
        body=json.loads(row[10]),
    )
    if row[8] == RETRACTION_SCHEMA:
        envelope["retracts"] = envelope["body"]["id"]
    return Item(item_id=row[0], sink=row[1], envelope=envelope, attempts=row[2])
