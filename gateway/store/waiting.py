"""Readings of devices that belonged to nobody, until somebody says whose they were. All inside transactions."""

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
    """One of them. `document` lacks the subject; None when it is never delivered."""

    seq: int
    user_slot: int | None
    measured: Measured
    document: ReadingDocument | None


def put(
    connection: apsw.Connection,
    received: Stamp,
    seq: int,
    *,
    device_identity: str,
    user_slot: int | None,
    measured: Measured,
    document: ReadingDocument | None,
) -> None:
    """The stored reading `seq` waits."""
    values = {
        "seq": seq,
        "device_identity": device_identity,
        "user_slot": user_slot,
        "age_s": measured.age_s,
        "uncertainty_s": measured.uncertainty_s,
        "document": None if document is None else json_text(document),
    }
    insert(connection, "waiting_readings", received, values)


def of_device(connection: apsw.Connection, origin: Origin, keys: set[str]) -> Iterator[Waiting]:
    """Those of the device, oldest first. One measured as it came counts by the moment of its reception."""
    sql = (
        "SELECT seq, user_slot, age_s, uncertainty_s, document, boot_id, monotonic_s, wall, synchronised "
        "FROM waiting_readings WHERE device_identity = ? ORDER BY seq LIMIT ?"
    )
    for key in sorted(keys):
        for row in connection.execute(sql, (key, MOST_AT_ONCE)).fetchall():
            yield _waiting(row, origin)


def _waiting(row: tuple[Any, ...], origin: Origin) -> Waiting:
    seq, user_slot, age_s, uncertainty_s, document, boot_id, monotonic_s, wall, synchronised = row
    stamp = Stamp(
        origin=origin,
        boot_id=boot_id,
        monotonic_s=monotonic_s,
        wall=datetime.fromisoformat(wall),
        synchronised=bool(synchronised),
    )
    return Waiting(
        seq=seq,
        user_slot=user_slot,
        measured=Measured(received=stamp, age_s=age_s or 0.0, uncertainty_s=uncertainty_s),
        document=None if document is None else json.loads(document),
    )


def take(connection: apsw.Connection, seq: int, subject: Subject) -> None:
    """It is about `subject`, and waits no longer."""
    connection.execute(
        "UPDATE readings SET subject_type = ?, subject_id = ? WHERE seq = ? AND subject_id IS NULL",
        (subject.type.value, subject.id, seq),
    )
    connection.execute("DELETE FROM waiting_readings WHERE seq = ?", (seq,))
