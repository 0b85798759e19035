"""When was it measured? The device's word, corrected by the measured offset of its clock, with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from device_drivers.readings import DeviceTime
from gateway.core.envelope import EffectiveSource
from gateway.ingest.received import ClockMeasurement

# Clocks of cuffs and scales drift ~1 s a day and are set at pairing; within a minute the device's own stamp stands.
TOLERANCE_S: Final = 60.0
# How far ahead of the moment of reception a stamp may lie before it is doubted: the tolerance and a slow transfer.
FUTURE_S: Final = 120.0
# A device without a clock sends when it has measured; a scale wakes its radio and calls for about a minute.
RECEPTION_UNCERTAINTY_S: Final = 60.0
DST_UNCERTAINTY_S: Final = 3600.0
# A stamp without a year whose day and time are this near to now was made now.
JUST_NOW_S: Final = 600.0
# Blood Pressure, Health Thermometer and Heart Rate 1.0 were adopted in 2011: no device of theirs measured before.
FIRST_DEVICES: Final = datetime(2011, 1, 1, tzinfo=UTC)
# A stamp can be anything and so can a clock's offset. A time beside the ends of the calendar is no time of anything,
# and nobody could add an uncertainty or a zone to it.
FIRST_TIME: Final = datetime(2, 1, 1, tzinfo=UTC)
LAST_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)

UNSYNCHRONISED: Final = "gateway-clock-unsynchronised"
FUTURE: Final = "effective-in-the-future"
BEFORE_DEVICE: Final = "effective-before-the-device"
CLOCK_WAS_RESET: Final = "device-clock-was-reset"
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
) -> Effective:
    """Make UTC of what the device said: of any stamp, with any finite offset.

    | source | when |
    |---|---|
    | device | its stamp as it is: its clock is within a minute of ours, or not measured, or ours not synchronised |
    | device-corrected | its stamp minus the measured offset |
    | reception | it gives no stamp (or one without a year that is plainly now) |
    | unknown | it gives a stamp that cannot be placed: year, month or day unknown, and not now; out of the calendar |

    Args:
        stamp: what the device said, local.
        clock: the measurement of its clock on this connection.
        received_at: by our clock.
        synchronised: whether our clock followed a time source at that moment.
        zone: of the home.
        stamp_expected: the device has a clock, so a record without a stamp may be an old one.
    """
    offset = None if clock is None else clock.offset_s
    try:
        found = _place(stamp, clock, received_at, synchronised, zone, stamp_expected)
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
        return _at(as_said, "device", dst)
    if abs(clock.offset_s) <= TOLERANCE_S:
        return _at(as_said, "device", max(abs(clock.offset_s) + clock.uncertainty_s, dst or 0.0))
    if clock.was_set and clock.measured_at <= as_said <= received_at + timedelta(seconds=TOLERANCE_S):
        return _at(as_said, "device", max(clock.uncertainty_s, dst or 0.0))  # made after we set the clock
    corrected, dst = to_utc(local - timedelta(seconds=clock.offset_s), zone)
    latest = received_at + timedelta(seconds=FUTURE_S)
    if corrected > latest >= as_said:  # stored before the clock lost its time: the offset of now is not that of then
        return _at(as_said, "device", None, CLOCK_WAS_RESET)
    if _offset_of(corrected, zone) != _offset_of(clock.measured_at, zone):
        dst = DST_UNCERTAINTY_S  # summer time began or ended since: was the device's clock moved with it?
    return _at(corrected, "device-corrected", max(clock.uncertainty_s, dst or 0.0))


def _at(at: datetime | None, source: EffectiveSource, uncertainty_s: float | None, *doubtful: str) -> Effective:
    return Effective(at=at, source=source, uncertainty_s=uncertainty_s, offset_s=None, doubtful=doubtful)


def to_utc(local: datetime, zone: ZoneInfo) -> tuple[datetime, float | None]:
    """A naive local time in UTC, and an hour of uncertainty where summer time makes two of it, or none.

    Raises:
        OverflowError: it is out of the calendar in UTC.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return first, None if first == second else DST_UNCERTAINTY_S


def _offset_of(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


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
