# ruff: noqa: S608  # the SQL is put together from constants of this file; values are bound
"""Readings that somebody was given before it was said whose the device was then. All inside transactions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import apsw

from gateway.core.subject import Origin, Subject, SubjectType
from gateway.store.assignments import Measured
from gateway.store.stamp import Stamp, utc_text

AT_ONCE: Final = 500  # readings looked at in one transaction
_SLACK: Final = timedelta(days=2)  # times of reception lie behind the moment of an assignment, as far as clocks agree


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """A reading that was given to `subject` because the device was theirs, as it seemed."""

    seq: int
    device_identity: str
    subject: Subject
    user_slot: int | None
    measured: Measured


def had_since(connection: apsw.Connection, origin: Origin, keys: set[str]) -> Iterator[Had]:
    """The next of those that are to be looked at again, if any; not those that a person or a band decided."""
    for key in sorted(keys):
        due = connection.execute(
            "SELECT since, done_seq FROM assignment_reviews WHERE device_identity = ?", (key,)
        ).fetchone()
        if due is None:
            continue
        since, done = due
        begin = utc_text(datetime.fromisoformat(str(since)) - _SLACK)
        rows = connection.execute(
            "SELECT seq, device_identity, subject_type, subject_id, user_slot, effective_at, effective_source, "
            "effective_uncertainty_s, boot_id, monotonic_s, wall, synchronised, decided_by FROM readings "
            f"WHERE device_identity IN ({', '.join('?' * len(keys))}) AND seq > ? AND received_at >= ? "
            "ORDER BY seq LIMIT ?",
            (*sorted(keys), done, begin, AT_ONCE),
        ).fetchall()
        last = rows[-1][0] if len(rows) == AT_ONCE else None
        connection.execute("UPDATE assignment_reviews SET done_seq = ? WHERE device_identity = ?", (last, key))
        for row in rows:
            if row[3] is not None and row[12] in (None, "owner", "slot"):
                yield _had(row, origin)


def reviewed(connection: apsw.Connection, keys: set[str]) -> bool:
    """End the reviews that are through. True: there are more to be looked at."""
    more = False
    for key in sorted(keys):
        connection.execute("DELETE FROM assignment_reviews WHERE device_identity = ? AND done_seq IS NULL", (key,))
        more = more or connection.execute("SELECT 1 FROM assignment_reviews WHERE device_identity = ?", (key,)).get == 1
    return more


def due(connection: apsw.Connection) -> list[str]:
    """Devices that are to be looked at."""
    return [str(key) for (key,) in connection.execute("SELECT device_identity FROM assignment_reviews")]


def _had(row: tuple[object, ...], origin: Origin) -> Had:
    seq, device, subject_type, subject_id, slot, effective_at, source, uncertainty, boot, mono, wall, sync, _ = row
    stamp = Stamp(
        origin=origin,
        boot_id=str(boot),
        monotonic_s=float(str(mono)),
        wall=datetime.fromisoformat(str(wall)),
        synchronised=bool(sync),
    )
    known = effective_at is not None and source != "reception" and bool(sync)
    age = (stamp.wall - datetime.fromisoformat(str(effective_at))).total_seconds() if known else 0.0
    return Had(
        seq=int(str(seq)),
        device_identity=str(device),
        subject=Subject(type=SubjectType(str(subject_type)), id=str(subject_id)),
        user_slot=None if slot is None else int(str(slot)),
        measured=Measured(
            received=stamp,
            age_s=age,
            uncertainty_s=float(str(uncertainty)) if known and uncertainty is not None else None,
        ),
    )
