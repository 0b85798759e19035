"""What leaves the home is queued in the transaction that makes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import apsw

from device_drivers.nomenclature import Kind
from gateway.core.subject import Subject
from gateway.store.rows import insert
from gateway.store.stamp import Stamp

ALERT_RANK: Final = 0
READING_RANK: Final = 1  # alerts overtake readings
ROOMS: Final = frozenset({Kind.ROOM_CLIMATE, Kind.ROOM_STATE})

_STAMP_AGAIN: Final = (
    "boot_id = excluded.boot_id, monotonic_s = excluded.monotonic_s, wall = excluded.wall, "
    "synchronised = excluded.synchronised"
)
_ONE_MORE: Final = f"ON CONFLICT (name) DO UPDATE SET value = value + 1, {_STAMP_AGAIN} RETURNING value"
_MARK_AGAIN: Final = f"ON CONFLICT (sink, device_identity, kind) DO UPDATE SET {_STAMP_AGAIN}"

STREAM_PERIOD_S: Final = 60.0  # a strap notifies each second: 86,400 a day are kept here, 1,440 go into a record


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkRoute:
    """What one configured sink takes.

    Attributes:
        name: of the sink; also the recipient of consents.
        takes_rooms: the climate and the states of rooms too, which are about nobody's body.
        stream_period_s: of a streamed kind (heart rate of a strap) one reading in so many seconds is queued, as it is;
            0 queues each. The store keeps all of them either way.
    """

    name: str
    takes_readings: bool = True
    takes_alerts: bool = False
    takes_rooms: bool = True
    stream_period_s: float = STREAM_PERIOD_S

    def takes(self, kind: str) -> bool:
        """Whether readings of this kind are queued for it."""
        return self.takes_readings and (self.takes_rooms or kind not in ROOMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The content of an envelope before it has a number. `received_at` is ISO 8601 UTC with microseconds."""

    message_id: str
    schema: str
    data_type: str
    subject: Subject
    received_at: str
    body: Mapping[str, Any]
    rank: int


def json_text(value: object) -> str:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def enqueue(connection: apsw.Connection, stamp: Stamp, sinks: Sequence[str], letter: Letter) -> int | None:
    """Number the letter and put it into the queue of each sink. Returns its sequence; None without sinks."""
    if not sinks:
        return None
    sequence = next_number(connection, stamp, "envelope")
    values = {
        "sequence": sequence,
        "message_id": letter.message_id,
        "schema": letter.schema,
        "data_type": letter.data_type,
        "subject_type": letter.subject.type.value,
        "subject_id": letter.subject.id,
        "received_at": letter.received_at,
        "body": json_text(letter.body),
    }
    insert(connection, "envelopes", stamp, values)
    for sink in sinks:
        item = {"sink": sink, "envelope_sequence": sequence, "rank": letter.rank, "state": "queued"}
        insert(connection, "outbox", stamp, item)
    return sequence


def next_number(connection: apsw.Connection, stamp: Stamp, counter: str) -> int:
    """1, 2, 3 … without gaps in the order of commits: a transaction that is undone gives its number back."""
    number = insert(connection, "counters", stamp, {"name": counter, "value": 1}, then=_ONE_MORE).get
    return int(number)


def sinks_for_stream(
    connection: apsw.Connection, stamp: Stamp, routes: Sequence[SinkRoute], *, device_identity: str, kind: str
) -> list[str]:
    """The sinks whose period for this stream has passed, by the monotonic clock; they are marked as served now."""
    due: list[str] = []
    for route in routes:
        if route.stream_period_s > 0:
            last = connection.execute(
                "SELECT monotonic_s FROM stream_marks WHERE sink = ? AND device_identity = ? AND kind = ? "
                "AND boot_id = ?",
                (route.name, device_identity, kind, stamp.boot_id),
            ).get
            if last is not None and 0 <= stamp.monotonic_s - last < route.stream_period_s:
                continue
            mark = {"sink": route.name, "device_identity": device_identity, "kind": kind}
            insert(connection, "stream_marks", stamp, mark, then=_MARK_AGAIN)
        due.append(route.name)
    return due
