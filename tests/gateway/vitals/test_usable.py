"""What a rule may count: each word that a device can say is judged, times are the home's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from device_drivers.decode import blood_pressure, nonin, omron_eeprom, pulse_oximeter
from device_drivers.nomenclature import Quantity
from gateway.ingest import effective
from gateway.store.readings import ReadingRow
from gateway.vitals.usable import DOUBTFUL_FLAGS, IRREGULAR, TIMELESS, arrays, is_number, may_be_resent, measured_at
from tests.reliability.home import RESIDENT

ZONE = ZoneInfo("Europe/Helsinki")
AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ROW = ReadingRow(
    seq=1, id="r-1", subject=RESIDENT, device_identity="serial:a:1", kind="blood-pressure", failed=False,
    values={"systolic": 120.0, "diastolic": 70.0}, missing={}, flags=(), doubtful=(), series={}, device_time=None,
    effective_at=AT, effective_source="device", effective_uncertainty_s=1.0, offset_s=None, user_slot=None,
    received_at=AT, synchronised=True, identity_rule="device-time", may_repeat=False,
)  # fmt: skip
# These say nothing against the numbers.
HARMLESS = {
    *("validated", "fully-qualified", "from-storage", "extended-display-update", "battery-low", "smart-point"),
    *("pulse-range-reserved", "", IRREGULAR),
}


def row(**changes: Any) -> ReadingRow:
    return replace(ROW, **changes)


def test_every_word_of_a_cuff_or_an_oximeter_is_judged() -> None:
    words = {
        *blood_pressure._STATUS_WORDS,
        *(word for group in blood_pressure._PULSE_RANGE_WORDS for word in group),
        *pulse_oximeter._STATUS_WORDS,
        *pulse_oximeter._SENSOR_WORDS,
        *(word for status in range(256) for word in nonin._words(status)),
    }
    assert len(words) > 30
    assert words - DOUBTFUL_FLAGS == HARMLESS & words
    assert "body-movement" in DOUBTFUL_FLAGS
    assert omron_eeprom._MOVED


@pytest.mark.parametrize("flag", sorted(DOUBTFUL_FLAGS))
def test_a_flagged_reading_is_no_number(flag: str) -> None:
    assert not is_number(row(flags=(flag,)))
    assert not is_number(row(flags=(flag, IRREGULAR)), irregular_is_usual=True)


def test_an_irregular_pulse_is_the_plans_to_judge() -> None:
    assert not is_number(row(flags=(IRREGULAR,)))
    assert is_number(row(flags=(IRREGULAR,)), irregular_is_usual=True)
    assert is_number(row(flags=("battery-low", "from-storage")))


def test_failed_and_implausible_ones_are_no_numbers_and_doubts_of_the_clock_are_no_matter() -> None:
    assert not is_number(row(failed=True))
    assert not is_number(row(doubtful=("systolic",)))
    assert not is_number(row(doubtful=("pulse-rate", effective.UNSYNCHRONISED)))
    assert is_number(row(doubtful=(effective.UNSYNCHRONISED, effective.NEVER_SEEN)))


@pytest.mark.parametrize("doubt", sorted(TIMELESS))
def test_a_time_that_is_doubted_is_no_time(doubt: str) -> None:
    assert measured_at(row(doubtful=(doubt,))) is None
    usable = arrays([row(doubtful=(doubt,))], (Quantity.SYSTOLIC,), ZONE).usable
    assert usable.tolist() == [doubt == effective.FUTURE]  # that one is of now, at the latest


def test_every_doubt_about_time_is_known() -> None:
    doubts = {value for name, value in vars(effective).items() if name.isupper() and isinstance(value, str)}
    assert doubts == TIMELESS | {effective.UNSYNCHRONISED}


def test_nothing_was_measured_after_it_came() -> None:
    assert measured_at(row(effective_at=AT + timedelta(seconds=90))) == AT
    assert measured_at(row(effective_at=None)) is None


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 28, 21, 59, tzinfo=UTC), "2026-03-28"),
        (datetime(2026, 3, 28, 22, 0, tzinfo=UTC), "2026-03-29"),
        (datetime(2026, 3, 29, 20, 59, tzinfo=UTC), "2026-03-29"),  # 23 hours long
        (datetime(2026, 3, 29, 21, 0, tzinfo=UTC), "2026-03-30"),
        (datetime(2026, 10, 25, 21, 59, tzinfo=UTC), "2026-10-25"),  # 25 hours long
        (datetime(2026, 10, 25, 22, 0, tzinfo=UTC), "2026-10-26"),
    ],
)
def test_days_are_those_of_the_home(at: datetime, day: str) -> None:
    made = arrays([row(effective_at=at, received_at=at)], (Quantity.SYSTOLIC,), ZONE)
    assert made.day.tolist() == [datetime.fromisoformat(day).date().toordinal()]


def test_what_may_be_the_same_record_counts_once() -> None:
    first = row(identity_rule="reception")
    again = row(identity_rule="reception", seq=2, id="r-2", received_at=AT + timedelta(minutes=14))
    assert may_be_resent(again, first)
    assert not may_be_resent(replace(again, values={"systolic": 121.0, "diastolic": 70.0}), first)
    assert not may_be_resent(replace(again, received_at=AT + timedelta(minutes=15)), first)
    assert not may_be_resent(replace(again, identity_rule="device-time"), first)
    assert arrays([first, again], (Quantity.SYSTOLIC,), ZONE).usable.tolist() == [True, False]


def test_a_quantity_that_is_not_there_is_no_number() -> None:
    made = arrays([ROW], (Quantity.SYSTOLIC, Quantity.PULSE_RATE), ZONE)
    assert made.values[0, 0] == 120.0
    assert np.isnan(made.values[0, 1])
    assert len(arrays([], (Quantity.SYSTOLIC,), ZONE)) == 0
