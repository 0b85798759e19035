"""The home's own clock over both changes of summer time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.activity.clocktime import change_words, local_s, transitions, utc_s

HELSINKI = ZoneInfo("Europe/Helsinki")
HOUR = 3600.0


def _utc(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


# In Finland 03:00 becomes 04:00 on 2025-03-30, and 04:00 becomes 03:00 on 2025-10-26; both at 01:00 UTC.
SPRING, AUTUMN = _utc("2025-03-30T01:00"), _utc("2025-10-26T01:00")
YEAR = transitions(HELSINKI, _utc("2025-01-01"), _utc("2026-01-01"))


def _hours(at_s: list[float], day: str) -> NDArray[np.float64]:
    return local_s(np.array(at_s), *YEAR, np.datetime64(day)) / HOUR


def test_a_zone_is_asked_for_its_changes() -> None:
    at, offsets = YEAR
    assert at.tolist() == [SPRING, AUTUMN]
    assert offsets.tolist() == [2 * HOUR, 3 * HOUR, 2 * HOUR]
    assert change_words(at, offsets) == [
        "clocks were put forward from 03:00 to 04:00 on 2025-03-30",
        "clocks were put back from 04:00 to 03:00 on 2025-10-26",
    ]
    at, offsets = transitions(dt.UTC, 0.0, 1e9)
    assert (len(at), offsets.tolist()) == (0, [0.0])


def test_away_from_changes_it_is_the_wall_clock() -> None:
    rng = np.random.default_rng(0)
    utc_s = np.sort(rng.uniform(_utc("2025-01-01"), _utc("2026-01-01"), 2000)).round()
    utc_s = utc_s[(np.abs(utc_s - SPRING) > HOUR) & (np.abs(utc_s - AUTUMN) > HOUR)]
    found = local_s(utc_s, *YEAR, np.datetime64("2025-01-01"))
    for at, own in zip(utc_s.tolist(), found.tolist(), strict=True):
        wall = dt.datetime.fromtimestamp(at, HELSINKI).replace(tzinfo=None)
        assert own == (wall - dt.datetime.fromisoformat("2025-01-01")).total_seconds()


def test_the_missing_hour_is_filled_by_the_one_before() -> None:
    at = [SPRING - HOUR, SPRING - 0.75 * HOUR, SPRING - 0.5 * HOUR, SPRING, SPRING + 60]
    assert _hours(at, "2025-03-30").tolist() == pytest.approx([2, 2.5, 3, 4, 4 + 1 / 60])


def test_the_repeated_hour_is_one() -> None:
    at = [AUTUMN - 1.5 * HOUR, AUTUMN - HOUR, AUTUMN, AUTUMN + HOUR - 1, AUTUMN + HOUR, AUTUMN + 2 * HOUR]
    assert _hours(at, "2025-10-26").tolist() == pytest.approx([2.5, 3, 3.5, 4 - 0.5 / HOUR, 4, 5])


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_it_ascends_without_a_jump_and_days_have_24_hours(change: float) -> None:
    utc_s = change + np.arange(-3 * HOUR, 3 * HOUR, 7.0)
    steps = np.diff(local_s(utc_s, *YEAR, np.datetime64("2025-03-30")))
    assert steps.min() >= 3.5 - 1e-6
    assert steps.max() <= 14 + 1e-6
    midnights = [dt.datetime(2025, month, day, tzinfo=HELSINKI).timestamp() for month, day in ((3, 30), (3, 31))]
    assert np.diff(_hours(midnights, "2025-03-30")).tolist() == [24.0]
    midnights = [dt.datetime(2025, month, day, tzinfo=HELSINKI).timestamp() for month, day in ((10, 26), (10, 27))]
    assert np.diff(_hours(midnights, "2025-10-26")).tolist() == [24.0]


def test_a_night_is_as_long_as_ever_by_the_home_clock() -> None:
    def rest(evening: str, morning: str) -> float:
        ends = [dt.datetime.fromisoformat(one).replace(tzinfo=HELSINKI).timestamp() for one in (evening, morning)]
        return float(np.diff(_hours(ends, "2025-01-01"))[0])

    assert rest("2025-03-29T22:30", "2025-03-30T07:00") == 8.5
    assert rest("2025-10-25T22:30", "2025-10-26T07:00") == 8.5


def test_shapes_nothing_and_what_cannot_be() -> None:
    none = np.zeros(0)
    day = np.datetime64("1970-01-02")
    assert local_s(np.array([[86_400.0, np.nan]]), none, np.array([60.0]), day).tolist()[0][0] == 60.0
    assert np.isnan(local_s(np.array([np.nan]), *YEAR, day)).all()
    assert local_s(none, *YEAR, day).shape == (0,)
    with pytest.raises(ValueError, match="one offset more"):
        local_s(none, np.array([1.0]), np.array([0.0]), day)
    with pytest.raises(ValueError, match="further apart"):
        local_s(none, np.array([9000.0, 9100.0]), np.array([0.0, 3600.0, 0.0]), day)


def test_there_and_back() -> None:
    """Also before the first change, between two, beyond the last, and within the hours that they bend."""
    first = np.datetime64("2025-03-01")
    begin = float(first.astype("datetime64[s]").astype(np.int64))
    known = transitions(HELSINKI, begin, begin + 300 * 86_400)
    assert len(known[0]) == 2
    at = np.sort(np.random.default_rng(0).uniform(begin - 86_400, begin + 300 * 86_400, 2000))
    near = np.concatenate([one + np.arange(-7200.0, 7200.0, 60.0) for one in known[0]])
    for instants in (at, near):
        np.testing.assert_allclose(utc_s(local_s(instants, *known, first), *known, first), instants, atol=1e-3)
    never = (np.zeros(0), np.array([7200.0]))
    np.testing.assert_allclose(utc_s(local_s(at, *never, first), *never, first), at, atol=1e-3)
