"""The HomeAssist loader: names to rooms, what is odd is named, nothing in a line is fatal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.activity.events import Kind, Place
from analytics.datasets import DatasetError
from analytics.datasets.homeassist import load, parse

GOOD = (
    "2025-06-01T02:23:20.849;MotionD_B;1",
    "2025-06-01T02:23:50.925;MotionD_B;0",
    "2025-06-01T07:00:00.000;ContactS_E;1",
    "2025-06-01T07:00:01.000;ContactS_Fridge;0",
    "2025-06-01T07:00:02.000;MotionD_Ba;1",
    "2025-06-01T07:00:03;EMeter_L;1.5",
    "2025-06-02T01:00:00.000;MotionD_T;1",
)


def test_rooms_and_kinds_come_from_the_name() -> None:
    record = parse(GOOD)
    found = {one.name: (one.kind, one.place) for one in record.sensors}
    assert found == {
        "ContactS_E": (Kind.DOOR, Place.ENTRANCE),
        "ContactS_Fridge": (Kind.CONTACT, Place.KITCHEN),
        "EMeter_L": (Kind.METER, Place.LIVING),
        "MotionD_B": (Kind.MOTION, Place.BEDROOM),
        "MotionD_Ba": (Kind.MOTION, Place.BATHROOM),
        "MotionD_T": (Kind.MOTION, Place.BATHROOM),
    }
    assert record.first_day == np.datetime64("2025-06-01")
    assert record.days == 2
    assert record.remarks == ()
    np.testing.assert_allclose(record.at_s[:2], [2 * 3600 + 23 * 60 + 20.849, 2 * 3600 + 23 * 60 + 50.925])
    assert record.on.tolist() == [True, False, True, False, True, True, True]


def test_diagnostics_are_no_events() -> None:
    record = parse(
        [
            *GOOD,
            "2025-06-02T02:00:00;MotionD_B.CommFailure;1",
            "2025-06-02T02:10:00;MotionD_B.BatteryLevel;20",
            "2025-06-02T03:00:00;MotionD_B.CommFailure;0",
        ]
    )
    assert len(record.at_s) == len(GOOD)
    assert record.failed.tolist() == [True, False]
    assert [record.sensors[index].name for index in record.failed_sensor] == ["MotionD_B", "MotionD_B"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (GOOD[0], "duplicate lines left out"),
        ("2025-06-02T00:59:30;MotionD_K;1", "lines out of order, sorted"),
        ("2025-06-01T20:00:00;MotionD_K;1", "the clock was set back"),
        ("2025-06-09T20:00:00;MotionD_K;1", "more than a day without a line"),
        ("2025-06-02T02:00:00;Camera_1;1", "unknown sensor Camera_1"),
        ("2025-06-02T02:00:00;MotionD_S;1", "sensor MotionD_S is in no known room"),
        ("2025-06-02T02:00:00;MotionD_K", "the first of them is line 8 of record"),
        ("2025-06-32T02:00:00;MotionD_K;1", "impossible time or value"),
        ("2025-06-02T02:00:00;MotionD_K;on", "impossible time or value"),
        ("yesterday;MotionD_K;1", "lines that are no event left out"),
    ],
)
def test_what_is_odd_is_named_and_not_fatal(line: str, words: str) -> None:
    record = parse([*GOOD, line])
    assert any(words in remark for remark in record.remarks), record.remarks
    assert (np.diff(record.at_s) >= 0).all()


def test_order_of_lines_does_not_matter() -> None:
    straight, shuffled = parse(GOOD), parse(GOOD[::-1])
    np.testing.assert_array_equal(straight.at_s, shuffled.at_s)
    np.testing.assert_array_equal(straight.sensor, shuffled.sensor)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "home.csv"
    path.write_bytes(("\r\n".join(GOOD) + "\r\n").encode())
    assert len(load(path).at_s) == len(GOOD)


@pytest.mark.parametrize("text", ["", "time;sensor;value\n", "2025-06-01T02:23:20;EMeter_L;1\n"])
def test_what_is_no_home_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "home.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match="a HomeAssist record has lines such as"):
        load(path)
    with pytest.raises(DatasetError, match="is not a file"):
        load(tmp_path / "nothing.csv")


@pytest.mark.parametrize("wrong", ["9999-01-01T00:00:00", "1970-01-01T00:00:00"])
def test_one_wrong_year_does_not_make_centuries(wrong: str) -> None:
    lines = [f"2017-06-0{1 + n % 9}T0{n % 10}:00:00;MotionD_B;{n % 2}" for n in range(60)]
    found = parse([*lines, f"{wrong};MotionD_B;1"])
    assert (found.days, str(found.first_day)) == (9, "2017-06-01")
    assert any("years from most left out" in one for one in found.remarks)
    assert not any("years" in one for one in parse(lines).remarks)
