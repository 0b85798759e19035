"""Whose device was it at the moment of the measurement? Queries that run inside a transaction of the caller."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import apsw

from gateway.core.subject import Subject, SubjectType
from gateway.store.outgoing import json_text
from gateway.store.rows import insert
from gateway.store.stamp import Stamp, utc_text

UNKNOWN_SLACK_S: Final = 120.0  # a device clock nobody has read: set by hand it is within two minutes
WHOLE_SECOND_S: Final = 1.0  # device stamps are cut to seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Whose an assignment was that ended when another was made; `user_slot` as in `Assignment`."""

    id: int
    subject: Subject
    user_slot: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A device belongs to a subject from – to. `user_slot` None: whoever presses whichever user button.

    `shared`: others may have it at the same time, and whose a reading is must be found out one by one. `reference` is
    what a technician measured when it was given, by quantity. `ended`: of one that was just made, what others had of
    the device and lost by it. `ended_anew`: it ended because the device made this user anew, for somebody else.
    """

    id: int
    device_identity: str
    subject: Subject
    placement: str | None
    user_slot: int | None
    valid_from: datetime
    valid_to: datetime | None
    shared: bool = False
    reference: Mapping[str, float] = field(default_factory=dict)
    ended: tuple[Ended, ...] = ()
    ended_anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who may have measured with a device at some moment.

    Attributes:
        subject: to whom it belonged alone, or by the user slot of the reading; None when to nobody, or to several.
        how: what decided.
        shared: those who shared it then, when `subject` is None.
        slots: it belonged to somebody then, under another user slot.
    """

    subject: Subject | None = None
    how: Literal["owner", "slot"] = "owner"
    shared: tuple[Subject, ...] = ()
    slots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """When something was measured: so long before its reception. `age_s` None: not known, taken as just now."""

    received: Stamp
    age_s: float | None
    uncertainty_s: float | None


@dataclass(frozen=True, slots=True)
class _Edge:
    """One end of an assignment, by the clocks of that moment; `boot_id` None when a person gave another time."""

    wall: datetime
    boot_id: str | None
    monotonic_s: float
    synchronised: bool

    def passed(self, measured: Measured, slack_s: float) -> bool:
        """True when this edge lies at or before the measurement."""
        stamp = measured.received
        if measured.age_s is None:
            return True  # measured as it came: the row of the edge was committed before
        back = measured.age_s - slack_s
        if self.boot_id == stamp.boot_id and self.boot_id != "unknown":
            return self.monotonic_s <= stamp.monotonic_s - back
        if self.boot_id is None or (self.synchronised and stamp.synchronised):
            return self.wall <= stamp.wall - timedelta(seconds=back)
        return True  # clocks that cannot be compared: the order of commits is all that is known


_ROW: Final = (
    "SELECT id, device_identity, subject_type, subject_id, placement, user_slot, valid_from, valid_to, boot_id, "
    "monotonic_s, wall, synchronised, to_boot_id, to_monotonic_s, to_synchronised, shared, reference, ended_anew "
    "FROM assignments "
)


def keys_of(connection: apsw.Connection, reference: str) -> set[str]:
    """Every name under which a device may have been assigned: its identity, and its address before it was read."""
    upper = reference.upper()
    keys = {reference if ":" in reference and not _is_address(upper) else f"address:{upper}"}
    known = connection.execute(
        "SELECT identity, address FROM devices WHERE identity = ? OR address = ?", (reference, upper)
    )
    for identity, address in known:
        keys |= {identity, f"address:{address}"}
    return keys


def _is_address(text: str) -> bool:
    return len(text) == 17 and text.count(":") == 5


def who_had(connection: apsw.Connection, keys: set[str], user_slot: int | None, measured: Measured) -> Subject | None:
    """The subject to whom the device was assigned at that moment; None when to nobody, or to several who share it."""
    return owners(connection, keys, user_slot, measured).subject


def owners(connection: apsw.Connection, keys: set[str], user_slot: int | None, measured: Measured) -> Owners:
    """To whom the device was assigned at that moment.

    An assignment that names the reading's user slot goes before one that names none; one that names another slot is not
    meant. A beginning that lies within the uncertainty of the measurement counts as passed, if nobody else claims it;
    of those who share a device everybody counts who can be meant.
    """
    rows = [row for key in sorted(keys) for row in connection.execute(_ROW + "WHERE device_identity = ?", (key,))]
    candidates = [row for row in rows if row[5] is None or row[5] == user_slot]
    slack = WHOLE_SECOND_S + (UNKNOWN_SLACK_S if measured.uncertainty_s is None else measured.uncertainty_s)
    for allowed in (0.0, slack):
        valid = [row for row in candidates if _valid(row, measured, allowed)]
        alone = [row for row in valid if not row[15]]
        if alone:
            best = max(alone, key=lambda row: (row[5] is not None, row[0]))
            return Owners(subject=_subject(best), how="owner" if best[5] is None else "slot")
        if valid:
            shared = (row for row in candidates if row[15] and _valid(row, measured, slack))
            return Owners(shared=tuple(dict.fromkeys(map(_subject, shared))))
    return Owners(slots=any(_valid(row, measured, slack) for row in rows))


def _subject(row: tuple[Any, ...]) -> Subject:
    return Subject(type=SubjectType(row[2]), id=str(row[3]))


def _valid(row: tuple[Any, ...], measured: Measured, slack_s: float) -> bool:
    valid_from, valid_to, boot, mono, wall, synchronised = row[6:12]
    given = valid_from != wall
    begin = _Edge(_time(valid_from), None if given else str(boot), float(mono), bool(synchronised))
    if not begin.passed(measured, slack_s):
        return False
    if valid_to is None:
        return True
    to_boot, to_mono, to_synchronised = row[12:15]
    end = _Edge(
        _time(valid_to), None if to_boot is None else str(to_boot), float(to_mono or 0.0), bool(to_synchronised)
    )
    if row[17]:  # the user is somebody new on the device: what comes from then on is not his, whatever its stamp says
        return not end.passed(replace(measured, age_s=0.0), 0.0)
    return not end.passed(measured, 0.0)


def _time(text: Any) -> datetime:
    return datetime.fromisoformat(str(text))


def add(
    connection: apsw.Connection,
    stamp: Stamp,
    *,
    device_identity: str,
    subject: Subject,
    placement: str | None,
    user_slot: int | None,
    actor: str,
    since: datetime | None,
    shared: bool = False,
    reference: Mapping[str, float] | None = None,
    pairing_id: str | None = None,
) -> Assignment:
    """Begin an assignment at `since`, or now; it goes when the pairing of `pairing_id` is taken back."""
    begin = since or stamp.wall
    values = {
        "device_identity": device_identity,
        "subject_type": subject.type.value,
        "subject_id": subject.id,
        "placement": placement,
        "user_slot": user_slot,
        "assigned_by": actor,
        "valid_from": utc_text(begin),
        "shared": int(shared),
        "reference": json_text(dict(reference or {})),
        "pairing_id": pairing_id,
    }
    insert(connection, "assignments", stamp, values)
    return Assignment(
        id=connection.last_insert_rowid(),
        device_identity=device_identity,
        subject=subject,
        placement=placement,
        user_slot=user_slot,
        valid_from=begin,
        valid_to=None,
        shared=shared,
        reference=dict(reference or {}),
    )


def to_be_reviewed(connection: apsw.Connection, stamp: Stamp, device_identity: str, since: datetime) -> None:
    """What is known of the past has changed: readings of the device since then may be somebody else's."""
    values = {"device_identity": device_identity, "since": utc_text(since)}
    again = "ON CONFLICT (device_identity) DO UPDATE SET since = min(since, excluded.since), done_seq = 0"
    insert(connection, "assignment_reviews", stamp, values, then=again)


def of_devices(connection: apsw.Connection, keys: Sequence[str] | None, *, only_open: bool) -> list[Assignment]:
    """Assignments of these devices (of all for None), oldest first."""
    where = "WHERE valid_to IS NULL" if only_open else ""
    return [
        Assignment(
            id=int(str(row[0])),
            device_identity=str(row[1]),
            subject=_subject(row),
            placement=None if row[4] is None else str(row[4]),
            user_slot=None if row[5] is None else int(str(row[5])),
            valid_from=_time(row[6]),
            valid_to=None if row[7] is None else _time(row[7]),
            shared=bool(row[15]),
            reference=json.loads(row[16]),
            ended_anew=bool(row[17]),
        )
        for row in connection.execute(f"{_ROW} {where} ORDER BY id")
        if keys is None or row[1] in keys
    ]
