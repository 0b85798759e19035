"""Whose sensors are whose day: everybody who shares rooms has one record, because a sensor cannot tell who moved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
class Stay:
    """A device was theirs and stood elsewhere, or was given to others since: what it said then was a sign of life."""

    identity: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """Whom a quiet is about.

    Attributes:
        subject: the resident who lives there alone; else the rooms, or the home.
        people: ids of the residents who share them.
        devices: that nobody wears, in the order of their identities.
        before: where these and others stood before.
    """

    subject: Subject
    people: tuple[str, ...]
    devices: tuple[Placed, ...]
    before: tuple[Stay, ...] = ()


def households(
    residents: Sequence[Resident],
    assignments: Sequence[Assignment],
    home_id: str,
    moving: Collection[str] | None = None,
) -> tuple[Household, ...]:
    """Those of a gateway.

    Who has a room of their own with a sensor of movement in it has a day of their own. Everybody else shares the rooms
    that are nobody's, and is watched as one: by what was given to them, to those rooms or to the home.

    Args:
        residents: who lives here; `room_id` is the room of their own.
        assignments: the ended ones too.
        home_id: of this gateway.
        moving: devices that see movement; None: every one may.
    """
    rooms: dict[str | None, list[str]] = {}
    for one in residents:
        rooms.setdefault(one.room_id, []).append(one.id)
    if not rooms:
        rooms[None] = []
    own = {room: _theirs(room, people, assignments, everything=len(rooms) == 1) for room, people in rooms.items()}
    shared = _of_nobody(rooms, assignments) if len(rooms) > 1 else []
    together = [room for room in rooms if room is None or not _sees(own[room], moving)] if _sees(shared, moving) else []
    found = [
        _household(_subject(room, people, home_id), people, own[room], assignments)
        for room, people in rooms.items()
        if room not in together
    ]
    if together:
        people = [one for room in together for one in rooms[room]]
        theirs = [*shared, *(one for room in together for one in own[room])]
        found.append(_household(_subject(None, people, home_id), people, theirs, assignments))
    return tuple(found)


def _household(
    subject: Subject, people: Sequence[str], theirs: Sequence[Assignment], assignments: Sequence[Assignment]
) -> Household:
    devices = _devices(theirs, assignments)
    return Household(subject=subject, people=tuple(people), devices=devices, before=_before(theirs, devices))


def _subject(room: str | None, people: Sequence[str], home_id: str) -> Subject:
    if len(people) == 1:
        return Subject(type=SubjectType.RESIDENT, id=people[0])
    return Subject(type=SubjectType.HOME, id=home_id) if room is None else Subject(type=SubjectType.ROOM, id=room)


def _theirs(
    room: str | None, people: Sequence[str], assignments: Sequence[Assignment], *, everything: bool
) -> list[Assignment]:
    """`everything`: what is a room's or the home's is theirs as well, because nobody else lives here."""

    def is_theirs(one: Assignment) -> bool:
        if one.placement in WORN:
            return False
        if one.subject.type is SubjectType.RESIDENT:
            return one.subject.id in people
        return everything or (one.subject.type is SubjectType.ROOM and one.subject.id == room)

    return [one for one in assignments if is_theirs(one)]


def _of_nobody(rooms: Collection[str | None], assignments: Sequence[Assignment]) -> list[Assignment]:
    """Of the home, and of rooms that are no resident's own."""
    return [
        one
        for one in assignments
        if one.placement not in WORN
        if one.subject.type is SubjectType.HOME
        or (one.subject.type is SubjectType.ROOM and one.subject.id not in rooms)
    ]


def _sees(theirs: Sequence[Assignment], moving: Collection[str] | None) -> bool:
    return any(one.valid_to is None and (moving is None or one.device_identity in moving) for one in theirs)


def _devices(theirs: Sequence[Assignment], assignments: Sequence[Assignment]) -> tuple[Placed, ...]:
    """Where each stands now, and since when."""
    own = {one.id for one in theirs}
    found: dict[str, Placed] = {}
    moved: set[str] = set()
    for one in sorted(assignments, key=lambda row: (row.valid_from, row.id), reverse=True):
        known = found.get(one.device_identity)
        if one.valid_to is None and one.id in own:
            found[one.device_identity] = Placed(
                identity=one.device_identity, placement=one.placement, since=one.valid_from
            )
        elif known is None or one.device_identity in moved:
            continue
        elif one.id not in own or one.placement != known.placement:
            moved.add(one.device_identity)
        else:
            # Assigned anew where it stands already: what it told before is of the same rooms.
            found[one.device_identity] = Placed(
                identity=known.identity, placement=known.placement, since=min(known.since, one.valid_from)
            )
    return tuple(found[identity] for identity in sorted(found))


def _before(theirs: Sequence[Assignment], devices: Sequence[Placed]) -> tuple[Stay, ...]:
    since = {one.identity: one.since for one in devices}
    stays = (
        Stay(identity=one.device_identity, begin=one.valid_from, end=one.valid_to)
        for one in theirs
        if one.valid_to is not None and one.valid_from < one.valid_to
        if one.device_identity not in since or one.valid_to <= since[one.device_identity]
    )
    return tuple(sorted(stays, key=lambda one: (one.identity, one.begin)))
