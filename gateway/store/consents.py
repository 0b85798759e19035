# ruff: noqa: S608  # the SQL is put together from constants of this file; values are bound
"""Who agreed that what goes to whom, and what that does to the queues, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import apsw

from gateway.consent import Consent
from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.store import audit
from gateway.store.database import Database
from gateway.store.outgoing import next_number
from gateway.store.rows import insert
from gateway.store.stamp import Stamp, Stamper, utc_text

EVERYTHING: Final = "*"

# Queued things about a resident: about the person, the room where the person lives, or the home.
_ABOUT: Final = (
    "e.sequence = outbox.envelope_sequence AND ((e.subject_type = 'resident' AND e.subject_id = r.id) "
    "OR (e.subject_type = 'room' AND e.subject_id = r.room_id) OR e.subject_type = 'home')"
)
# The newest word on this type or on everything; NULL where there is none.
_IN_FORCE: Final = (
    "(SELECT c.withdrawn_at IS NULL FROM consents c WHERE c.resident_id = r.id AND c.recipient = outbox.sink "
    "AND c.data_type IN (e.data_type, '*') ORDER BY c.word DESC LIMIT 1)"
)
_WHO: Final = "FROM residents r, envelopes e WHERE r.id = ? AND outbox.sink = ? AND " + _ABOUT


class SqliteConsents:
    """A `gateway.consent.ConsentStore` that also takes the word of people."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def state(self, subject: Subject, recipient: str, data_type: str) -> Consent:
        """See `gateway.consent.ConsentStore`."""
        return await self._database.read(lambda connection: _state(connection, subject, recipient, data_type))

    async def grant(
        self,
        resident_id: str,
        recipient: str,
        *,
        actor: str,
        data_type: str = EVERYTHING,
        since: datetime | None = None,
    ) -> int:
        """The resident agrees. What was withheld and received at or after `since` (default: now) is queued again.

        Returns:
            how many items are released.

        Raises:
            NotFound: no such resident.
            Conflict: it is granted already.
            Invalid: `since` has no zone, or lies in the future.
        """
        stamp = self._stamper.now()
        if since is not None and (since.tzinfo is None or since > stamp.wall):
            raise Invalid("A consent must begin at a moment that has passed, with a time zone.")
        begin = utc_text(since or stamp.wall)

        def work(connection: apsw.Connection) -> int:
            _must_exist(connection, resident_id)
            word = next_number(connection, stamp, "consent")
            if not _say_again(connection, resident_id, recipient, data_type, word):
                values = {
                    "resident_id": resident_id,
                    "recipient": recipient,
                    "data_type": data_type,
                    "granted_at": begin,
                    "granted_by": actor,
                    "word": word,
                }
                insert(connection, "consents", stamp, values)
            connection.execute(
                f"UPDATE outbox SET state = 'queued', detail = NULL, settled_at = NULL WHERE state = 'withheld' "
                f"AND EXISTS (SELECT 1 {_WHO} AND e.received_at >= ? AND {_IN_FORCE} IS TRUE)",
                (resident_id, recipient, begin),
            )
            released = connection.changes()
            _note(connection, stamp, actor, "consent.grant", resident_id, recipient, data_type, released)
            return released

        return await self._database.write(work)

    async def withdraw(self, resident_id: str, recipient: str, *, actor: str, data_type: str = EVERYTHING) -> int:
        """The resident no longer agrees, or refuses before being asked; "*" takes back everything for this recipient.

        What waits for this recipient and is no longer covered is dropped in the same transaction.

        Returns:
            how many items were dropped.

        Raises:
            NotFound: no such resident.
        """
        stamp = self._stamper.now()
        now = utc_text(stamp.wall)

        def work(connection: apsw.Connection) -> int:
            _must_exist(connection, resident_id)
            word = next_number(connection, stamp, "consent")
            connection.execute(
                "UPDATE consents SET withdrawn_at = ?, withdrawn_by = ?, word = ? WHERE resident_id = ? "
                "AND recipient = ? AND withdrawn_at IS NULL AND (data_type = ? OR ? = '*')",
                (now, actor, word, resident_id, recipient, data_type, data_type),
            )
            if not connection.changes():  # a word of its own: "everything but this", or a refusal
                values = {
                    "resident_id": resident_id,
                    "recipient": recipient,
                    "data_type": data_type,
                    "granted_at": now,
                    "granted_by": actor,
                    "withdrawn_at": now,
                    "withdrawn_by": actor,
                    "word": word,
                }
                insert(connection, "consents", stamp, values)
            self._database.fault("store.consent.withdrawn-not-dropped")
            connection.execute(
                "UPDATE outbox SET state = 'dropped', detail = 'consent withdrawn', settled_at = ? "
                f"WHERE state IN ('queued', 'withheld') AND EXISTS (SELECT 1 {_WHO} AND {_IN_FORCE} IS NOT TRUE)",
                (now, resident_id, recipient),
            )
            dropped = connection.changes()
            _note(connection, stamp, actor, "consent.withdraw", resident_id, recipient, data_type, dropped)
            return dropped

        return await self._database.write(work, essential=True)  # on a full disk too: it must not leave the home


def _must_exist(connection: apsw.Connection, resident_id: str) -> None:
    if connection.execute("SELECT 1 FROM residents WHERE id = ?", (resident_id,)).get is None:
        raise NotFound(f"There is no resident {resident_id}: 'huoma resident add' makes one.")


def _say_again(connection: apsw.Connection, resident_id: str, recipient: str, data_type: str, word: int) -> bool:
    """Make an open grant of exactly this the newest word. False: there is none."""
    row = connection.execute(
        "SELECT id, word FROM consents WHERE resident_id = ? AND recipient = ? AND data_type = ? "
        "AND withdrawn_at IS NULL",
        (resident_id, recipient, data_type),
    ).fetchone()
    if row is None:
        return False
    newest = connection.execute(
        "SELECT max(word) FROM consents WHERE resident_id = ? AND recipient = ? AND (data_type = ? OR ? = '*')",
        (resident_id, recipient, data_type, data_type),
    ).get
    if newest == row[1]:
        raise Conflict(f"Resident {resident_id} has agreed to that already.")
    connection.execute("UPDATE consents SET word = ? WHERE id = ?", (word, row[0]))
    return True


def _state(connection: apsw.Connection, subject: Subject, recipient: str, data_type: str) -> Consent:
    match subject.type:
        case SubjectType.RESIDENT:
            who = [subject.id]
        case SubjectType.ROOM:
            who = _column(connection, "SELECT id FROM residents WHERE moved_out_at IS NULL AND room_id = ?", subject.id)
        case SubjectType.HOME:
            who = _column(connection, "SELECT id FROM residents WHERE moved_out_at IS NULL")
    answers = {_of_resident(connection, resident_id, recipient, data_type) for resident_id in who}
    if Consent.WITHDRAWN in answers:
        return Consent.WITHDRAWN
    return Consent.GRANTED if answers == {Consent.GRANTED} else Consent.NEVER


def _column(connection: apsw.Connection, sql: str, *values: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(sql, values)]


def _of_resident(connection: apsw.Connection, resident_id: str, recipient: str, data_type: str) -> Consent:
    """The newest word decides."""
    agreed = connection.execute(
        "SELECT withdrawn_at IS NULL FROM consents WHERE resident_id = ? AND recipient = ? AND data_type IN (?, '*') "
        "ORDER BY word DESC LIMIT 1",
        (resident_id, recipient, data_type),
    ).get
    if agreed is None:
        return Consent.NEVER
    return Consent.GRANTED if agreed else Consent.WITHDRAWN


def _note(
    connection: apsw.Connection, stamp: Stamp, actor: str, action: str, resident: str, recipient: str, kind: str, n: int
) -> None:
    detail = {"recipient": recipient, "data_type": kind, "items": n}
    audit.note(connection, stamp, actor=actor, action=action, target=resident, detail=detail)
