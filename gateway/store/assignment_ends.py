"""How assignments end, and come back. Queries that run inside a transaction of the caller."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import apsw

from gateway.core.subject import Subject, SubjectType
from gateway.store.assignments import Ended
from gateway.store.rows import insert
from gateway.store.stamp import Stamp, utc_text

_END: Final = "UPDATE assignments SET valid_to = ?, to_boot_id = ?, to_monotonic_s = ?, to_synchronised = ? "
_OPEN: Final = "WHERE device_identity = ? AND valid_to IS NULL "
_WHOSE: Final = "RETURNING id, subject_type, subject_id, user_slot"


def close_open(
    connection: apsw.Connection, stamp: Stamp, keys: set[str], user_slot: int | None, at: datetime | None = None
) -> list[Ended]:
    """End the open assignments of the device (of this slot; all of them for None) at that moment. Returns whose.

    Those who share it without a slot go on when somebody gets a slot. `at` is a moment a person gave; None is now, by
    all clocks.
    """
    which = "AND (? IS NULL OR (user_slot IS NULL AND shared = 0) OR user_slot = ?) "
    return _close(connection, stamp, keys, which, (user_slot, user_slot), at=at)


def close_of(
    connection: apsw.Connection, stamp: Stamp, keys: set[str], subject: Subject, at: datetime | None
) -> list[Ended]:
    """End what the subject has of the device without a slot, to share it from that moment on."""
    which = "AND user_slot IS NULL AND subject_type = ? AND subject_id = ? "
    return _close(connection, stamp, keys, which, (subject.type.value, subject.id), at=at)


def close_slot(connection: apsw.Connection, stamp: Stamp, keys: set[str], user_slot: int) -> list[Ended]:
    """End the open assignments of this one slot: the device has made this user anew, for somebody else."""
    ended = _close(connection, stamp, keys, "AND user_slot = ? ", (user_slot,))
    for one in ended:
        connection.execute("UPDATE assignments SET ended_anew = 1 WHERE id = ?", (one.id,))
    return ended


def close_one(connection: apsw.Connection, stamp: Stamp, assignment_id: int) -> str | None:
    """End this assignment now. The device's identity; None when it had ended already."""
    found = connection.execute(
        f"{_END} WHERE id = ? AND valid_to IS NULL RETURNING device_identity", (*_now(stamp), assignment_id)
    ).fetchone()
    return None if found is None else str(found[0])


def in_place_of(connection: apsw.Connection, ended: Collection[Ended], assignment_id: int) -> None:
    """Remember that these went for this one."""
    for one in ended:
        connection.execute("UPDATE assignments SET ended_by = ? WHERE id = ?", (assignment_id, one.id))


def take_back(
    connection: apsw.Connection, stamp: Stamp, pairing_id: str
) -> tuple[list[str], list[tuple[str, Subject]]]:
    """End what this pairing made and is still open; what went for it begins again now. Twice is as good as once.

    Returns the devices of those that ended; the devices and owners of those that began again.
    """
    back: list[tuple[str, Subject]] = []
    made = connection.execute(
        f"{_END} WHERE pairing_id = ? AND valid_to IS NULL RETURNING id, device_identity", (*_now(stamp), pairing_id)
    ).fetchall()
    for number, _device in made:
        before = connection.execute(
            "SELECT device_identity, subject_type, subject_id, placement, user_slot, assigned_by, shared, reference "
            "FROM assignments WHERE ended_by = ? ORDER BY id",
            (number,),
        ).fetchall()
        for row in before:
            _begin_again(connection, stamp, row)
            back.append((str(row[0]), Subject(type=SubjectType(str(row[1])), id=str(row[2]))))
    return [str(device) for _number, device in made], back


def _begin_again(connection: apsw.Connection, stamp: Stamp, row: tuple[Any, ...]) -> None:
    names = (
        *("device_identity", "subject_type", "subject_id", "placement", "user_slot", "assigned_by", "shared"),
        "reference",
    )
    insert(connection, "assignments", stamp, dict(zip(names, row, strict=True)) | {"valid_from": utc_text(stamp.wall)})


def _close(
    connection: apsw.Connection,
    stamp: Stamp,
    keys: set[str],
    which: str,
    values: tuple[object, ...],
    *,
    at: datetime | None = None,
) -> list[Ended]:
    """`which` of the open ones, in words of SQL with `values`."""
    return [
        Ended(
            id=int(str(number)),
            subject=Subject(type=SubjectType(str(kind)), id=str(one)),
            user_slot=None if slot is None else int(str(slot)),
        )
        for key in sorted(keys)
        for number, kind, one, slot in connection.execute(
            f"{_END}{_OPEN}{which}{_WHOSE}", (*_now(stamp, at), key, *values)
        ).fetchall()
    ]


def _now(stamp: Stamp, at: datetime | None = None) -> tuple[str, str | None, float, int]:
    """The edge: now by all clocks, or a moment that a person gave."""
    boot = stamp.boot_id if at is None else None
    return utc_text(at or stamp.wall), boot, stamp.monotonic_s, int(stamp.synchronised)
