"""Which offset did a device's clock have when a record was made? What was measured at earlier connections tells.

A clock knows no zone: left alone it keeps its distance from UTC, also when summer time begins or ends. Between two
connections it ran on, drifting a little, or it followed summer time, or it was moved: by a change of the battery, or by
hand. What is told as certain is what all of these allow:

- It drifted: in between the two distances; uncertain by as much as it drifted, for it may have been moved by that.
- It followed summer time, or a change lies between the record and a connection: uncertain by an hour at least.
- It was moved: the distance that was left behind at the first or the one found at the second, whichever puts the record
  between the two connections. It may have been moved more than once (a weak battery, a hand that corrects itself), so
  all that is certain is that it was made between the two. Only what a clock that began anew at some factory date had
  been left with is told from what it has now; that it had not been moved before is likely, and doubtful.

A record that nothing explains was made by a clock that was moved meanwhile, and nobody can say when.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.ingest.calendar import DST_UNCERTAINTY_S, by_distance, offset_of, to_utc
from gateway.ingest.received import ClockMeasurement

# A cheap quartz runs off by up to 100 ppm (8.6 s a day) in a cold hall; twice that, and two readings' uncertainty.
DRIFT_S_PER_DAY: Final = 20.0
QUARTZ_S_PER_DAY: Final = 10.0
DRIFT_LEAST_S: Final = 30.0
DRIFT_MOST_S: Final = 900.0  # far from an hour: what summer time does to a clock, or a hand, is no drift
CLOCK_RIGHT_S: Final = 60.0
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
    offset_s: float  # from the home's local time at that moment
    uncertainty_s: float
    bounded: bool  # by connections before and after it: a stamp that only looks like a factory date is none
    doubtful: bool = False  # the clock began anew afterwards


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """From one connection to the next: distances of the device's clock from UTC, positive when it is ahead."""

    since: datetime
    until: datetime
    left_s: float
    found_s: float
    uncertainty_s: float
    zone: ZoneInfo

    @property
    def moved_s(self) -> float:
        return abs(self.found_s - self.left_s)

    @property
    def summer_time_s(self) -> float:
        """By how much the zone was moved."""
        return zone_s(self.until, self.zone) - zone_s(self.since, self.zone)


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
        hypotheses = list(_hypotheses(local, earlier, later, zone))
        found = [
            one
            for one in hypotheses
            if one.at >= since - timedelta(seconds=SLACK_S) and one.at <= until + timedelta(seconds=SLACK_S)
        ]
        if found:
            return _one_of(found)
        if len(hypotheses) > 1:
            return None  # by a distance that it had in between, rather than an old record that was not fetched then
    return None


def zone_s(at: datetime, zone: ZoneInfo) -> float:
    """The zone's distance from UTC at a moment."""
    return (offset_of(at, zone) or timedelta()).total_seconds()


def _hypotheses(
    local: datetime, earlier: ClockMeasurement | None, later: ClockMeasurement, zone: ZoneInfo
) -> Iterator[Explained]:
    """By the offset of the later connection first."""
    found_s = later.offset_s + zone_s(later.measured_at, zone)
    if earlier is None:
        yield _before_all(local, later, found_s, zone)
        return
    gap = _Gap(
        since=earlier.measured_at,
        until=later.measured_at,
        left_s=(0.0 if earlier.was_set else earlier.offset_s) + zone_s(earlier.measured_at, zone),
        found_s=found_s,
        uncertainty_s=max(earlier.uncertainty_s, later.uncertainty_s),
        zone=zone,
    )
    most = _drift_s(gap)
    if gap.moved_s <= most:
        yield _drifted(local, gap)
    elif gap.summer_time_s and abs(gap.found_s - gap.left_s - gap.summer_time_s) <= most:
        yield _followed(local, gap)
    else:
        yield _moved(local, gap.found_s, gap)
        yield _moved(local, gap.left_s, gap)


def _drift_s(gap: _Gap) -> float:
    days = (gap.until - gap.since).total_seconds() / 86_400.0
    return min(DRIFT_MOST_S, max(DRIFT_LEAST_S, DRIFT_S_PER_DAY * days))


def _before_all(local: datetime, clock: ClockMeasurement, distance_s: float, zone: ZoneInfo) -> Explained:
    """Nothing is known of the clock but how it stands now."""
    one = _by(local, distance_s, clock.uncertainty_s, zone, (clock.measured_at,), bounded=False)
    if abs(clock.offset_s) <= CLOCK_RIGHT_S and zone_s(one.at, zone) != zone_s(clock.measured_at, zone):
        # A clock that is right now was mostly right then: it follows summer time, or somebody moves it.
        at, _ = to_utc(local - timedelta(seconds=clock.offset_s), zone)
        return replace(one, at=at, offset_s=clock.offset_s)
    return one


def _drifted(local: datetime, gap: _Gap) -> Explained:
    span_s = max(1.0, (gap.until - gap.since).total_seconds())
    rough = by_distance(local, gap.found_s)
    share = min(1.0, max(0.0, (rough - gap.since).total_seconds() / span_s))
    distance_s = gap.left_s + share * (gap.found_s - gap.left_s)
    uncertainty = gap.uncertainty_s + max(share, 1.0 - share) * gap.moved_s
    return _by(local, distance_s, uncertainty, gap.zone, (gap.since, gap.until))


def _followed(local: datetime, gap: _Gap) -> Explained:
    """Its offset from the local time has hardly changed; on which day it was moved is not known."""
    distance_s = gap.found_s - zone_s(gap.until, gap.zone)
    at, _ = to_utc(local - timedelta(seconds=distance_s), gap.zone)
    drift = abs(gap.found_s - gap.left_s - gap.summer_time_s)
    uncertainty = gap.uncertainty_s + DST_UNCERTAINTY_S + drift
    return Explained(at=at, offset_s=distance_s, uncertainty_s=uncertainty, bounded=True)


def _moved(local: datetime, distance_s: float, gap: _Gap) -> Explained:
    one = _by(local, distance_s, gap.uncertainty_s, gap.zone, (gap.since, gap.until))
    to_since = abs((one.at - gap.since).total_seconds())
    to_until = abs((gap.until - one.at).total_seconds())
    left = distance_s == gap.left_s
    drift = (to_since if left else to_until) / 86_400.0 * QUARTZ_S_PER_DAY
    anew = gap.moved_s > OLDEST.total_seconds()
    if not anew:
        widest = max(to_since, to_until)
    elif left:  # not mistaken for what it has now
        widest = drift
    else:
        # Nothing but the battery moves a clock back by years, each time to the same date: such a record may be of any
        # of those times. Somebody's hand moves it on, maybe wrongly.
        widest = max(to_since, to_until) if gap.found_s > gap.left_s else max(to_since, drift)
    return replace(one, uncertainty_s=max(one.uncertainty_s, gap.uncertainty_s) + widest, doubtful=anew and left)


def _one_of(found: list[Explained]) -> Explained | None:
    """Several offsets explain it: either may be meant, within their distance; too far apart, nobody knows."""
    first = found[0]
    apart = max(abs((one.at - first.at).total_seconds()) for one in found)
    if apart > MOST_UNCERTAIN_S:
        return None
    return replace(first, uncertainty_s=max(first.uncertainty_s, apart))


def _by(
    local: datetime,
    distance_s: float,
    uncertainty_s: float,
    zone: ZoneInfo,
    connections: tuple[datetime, ...],
    *,
    bounded: bool = True,
) -> Explained:
    """By the clock's distance from UTC; an hour uncertain if it may have followed summer time since, or until."""
    at = by_distance(local, distance_s)
    then = zone_s(at, zone)
    _, twice = to_utc(local - timedelta(seconds=distance_s - then), zone)
    if twice is not None or any(zone_s(one, zone) != then for one in connections):
        uncertainty_s = max(uncertainty_s, DST_UNCERTAINTY_S + uncertainty_s)
    return Explained(at=at, offset_s=distance_s - then, uncertainty_s=uncertainty_s, bounded=bounded)
