"""Who lives here. Queries that run inside a transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from gateway.core.errors import Conflict, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.store import audit
from gateway.store.rows import insert
from gateway.store.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """A person who lives here. `room_id` says where, as far as it matters who of a room must consent."""

    id: str
    name: str
    room_id: str | None


def add(connection: apsw.Connection, stamp: Stamp, resident: Resident, *, actor: str, same_name: bool) -> Resident:
    """A new one. Raises Conflict: one of this id; or, unless `same_name`, one of this name who lives here."""
    if connection.execute("SELECT 1 FROM residents WHERE id = ?", (resident.id,)).get is not None:
        raise Conflict(f"There is a resident {resident.id} already.")
    alike = [one.id for one in everybody(connection) if one.name.casefold() == resident.name.casefold()]
    if alike and not same_name:
        raise Conflict(
            f"A resident of this name lives here already (id {alike[0]}). If this is somebody else, say so with "
            "--same-name (API: same_name)."
        )
    values = {"id": resident.id, "name": resident.name, "room_id": resident.room_id}
    insert(connection, "residents", stamp, values)
    audit.note(connection, stamp, actor=actor, action="resident.add", target=resident.id)
    return resident


def everybody(connection: apsw.Connection) -> list[Resident]:
    """Those who have not moved out, in the order in which they came."""
    found = connection.execute("SELECT id, name, room_id FROM residents WHERE moved_out_at IS NULL ORDER BY wall, id")
    return [Resident(id=i, name=name, room_id=room) for i, name, room in found]


def who_is_meant(residents: Sequence[Resident], reference: str) -> Resident:
    """By id, or by a name that only one has. Raises NotFound: nobody, or several; the text says which."""
    found = [one for one in residents if one.id == reference] or [one for one in residents if one.name == reference]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"{len(found)} residents are called {reference}: give the id.")
    raise NotFound(f"There is no resident {reference}: 'huoma resident add' makes one.")


def called(connection: apsw.Connection, subject: Subject) -> str:
    """How sentences call them: a resident by name, a room by its id ("room kitchen")."""
    name = None
    if subject.type is SubjectType.RESIDENT:
        name = connection.execute("SELECT name FROM residents WHERE id = ?", (subject.id,)).get
    return f"{subject.type} {subject.id}" if name is None else str(name)


def must_live_here(connection: apsw.Connection, resident_id: str) -> None:
    """Or have lived here. Raises NotFound."""
    if connection.execute("SELECT 1 FROM residents WHERE id = ?", (resident_id,)).get is None:
        raise NotFound(f"There is no resident {resident_id}: 'huoma resident add' makes one.")
