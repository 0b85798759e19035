"""Which readings a rule may count, and the arrays that rules look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
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
RESENT_S: Final = 900.0  # a device without a clock sends a record again when a connection broke off


def is_number(row: ReadingRow, *, irregular_is_usual: bool = False) -> bool:
    """Whether what was measured may be taken for what it says."""
    if row.failed or set(row.doubtful) - TIMELESS - {UNSYNCHRONISED}:
        return False
    flags = set(row.flags)
    return not flags & DOUBTFUL_FLAGS and (irregular_is_usual or IRREGULAR not in flags)


def measured_at(row: ReadingRow) -> datetime | None:
    """When it was measured, never after it was received; None when that is not known."""
    if row.effective_at is None or TIMELESS & set(row.doubtful):
        return None
    return min(row.effective_at, row.received_at)


def may_be_resent(row: ReadingRow, earlier: ReadingRow) -> bool:
    """Whether it may be the same record once more: of a device without a clock nobody can tell."""
    return (
        row.identity_rule == RECEPTION
        and row.device_identity == earlier.device_identity
        and row.values == earlier.values
        and abs((row.received_at - earlier.received_at).total_seconds()) < RESENT_S
    )


def arrays(
    rows: Sequence[ReadingRow], quantities: Sequence[Quantity], zone: tzinfo, *, irregular_is_usual: bool = False
) -> Measured:
    """The rows, in their order, as a rule looks at them. One of unknown time is there and not usable."""
    if not rows:
        return Measured.nothing(len(quantities))
    moments = [measured_at(row) for row in rows]
    usable = [
        at is not None
        and is_number(row, irregular_is_usual=irregular_is_usual)
        and not any(may_be_resent(row, earlier) for earlier in rows[max(0, number - 3) : number])
        for number, (row, at) in enumerate(zip(rows, moments, strict=True))
    ]
    placed = [at or row.received_at for row, at in zip(rows, moments, strict=True)]
    return Measured(
        values=np.array([[row.values.get(quantity, np.nan) for quantity in quantities] for row in rows]),
        at_s=np.array([at.timestamp() for at in placed]),
        day=np.array([at.astimezone(zone).date().toordinal() for at in placed], dtype=np.int64),
        usable=np.array(usable, dtype=np.bool_),
    )
