# ruff: noqa: S608  # the SQL is put together from constants of this file; values are bound
"""Who agreed that what goes to whom, and what that does to the queues, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import apsw

from gateway.consent import Consent, Word
from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.store import audit, residents
from gateway.store.data_types import EVERYTHING, must_be_known
from gateway.store.database import Database
from gateway.store.outgoing import next_number
from gateway.store.rows import insert
from gateway.store.stamp import Stamp, Stamper, utc_text

# Queued things about a resident: about the person, the room where the person lives, or the home. What takes a reading
# back needs no consent: see `gateway.consent.door`.
_ABOUT: Final = (
    "e.sequence = outbox.envelope_sequence AND e.schema <> 'huoma.retraction/1' "
    "AND ((e.subject_type = 'resident' AND e.subject_id = r.id) "
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

    async def word(self, subject: Subject, recipient: str, data_type: str) -> Word:
        """See `gateway.consent.ConsentStore`."""
        return await self._database.read(lambda connection: _word(connection, subject, recipient, data_type))

    async def state(self, subject: Subject, recipient: str, data_type: str) -> Consent:
        """The consent of `word`, whenever it began."""
        return (await self.word(subject, recipient, data_type)).consent

    async def grant(
        self,
        resident_id: str,
        recipient: str,
        *,
        actor: str,
        data_type: str = EVERYTHING,
        since: datetime | None = None,
    ) -> int:
        """The resident agrees. What was withheld and received at or after `since` is queued again; nothing without it.

        What waits and was not covered so far is withheld first, in the same transaction: the order of commits tells
        what was there before the consent, whatever the clock said. Said again with an earlier `since`, it covers from
        then.

        Returns:
            how many items are released.

        Raises:
            NotFound: no such resident.
            Conflict: it is granted already.
            Invalid: no such data type, or `since` has no zone, or lies in the future.
        """
        must_be_known(data_type)
        stamp = self._stamper.now()
        if since is not None and (since.tzinfo is None or since > stamp.wall):
            raise Invalid("A consent must begin at a moment that has passed, with a time zone.")
        begin = utc_text(since or stamp.wall)

        def work(connection: apsw.Connection) -> int:
            _must_exist(connection, resident_id)
            connection.execute(
                "UPDATE outbox SET state = 'withheld', detail = 'from before the consent', settled_at = ? "
                f"WHERE state = 'queued' AND EXISTS (SELECT 1 {_WHO} AND {_IN_FORCE} IS NOT TRUE)",
                (utc_text(stamp.wall), resident_id, recipient),
            )
            for kind in _to_say(connection, resident_id, recipient, data_type, begin if since is not None else None):
                values = {
                    "resident_id": resident_id,
                    "recipient": recipient,
                    "data_type": kind,
                    "granted_at": begin,
                    "granted_by": actor,
                    "word": next_number(connection, stamp, "consent"),
                }
                insert(connection, "consents", stamp, values)
            released = 0
            if since is not None:
                connection.execute(
                    "UPDATE outbox SET state = 'queued', detail = NULL, settled_at = NULL WHERE state = 'withheld' "
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
            Invalid: no such data type: a slip of the pen must not look like a withdrawal.
        """
        must_be_known(data_type)
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


def _to_say(
    connection: apsw.Connection, resident_id: str, recipient: str, data_type: str, since: str | None
) -> list[str]:
    """The types for which a grant is to be written: this one; or, of an open "*", those taken back after it.

    An open grant of this type begins earlier from now on when `since` says so.
    """
    whose = (resident_id, recipient)
    row = connection.execute(
        "SELECT id, word, granted_at FROM consents WHERE resident_id = ? AND recipient = ? AND data_type = ? "
        "AND withdrawn_at IS NULL",
        (*whose, data_type),
    ).fetchone()
    if row is None:
        return [data_type]
    number, word, granted_at = row
    exceptions = connection.execute(
        "SELECT DISTINCT data_type FROM consents c WHERE resident_id = ? AND recipient = ? AND ? = '*' AND word > ? "
        "AND withdrawn_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM consents o WHERE o.resident_id = c.resident_id "
        "AND o.recipient = c.recipient AND o.data_type = c.data_type AND o.withdrawn_at IS NULL) ORDER BY data_type",
        (*whose, data_type, word),
    )
    taken_back = [str(kind) for (kind,) in exceptions]
    earlier = since is not None and since < str(granted_at)
    if not taken_back and not earlier:
        who = residents.called(connection, Subject(type=SubjectType.RESIDENT, id=resident_id))
        raise Conflict(f"{who[:1].upper()}{who[1:]} has agreed to that already.")
    if earlier:
        connection.execute("UPDATE consents SET granted_at = ? WHERE id = ?", (since, number))
    return taken_back


def _word(connection: apsw.Connection, subject: Subject, recipient: str, data_type: str) -> Word:
    match subject.type:
        case SubjectType.RESIDENT:
            who = [subject.id]
        case SubjectType.ROOM:
            who = _column(connection, "SELECT id FROM residents WHERE moved_out_at IS NULL AND room_id = ?", subject.id)
        case SubjectType.HOME:
            who = _column(connection, "SELECT id FROM residents WHERE moved_out_at IS NULL")
    words = [_of_resident(connection, resident_id, recipient, data_type) for resident_id in who]
    answers = {word.consent for word in words}
    if Consent.WITHDRAWN in answers:
        return Word(consent=Consent.WITHDRAWN)
    if answers != {Consent.GRANTED}:
        return Word(consent=Consent.NEVER)
    return Word(consent=Consent.GRANTED, begin=max((w.begin for w in words if w.begin is not None), default=None))


def _column(connection: apsw.Connection, sql: str, *values: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(sql, values)]


def _of_resident(connection: apsw.Connection, resident_id: str, recipient: str, data_type: str) -> Word:
    """The newest word decides; it covers from the first of the grants that nothing taken back parts from it."""
    begins: list[tuple[str, bool]] = []
    for begin, withdrawn, wall, synchronised in connection.execute(
        "SELECT granted_at, withdrawn_at IS NOT NULL, wall, synchronised FROM consents WHERE resident_id = ? "
        "AND recipient = ? AND data_type IN (?, '*') ORDER BY word DESC",
        (resident_id, recipient, data_type),
    ):
        if withdrawn:
            if not begins:
                return Word(consent=Consent.WITHDRAWN)
            break
        begins.append((str(begin), bool(synchronised) or begin != wall))  # a begin that a person gave is right
    if not begins:
        return Word(consent=Consent.NEVER)
    known = all(comparable for _, comparable in begins)
    begin = datetime.fromisoformat(min(text for text, _ in begins)) if known else None
    return Word(consent=Consent.GRANTED, begin=begin)


def _note(
    connection: apsw.Connection, stamp: Stamp, actor: str, action: str, resident: str, recipient: str, kind: str, n: int
) -> None:
    detail = {"recipient": recipient, "data_type": kind, "items": n}
    audit.note(connection, stamp, actor=actor, action=action, target=resident, detail=detail)
