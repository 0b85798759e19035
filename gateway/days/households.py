"""Whose sensors are whose day: everybody who shares rooms has one record, because a sensor cannot tell who moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.core.subject import Subject, SubjectType
from gateway.desk.findings import WORN
from gateway.store.assignments import Assignment
from gateway.store.residents import Resident


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A device that stands in these rooms, and since when it stands where it does."""

    identity: str
    placement: str | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """Whom a quiet is about.

    Attributes:
        subject: the resident who lives there alone; else the rooms, or the home.
        people: ids of the residents who share them.
        devices: that nobody wears, in the order of their identities.
    """

    subject: Subject
    people: tuple[str, ...]
    devices: tuple[Placed, ...]


def households(residents: Sequence[Resident], assignments: Sequence[Assignment], home_id: str) -> tuple[Household, ...]:
    """Those of a gateway.

    Args:
        residents: who lives here. Who has a room of their own (`room_id`) has a day of their own.
        assignments: the ended ones too.
        home_id: of this gateway.
    """
    rooms: dict[str | None, list[str]] = {}
    for one in residents:
        rooms.setdefault(one.room_id, []).append(one.id)
    if not rooms:
        rooms[None] = []
    return tuple(
        Household(
            subject=_subject(room, people, home_id),
            people=tuple(people),
            devices=_devices(room, people, assignments, everything=len(rooms) == 1),
        )
        for room, people in rooms.items()
    )


def _subject(room: str | None, people: Sequence[str], home_id: str) -> Subject:
    if len(people) == 1:
        return Subject(type=SubjectType.RESIDENT, id=people[0])
    return Subject(type=SubjectType.HOME, id=home_id) if room is None else Subject(type=SubjectType.ROOM, id=room)


def _devices(
    room: str | None, people: Sequence[str], assignments: Sequence[Assignment], *, everything: bool
) -> tuple[Placed, ...]:
    """`everything`: what is a room's or the home's is theirs as well, because nobody else lives here."""

    def theirs(one: Assignment) -> bool:
        if one.placement in WORN:
            return False
        if one.subject.type is SubjectType.RESIDENT:
            return one.subject.id in people
        return everything or (one.subject.type is SubjectType.ROOM and one.subject.id == room)

    found: dict[str, Placed] = {}
    moved: set[str] = set()
    for one in sorted(assignments, key=lambda row: (row.valid_from, row.id), reverse=True):
        known = found.get(one.device_identity)
        if one.valid_to is None and theirs(one):
            found[one.device_identity] = Placed(
                identity=one.device_identity, placement=one.placement, since=one.valid_from
            )
        elif known is None or one.device_identity in moved:
            continue
        elif not theirs(one) or one.placement != known.placement:
            moved.add(one.device_identity)
        else:
            # Assigned anew where it stands already: what it told before is of the same rooms.
            found[one.device_identity] = Placed(
                identity=known.identity, placement=known.placement, since=min(known.since, one.valid_from)
            )
    return tuple(found[identity] for identity in sorted(found))
