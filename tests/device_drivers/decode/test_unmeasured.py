"""What devices put where they measured nothing: zeros, all ones, numbers that no body has. None of them is a number."""

from __future__ import annotations

import pytest

from device_drivers.decode import heart_rate
from device_drivers.decode.registry import DECODERS
from device_drivers.nomenclature import Quantity
from device_drivers.readings import Missing, Reading
from firmware_profiles.schema import NO_QUIRKS

Q = Quantity
FAILED = Missing.MEASUREMENT_FAILED


def decode(characteristic: str, text: str) -> Reading:
    return DECODERS[characteristic](bytes.fromhex(text), NO_QUIRKS)


@pytest.mark.parametrize(
    ("characteristic", "text"),
    [
        ("2a35", "04 0000 0000 0000 0000"),
        ("2a35", "04 0000 5000 6600 4000"),  # no systolic pressure
        ("2a35", "04 7D00 0000 6600 4000"),
        ("2a35", "04 FFFF FFFF FFFF FFFF"),  # -0.1
        ("2a35", "00 9CFF 5000 6600"),  # -10.0
        ("2a35", "01 0000 0000 0000"),  # in kPa
        ("2a35", "01 BDF0 92FF 9FF0"),  # diastolic -11.0 kPa
        ("2a36", "00 FFFF FF07 FF07"),
        ("2a36", "01 FFFF FF07 FF07"),
        ("2a37", "00 00"),
        ("2a37", "00 FF"),
        ("2a37", "01 0000"),
        ("2a37", "01 FFFF"),
        ("2a5e", "00 0000 4800"),
        ("2a5e", "00 FFFF 4800"),
        ("2a5e", "00 7F00 4800"),  # 127 %
        ("2a5f", "00 0000 0000"),
        ("2a5f", "04 6100 4800 FFFF"),  # a status of all ones says invalid as well
        ("2a1c", "00 00000000"),
        ("2a1c", "01 00000000"),
        ("2a1c", "00 000000FF"),  # 0 × 10^-1
        ("2a1c", "00 FFFFFFFF"),
        ("2a1c", "00 4D95FFFE"),  # -273.15
        ("2a1c", "01 34FEFF00"),  # -460 °F
        ("2a9d", "00 0000"),
        ("2a9d", "01 0000"),
        ("2a9d", "00 FFFF"),
        ("2a9d", "01 FFFF"),
        ("2a19", "FF"),
    ],
)
def test_nothing_measured_is_a_failed_measurement(characteristic: str, text: str) -> None:
    reading = decode(characteristic, text)
    assert reading.failed
    assert dict(reading.values) == {}
    assert set(reading.missing.values()) <= {FAILED, Missing.RESERVED, Missing.NAN}
    assert not reading.series


@pytest.mark.parametrize(
    ("characteristic", "text", "values", "missing"),
    [
        ("2a9d", "08 783E FFFF FFFF", {Q.WEIGHT: 79.96}, {Q.BMI, Q.HEIGHT}),
        ("2a9d", "08 783E 0000 0000", {Q.WEIGHT: 79.96}, {Q.BMI, Q.HEIGHT}),
        ("2a9d", "08 783E EE00 FFFF", {Q.WEIGHT: 79.96, Q.BMI: 23.8}, {Q.HEIGHT}),
        ("2a9d", "09 E43D FFFF FFFF", {Q.WEIGHT: pytest.approx(158.44 * 0.45359237)}, {Q.BMI, Q.HEIGHT}),
        ("2a35", "04 7D00 5000 0000 0000", {Q.SYSTOLIC: 125.0, Q.DIASTOLIC: 80.0}, {Q.MEAN_ARTERIAL, Q.PULSE_RATE}),
        ("2a35", "04 7D00 5000 FFFF FFFF", {Q.SYSTOLIC: 125.0, Q.DIASTOLIC: 80.0}, {Q.MEAN_ARTERIAL, Q.PULSE_RATE}),
        ("2a5e", "08 6100 0000 FFFF", {Q.SPO2: 97.0}, {Q.OXIMETER_PULSE_RATE, Q.PULSE_AMPLITUDE_INDEX}),
        (
            "2a5f", "03 6100 4800 0000 0000 7F00 FFFF", {Q.SPO2: 97.0, Q.OXIMETER_PULSE_RATE: 72.0},
            {Q.SPO2_FAST, Q.OXIMETER_PULSE_RATE_FAST, Q.SPO2_SLOW, Q.OXIMETER_PULSE_RATE_SLOW},
        ),
    ],
)  # fmt: skip
def test_the_rest_of_the_measurement_stands(
    characteristic: str, text: str, values: dict[Quantity, float], missing: set[Quantity]
) -> None:
    reading = decode(characteristic, text)
    assert dict(reading.values) == values
    assert dict(reading.missing) == dict.fromkeys(missing, FAILED)


@pytest.mark.parametrize(
    ("characteristic", "text", "values"),
    [
        ("2a36", "00 0000 FF07 FF07", {Q.CUFF_PRESSURE: 0.0}),  # deflated
        ("2a37", "01 FF00", {Q.HEART_RATE: 255.0}),  # said in sixteen bits: implausible, and a number
        ("2a37", "08 3C 0000", {Q.HEART_RATE: 60.0, Q.ENERGY_EXPENDED: 0.0}),
        ("2a5e", "08 0500 4800 0000", {Q.SPO2: 5.0, Q.OXIMETER_PULSE_RATE: 72.0, Q.PULSE_AMPLITUDE_INDEX: 0.0}),
        ("2a35", "00 0500 0100 0200", {Q.SYSTOLIC: 5.0, Q.DIASTOLIC: 1.0, Q.MEAN_ARTERIAL: 2.0}),
        ("2a1c", "00 ECFFFFFF", {Q.TEMPERATURE: -2.0}),  # in the refrigerator
        ("2a9d", "00 0100", {Q.WEIGHT: 0.005}),
        ("2a19", "00", {Q.BATTERY_LEVEL: 0.0}),
    ],
)
def test_what_is_only_implausible_is_a_number(characteristic: str, text: str, values: dict[Quantity, float]) -> None:
    reading = decode(characteristic, text)
    assert dict(reading.values) == values
    assert not reading.missing


def test_intervals_that_are_none_are_left_out() -> None:
    assert dict(decode("2a37", "10 3C 0004 0000 FFFF 0003").series) == {heart_rate.RR_INTERVALS_S: (1.0, 0.75)}
    assert dict(decode("2a37", "10 3C 0000").series) == {}


def test_without_a_heart_rate_there_are_no_intervals() -> None:
    assert dict(decode("2a37", "10 00 0004").series) == {}
