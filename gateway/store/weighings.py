# the SQL is put together from constants of this file; values are bound
"""What people weighed, and which readings are of one act of weighing. Queries inside a transaction of the caller."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import apsw

from device_drivers.nomenclature import Kind, Quantity
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.bands import MEMORY_DAYS, Weighing
from gateway.store.stamp import utc_text

KINDS: Final = (Kind.WEIGHT.value, Kind.BODY_COMPOSITION.value)  # what a scale sends of one act of weighing
MOST: Final = 200  # weighings of one resident, and undecided ones: where there are more, memory begins with the oldest
RECENT: Final = 5_000  # rows of one device among which the other parts of a weighing are looked for
TOGETHER_S: Final = 30.0  # a scale without a clock sends the parts of one weighing within seconds
REFERENCE_S: Final = 3_600.0  # a technician weighs somebody just before or after saying so, by clocks that differ
_SAME_S: Final = 120.0  # of one resident: the weight, and the weight that stands in the body composition
_SURE: Final = frozenset({"person", "slot"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Another reading of the same act of weighing: whose, or None and whether a person said that it is nobody's."""

    seq: int
    subject: Subject | None
    dismissed: bool


def weight_of(values: str) -> float | None:
    """The weight in the `values` of a row, kg."""
    weight = json.loads(values).get(Quantity.WEIGHT.value)
    return None if weight is None else float(weight)


def history(
    connection: apsw.Connection, residents: Sequence[Subject], device_identity: str, at: datetime, but: int | None
) -> list[Weighing]:
    """What is known before `at`: of these residents on any scale, and what nobody was given on this one.

    All of it begins at one moment, `MEMORY_DAYS` ago or where there are more than `MOST`: what a person said before may
    be out of date, and what would show it is not looked at any more.

    `but`: the position of the reading that is being decided, with all that is of the same act.
    """
    since = utc_text(at - timedelta(days=MEMORY_DAYS))
    until = utc_text(at)
    begin_s = _seconds(since)
    found: list[Weighing] = []
    for one in residents:
        rows = connection.execute(
            'SELECT effective_at, "values", subject_id, decided_by FROM readings WHERE subject_id = ? '
            "AND kind IN (?, ?) AND failed = 0 AND doubtful = '[]' AND effective_at BETWEEN ? AND ? AND seq <> ? "
            "ORDER BY effective_at DESC LIMIT ?",
            (one.id, *KINDS, since, until, -1 if but is None else but, MOST),
        ).fetchall()
        begin_s = max(begin_s, _cut(rows))
        found += _once(_weighings(rows))
        for reference, begin in connection.execute(
            "SELECT reference, valid_from FROM assignments WHERE shared = 1 AND subject_id = ? AND valid_from <= ?",
            (one.id, utc_text(at + timedelta(seconds=REFERENCE_S))),
        ):
            weight = weight_of(str(reference))
            if weight is not None:
                at_s = min(_seconds(begin), at.timestamp())
                found.append(Weighing(at_s=at_s, kilograms=weight, whose=one.id, sure=True))
    undecided = connection.execute(
        'SELECT r.effective_at, r."values", NULL, NULL FROM waiting_readings w JOIN readings r ON r.seq = w.seq '
        "WHERE w.device_identity = ? AND w.dismissed = 0 AND r.kind IN (?, ?) AND r.failed = 0 "
        "AND r.doubtful = '[]' AND r.effective_at BETWEEN ? AND ? AND r.seq <> ? ORDER BY r.effective_at DESC LIMIT ?",
        (device_identity, *KINDS, since, until, -1 if but is None else but, MOST),
    ).fetchall()
    begin_s = max(begin_s, _cut(undecided))
    found += _once(_weighings(undecided))
    return [one for one in found if one.at_s >= begin_s]


def _cut(rows: Sequence[Any]) -> float:
    """Where the rows begin, newest first, if there may be older ones."""
    return _seconds(rows[-1][0]) if len(rows) == MOST else -math.inf


def _weighings(rows: Sequence[Any]) -> Iterator[Weighing]:
    for effective_at, values, subject_id, decided_by in rows:
        weight = weight_of(values)
        if weight is not None:
            yield Weighing(at_s=_seconds(effective_at), kilograms=weight, whose=subject_id, sure=decided_by in _SURE)


def _once(found: Iterator[Weighing]) -> list[Weighing]:
    """The weight and the body composition of one act tell the same weight: it counts once."""
    kept: list[Weighing] = []
    for one in sorted(found, key=lambda one: (one.at_s, not one.sure)):
        last = kept[-1] if kept else None
        if last is None or one.at_s - last.at_s > _SAME_S or one.kilograms != last.kilograms:
            kept.append(one)
    return kept


def same_act(
    connection: apsw.Connection,
    device_identity: str,
    kind: str,
    *,
    user_slot: int | None,
    device_time: str | None,
    received_at: datetime,
    but: int | None,
) -> list[Part]:
    """The other parts (of another kind) of this act of weighing; `but` is the position of the reading itself.

    They bear the same stamp of the device; without a clock they arrive together. Stamps that come twice (a clock that
    fell back to its factory date) name nothing: then there are none.
    """
    if kind not in KINDS:
        return []
    newest = connection.execute("SELECT ifnull(max(seq), 0) FROM readings").get
    begin = utc_text(received_at - timedelta(seconds=TOGETHER_S))
    end = utc_text(received_at + timedelta(seconds=TOGETHER_S))
    rows = connection.execute(
        "SELECT r.seq, r.subject_type, r.subject_id, ifnull(w.dismissed, 0), r.kind FROM readings r "
        "LEFT JOIN waiting_readings w ON w.seq = r.seq WHERE r.device_identity = ? AND r.seq > ? AND r.kind IN (?, ?) "
        "AND r.failed = 0 AND r.seq <> ? AND r.user_slot IS ? AND r.device_time IS ? "
        "AND (r.device_time IS NOT NULL OR r.received_at BETWEEN ? AND ?) ORDER BY r.seq",
        (
            *(device_identity, int(newest) - RECENT, *KINDS, -1 if but is None else but, user_slot, device_time),
            *(begin, end),
        ),
    ).fetchall()
    if len(rows) != 1 or rows[0][4] == kind:
        return []
    row: tuple[Any, ...] = rows[0]
    subject = None if row[2] is None else Subject(type=SubjectType(row[1]), id=row[2])
    return [Part(seq=row[0], subject=subject, dismissed=bool(row[3]))]


def _seconds(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()
