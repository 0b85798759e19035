"""2A18 and 2A34: units, times, what is no measurement, and the circumstances."""

from __future__ import annotations

import pytest

from device_drivers.decode import glucose
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

MORNING = "E807030F0A1E00"  # 2024-03-15 10:30:00
FAILED = Missing.MEASUREMENT_FAILED


def decode(text: str) -> Reading:
    return glucose.decode(bytes.fromhex(text))


@pytest.mark.parametrize(
    ("text", "mmol", "sequence", "time"),
    [
        ("070100E3070815061F0DB4003BC0F1", 5.9, 1, "2019-08-21T09:31:13"),  # Android-BLE-Library#130
        ("070200E3070815071B19B40050C0F1", 8.0, 2, "2019-08-21T10:27:25"),
        ("030600E407040D10260A000078B0F1", 120 / 18.0156, 6, "2020-04-13T16:38:10"),  # react-native-ble-plx#652
        (f"027B00{MORNING}01D011", 100 / 18.0156, 123, "2024-03-15T10:30:00"),
    ],
)
def test_records_of_meters(text: str, mmol: float, sequence: int, time: str) -> None:
    reading = decode(text)
    assert reading.kind is Kind.GLUCOSE
    assert dict(reading.values) == {Quantity.GLUCOSE: pytest.approx(mmol, rel=1e-8)}
    assert reading.sequence == sequence
    assert reading.time is not None
    assert reading.time.text() == time
    assert reading.raw == bytes.fromhex(text)


def test_kilograms_and_moles_are_one_unit() -> None:
    by_mass, by_moles = decode(f"020100{MORNING}5AB011"), decode(f"060100{MORNING}05D011")  # 90 mg/dL, 5 mmol/L
    assert by_mass.values[Quantity.GLUCOSE] == pytest.approx(by_moles.values[Quantity.GLUCOSE], rel=2e-3)
    assert by_moles.values[Quantity.GLUCOSE] == 5.0


@pytest.mark.parametrize(
    ("offset", "time"),
    [("D4FE", "2024-03-15T05:30:00"), ("2A03", "2024-03-16T00:00:00"), ("0080", "2024-02-21T16:22:00")],
)
def test_the_users_offset_is_added(offset: str, time: str) -> None:
    reading = decode(f"010100{MORNING}{offset}")
    assert reading.time is not None
    assert reading.time.text() == time


def test_an_unknown_date_stays_unknown() -> None:
    reading = decode("030100 0000000A0A1E00 3C00 01D011")
    assert reading.time is not None
    assert reading.time.local() is None
    assert reading.time.text() == 10 * "-" + "T10:30:00"


@pytest.mark.parametrize("base", ["0F270C1F173B00", "2E060101000000"])  # 9999-12-31 23:59, 1582-01-01
def test_a_time_beyond_the_calendar(base: str) -> None:
    with pytest.raises(DecodeError):
        decode(f"010100{base}{'2A03' if base.startswith('0F') else 'D4FE'}")


def test_a_meter_that_doubts_its_clock_tells_the_time_of_day() -> None:
    reading = decode(f"0A0100{MORNING}01D0110008")
    assert reading.time is not None
    assert reading.time.local() is None
    assert reading.time.hour == 10
    assert reading.flags[-1] == "time-fault"
    assert not reading.failed


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        (f"020300{MORNING}01D01A", ("control-solution", "site-finger")),
        (f"020300{MORNING}01D041", ("capillary-whole-blood", "site-control-solution")),
        (f"0A0300{MORNING}01D0110200", ("capillary-whole-blood", "site-finger", "sensor-malfunction")),
        (f"0A0300{MORNING}01D0110400", ("capillary-whole-blood", "site-finger", "sample-insufficient")),
        (f"0A0300{MORNING}01D0110004", ("capillary-whole-blood", "site-finger", "device-fault")),
        (f"000300{MORNING}", ()),  # no concentration at all
        (f"020300{MORNING}000011", ("capillary-whole-blood", "site-finger")),
        (f"020300{MORNING}FFFF11", ("capillary-whole-blood", "site-finger")),
    ],
)
def test_what_is_no_measurement_of_the_person(text: str, flags: tuple[str, ...]) -> None:
    reading = decode(text)
    assert reading.failed
    assert dict(reading.missing) == {Quantity.GLUCOSE: FAILED}
    assert reading.flags == flags


@pytest.mark.parametrize("status", ["2000", "4000"])
def test_hi_and_lo_are_results_without_a_number(status: str) -> None:
    reading = decode(f"0A0300{MORNING}58BD11{status}")
    assert reading.failed
    assert dict(reading.missing) == {Quantity.GLUCOSE: Missing.INFINITE}


def test_not_a_number_keeps_its_reason() -> None:
    assert dict(decode(f"020300{MORNING}FF0711").missing) == {Quantity.GLUCOSE: Missing.NAN}


def test_a_low_battery_does_no_harm() -> None:
    reading = decode(f"0A0300{MORNING}01D0110100")
    assert not reading.failed
    assert "battery-low" in reading.flags


@pytest.mark.parametrize(
    "text", ["", "02", f"0201{MORNING}", f"020100{MORNING}01D0", f"000100{MORNING}00", "000100E8070D0F0A1E00"]
)
def test_no_record(text: str) -> None:
    with pytest.raises(DecodeError):
        decode(text)


def test_a_context_that_follows() -> None:
    assert glucose.context_follows(bytes.fromhex(f"100400{MORNING}"))
    assert not glucose.context_follows(bytes.fromhex(f"000400{MORNING}"))


@pytest.mark.parametrize(
    ("text", "sequence", "words"),
    [
        ("022A0003", 42, ("fasting",)),
        ("030500 017B00 02", 5, ("after-meal", "carbohydrate")),
        ("010900 017B00", 9, ("carbohydrate",)),
        ("040100 51", 1, ("tested-by-self", "no-health-issues")),
        ("DF0100 00 016400 01 51 510000 0A0102 0300", 1,
         ("before-meal", "tested-by-self", "no-health-issues", "carbohydrate", "exercise", "medication")),
        ("0201000F", 1, ("meal-15",)),
        ("000100", 1, ()),
    ],
)  # fmt: skip
def test_circumstances_in_words(text: str, sequence: int, words: tuple[str, ...]) -> None:
    context = glucose.decode_context(bytes.fromhex(text))
    assert (context.sequence, context.words) == (sequence, words)


@pytest.mark.parametrize("text", ["", "0201", "022A00", "022A000300", "DF0100"])
def test_no_context(text: str) -> None:
    with pytest.raises(DecodeError):
        glucose.decode_context(bytes.fromhex(text))


def test_circumstances_stand_behind_the_flags_of_their_own_record() -> None:
    reading = decode(f"120500{MORNING}01D011")
    told = glucose.with_context(reading, glucose.decode_context(bytes.fromhex("02050003")))
    assert told.flags == ("capillary-whole-blood", "site-finger", "fasting")
    assert told.values == reading.values
    with pytest.raises(DecodeError, match="is of record 6, not of 5"):
        glucose.with_context(reading, glucose.decode_context(bytes.fromhex("02060003")))
