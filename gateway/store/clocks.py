"""How the clocks of devices were found. Queries inside a transaction of the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import apsw

from gateway.ingest.received import ClockMeasurement
from gateway.store.stamp import utc_text

REMEMBERED: Final = 16  # connections back: a record from before them is not explained by any


def earlier(connection: apsw.Connection, device_identity: str, before: datetime) -> tuple[ClockMeasurement, ...]:
    """The measurements before that of this connection, oldest first; those alone that our own clock vouches for."""
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT measured_at, offset_s, uncertainty_s, was_set FROM device_clock_offsets WHERE device_identity = ? "
        "AND measured_at < ? AND synchronised = 1 ORDER BY measured_at DESC LIMIT ?",
        (device_identity, utc_text(before), REMEMBERED),
    ).fetchall()
    return tuple(
        ClockMeasurement(
            measured_at=datetime.fromisoformat(at), offset_s=offset, uncertainty_s=uncertainty, was_set=bool(was_set)
        )
        for at, offset, uncertainty, was_set in reversed(rows)
    )
