"""Giving readings to whom they belong, and taking them back from whom they do not. All inside transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import apsw

from gateway.core.envelope import ReadingDocument
from gateway.core.subject import Subject
from gateway.ingest import whose
from gateway.ingest.document import letter_of
from gateway.ingest.streams import STREAMS
from gateway.ingest.whose import Facts
from gateway.store import assignments, corrections, waiting, weighings
from gateway.store.outgoing import SinkRoute, enqueue
from gateway.store.reviews import Had, had_since, reviewed
from gateway.store.stamp import Stamp
from gateway.store.waiting import Waiting

BY_WEIGHT_AT_ONCE: Final = 60  # of those that wait, the newest: each costs some milliseconds of the store's thread
REVIEW: Final = "assignment"  # who takes back what an assignment of the past moves to somebody else


def take_up(
    connection: apsw.Connection, stamp: Stamp, keys: set[str], routes: Sequence[SinkRoute], *, by_weight: bool
) -> int:
    """Readings of the device that wait and are somebody's now. `by_weight`: look at the personal bands too."""
    everything = list(waiting.of_device(connection, stamp.origin, keys))
    taken = 0
    for number, one in enumerate(everything):
        bands_too = by_weight and number >= len(everything) - BY_WEIGHT_AT_ONCE
        decision = whose.decide(connection, keys, facts_of(one), by_weight=bands_too)
        if decision.dismissed:
            waiting.dismiss(connection, one.seq)
        if decision.subject is None:
            continue
        waiting.take(connection, one.seq, decision.subject, how=decision.how)
        deliver(connection, stamp, one.seq, one.document, decision.subject, routes)
        taken += 1
    return taken


def catch_up(
    connection: apsw.Connection, stamp: Stamp, keys: set[str], routes: Sequence[SinkRoute]
) -> tuple[int, bool]:
    """After the assignments of a device were changed. Returns how many readings moved, and whether there are more."""
    moved = 0
    for had in had_since(connection, stamp.origin, keys):
        owner = assignments.owners(connection, keys, had.user_slot, had.measured)
        if owner.subject == had.subject or had.subject in owner.shared:
            continue
        hand_over(connection, stamp, had.seq, had.subject, owner.subject, routes, how=owner.how, actor=REVIEW)
        if owner.subject is None:
            _ask_again(connection, had)
        moved += 1
    more = reviewed(connection, keys)
    return moved + (0 if more else take_up(connection, stamp, keys, routes, by_weight=True)), more


def hand_over(
    connection: apsw.Connection,
    stamp: Stamp,
    seq: int,
    before: Subject | None,
    after: Subject | None,
    routes: Sequence[SinkRoute],
    *,
    how: str,
    actor: str,
) -> None:
    """The reading is not `before`'s but `after`'s (None: nobody's): the history, the sinks, the row.

    The sinks hear first that it is taken back, then whose it is.
    """
    letter = None if before is None else corrections.sent(connection, seq)
    corrections.note(connection, stamp, seq, before=before, after=after, actor=actor)
    connection.execute(
        "UPDATE readings SET subject_type = ?, subject_id = ?, decided_by = ? WHERE seq = ?",
        (None if after is None else after.type.value, None if after is None else after.id, how, seq),
    )
    if letter is not None:
        corrections.posted(connection, seq, letter.sequence)  # of a row that did not name it: found again from now on
        corrections.take_back(connection, stamp, letter)
    if after is not None:
        again = letter or corrections.sent(connection, seq)
        kept = waiting.one(connection, stamp.origin, seq)
        document = again.document if again is not None else kept.document if kept is not None else None
        deliver(connection, stamp, seq, document, after, routes, had=None if again is None else again.sinks)
        connection.execute("DELETE FROM waiting_readings WHERE seq = ?", (seq,))


def deliver(
    connection: apsw.Connection,
    stamp: Stamp,
    seq: int,
    document: ReadingDocument | None,
    subject: Subject,
    routes: Sequence[SinkRoute],
    *,
    had: Sequence[str] | None = None,
) -> None:
    """Queue the reading as the subject's. Of a stream, which is thinned, only the sinks that `had` it get it."""
    if document is None:
        return
    body = cast("ReadingDocument", {**document, "subject": {"type": subject.type.value, "id": subject.id}})
    revision = corrections.revision(connection, seq)
    if revision:
        body["revision"] = revision
    source = connection.execute("SELECT source FROM readings WHERE seq = ?", (seq,)).get
    taking = [route.name for route in routes if route.takes(document["kind"])]
    sinks = [name for name in taking if source not in STREAMS or name in (had or ())]
    corrections.posted(connection, seq, enqueue(connection, stamp, sinks, letter_of(body)))


def facts_of(one: Waiting) -> Facts:
    """What a reading that waits says about whose it is."""
    return Facts(
        seq=one.seq,
        device_identity=one.device_identity,
        kind=one.kind,
        user_slot=one.user_slot,
        device_time=one.device_time,
        received_at=one.received_at,
        measured=one.measured,
        at=whose.comparable(one.effective_at, one.effective_source, one.effective_uncertainty_s, doubtful=one.doubtful),
        weight_kg=None if one.failed else weighings.weight_of(one.values),
    )


def _ask_again(connection: apsw.Connection, had: Had) -> None:
    """Taken from somebody to whom the device did not belong then, and now nobody's: it waits as if it had just come."""
    letter = corrections.sent(connection, had.seq)
    connection.execute("UPDATE readings SET decided_by = NULL WHERE seq = ?", (had.seq,))
    waiting.put(
        connection, had.measured.received, had.seq, device_identity=had.device_identity, user_slot=had.user_slot,
        measured=had.measured, document=None if letter is None else letter.document,
        why="the device was somebody else's then",
    )  # fmt: skip
