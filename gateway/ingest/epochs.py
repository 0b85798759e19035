"""Which offset did a device's clock have when a record was made? What was measured at earlier connections tells.

Between two connections a clock runs on, drifting a little, or it was reset once. So a record made then has the offset
that was left behind at the first, the one found at the second, or, where both are nearly the same, one in between. An
offset *explains* a record if by it the record was made between the two connections. One that nothing explains was made
before the clock was reset, and nobody can say when.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.ingest.calendar import to_utc
from gateway.ingest.received import ClockMeasurement

# A cheap quartz runs off by up to 100 ppm (8.6 s a day) in a cold hall; twice that, and two readings' uncertainty.
DRIFT_S_PER_DAY: Final = 20.0
DRIFT_LEAST_S: Final = 30.0
FIRST: Final = datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=2)
# A record from before the first connection that comes at a later one was left over there; not from years before.
OLDEST: Final = timedelta(days=400)
SLACK_S: Final = 120.0  # a record made while it was connected, and the resolution of clocks
# Offsets that both explain a record and lie no farther apart leave it within half a day either way; beyond, unknown.
MOST_UNCERTAIN_S: Final = 43_200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A record's time by the offset it had then, and how well that is known (half-width)."""

    at: datetime
    offset_s: float
    uncertainty_s: float
    bounded: bool  # by connections before and after it: a stamp that only looks like a factory date is none


def explain(
    local: datetime, measured: Sequence[ClockMeasurement], received_at: datetime, zone: ZoneInfo
) -> Explained | None:
    """When the record was made; None when no offset explains its stamp.

    Args:
        local: the device's stamp, naive.
        measured: its clock at each connection, oldest first; the last is the present one.
        received_at: by our clock.
        zone: of the home.

    Raises:
        OverflowError: out of the calendar.
    """
    only = len(measured) == 1
    for number in range(len(measured) - 1, -1, -1):  # mostly it was made since the last connection
        later = measured[number]
        earlier = measured[number - 1] if number else None
        since = FIRST if only else later.measured_at - OLDEST if earlier is None else earlier.measured_at
        until = received_at if number == len(measured) - 1 else later.measured_at
        found = [
            one
            for one in _hypotheses(local, earlier, later, zone)
            if one.at >= since - timedelta(seconds=SLACK_S) and one.at <= until + timedelta(seconds=SLACK_S)
        ]
        if found:
            return _one_of(found)
    return None


def _hypotheses(
    local: datetime, earlier: ClockMeasurement | None, later: ClockMeasurement, zone: ZoneInfo
) -> Iterator[Explained]:
    """By the offset of the later connection first."""
    if earlier is None:
        yield _by(local, later.offset_s, later.uncertainty_s, zone, bounded=False)
        return
    left = 0.0 if earlier.was_set else earlier.offset_s
    span_s = max(1.0, (later.measured_at - earlier.measured_at).total_seconds())
    drift = later.offset_s - left
    uncertainty = max(earlier.uncertainty_s, later.uncertainty_s)
    if abs(drift) <= max(DRIFT_LEAST_S, DRIFT_S_PER_DAY * span_s / 86_400.0):
        rough = _by(local, later.offset_s, uncertainty, zone)
        share = min(1.0, max(0.0, (rough.at - earlier.measured_at).total_seconds() / span_s))
        yield _by(local, left + share * drift, uncertainty, zone)
        return
    yield _by(local, later.offset_s, uncertainty, zone)
    yield _by(local, left, uncertainty, zone)


def _one_of(found: list[Explained]) -> Explained | None:
    """Several offsets explain it: either may be meant, within their distance; too far apart, nobody knows."""
    first = found[0]
    apart = max(abs((one.at - first.at).total_seconds()) for one in found)
    if apart > MOST_UNCERTAIN_S:
        return None
    return replace(first, uncertainty_s=max(first.uncertainty_s, apart))


def _by(local: datetime, offset_s: float, uncertainty_s: float, zone: ZoneInfo, *, bounded: bool = True) -> Explained:
    at, twice = to_utc(local - timedelta(seconds=offset_s), zone)
    return Explained(at=at, offset_s=offset_s, uncertainty_s=max(uncertainty_s, twice or 0.0), bounded=bounded)
