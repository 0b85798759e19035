"""Backlogs of clocks that drift, were set, were reset: the offset that a record was made with, or nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from device_drivers.readings import DeviceTime
from gateway.ingest.effective import CLOCK_WAS_RESET, FACTORY_DATE, NEVER_SEEN, Effective, effective_time
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
        ("before the reset", "2026-02-25T08:00:00", (SET, Connection(0, NEW_BATTERY)), ("device", "02-25T06:00", 65.0)),
        (
            "after: of this change, or of one before it",
            "2010-02-28T19:00:00",
            (SET, Connection(0, NEW_BATTERY)),
            ("device-corrected", "02-28T17:00", 9.375 * DAY),
        ),
        ("before it, never met", "2026-02-25T08:00:00", (Connection(0, NEW_BATTERY),), UNKNOWN),
        ("of an earlier life", "2012-05-05T05:05:05", (SET, Connection(0, NEW_BATTERY)), UNKNOWN),
        # It was wrong by a known offset when it was last met, and nobody set it.
        (
            "the offset of then",
            "2026-02-25T11:00:00",
            (Connection(10, 3 * HOUR), Connection(0, NEW_BATTERY)),
            ("device-corrected", "02-25T06:00", 60.0),
        ),
        # Drift: 100 s in ten days, half of it at half time; or somebody moved it by as much.
        (
            "drift",
            "2026-02-24T10:01:20",
            (Connection(10, 600.0), Connection(0, 700.0)),
            ("device-corrected", "02-24T07:50:30", 51.0),
        ),
        # A wrong zone: whole hours, small uncertainty; a device that runs on UTC.
        ("one zone east", "2026-02-28T12:00:00", (Connection(0, HOUR),), ("device-corrected", "02-28T09:00", 1.0)),
        ("on UTC", "2026-02-28T09:00:00", (Connection(0, -2 * HOUR),), ("device-corrected", "02-28T09:00", 1.0)),
        # Somebody moved the hands since: an hour this way or that.
        (
            "moved by hand, perhaps twice",
            "2026-02-28T12:00:00",
            (SET, Connection(0, HOUR)),
            ("device-corrected", "02-28T09:00", 9.0417 * DAY),
        ),
        ("moved by days", "2026-02-24T12:00:00", (SET, Connection(0, -3 * DAY)), UNKNOWN),
        # It was set at a connection that broke off before the records came: they were made before it was set.
        (
            "set, then cut off",
            "2026-02-18T12:00:00",
            (Connection(20, 0.0), Connection(10, 2 * HOUR, was_set=True), Connection(0, 3.0)),
            ("device-corrected", "02-18T08:00", 9.0 * DAY),
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
    left = name in {"before the reset", "the offset of then"}  # that the clock was not moved before is only likely
    assert found.doubtful == ((CLOCK_WAS_RESET,) if left else ())


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
    assert (found.source, found.uncertainty_s) == ("device-corrected", None)  # from before they first met
    met = place("2026-03-28T09:00:00", Connection(0, -3 * HOUR), Connection(20, -2 * HOUR), at=after)
    assert (met.source, met.at) == ("device-corrected", datetime(2026, 3, 28, 9, tzinfo=UTC))
    assert met.uncertainty_s == HOUR + 1.0


def test_a_clock_left_on_winter_time_is_an_hour_slow_in_summer() -> None:
    """It was right in February; in April it shows an hour less, because nobody moved it."""
    april = datetime(2026, 4, 10, 7, 0, tzinfo=UTC)  # 10:00 at home, 09:00 on the cuff
    found = place("2026-04-10T08:30:00", Connection(0, -HOUR), Connection(40, 0.0, was_set=True), at=april)
    assert found.at == datetime(2026, 4, 10, 6, 30, tzinfo=UTC)
    assert found.uncertainty_s == HOUR + 1.0


def true_to(found: Effective, moment: datetime) -> bool:
    """Not placed beside the truth by more than is admitted."""
    if found.at is None or found.uncertainty_s is None:
        return True
    return abs((found.at - moment).total_seconds()) <= found.uncertainty_s + 1.0


@pytest.mark.parametrize("gap_days", [60, 150, 190, 240, 380])
def test_an_hour_of_summer_time_is_no_drift_however_long_nobody_fetched(gap_days: int) -> None:
    """Set in January, on winter time ever since."""
    paired = datetime(2026, 1, 10, 8, tzinfo=UTC)
    now = paired + timedelta(days=gap_days)
    behind = 7200.0 - (now.astimezone(ZONE).utcoffset() or timedelta()).total_seconds()
    for day in range(1, gap_days, 7):
        moment = paired + timedelta(days=day)
        stamp = (moment + timedelta(hours=2)).replace(tzinfo=None).isoformat()
        found = place(stamp, Connection(0, behind), Connection(gap_days, 0.0, was_set=True), at=now)
        assert found.at is not None
        assert abs((found.at - moment).total_seconds()) < 2.0, day
        summer = moment.astimezone(ZONE).dst() != timedelta()
        if summer or behind:
            assert found.uncertainty_s is not None
            assert found.uncertainty_s > HOUR, day  # another clock would have followed it


def test_more_than_a_quartz_drifts_in_a_long_time_was_moved() -> None:
    """Forty minutes in 150 days pass for 16 s a day; or somebody moved it on the second day."""
    found = place("2026-01-20T10:40:00", Connection(0, 2400.0), Connection(150, 0.0))
    assert true_to(found, datetime(2026, 1, 20, 8, tzinfo=UTC))
    assert true_to(found, datetime(2026, 1, 20, 8, 40, tzinfo=UTC))


def test_what_passes_for_drift_may_have_been_a_hand() -> None:
    found = place("2026-02-21T10:00:00", Connection(0, 150.0), Connection(10, 0.0))
    assert true_to(found, datetime(2026, 2, 21, 8, tzinfo=UTC))
    assert true_to(found, datetime(2026, 2, 21, 7, 57, 30, tzinfo=UTC))


def test_a_battery_that_was_changed_after_summer_time_began() -> None:
    """Left on winter time; the offset it was left with is that of then, not of the record's day."""
    now = datetime(2026, 4, 10, 7, tzinfo=UTC)
    for left in (Connection(30, 0.0, was_set=True), Connection(30, 0.0)):
        found = place("2026-04-02T08:00:00", Connection(0, NEW_BATTERY), left, at=now)
        assert true_to(found, datetime(2026, 4, 2, 6, tzinfo=UTC))  # nobody had moved it
        assert true_to(found, datetime(2026, 4, 2, 5, tzinfo=UTC))  # somebody had
        assert found.uncertainty_s is not None


@pytest.mark.parametrize("stamp", ["2019-02-10T12:00:00", "2024-06-01T12:00:00"])
def test_a_device_that_ran_from_its_factory_date_until_somebody_set_it(stamp: str) -> None:
    """Right at its first connection; its oldest records are of 2019, when it lay in a shop."""
    found = place(stamp, Connection(0, 2.0))
    assert (found.uncertainty_s, found.doubtful) == (None, (NEVER_SEEN,))
    later = place(stamp, Connection(0, 2.0), Connection(10, 0.0))  # nor does a second connection make it true
    assert later.at is None or (later.uncertainty_s, later.doubtful) == (None, (NEVER_SEEN,))


def test_how_a_clock_stood_before_they_first_met_nobody_has_seen() -> None:
    assert place("2026-02-20T12:00:00", Connection(0, 2.0)).uncertainty_s is None
    assert place("2026-02-20T12:00:00", Connection(0, 2.0)).doubtful == ()
    assert place("2026-03-01T09:00:00", Connection(0, 2.0)).uncertainty_s == 3.0


def test_the_night_in_which_an_hour_comes_twice() -> None:
    """Set by us in the second of the two hours from three to four, fetched in the morning, and before."""
    begin = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 03:10 for the second time
    now = datetime(2026, 10, 25, 5, 0, tzinfo=UTC)
    ago = (now - begin) / timedelta(days=1)
    for offset_s in (0.0, HOUR):
        found = place("2026-10-25T03:40:00", Connection(0, 0.0), Connection(ago, offset_s, was_set=True), at=now)
        assert found.at == datetime(2026, 10, 25, 1, 40, tzinfo=UTC)
    at_once = datetime(2026, 10, 25, 1, 45, tzinfo=UTC)
    live = place("2026-10-25T03:40:00", Connection(0.002, 0.0, was_set=True), at=at_once)
    assert true_to(live, datetime(2026, 10, 25, 1, 40, tzinfo=UTC))
    still_summer = datetime(2026, 10, 25, 0, 20, tzinfo=UTC)  # left on summer time in the first of the two
    gap = (now - still_summer) / timedelta(days=1)
    found = place("2026-10-25T04:40:00", Connection(0, HOUR), Connection(gap, 0.0, was_set=True), at=now)
    assert true_to(found, datetime(2026, 10, 25, 1, 40, tzinfo=UTC))


def test_a_weak_battery_begins_anew_more_than_once() -> None:
    """Both times at the same date: a record of the first time looks like one of the second."""
    found = place("2010-02-20T10:00:00", Connection(0, NEW_BATTERY), SET)
    assert found.at is not None
    for moment in (found.at, found.at - timedelta(days=1), NOW - timedelta(days=9.9)):
        assert true_to(found, moment)


def test_a_clock_that_was_moved_by_hand_may_have_been_moved_twice() -> None:
    """At the ends of the time between two connections one of the two offsets alone would put the record there."""
    found = place("2026-02-28T12:00:00", Connection(0, -26 * HOUR), Connection(2, 0.0))
    assert found.at is None or true_to(found, datetime(2026, 2, 28, 10, tzinfo=UTC))
    edge = place("2026-03-01T12:30:00", Connection(0, 3 * HOUR), SET)  # by what it was left with, not yet
    assert edge.at == datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
    assert true_to(edge, edge.at + timedelta(minutes=20))


def test_a_record_that_the_time_since_the_last_connection_does_not_explain_is_none_of_before() -> None:
    """Somebody had it wrong by three weeks for a day; not a record that was forgotten at the last connection."""
    found = place("2026-02-05T10:00:00", Connection(0, -3 * HOUR), Connection(40, 0.0), SET)
    assert (found.at, found.doubtful) == (None, (CLOCK_WAS_RESET,))


def test_what_a_clock_was_left_with_drifts_until_the_battery_is_changed() -> None:
    """The last record before the change: 100 ppm for sixty days."""
    found = place("2026-02-24T10:08:00", Connection(0, NEW_BATTERY), Connection(60, 0.0))
    assert true_to(found, datetime(2026, 2, 24, 8, tzinfo=UTC))
