"""Backlogs of clocks that drift, were set, were reset: the offset that a record was made with, or nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from device_drivers.readings import DeviceTime
from gateway.ingest.effective import CLOCK_WAS_RESET, FACTORY_DATE, Effective, effective_time
from gateway.ingest.received import ClockMeasurement

ZONE = ZoneInfo("Europe/Helsinki")  # UTC+2 in winter
NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)  # 10:00 at home
HOUR, DAY, YEAR = 3600.0, 86_400.0, 365.25 * 86_400.0


class Connection(NamedTuple):
    """The clock as it was found so many days ago."""

    days_ago: float
    offset_s: float
    was_set: bool = False


def place(local: str, now: Connection, *earlier: Connection, at: datetime = NOW) -> Effective:
    moment = datetime.fromisoformat(local)
    stamp = DeviceTime(
        year=moment.year, month=moment.month, day=moment.day,
        hour=moment.hour, minute=moment.minute, second=moment.second,
    )  # fmt: skip
    measured = [
        ClockMeasurement(
            offset_s=one.offset_s, uncertainty_s=1.0, measured_at=at - timedelta(days=one.days_ago), was_set=one.was_set
        )
        for one in (*earlier, now)
    ]
    return effective_time(
        stamp, measured[-1], received_at=at, synchronised=True, zone=ZONE, stamp_expected=True, earlier=measured[:-1]
    )


SET = Connection(10, -5.0, was_set=True)  # ten days ago it was right, and set
NEW_BATTERY = -16 * YEAR  # it begins in 2010 again

UNKNOWN = ("unknown", None, None)


@pytest.mark.parametrize(
    ("name", "stamp", "connections", "expected"),
    [
        # The battery was changed between the connections: what was made before keeps the offset it was left with.
        ("before the reset", "2026-02-25T08:00:00", (SET, Connection(0, NEW_BATTERY)), ("device", "02-25T06:00", 1.0)),
        ("after", "2010-02-28T19:00:00", (SET, Connection(0, NEW_BATTERY)), ("device-corrected", "02-28T17:00", 1.0)),
        ("before it, never met", "2026-02-25T08:00:00", (Connection(0, NEW_BATTERY),), UNKNOWN),
        ("of an earlier life", "2012-05-05T05:05:05", (SET, Connection(0, NEW_BATTERY)), UNKNOWN),
        # It was wrong by a known offset when it was last met, and nobody set it.
        (
            "the offset of then",
            "2026-02-25T11:00:00",
            (Connection(10, 3 * HOUR), Connection(0, NEW_BATTERY)),
            ("device-corrected", "02-25T06:00", 1.0),
        ),
        # Drift: 100 s in ten days, half of it at half time.
        (
            "drift",
            "2026-02-24T10:01:20",
            (Connection(10, 600.0), Connection(0, 700.0)),
            ("device-corrected", "02-24T07:50:30", 1.0),
        ),
        # A wrong zone: whole hours, small uncertainty; a device that runs on UTC.
        ("one zone east", "2026-02-28T12:00:00", (Connection(0, HOUR),), ("device-corrected", "02-28T09:00", 1.0)),
        ("on UTC", "2026-02-28T09:00:00", (Connection(0, -2 * HOUR),), ("device-corrected", "02-28T09:00", 1.0)),
        # Somebody moved the hands since: an hour this way or that.
        ("moved by hand", "2026-02-28T12:00:00", (SET, Connection(0, HOUR)), ("device-corrected", "02-28T09:00", HOUR)),
        ("moved by days", "2026-02-24T12:00:00", (SET, Connection(0, -3 * DAY)), UNKNOWN),
        # It was set at a connection that broke off before the records came: they were made before it was set.
        (
            "set, then cut off",
            "2026-02-18T12:00:00",
            (Connection(20, 0.0), Connection(10, 2 * HOUR, was_set=True), Connection(0, 3.0)),
            ("device-corrected", "02-18T08:00", 2 * HOUR),
        ),
        # An old record once more, long after: the interval in which it was made.
        (
            "sent again",
            "2026-02-10T10:00:00",
            (Connection(30, 0.0), SET, Connection(0, 2.0)),
            ("device", "02-10T08:00", None),
        ),
        ("from the future", "2027-01-01T10:00:00", (SET, Connection(0, 4.0)), UNKNOWN),
    ],
)  # fmt: skip
def test_backlogs(
    name: str, stamp: str, connections: tuple[Connection, ...], expected: tuple[str, str | None, float | None]
) -> None:
    found = place(stamp, connections[-1], *connections[:-1])
    source, at, uncertainty = expected
    assert found.source == source, name
    assert found.offset_s == connections[-1].offset_s
    if at is None:
        assert (found.at, found.doubtful) == (None, (CLOCK_WAS_RESET,))
        return
    assert found.at is not None
    wanted = datetime.fromisoformat(f"2026-{at}").replace(tzinfo=UTC)
    assert abs((found.at - wanted).total_seconds()) <= 2.0, found
    assert found.uncertainty_s is not None
    if uncertainty is not None:
        assert found.uncertainty_s == pytest.approx(uncertainty, abs=6.0)
    assert found.doubtful == ()


@pytest.mark.parametrize("stamp", ["2019-01-01T00:03:00", "2010-01-02T23:00:00", "2000-01-01T00:00:00"])
def test_a_factory_date_is_no_time(stamp: str) -> None:
    """Polar's straps fall back to 2019; the clock was set since, or was never read."""
    moment = datetime.fromisoformat(stamp)
    device_time = DeviceTime(
        year=moment.year, month=moment.month, day=moment.day, hour=moment.hour, minute=moment.minute, second=0
    )
    for clock in (None, ClockMeasurement(offset_s=1.0, uncertainty_s=1.0, measured_at=NOW, was_set=True)):
        found = effective_time(
            device_time, clock, received_at=NOW, synchronised=True, zone=ZONE, stamp_expected=True
        )  # fmt: skip
        assert (found.at, found.source) == (None, "unknown")
        assert found.doubtful


def test_a_new_year_s_day_between_two_connections_is_one() -> None:
    """Somebody measured on the first of January, and the cuff was fetched in March: both connections knew its clock."""
    found = place("2026-01-01T10:00:00", Connection(0, 2.0), Connection(90, 0.0))
    assert (found.at, found.source) == (datetime(2026, 1, 1, 8, 0, tzinfo=UTC), "device")
    alone = place("2026-01-01T10:00:00", Connection(0, 2.0))
    assert alone.doubtful == (FACTORY_DATE,)


def test_a_corrected_record_across_summer_time_says_an_hour() -> None:
    after = datetime(2026, 3, 30, 6, 0, tzinfo=UTC)
    found = place("2026-03-28T09:00:00", Connection(0, -2 * HOUR), at=after)
    assert (found.source, found.uncertainty_s) == ("device-corrected", HOUR)


def test_a_clock_left_on_winter_time_is_an_hour_slow_in_summer() -> None:
    """It was right in February; in April it shows an hour less, because nobody moved it."""
    april = datetime(2026, 4, 10, 7, 0, tzinfo=UTC)  # 10:00 at home, 09:00 on the cuff
    found = place("2026-04-10T08:30:00", Connection(0, -HOUR), Connection(40, 0.0, was_set=True), at=april)
    assert found.at == datetime(2026, 4, 10, 6, 30, tzinfo=UTC)
    assert found.uncertainty_s == HOUR
