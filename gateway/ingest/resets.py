"""A clock that was reset in the middle of a backlog: seen by stamps that jump back in the order of the records.

A record is committed as it comes, before the next one is known. When a later one shows that the clock was reset in
between, those before it that were corrected by the offset of now had another one: their time becomes unknown, and
whoever received them with a time is told that it does not hold and gets them without. All inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, cast

import apsw

from gateway.core.envelope import ReadingDocument
from gateway.core.subject import Subject, SubjectType
from gateway.ingest import handing
from gateway.ingest.effective import CLOCK_WAS_RESET
from gateway.ingest.received import Received
from gateway.store import corrections
from gateway.store.outgoing import SinkRoute, json_text
from gateway.store.stamp import Stamp, utc_text

JUMP: Final = timedelta(seconds=120)  # back by less is a clock that was put right by a little
BACKLOG: Final = 500  # records of one connection that are looked at
ACTOR: Final = "clock"


def heed(connection: apsw.Connection, stamp: Stamp, received: Received, routes: Sequence[SinkRoute]) -> int:
    """After a reading with a stamp was stored. Returns how many earlier ones of this connection lost their time."""
    clock, time = received.clock, received.reading.time
    local = None if time is None else time.local()
    if clock is None or local is None:
        return 0
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT seq, device_time, record_sequence, effective_at, effective_source, subject_type, subject_id, doubtful "
        "FROM readings WHERE device_identity = ? AND received_at >= ? AND received_at <= ? AND device_time IS NOT NULL "
        "AND kind = ? ORDER BY seq DESC LIMIT ?",
        (
            *(received.device.identity, utc_text(clock.measured_at), utc_text(received.received_at)),
            *(received.reading.kind.value, BACKLOG),
        ),
    ).fetchall()
    rows.reverse()
    before = [row for row in rows[:-1] if _local(row[1]) is not None]  # the last is the reading itself
    if not _jumped(before, local, received.reading.sequence):
        return 0
    lost = 0
    for row in before:
        if row[4] == "device-corrected" and _by_offset_of_now(row, clock.offset_s):
            _forget_time(connection, stamp, row, routes)
            lost += 1
    return lost


def _local(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)  # naive, as the device said it
    except ValueError:  # a part was unknown
        return None


def _jumped(before: list[tuple[Any, ...]], local: datetime, sequence: int | None) -> bool:
    """Whether the stamp lies before that of the record before it, in the order in which records are made.

    By the records' numbers where they have some. Else by their arrival, if they came oldest first so far.
    """
    if not before or (last := _local(before[-1][1])) is None or local >= last - JUMP:
        return False
    if sequence is not None and before[-1][2] is not None:
        return bool(sequence > before[-1][2])
    stamps = [stamp for row in before if (stamp := _local(row[1])) is not None]
    return any(later > earlier for earlier, later in pairwise(stamps))


def _by_offset_of_now(row: tuple[Any, ...], offset_s: float) -> bool:
    """Whether this offset, and not an earlier one that explains it, made the record's time."""
    local = _local(row[1])
    if local is None or row[3] is None:
        return False
    # No zone is more than 14 h from UTC: what differs by more was corrected by another offset.
    naive = datetime.fromisoformat(row[3]).replace(tzinfo=None)
    rest = (local - naive).total_seconds() - offset_s
    return abs(rest) < 15 * 3600.0


def _forget_time(connection: apsw.Connection, stamp: Stamp, row: tuple[Any, ...], routes: Sequence[SinkRoute]) -> None:
    seq, subject_type, subject_id = row[0], row[5], row[6]
    doubtful = [*json.loads(row[7]), CLOCK_WAS_RESET]
    connection.execute(
        "UPDATE readings SET effective_at = NULL, effective_source = 'unknown', effective_uncertainty_s = NULL, "
        "doubtful = ? WHERE seq = ?",
        (json_text(doubtful), seq),
    )
    waiting = connection.execute("SELECT document FROM waiting_readings WHERE seq = ?", (seq,)).get
    if waiting is not None:
        changed = json_text(_without_time(json.loads(str(waiting)), doubtful))
        connection.execute("UPDATE waiting_readings SET document = ? WHERE seq = ?", (changed, seq))
    letter = corrections.sent(connection, seq)
    if subject_id is None or letter is None:
        return
    subject = Subject(type=SubjectType(subject_type), id=subject_id)
    corrections.note(connection, stamp, seq, before=subject, after=subject, actor=ACTOR)
    corrections.take_back(connection, stamp, letter)
    document = _without_time(letter.document, doubtful)
    handing.deliver(connection, stamp, seq, document, subject, routes, had=letter.sinks)


def _without_time(document: ReadingDocument, doubtful: list[str]) -> ReadingDocument:
    effective = {**document["effective"], "at": None, "source": "unknown", "uncertainty_s": None}
    return cast("ReadingDocument", {**document, "effective": effective, "doubtful": doubtful})
