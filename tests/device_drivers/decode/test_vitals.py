"""What the golden frames do not show: each optional field, each reason for a number that is none."""

from __future__ import annotations

import pytest

from device_drivers.decode import battery, blood_pressure, heart_rate, pulse_oximeter, temperature, weight
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing

Q = Quantity


def frame(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("FF07", Missing.NAN),
        ("0008", Missing.NOT_AT_THIS_RESOLUTION),
        ("FE07", Missing.INFINITE),
        ("0208", Missing.INFINITE),
        ("0108", Missing.RESERVED),
    ],
)
def test_a_pressure_without_systolic_has_no_value_at_all(raw: str, reason: Missing) -> None:
    reading = blood_pressure.decode(frame(f"04{raw}500066004000"))
    assert reading.failed
    assert dict(reading.missing) == {
        Q.SYSTOLIC: reason,
        Q.DIASTOLIC: Missing.MEASUREMENT_FAILED,
        Q.MEAN_ARTERIAL: Missing.MEASUREMENT_FAILED,
        Q.PULSE_RATE: Missing.MEASUREMENT_FAILED,
    }


def test_a_pressure_without_diastolic_is_failed_too() -> None:
    reading = blood_pressure.decode(frame("007D00FF076600"))
    assert reading.failed
    assert reading.missing[Q.DIASTOLIC] is Missing.NAN


def test_a_pressure_without_mean_and_pulse_is_a_partial_reading() -> None:
    reading = blood_pressure.decode(frame("047D005000FF07FF07"))
    assert dict(reading.values) == {Q.SYSTOLIC: 125.0, Q.DIASTOLIC: 80.0}
    assert dict(reading.missing) == {Q.MEAN_ARTERIAL: Missing.NAN, Q.PULSE_RATE: Missing.NAN}


def test_a_failed_pressure_in_kilopascal_stays_failed() -> None:
    assert blood_pressure.decode(frame("01FF07FF07FF07")).failed


def test_unknown_user_and_reserved_status_bits() -> None:
    reading = blood_pressure.decode(frame("187D0050006600FF1880"))
    assert reading.user_slot is None
    assert reading.flags == ("status-bit-15", "pulse-range-reserved")


def test_reserved_flags_are_ignored() -> None:
    assert blood_pressure.decode(frame("E07D0050006600")).values[Q.SYSTOLIC] == 125.0


def test_intermediate_cuff_pressure_is_never_a_result() -> None:
    reading = blood_pressure.decode_cuff_pressure(frame("009600FF07FF07"))
    assert reading.kind is Kind.CUFF_PRESSURE
    assert dict(reading.values) == {Q.CUFF_PRESSURE: 150.0}
    assert not reading.missing
    assert reading.source == "2a36"


@pytest.mark.parametrize(
    "time", ["E107 0D 10 0C2736", "E107 01 20 0C2736", "E107 01 10 182736", "E107 01 10 0C3C36", "E107 01 10 0C273C"]
)
def test_a_time_out_of_range_is_no_frame(time: str) -> None:
    with pytest.raises(DecodeError, match="no such time"):
        blood_pressure.decode(frame(f"027D0050006600{time}"))


@pytest.mark.parametrize("year", ["2D06", "1027"])  # 1581 and 10000
def test_a_year_out_of_range_is_no_frame(year: str) -> None:
    with pytest.raises(DecodeError, match="no such year"):
        blood_pressure.decode(frame(f"027D0050006600{year}01100C2736"))


def test_a_time_of_zeros_is_unknown() -> None:
    reading = blood_pressure.decode(frame("027D005000660000000000000000"))
    assert reading.time is not None
    assert (reading.time.year, reading.time.month, reading.time.day) == (None, None, None)
    assert reading.time.local() is None


def test_weight_in_pounds_and_inches() -> None:
    reading = weight.decode(frame("09E43D FA00 BC02"))  # 158.44 lb, BMI 25.0, 70.0 inches
    assert dict(reading.values) == pytest.approx({Q.WEIGHT: 158.44 * 0.45359237, Q.BMI: 25.0, Q.HEIGHT: 70 * 2.54})


def test_an_unsuccessful_weight_is_no_number() -> None:
    reading = weight.decode(frame("0EFFFF EA07050C123536 02 EE002607"))
    assert reading.failed
    assert dict(reading.missing) == dict.fromkeys((Q.WEIGHT, Q.BMI, Q.HEIGHT), Missing.MEASUREMENT_FAILED)
    assert reading.time is not None
    assert reading.user_slot == 2


def test_weight_of_an_unknown_user() -> None:
    reading = weight.decode(frame("04783EFF"))
    assert reading.user_slot is None
    assert reading.time is None
    assert dict(reading.values) == {Q.WEIGHT: 79.96}


def test_heart_rate_of_eight_bits_with_contact_and_intervals() -> None:
    reading = heart_rate.decode(frame("163C 0004 0003"))
    assert dict(reading.values) == {Q.HEART_RATE: 60.0}
    assert dict(reading.series) == {heart_rate.RR_INTERVALS_S: (1.0, 0.75)}
    assert reading.flags == ("skin-contact",)


def test_heart_rate_of_sixteen_bits_with_energy_and_no_contact() -> None:
    reading = heart_rate.decode(frame("0D 2C01 0A00"))
    assert dict(reading.values) == {Q.HEART_RATE: 300.0, Q.ENERGY_EXPENDED: 10.0}
    assert reading.flags == ("no-skin-contact",)


def test_contact_is_said_only_by_straps_that_can_tell() -> None:
    assert heart_rate.decode(frame("023C")).flags == ()


def test_energy_at_its_end_is_no_number() -> None:
    reading = heart_rate.decode(frame("083CFFFF"))
    assert dict(reading.values) == {Q.HEART_RATE: 60.0}
    assert dict(reading.missing) == {Q.ENERGY_EXPENDED: Missing.INFINITE}


def test_no_heart_heard_is_no_rate() -> None:
    reading = heart_rate.decode(frame("0400"))
    assert reading.failed
    assert dict(reading.missing) == {Q.HEART_RATE: Missing.MEASUREMENT_FAILED}


@pytest.mark.parametrize("text", ["00", "013C", "083C0A", "003C00", "103C000400"])
def test_a_heart_rate_of_the_wrong_length_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        heart_rate.decode(frame(text))


@pytest.mark.parametrize("status", ["0004", "0008", "0010", "0020", "0080"])
def test_an_oximeter_that_says_it_is_no_measurement_is_believed(status: str) -> None:
    reading = pulse_oximeter.decode_continuous(frame(f"04 6100 4800 {status}"))
    assert reading.failed
    assert dict(reading.missing) == dict.fromkeys((Q.SPO2, Q.OXIMETER_PULSE_RATE), Missing.MEASUREMENT_FAILED)
    assert len(reading.flags) == 1


def test_an_oximeter_without_saturation_has_no_value() -> None:
    reading = pulse_oximeter.decode_spot(frame("00 FF07 4800"))
    assert reading.failed
    assert reading.missing[Q.SPO2] is Missing.NAN


def test_an_oximeter_without_pulse_is_partial() -> None:
    reading = pulse_oximeter.decode_spot(frame("00 6100 FF07"))
    assert dict(reading.values) == {Q.SPO2: 97.0}
    assert dict(reading.missing) == {Q.OXIMETER_PULSE_RATE: Missing.NAN}


def test_an_oximeter_whose_clock_is_not_set_knows_no_date() -> None:
    reading = pulse_oximeter.decode_spot(frame("11 6100 4800 D0070101000A1E"))
    assert reading.flags == ("clock-not-set",)
    assert reading.time is not None
    assert reading.time.text() == 10 * "-" + "T00:10:30"
    assert reading.time.local() is None


def test_oximeter_fields_stand_behind_each_other_in_every_combination() -> None:
    reading = pulse_oximeter.decode_continuous(frame("1A 6100 4800 6000 4700 010000 0A00"))
    assert dict(reading.values) == {
        Q.SPO2: 97.0,
        Q.OXIMETER_PULSE_RATE: 72.0,
        Q.SPO2_SLOW: 96.0,
        Q.OXIMETER_PULSE_RATE_SLOW: 71.0,
        Q.PULSE_AMPLITUDE_INDEX: 10.0,
    }
    assert reading.flags == ("extended-display-update",)


def test_temperature_in_fahrenheit() -> None:
    assert dict(temperature.decode(frame("01 DB0300FF")).values) == pytest.approx({Q.TEMPERATURE: (98.7 - 32) / 1.8})


def test_a_temperature_that_is_no_number() -> None:
    reading = temperature.decode(frame("05 FFFF7F00 2A"))
    assert reading.failed
    assert dict(reading.missing) == {Q.TEMPERATURE: Missing.NAN}
    assert reading.flags == ("site-42",)


def test_battery() -> None:
    assert dict(battery.decode(frame("42")).values) == {Q.BATTERY_LEVEL: 66.0}
    assert dict(battery.decode(frame("65")).missing) == {Q.BATTERY_LEVEL: Missing.RESERVED}
    with pytest.raises(DecodeError):
        battery.decode(frame("4242"))
