"""What a person says about whose a reading is: the ones that wait, a visitor's, and one that somebody got wrongly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import apsw

from gateway.core.errors import Conflict, NotFound
from gateway.core.faults import Fault, no_fault
from gateway.core.subject import Subject, SubjectType
from gateway.ingest import handing, whose
from gateway.ingest.bands import Band
from gateway.store import assignments, audit, corrections, residents, reviews, waiting, weighings
from gateway.store.corrections import Correction
from gateway.store.database import Database
from gateway.store.outgoing import SinkRoute
from gateway.store.readings import ReadingRow, row_of
from gateway.store.stamp import Stamp, Stamper

T = TypeVar("T")

PERSON: Final = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A reading that a person may decide.

    Attributes:
        candidates: residents who share the device; empty when it was assigned to nobody then.
        bands: what is expected of those whose weight is known.
        why: what could not be decided.
    """

    reading: ReadingRow
    candidates: tuple[str, ...]
    bands: dict[str, Band]
    why: str


class Decisions:
    """Acts of people on single readings. Each is one transaction: row, history, sinks and audit."""

    def __init__(
        self, database: Database, stamper: Stamper, *, routes: Sequence[SinkRoute] = (), fault: Fault = no_fault
    ) -> None:
        self._database = database
        self._stamper = stamper
        self._routes = tuple(route for route in routes if route.takes_readings)
        self._fault = fault
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each decision. Returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def offered(self, *, before_seq: int = 2**62, limit: int = 50) -> list[Offered]:
        """Readings that wait for a person, the newest first; go on with the last `seq`."""
        origin = self._stamper.origin

        def work(connection: apsw.Connection) -> list[Offered]:
            found = waiting.offered(connection, origin, before_seq=before_seq, limit=limit)
            return [_offered(connection, one) for one in found]

        return await self._database.read(work)

    async def count(self) -> int:
        """How many wait."""
        return await self._database.read(waiting.count_offered)

    async def to_be_reviewed(self) -> list[str]:
        """Devices whose assignments of the past were changed and whose readings were not looked at since."""
        return await self._database.read(reviews.due)

    async def history(self, reading_id: str) -> list[Correction]:
        """What was said of a reading, oldest first. Raises NotFound."""
        return await self._database.read(lambda c: corrections.of_reading(c, _find(c, reading_id).seq))

    async def assign(self, reading_id: str, subject: Subject, *, actor: str) -> int:
        """A reading that waits is the subject's; so are the other parts of the same weighing. It is delivered.

        Returns:
            how many readings found their owner: what is known now may decide others that wait.

        Raises:
            NotFound: no such reading or resident.
            Conflict: it is somebody's already.
        """

        def work(connection: apsw.Connection, stamp: Stamp) -> int:
            row = _find(connection, reading_id)
            _must_live_here(connection, subject)
            if row.subject is not None:
                who = residents.called(connection, row.subject)
                raise Conflict(f"The reading is {who}'s already: to correct that, reassign it.")
            moved = self._hand_over(connection, stamp, row, subject, actor, "reading.assign")
            keys = assignments.keys_of(connection, row.device_identity)
            return moved + handing.take_up(connection, stamp, keys, self._routes, by_weight=True)

        return await self._act(work)

    async def dismiss(self, reading_id: str, *, actor: str) -> None:
        """A reading that waits is nobody's who lives here (a visitor's): kept, never asked about again.

        Raises:
            NotFound: no such reading.
            Conflict: it is somebody's.
        """

        def work(connection: apsw.Connection, stamp: Stamp) -> None:
            row = _find(connection, reading_id)
            if row.subject is not None:
                who = residents.called(connection, row.subject)
                raise Conflict(f"The reading is {who}'s: to take it back, reassign it to nobody.")
            for seq in self._act_of_weighing(connection, row):
                waiting.dismiss(connection, seq)
            audit.note(connection, stamp, actor=actor, action="reading.dismiss", target=row.id)

        await self._act(work)

    async def reassign(self, reading_id: str, subject: Subject | None, *, actor: str) -> int:
        """A reading, and the other parts of the same weighing, is the subject's (None: nobody's), whosever it was.

        Who had it is told so (see `gateway.store.corrections.take_back`).

        Returns:
            how many readings moved.

        Raises:
            NotFound: no such reading or resident.
            Conflict: it is the subject's already.
        """

        def work(connection: apsw.Connection, stamp: Stamp) -> int:
            row = _find(connection, reading_id)
            if subject is not None:
                _must_live_here(connection, subject)
            if row.subject == subject:
                raise Conflict("The reading is theirs already." if subject else "The reading is nobody's already.")
            return self._hand_over(connection, stamp, row, subject, actor, "reading.reassign")

        return await self._act(work)

    async def _act(self, work: Callable[[apsw.Connection, Stamp], T]) -> T:
        stamp = self._stamper.now()
        done = await self._database.write(lambda connection: work(connection, stamp))
        for listener in list(self._listeners):
            listener()
        return done

    def _hand_over(
        self,
        connection: apsw.Connection,
        stamp: Stamp,
        row: ReadingRow,
        subject: Subject | None,
        actor: str,
        action: str,
    ) -> int:
        seqs = self._act_of_weighing(connection, row)
        for seq in seqs:
            before = row_of(connection, seq).subject
            if before != subject or seq == row.seq:
                handing.hand_over(connection, stamp, seq, before, subject, self._routes, how=PERSON, actor=actor)
                self._fault("ingest.reassign.inside")
        whom = None if subject is None else f"{subject.type}/{subject.id}"
        detail = {"to": whom, "from": None if row.subject is None else f"{row.subject.type}/{row.subject.id}"}
        audit.note(connection, stamp, actor=actor, action=action, target=row.id, detail=detail)
        return len(seqs)

    @staticmethod
    def _act_of_weighing(connection: apsw.Connection, row: ReadingRow) -> list[int]:
        """The reading, and the other parts of the same weighing."""
        parts = weighings.same_act(
            connection, row.device_identity, row.kind,
            user_slot=row.user_slot, device_time=row.device_time, received_at=row.received_at, but=row.seq,
        )  # fmt: skip
        return [row.seq, *(part.seq for part in parts)]


def _find(connection: apsw.Connection, reading_id: str) -> ReadingRow:
    found = connection.execute("SELECT seq FROM readings WHERE id = ?", (reading_id,)).get
    if found is None:
        raise NotFound(f"There is no reading {reading_id}: 'huoma readings unassigned' lists those that wait.")
    return row_of(connection, int(found))


def _must_live_here(connection: apsw.Connection, subject: Subject) -> None:
    if (
        subject.type is SubjectType.RESIDENT
        and connection.execute("SELECT 1 FROM residents WHERE id = ?", (subject.id,)).get is None
    ):
        raise NotFound(f"There is no resident {subject.id}: 'huoma resident add' makes one.")


def _offered(connection: apsw.Connection, one: waiting.Waiting) -> Offered:
    facts = handing.facts_of(one)
    keys = assignments.keys_of(connection, one.device_identity)
    shared = assignments.owners(connection, keys, one.user_slot, one.measured).shared
    said = whose.verdict(connection, facts, shared) if shared else None
    return Offered(
        reading=row_of(connection, one.seq),
        candidates=tuple(subject.id for subject in shared),
        bands={} if said is None else said.bands,
        why=(said.why if said is not None else None) or one.why or "",
    )
