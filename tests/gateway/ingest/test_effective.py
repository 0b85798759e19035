"""When: the device's word, corrected by its measured offset, flagged with its source and its uncertainty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.readings import DeviceTime
from gateway.ingest.effective import (
    BEFORE_DEVICE,
    CLOCK_WAS_RESET,
    FACTORY_DATE,
    FUTURE,
    OUT_OF_CALENDAR,
    UNSYNCHRONISED,
    Effective,
    effective_time,
)
from gateway.ingest.received import ClockMeasurement

ZONE = ZoneInfo("Europe/Helsinki")  # UTC+2, in summer +3: 29 March 03:00 to 25 October 2026 04:00
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def said(local: str) -> DeviceTime:
    at = datetime.fromisoformat(local)
    return DeviceTime(year=at.year, month=at.month, day=at.day, hour=at.hour, minute=at.minute, second=at.second)


def offset(seconds: float, *, was_set: bool = False, at: datetime = NOW) -> ClockMeasurement:
    return ClockMeasurement(offset_s=seconds, uncertainty_s=2.0, measured_at=at, was_set=was_set)


def place(
    stamp: DeviceTime | None, clock: ClockMeasurement | None = None, *, now: datetime = NOW, synchronised: bool = True,
    stamp_expected: bool = True,
) -> Effective:  # fmt: skip
    return effective_time(
        stamp, clock, received_at=now, synchronised=synchronised, zone=ZONE, stamp_expected=stamp_expected
    )


def test_a_clock_within_tolerance_is_believed() -> None:
    found = place(said("2026-03-01T09:55:00"), offset(20.0))
    assert found == Effective(at=NOW - timedelta(minutes=5), source="device", uncertainty_s=22.0, offset_s=20.0)


def test_a_clock_that_was_not_measured_is_believed_without_a_number() -> None:
    found = place(said("2026-03-01T09:55:00"))
    assert found == Effective(at=NOW - timedelta(minutes=5), source="device", uncertainty_s=None, offset_s=None)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0, 75.0, -10 * 365 * 86400.0])
def test_a_wrong_clock_is_corrected(seconds: float) -> None:
    local = datetime(2026, 3, 1, 9, 55) + timedelta(seconds=seconds)  # noqa: DTZ001  # a device's clock has no zone
    found = place(said(local.isoformat()), offset(seconds))
    assert found.at == NOW - timedelta(minutes=5)
    assert (found.source, found.uncertainty_s, found.offset_s, found.doubtful) == ("device-corrected", 2.0, seconds, ())


def test_a_record_made_after_the_clock_was_set_is_not_corrected_twice() -> None:
    wrong = offset(-7200.0, was_set=True, at=NOW - timedelta(seconds=30))
    assert place(said("2026-03-01T09:59:50"), wrong).at == NOW - timedelta(seconds=10)  # now right
    assert place(said("2026-03-01T07:59:00"), wrong).at == NOW - timedelta(seconds=60)  # stored before


def test_a_record_of_the_second_in_which_the_clock_was_set() -> None:
    """Its stamp shows that second's start, which lies before the setting."""
    at = NOW + timedelta(seconds=0.7)
    found = place(said("2026-03-01T10:00:00"), offset(-7200.0, was_set=True, at=at), now=at + timedelta(seconds=2))
    assert (found.at, found.source) == (NOW, "device")


def test_an_older_record_of_a_fast_clock_may_look_as_if_made_after_it_was_set() -> None:
    at = NOW - timedelta(seconds=20)
    found = place(said("2026-03-01T10:00:10"), offset(300.0, was_set=True, at=at))
    assert (found.at, found.uncertainty_s) == (NOW + timedelta(seconds=10), 302.0)
    years = place(said("2026-03-01T10:00:10"), offset(3 * 365 * 86400.0, was_set=True, at=at))
    assert years.uncertainty_s == 2.0  # not of three years ago


def test_a_record_stored_before_the_clock_lost_its_time() -> None:
    found = place(said("2026-02-27T09:00:00"), offset(-10 * 365 * 86400.0))
    assert (found.at, found.source, found.doubtful) == (None, "unknown", (CLOCK_WAS_RESET,))


def test_no_stamp_from_a_device_without_a_clock_is_the_moment_of_reception() -> None:
    assert place(None, stamp_expected=False) == Effective(at=NOW, source="reception", uncertainty_s=60.0, offset_s=None)


def test_no_stamp_from_a_device_with_a_clock_may_be_old() -> None:
    assert place(None).source == "reception"
    assert place(None).uncertainty_s is None


@pytest.mark.parametrize(
    ("parts", "source"),
    [
        ((None, 3, 1, 9, 58), "reception"),  # no year, but two minutes ago
        ((None, None, None, 9, 58), "reception"),
        ((2026, None, 1, 9, 58), "reception"),
        ((None, 3, 1, 7, 58), "unknown"),  # two hours ago, of which year?
        ((None, 2, 1, 9, 58), "unknown"),
        ((2025, None, None, 9, 58), "unknown"),
        ((None, 2, 30, 9, 58), "unknown"),
        ((2026, 2, 31, 9, 58), "unknown"),  # there is no such day
    ],
)
def test_a_stamp_that_lacks_a_part_of_the_date(parts: tuple[int | None, ...], source: str) -> None:
    year, month, day, hour, minute = parts
    stamp = DeviceTime(year=year, month=month, day=day, hour=hour or 0, minute=minute or 0, second=0)
    found = place(stamp)
    assert found.source == source
    assert found.at == (NOW if source == "reception" else None)


def test_just_before_midnight_received_after_it() -> None:
    midnight = datetime(2026, 2, 28, 22, 1, tzinfo=UTC)
    assert (
        place(DeviceTime(year=None, month=2, day=28, hour=23, minute=59, second=30), now=midnight).source == "reception"
    )


def test_the_hour_that_comes_twice_and_the_hour_that_does_not() -> None:
    autumn = datetime(2026, 10, 25, 6, 0, tzinfo=UTC)
    twice = place(said("2026-10-25T03:30:00"), now=autumn)
    assert (twice.at, twice.uncertainty_s) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 3600.0)
    measured = offset(5.0, at=autumn)
    assert place(said("2026-10-25T03:30:00"), measured, now=autumn).uncertainty_s == 3607.0
    spring = datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
    assert place(said("2026-03-29T03:30:00"), now=spring).uncertainty_s == 3600.0
    assert place(said("2026-10-25T05:30:00"), measured, now=autumn).uncertainty_s == 7.0


def test_summer_time_began_between_the_record_and_the_connection() -> None:
    after = datetime(2026, 3, 30, 6, 0, tzinfo=UTC)
    found = place(said("2026-03-28T09:00:00"), offset(-3600.0, at=after), now=after)
    spring = datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
    assert (found.at, found.source) == (datetime(2026, 3, 28, 7, tzinfo=UTC), "device")  # as it was set before
    assert found.uncertainty_s is None  # from before they first met
    today = place(said("2026-03-29T02:00:00"), offset(-3600.0, at=spring), now=spring)
    assert (today.at, today.uncertainty_s) == (datetime(2026, 3, 29, 0, tzinfo=UTC), 3602.0)
    followed = place(said("2026-03-29T02:00:00"), offset(0.0, at=spring), now=spring)
    assert (followed.at, followed.uncertainty_s) == (datetime(2026, 3, 29, 0, tzinfo=UTC), 3602.0)


def test_an_unsynchronised_gateway_corrects_nothing_and_says_so() -> None:
    epoch = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    found = place(said("2026-03-01T09:55:00"), offset(56 * 365 * 86400.0, at=epoch), now=epoch, synchronised=False)
    assert found.at == NOW - timedelta(minutes=5)  # the device knows better
    assert (found.source, found.uncertainty_s, found.doubtful) == ("device", None, (UNSYNCHRONISED,))
    found = place(None, now=epoch, synchronised=False, stamp_expected=False)
    assert (found.at, found.source, found.uncertainty_s) == (epoch, "reception", None)
    assert UNSYNCHRONISED in found.doubtful


def test_the_future_and_the_stone_age_are_doubtful_but_kept() -> None:
    future = place(said("2031-03-01T09:55:00"))
    assert (future.at is not None, future.doubtful) == (True, (FUTURE,))
    old = place(said("2000-06-01T00:00:00"))
    assert (old.at, old.source, old.doubtful) == (None, "unknown", (BEFORE_DEVICE,))
    for border in ("0001-01-01T00:00:00", "9999-12-31T23:59:59"):
        assert place(said(border)).doubtful


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("9999-12-31T23:59:59", -600.0),
        ("9999-12-31T23:59:59", 0.0),
        ("9999-12-31T23:59:59", 600.0),
        ("0001-01-01T00:00:00", 600.0),
        ("2026-03-01T09:55:00", 8_000 * 365.25 * 86400.0),
        ("2026-03-01T09:55:00", -8_000 * 365.25 * 86400.0),
        ("2026-03-01T09:55:00", 1e300),
    ],
)
def test_out_of_the_calendar_is_unknown_and_says_so(stamp: str, seconds: float) -> None:
    found = place(said(stamp), offset(seconds))
    assert found == Effective(
        at=None, source="unknown", uncertainty_s=None, offset_s=seconds, doubtful=(OUT_OF_CALENDAR,)
    )


def parts(first: int, last: int) -> st.SearchStrategy[int]:
    return st.integers(first, last) | st.integers(first, last) | st.integers()  # mostly in range


DEVICE_TIMES = st.builds(
    DeviceTime,
    year=st.none() | st.sampled_from([1, 1582, 9999]) | parts(1, 9999),
    month=st.none() | parts(1, 12),
    day=st.none() | parts(1, 31),
    hour=parts(0, 23),
    minute=parts(0, 59),
    second=parts(0, 59),
)
ZONES = st.sampled_from(["UTC", "Europe/Helsinki", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"])


@pytest.mark.slow
@given(
    stamp=st.none() | DEVICE_TIMES,
    seconds=st.none() | st.floats(-1e12, 1e12) | st.floats(allow_nan=False, allow_infinity=False),
    zone=ZONES.map(ZoneInfo),
    synchronised=st.booleans(),
    was_set=st.booleans(),
    now=st.sampled_from([NOW, datetime(1970, 1, 1, 0, 1, tzinfo=UTC)]),
)
def test_it_is_total(
    stamp: DeviceTime | None, seconds: float | None, zone: ZoneInfo, synchronised: bool, was_set: bool, now: datetime
) -> None:
    found = effective_time(
        stamp, None if seconds is None else offset(seconds, was_set=was_set, at=now), received_at=now,
        synchronised=synchronised, zone=zone, stamp_expected=True,
    )  # fmt: skip
    assert (found.at is None) == (found.source == "unknown")
    assert found.offset_s == seconds
    if found.at is None:
        why = {OUT_OF_CALENDAR, CLOCK_WAS_RESET, BEFORE_DEVICE, FACTORY_DATE}
        assert why & set(found.doubtful) or (stamp is not None and stamp.local() is None)
    else:
        assert found.at.utcoffset() == timedelta(0)
        assert found.at.astimezone(zone) + timedelta(days=30) > found.at  # whoever reads it can reckon with it
