"""When was it measured? The device's word, corrected by the measured offset of its clock, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from device_drivers.readings import DeviceTime
from gateway.core.envelope import EffectiveSource
from gateway.ingest.calendar import by_distance, to_utc
from gateway.ingest.epochs import OLDEST, SLACK_S, explain, zone_s
from gateway.ingest.received import ClockMeasurement

# Clocks of cuffs and scales drift ~1 s a day and are set at pairing; within a minute the device's own stamp stands.
TOLERANCE_S: Final = 60.0
# How far ahead of the moment of reception a stamp may lie before it is doubted: the tolerance and a slow transfer.
FUTURE_S: Final = 120.0
# A device without a clock sends when it has measured; a scale wakes its radio and calls for about a minute.
RECEPTION_UNCERTAINTY_S: Final = 60.0
# A stamp without a year whose day and time are this near to now was made now.
JUST_NOW_S: Final = 600.0
# Blood Pressure, Health Thermometer and Heart Rate 1.0 were adopted in 2011: no device of theirs measured before.
FIRST_DEVICES: Final = datetime(2011, 1, 1, tzinfo=UTC)
# Clocks begin on some New Year's Day (2000, 2010, 2019) and run on from there until somebody sets them. A true record
# of the first two days of a year has mostly been fetched within a month.
FACTORY_DAYS: Final = 2
FACTORY_AGE: Final = timedelta(days=30)
# A clock that is found right may have been set by hand on the way to its first connection; mostly not today.
FIRST_MEETING: Final = timedelta(days=1)
STAMP_RESOLUTION_S: Final = 1.0  # a stamp has whole seconds: that in which it was set begins before
# A stamp can be anything and so can a clock's offset. A time beside the ends of the calendar is no time of anything,
# and nobody could add an uncertainty or a zone to it.
FIRST_TIME: Final = datetime(2, 1, 1, tzinfo=UTC)
LAST_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)

UNSYNCHRONISED: Final = "gateway-clock-unsynchronised"
FUTURE: Final = "effective-in-the-future"
BEFORE_DEVICE: Final = "effective-before-the-device"
CLOCK_WAS_RESET: Final = "device-clock-was-reset"
FACTORY_DATE: Final = "device-clock-at-factory-date"
NEVER_SEEN: Final = "device-clock-never-seen"
OUT_OF_CALENDAR: Final = "effective-out-of-calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The moment of the measurement.

    Attributes:
        at: aware UTC; None when unknown.
        uncertainty_s: half-width; None when nobody can say.
        offset_s: device minus gateway, as measured on this connection; None when it was not.
        doubtful: reasons to look twice.
    """

    at: datetime | None
    source: EffectiveSource
    uncertainty_s: float | None
    offset_s: float | None
    doubtful: tuple[str, ...] = ()


def effective_time(
    stamp: DeviceTime | None,
    clock: ClockMeasurement | None,
    *,
    received_at: datetime,
    synchronised: bool,
    zone: ZoneInfo,
    stamp_expected: bool,
    earlier: Sequence[ClockMeasurement] = (),
) -> Effective:
    """Make UTC of what the device said: of any stamp, with any finite offset.

    | source | when |
    |---|---|
    | device | its stamp as it is: its clock is within a minute of ours, or not measured, or ours not synchronised |
    | device-corrected | its stamp minus the offset that it had then, see `gateway.ingest.epochs` |
    | reception | it gives no stamp (or one without a year that is plainly now) |
    | unknown | it gives a stamp that cannot be placed: year, month or day unknown, and not now; out of the calendar;
      from before its clock was reset; a factory date |

    Args:
        stamp: what the device said, local.
        clock: the measurement of its clock on this connection.
        earlier: those of earlier connections, oldest first.
        received_at: by our clock.
        synchronised: whether our clock followed a time source at that moment.
        zone: of the home.
        stamp_expected: the device has a clock, so a record without a stamp may be an old one.
    """
    offset = None if clock is None else clock.offset_s
    try:
        found = _place(stamp, clock, earlier, received_at, synchronised, zone, stamp_expected)
    except OverflowError:
        found = _at(None, "unknown", None, OUT_OF_CALENDAR)
    if found.at is not None and not FIRST_TIME <= found.at <= LAST_TIME:
        found = _at(None, "unknown", None, OUT_OF_CALENDAR)
    doubtful = list(found.doubtful)
    if not synchronised:
        doubtful.append(UNSYNCHRONISED)
    elif found.at is not None and found.at > received_at + timedelta(seconds=FUTURE_S):
        doubtful.append(FUTURE)
    if found.at is not None and found.at < FIRST_DEVICES and found.source != "reception":
        doubtful.append(BEFORE_DEVICE)
    uncertainty = found.uncertainty_s if synchronised else None
    return Effective(
        at=found.at, source=found.source, uncertainty_s=uncertainty, offset_s=offset, doubtful=tuple(doubtful)
    )


def _place(
    stamp: DeviceTime | None,
    clock: ClockMeasurement | None,
    earlier: Sequence[ClockMeasurement],
    received_at: datetime,
    synchronised: bool,
    zone: ZoneInfo,
    stamp_expected: bool,
) -> Effective:
    if stamp is None:
        return _at(received_at, "reception", None if stamp_expected else RECEPTION_UNCERTAINTY_S)
    local = stamp.local()
    if local is None:
        return _without_date(stamp, received_at, zone)
    as_said, dst = to_utc(local, zone)
    if clock is None or not synchronised:  # nothing, or nothing worth having, to correct it by
        return _unless_factory(_at(as_said, "device", dst), local, received_at)
    after = _after_setting(local, clock, earlier, received_at, zone) if clock.was_set else None
    return after or _by_its_offset(local, clock, earlier, received_at, zone)


def _by_its_offset(
    local: datetime, clock: ClockMeasurement, earlier: Sequence[ClockMeasurement], received_at: datetime, zone: ZoneInfo
) -> Effective:
    if not FIRST_TIME <= to_utc(local - timedelta(seconds=clock.offset_s), zone)[0] <= LAST_TIME:
        return _at(None, "unknown", None, OUT_OF_CALENDAR)
    found = explain(local, [*earlier, clock], received_at, zone)
    if found is None:
        return _at(None, "unknown", None, CLOCK_WAS_RESET)
    if abs(found.offset_s) > TOLERANCE_S:
        placed = _at(found.at, "device-corrected", found.uncertainty_s)
    else:
        as_said = found.at + timedelta(seconds=found.offset_s)
        placed = _at(as_said, "device", abs(found.offset_s) + found.uncertainty_s)
    if found.bounded:
        return replace(placed, doubtful=(CLOCK_WAS_RESET,)) if found.doubtful else placed
    if placed.source == "device":
        placed = _unless_factory(placed, local, received_at)
    return _as_far_back(placed, [*earlier, clock][0])


def _after_setting(
    local: datetime, clock: ClockMeasurement, earlier: Sequence[ClockMeasurement], received_at: datetime, zone: ZoneInfo
) -> Effective | None:
    """A record that was made after the clock was set on this connection; None if it was not.

    By a clock that was ahead, an older one bears such a stamp too: then it is uncertain by as much.
    """
    at = by_distance(local, zone_s(clock.measured_at, zone))
    begin = clock.measured_at - timedelta(seconds=STAMP_RESOLUTION_S)
    if not begin <= at <= received_at + timedelta(seconds=TOLERANCE_S):
        return None
    uncertainty = max(clock.uncertainty_s, STAMP_RESOLUTION_S)
    before = at - timedelta(seconds=clock.offset_s)
    oldest = earlier[-1].measured_at if earlier else clock.measured_at - OLDEST
    if oldest - timedelta(seconds=SLACK_S) <= before <= clock.measured_at:
        uncertainty += abs(clock.offset_s)
    return _at(at, "device", uncertainty)


def _as_far_back(placed: Effective, first: ClockMeasurement) -> Effective:
    """A record from before the device was first met: how its clock stood then, nobody has seen."""
    if placed.at is None or first.measured_at - placed.at <= FIRST_MEETING:
        return placed
    doubts = (NEVER_SEEN,) if first.measured_at - placed.at > OLDEST else ()
    return _at(placed.at, placed.source, None, *placed.doubtful, *doubts)


def _unless_factory(placed: Effective, local: datetime, received_at: datetime) -> Effective:
    """An uncorrected stamp of a clock that nobody had set: zero, or the New Year it was made with (2010, 2019)."""
    if placed.at is None:
        return placed
    if placed.at < FIRST_DEVICES:
        return _at(None, "unknown", None, BEFORE_DEVICE)
    new_year = local.month == 1 and local.day <= FACTORY_DAYS
    if new_year and received_at - placed.at > FACTORY_AGE:
        return _at(None, "unknown", None, FACTORY_DATE)
    return placed


def _at(at: datetime | None, source: EffectiveSource, uncertainty_s: float | None, *doubtful: str) -> Effective:
    return Effective(at=at, source=source, uncertainty_s=uncertainty_s, offset_s=None, doubtful=doubtful)


def _without_date(stamp: DeviceTime, received_at: datetime, zone: ZoneInfo) -> Effective:
    """A stamp that lacks a part of its date: it is of now, if all that it does say is."""
    now = received_at.astimezone(zone)
    for day in (now, now - timedelta(days=1)):  # just before midnight, received after it
        guess = DeviceTime(
            year=stamp.year or day.year, month=stamp.month or day.month, day=stamp.day or day.day,
            hour=stamp.hour, minute=stamp.minute, second=stamp.second,
        ).local()  # fmt: skip
        if guess is None:
            continue
        age = (received_at - to_utc(guess, zone)[0]).total_seconds()
        if -FUTURE_S <= age <= JUST_NOW_S:
            return _at(received_at, "reception", JUST_NOW_S)
    return _at(None, "unknown", None)
