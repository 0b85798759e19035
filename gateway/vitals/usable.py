"""Which readings a rule may count, and the arrays that rules look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

import numpy as np

from analytics.vitals.measured import Measured
from device_drivers.nomenclature import Quantity
from gateway.ingest.effective import (
    BEFORE_DEVICE,
    CLOCK_WAS_RESET,
    FACTORY_DATE,
    FUTURE,
    NEVER_SEEN,
    OUT_OF_CALENDAR,
    UNSYNCHRONISED,
)
from gateway.ingest.epochs import OLDEST
from gateway.ingest.identity import RECEPTION
from gateway.store.readings import ReadingRow

# What cuffs and oximeters say of a measurement that went wrong. Other words ("battery-low", "from-storage",
# "smart-point") say nothing against the numbers.
DOUBTFUL_FLAGS: Final = frozenset(
    {
        *("body-movement", "cuff-loose", "improper-position", "pulse-above-range", "pulse-below-range"),
        *("measurement-ongoing", "early-estimate", "demonstration", "testing", "calibration-ongoing"),
        *("measurement-unavailable", "questionable-measurement", "invalid-measurement", "equipment-malfunction"),
        *("signal-processing-irregularity", "inadequate-signal", "poor-signal", "low-perfusion", "erratic-signal"),
        *("nonpulsatile-signal", "questionable-pulse", "signal-analysis-ongoing", "sensor-interference"),
        *("sensor-unconnected-to-user", "unknown-sensor", "sensor-displaced", "sensor-malfunctioning"),
        *("sensor-disconnected", "weak-signal", "no-finger", "searching"),
    }
)
IRREGULAR: Final = "irregular-pulse"
# Doubts about when it was, not about what it was: such a reading has no place in a week or in three days. The gateway's
# own clock without a time source is right to the minute, mostly, and must not make every rule blind.
TIMELESS: Final = frozenset({BEFORE_DEVICE, CLOCK_WAS_RESET, FACTORY_DATE, FUTURE, NEVER_SEEN, OUT_OF_CALENDAR})
# What was measured longer ago when it came says nothing of now: a cuff was out of reach, or the gateway off.
LATE_S: Final = 3600.0
# A memory is handed over record by record, seconds apart; who measures again has a minute between (`SITTING_S`).
SESSION_GAP_S: Final = 30.0
# A device sends what it has measured in seconds, or a minute when it has to try again: what was so old last time and
# is so old now to within this is not old, its clock is behind. Two ages within three hours agree so once in 90 times.
SAME_AGE_S: Final = 60.0
RESENT_S: Final = 900.0  # a device without a clock sends a record again when a connection broke off


def is_number(row: ReadingRow, *, irregular_is_usual: bool = False) -> bool:
    """Whether what was measured may be taken for what it says."""
    return is_sound(row) and not doubted_quantities(row) and (irregular_is_usual or IRREGULAR not in row.flags)


def is_sound(row: ReadingRow) -> bool:
    """Whether the measurement was none that failed, and none that its device itself says to doubt."""
    return not row.failed and not DOUBTFUL_FLAGS & set(row.flags)


def doubted_quantities(row: ReadingRow) -> set[str]:
    """Those with a value that nobody alive shows."""
    return set(row.doubtful) - TIMELESS - {UNSYNCHRONISED}


def measured_at(row: ReadingRow) -> datetime | None:
    """When it was measured, never after it was received; None when that is not known."""
    if row.effective_at is None or TIMELESS & set(row.doubtful):
        return None
    return min(row.effective_at, row.received_at)


def is_ahead(row: ReadingRow) -> bool:
    """Whether it says to be of the future: its device's clock is ahead, and nobody has measured by how much."""
    return TIMELESS & set(row.doubtful) == {FUTURE}


def _ahead_by(row: ReadingRow) -> timedelta:
    return row.effective_at - row.received_at if is_ahead(row) and row.effective_at is not None else timedelta()


def moments(rows: Sequence[ReadingRow], *, unknown_is_now: bool = False) -> list[datetime | None]:
    """When each was measured, in the light of what its device sent with it; None where that is not known.

    Of what a device that is ahead sends on one connection, the newest was measured when it came, at the latest: it is
    taken for that. The others are as far from it as they say; what would be more than a year older has no time. What
    seems old, and as old as what came on the connection before, is of a device that is behind: what waits in a memory
    is the younger the later it was measured.

    Args:
        rows: in the order of commits.
        unknown_is_now: the last of a connection is of now too where its device says nothing that can be. It may be
            years old, and it may be of now.
    """
    found = [measured_at(row) for row in rows]
    ages: dict[str, float] = {}  # by device, of the last on its connection before
    for session in _sessions(rows):
        _by_age(rows, session, found, ages)
        by = max((_ahead_by(rows[number]) for number in session), default=timedelta())
        for number in session:
            if is_ahead(row := rows[number]):
                older = by - _ahead_by(row)
                found[number] = row.received_at - older if older <= OLDEST else None
        sound = [number for number in session if is_sound(rows[number])]
        if unknown_is_now and sound and found[sound[-1]] is None:
            found[sound[-1]] = rows[sound[-1]].received_at
    return found


def _by_age(
    rows: Sequence[ReadingRow], session: list[int], found: list[datetime | None], ages: dict[str, float]
) -> None:
    device = rows[session[0]].device_identity
    before = ages.get(device)
    for number in session:
        age = _age_s(rows[number])
        if age is not None:
            ages[device] = age
            if before is not None and age > LATE_S and abs(age - before) <= SAME_AGE_S:
                found[number] = rows[number].received_at


def _age_s(row: ReadingRow) -> float | None:
    """How old it was when it came, by a clock that nobody has measured; None where that cannot be said."""
    at = measured_at(row)
    if at is None or row.offset_s is not None or UNSYNCHRONISED in row.doubtful:
        return None
    return (row.received_at - at).total_seconds()


def _sessions(rows: Sequence[ReadingRow]) -> list[list[int]]:
    """Which rows one device sent on one connection."""
    found: list[list[int]] = []
    newest: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        session = newest.get(row.device_identity)
        if session is None or not _same_session(row, rows[session[-1]]):
            session = newest[row.device_identity] = []
            found.append(session)
        session.append(number)
    return found


def _same_session(row: ReadingRow, before: ReadingRow) -> bool:
    """Whether what a device sent one after the other came on one connection."""
    return abs((row.received_at - before.received_at).total_seconds()) <= SESSION_GAP_S


def may_be_resent(row: ReadingRow, earlier: ReadingRow) -> bool:
    """Whether it may be the same record once more: of a device without a clock nobody can tell."""
    return (
        row.identity_rule == RECEPTION
        and row.device_identity == earlier.device_identity
        and row.values == earlier.values
        and abs((row.received_at - earlier.received_at).total_seconds()) < RESENT_S
    )


def arrays(
    rows: Sequence[ReadingRow],
    quantities: Sequence[Quantity],
    zone: tzinfo,
    *,
    irregular_is_usual: bool = False,
    unknown_is_now: bool = False,
) -> Measured:
    """The rows, in their order, as a rule looks at them. One of unknown time is there and not usable."""
    values = [[row.values.get(quantity, np.nan) for quantity in quantities] for row in rows]
    counted = [is_number(row, irregular_is_usual=irregular_is_usual) for row in rows]
    return placed(rows, values, counted, zone, columns=len(quantities), unknown_is_now=unknown_is_now)


def placed(
    rows: Sequence[ReadingRow],
    values: Sequence[Sequence[float]],
    counted: Sequence[bool],
    zone: tzinfo,
    *,
    columns: int,
    unknown_is_now: bool = False,
) -> Measured:
    """The values, one line of them for each row, at their moments; what may be a record once more does not count."""
    if not rows:
        return Measured.nothing(columns)
    found = moments(rows, unknown_is_now=unknown_is_now)
    usable = [
        at is not None
        and counted[number]
        and not any(may_be_resent(row, earlier) for earlier in rows[max(0, number - 3) : number])
        for number, (row, at) in enumerate(zip(rows, found, strict=True))
    ]
    at_latest = [at or row.received_at for row, at in zip(rows, found, strict=True)]
    return Measured(
        values=np.array(values),
        at_s=np.array([at.timestamp() for at in at_latest]),
        day=np.array([at.astimezone(zone).date().toordinal() for at in at_latest], dtype=np.int64),
        usable=np.array(usable, dtype=np.bool_),
    )
