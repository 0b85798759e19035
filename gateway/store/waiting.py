# ruff: noqa: S608  # the SQL is put together from constants of this file; values are bound
"""Readings that are nobody's, until it is found or said whose they are. All inside transactions of the caller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import apsw

from gateway.core.envelope import ReadingDocument
from gateway.core.subject import Origin, Subject
from gateway.store.assignments import Measured
from gateway.store.outgoing import json_text
from gateway.store.rows import insert
from gateway.store.stamp import Stamp

MOST_AT_ONCE: Final = 500  # taken up in one transaction; the others with the next reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One of them. `document` lacks the subject; None when it is never delivered. `values` is JSON."""

    seq: int
    id: str
    device_identity: str
    kind: str
    user_slot: int | None
    device_time: str | None
    effective_at: datetime | None
    effective_source: str
    effective_uncertainty_s: float | None
    doubtful: bool
    received_at: datetime
    failed: bool
    values: str
    measured: Measured
    document: ReadingDocument | None
    why: str | None


def put(
    connection: apsw.Connection,
    received: Stamp,
    seq: int,
    *,
    device_identity: str,
    user_slot: int | None,
    measured: Measured,
    document: ReadingDocument | None,
    why: str = "",
    dismissed: bool = False,
) -> None:
    """The stored reading `seq` waits, or (`dismissed`) is kept without being asked about."""
    values = {
        "seq": seq,
        "device_identity": device_identity,
        "user_slot": user_slot,
        "age_s": measured.age_s,
        "uncertainty_s": measured.uncertainty_s,
        "document": None if document is None else json_text(document),
        "why": why,
        "dismissed": int(dismissed),
    }
    insert(connection, "waiting_readings", received, values)


_ROW: Final = (
    "SELECT w.seq, r.id, w.device_identity, r.kind, w.user_slot, r.device_time, r.effective_at, r.received_at, "
    "r.effective_source, r.effective_uncertainty_s, r.doubtful <> '[]', "
    'r.failed, r."values", w.age_s, w.uncertainty_s, w.document, w.why, w.boot_id, w.monotonic_s, w.wall, '
    "w.synchronised FROM waiting_readings w JOIN readings r ON r.seq = w.seq "
)


def of_device(connection: apsw.Connection, origin: Origin, keys: set[str]) -> Iterator[Waiting]:
    """Those of the device that are not dismissed, oldest first: of many the newest.

    One measured as it came counts by the moment of its reception.
    """
    sql = _ROW + "WHERE w.device_identity = ? AND w.dismissed = 0 ORDER BY w.seq DESC LIMIT ?"
    for key in sorted(keys):
        for row in reversed(connection.execute(sql, (key, MOST_AT_ONCE)).fetchall()):
            yield _waiting(row, origin)


def one(connection: apsw.Connection, origin: Origin, seq: int) -> Waiting | None:
    """The one at this position, dismissed or not."""
    row = connection.execute(_ROW + "WHERE w.seq = ?", (seq,)).fetchone()
    return None if row is None else _waiting(row, origin)


def offered(connection: apsw.Connection, origin: Origin, *, before_seq: int, limit: int) -> list[Waiting]:
    """Those that a person may decide: complete, deliverable, not dismissed; the newest first."""
    sql = _ROW + _OFFERED + "AND w.seq < ? ORDER BY w.seq DESC LIMIT ?"
    return [_waiting(row, origin) for row in connection.execute(sql, (before_seq, limit))]


def count_offered(connection: apsw.Connection) -> int:
    """How many `offered` would give in all."""
    return int(connection.execute("SELECT count(*) FROM waiting_readings w " + _OFFERED).get)


_OFFERED: Final = "WHERE w.dismissed = 0 AND w.document IS NOT NULL "


def _waiting(row: tuple[Any, ...], origin: Origin) -> Waiting:
    boot_id, monotonic_s, wall, synchronised = row[17:]
    stamp = Stamp(
        origin=origin,
        boot_id=boot_id,
        monotonic_s=monotonic_s,
        wall=datetime.fromisoformat(wall),
        synchronised=bool(synchronised),
    )
    return Waiting(
        seq=row[0],
        id=row[1],
        device_identity=row[2],
        kind=row[3],
        user_slot=row[4],
        device_time=row[5],
        effective_at=None if row[6] is None else datetime.fromisoformat(row[6]),
        received_at=datetime.fromisoformat(row[7]),
        effective_source=row[8],
        effective_uncertainty_s=row[9],
        doubtful=bool(row[10]),
        failed=bool(row[11]),
        values=row[12],
        measured=Measured(received=stamp, age_s=row[13] or 0.0, uncertainty_s=row[14]),
        document=None if row[15] is None else json.loads(row[15]),
        why=row[16],
    )


def take(connection: apsw.Connection, seq: int, subject: Subject, *, how: str) -> None:
    """It is about `subject`, as `how` it was decided says, and waits no longer."""
    connection.execute(
        "UPDATE readings SET subject_type = ?, subject_id = ?, decided_by = ? WHERE seq = ? AND subject_id IS NULL",
        (subject.type.value, subject.id, how, seq),
    )
    connection.execute("DELETE FROM waiting_readings WHERE seq = ?", (seq,))


def dismiss(connection: apsw.Connection, seq: int) -> None:
    """It is kept as nobody's, and not asked about any more."""
    connection.execute("UPDATE waiting_readings SET dismissed = 1 WHERE seq = ?", (seq,))
