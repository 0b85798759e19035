"""Taking back what was said of a reading: the history of it, and what the sinks are told. All inside transactions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import apsw

from gateway.core.envelope import READING_SCHEMA, RETRACTION_SCHEMA, ReadingDocument, RetractionDocument
from gateway.core.ids import derived_id
from gateway.core.subject import Subject, SubjectType
from gateway.store.outgoing import READING_RANK, Letter, enqueue
from gateway.store.rows import insert
from gateway.store.stamp import Stamp, utc_text

_TAKEN_BACK: Final = "taken back: the reading is somebody else's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The newest letter that carried a reading: its content, and which sinks it was queued for."""

    sequence: int
    message_id: str
    document: ReadingDocument
    sinks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Somebody said that a reading is `after`'s, not `before`'s; None is nobody."""

    at: str
    actor: str
    before: Subject | None
    after: Subject | None


def note(
    connection: apsw.Connection, stamp: Stamp, seq: int, *, before: Subject | None, after: Subject | None, actor: str
) -> None:
    """One more row of the history."""
    values = {
        "reading_seq": seq,
        "from_type": None if before is None else before.type.value,
        "from_id": None if before is None else before.id,
        "to_type": None if after is None else after.type.value,
        "to_id": None if after is None else after.id,
        "actor": actor,
    }
    insert(connection, "reading_corrections", stamp, values)


def of_reading(connection: apsw.Connection, seq: int) -> list[Correction]:
    """The history of a reading, oldest first."""
    rows = connection.execute(
        "SELECT wall, actor, from_type, from_id, to_type, to_id FROM reading_corrections WHERE reading_seq = ? "
        "ORDER BY id",
        (seq,),
    )
    return [
        Correction(at=at, actor=actor, before=_subject(from_type, from_id), after=_subject(to_type, to_id))
        for at, actor, from_type, from_id, to_type, to_id in rows
    ]


def _subject(kind: str | None, subject_id: str | None) -> Subject | None:
    return None if kind is None or subject_id is None else Subject(type=SubjectType(kind), id=subject_id)


def revision(connection: apsw.Connection, seq: int) -> int:
    """How often the reading was taken back from somebody."""
    sql = "SELECT count(*) FROM reading_corrections WHERE reading_seq = ? AND from_id IS NOT NULL"
    return int(connection.execute(sql, (seq,)).get)


def posted(connection: apsw.Connection, seq: int, sequence: int | None) -> None:
    """This envelope carries the reading now."""
    if sequence is not None:
        connection.execute("UPDATE readings SET letter = ? WHERE seq = ?", (sequence, seq))


def sent(connection: apsw.Connection, seq: int) -> Sent | None:
    """The newest letter of a reading; None when there was none."""
    row = connection.execute(
        "SELECT e.sequence, e.message_id, e.body FROM readings r JOIN envelopes e ON e.sequence = r.letter "
        "WHERE r.seq = ?",
        (seq,),
    ).fetchone()
    row = row or _from_before(connection, seq)
    if row is None:
        return None
    sinks = connection.execute("SELECT sink FROM outbox WHERE envelope_sequence = ? ORDER BY item_id", (row[0],))
    return Sent(
        sequence=row[0], message_id=row[1], document=json.loads(row[2]), sinks=tuple(str(sink) for (sink,) in sinks)
    )


def _from_before(connection: apsw.Connection, seq: int) -> tuple[Any, ...] | None:
    """A row of the first schema does not name its letter: it is looked for, which may take a while.

    Also after it was taken back from somebody: that need not have named the letter.
    """
    return cast(
        "tuple[Any, ...] | None",
        connection.execute(
            "SELECT e.sequence, e.message_id, e.body FROM readings r JOIN envelopes e ON e.schema = ? "
            "AND e.data_type = r.kind AND json_extract(e.body, '$.id') = r.id WHERE r.seq = ? AND r.letter IS NULL "
            "AND (r.decided_by IS NULL OR EXISTS (SELECT 1 FROM reading_corrections c WHERE c.reading_seq = r.seq "
            "AND c.from_id IS NOT NULL)) ORDER BY e.sequence DESC LIMIT 1",
            (READING_SCHEMA, seq),
        ).fetchone(),
    )


def take_back(connection: apsw.Connection, stamp: Stamp, letter: Sent) -> int:
    """Each sink that has the letter, or may have it, is told that it does not hold; where it waits it is dropped.

    A sink may have what it took, what it was tried with, and what waits: that may be on its way at this moment.

    Returns:
        how many sinks are told.
    """
    told: list[str] = []
    receipts: dict[str, str] = {}
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT sink, state, attempts, detail FROM outbox WHERE envelope_sequence = ? ORDER BY item_id",
        (letter.sequence,),
    ).fetchall()
    for sink, state, attempts, detail in rows:
        if state == "delivered":
            receipts[sink] = str(detail or "")
        if state in ("delivered", "queued") or attempts:
            told.append(sink)
    connection.execute(
        "UPDATE outbox SET state = 'dropped', detail = ? WHERE envelope_sequence = ? "
        "AND state IN ('queued', 'withheld')",
        (_TAKEN_BACK, letter.sequence),
    )
    enqueue(connection, stamp, told, _retraction(letter, receipts))
    return len(told)


def _retraction(letter: Sent, receipts: dict[str, str]) -> Letter:
    was = letter.document
    body: RetractionDocument = {
        "id": was["id"],
        "kind": was["kind"],
        "subject": was["subject"],
        "effective": was["effective"],
        "received_at": was["received_at"],
        "device": was["device"],
        "simulated": was["simulated"],
        "revision": was.get("revision", 0),
        "receipts": receipts,
    }
    return Letter(
        message_id=derived_id("retraction-message", letter.message_id),
        schema=RETRACTION_SCHEMA,
        data_type=was["kind"],
        subject=Subject(type=SubjectType(was["subject"]["type"]), id=was["subject"]["id"]),
        received_at=utc_text(datetime.fromisoformat(was["received_at"])),
        body=cast("dict[str, Any]", body),
        rank=READING_RANK,
    )
