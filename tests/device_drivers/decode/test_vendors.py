"""Nonin, Beurer and Movesense."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from device_drivers.decode import beurer_scale, movesense, nonin
from device_drivers.decode.registry import DECODERS
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Quantity
from device_drivers.readings import Missing, Reading
from firmware_profiles.schema import Quirks

Q = Quantity
BM85 = "566A0047000000EA07080B121F00003F000000"  # derdilla, ble_measurement_data_test.dart
ODD = Quirks(big_endian_pulse=True, unflagged_user=True)


def oximeter(text: str) -> Reading:
    return DECODERS[nonin.MEASUREMENT](bytes.fromhex(text), Quirks())


def test_an_oximeters_frame() -> None:
    reading = oximeter("0A141E01500102610048")
    assert dict(reading.values) == {Q.SPO2: 97.0, Q.OXIMETER_PULSE_RATE: 72.0, Q.PULSE_AMPLITUDE_INDEX: 3.36}
    assert reading.sequence == 0x0102
    assert reading.flags == (nonin.SMART_POINT,)


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        ("10", ()),
        ("00", ("no-finger",)),
        ("30", ("battery-low",)),
        ("18", ("searching",)),
        ("12", ("weak-signal",)),
        ("50", ()),
        ("7E", ("battery-low", "searching", "smart-point", "weak-signal")),
    ],
)
def test_what_its_status_says(status: str, flags: tuple[str, ...]) -> None:
    assert oximeter(f"0A{status}1E01500001610048").flags == flags


@pytest.mark.parametrize(
    ("saturation", "pulse", "failed", "missing"),
    [
        ("7F", "01FF", True, {Q.SPO2, Q.OXIMETER_PULSE_RATE, Q.PULSE_AMPLITUDE_INDEX}),
        ("7F", "0048", True, {Q.SPO2, Q.OXIMETER_PULSE_RATE, Q.PULSE_AMPLITUDE_INDEX}),
        ("00", "0048", True, {Q.SPO2, Q.OXIMETER_PULSE_RATE, Q.PULSE_AMPLITUDE_INDEX}),
        ("65", "0048", True, {Q.SPO2, Q.OXIMETER_PULSE_RATE, Q.PULSE_AMPLITUDE_INDEX}),
        ("61", "01FF", False, {Q.OXIMETER_PULSE_RATE}),
        ("61", "FFFF", False, {Q.OXIMETER_PULSE_RATE}),
        ("61", "0000", False, {Q.OXIMETER_PULSE_RATE}),
    ],
)
def test_what_it_did_not_measure(saturation: str, pulse: str, failed: bool, missing: set[Quantity]) -> None:
    reading = oximeter(f"0A101E01500001{saturation}{pulse}")
    assert reading.failed is failed
    assert set(reading.missing) == missing
    assert set(reading.missing.values()) == {Missing.MEASUREMENT_FAILED}


@pytest.mark.parametrize("text", ["", "0A", "09141E015000016148", "0B141E01500001610048", "0A141E0150000161004800"])
def test_no_oximeters_frame(text: str) -> None:
    with pytest.raises(DecodeError):
        oximeter(text)


def test_the_command_that_completes() -> None:
    assert nonin.COMPLETE.hex() == "624e4d49"


def test_beurers_cuff_with_both_quirks() -> None:
    reading = DECODERS["2a35"](bytes.fromhex(BM85), ODD)
    assert dict(reading.values) == {Q.SYSTOLIC: 106.0, Q.DIASTOLIC: 71.0, Q.PULSE_RATE: 63.0}
    assert dict(reading.missing) == {Q.MEAN_ARTERIAL: Missing.MEASUREMENT_FAILED}
    assert reading.user_slot == 0
    assert reading.flags == ()
    assert reading.time is not None
    assert reading.time.text() == "2026-08-11T18:31:00"
    assert reading.raw == bytes.fromhex(BM85)


def test_each_quirk_by_itself() -> None:
    standard = "160A0147006000EA07080B121F003F000000"
    reading = DECODERS["2a35"](bytes.fromhex(standard.replace("3F00", "003F")), Quirks(big_endian_pulse=True))
    assert reading.values[Q.PULSE_RATE] == 63.0
    reading = DECODERS["2a35"](bytes.fromhex("160A0147006000EA07080B121F003F00020000"), Quirks(unflagged_user=True))
    assert (reading.values[Q.PULSE_RATE], reading.user_slot) == (63.0, 2)
    without_time = DECODERS["2a35"](bytes.fromhex("046A0047005000003F"), Quirks(big_endian_pulse=True))
    assert without_time.values[Q.PULSE_RATE] == 63.0


@pytest.mark.parametrize("text", ["", "56", BM85[:-2], BM85 + "00", "167D0050006600E10701100C273640000000"])
def test_another_cuffs_frames_are_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        DECODERS["2a35"](bytes.fromhex(text), ODD)


def test_the_users_of_a_scale() -> None:
    frame = beurer_scale.decode_user(bytes.fromhex("0001ffffffbf070808c00103"))  # ble-scale-sync, a BF788
    assert frame.user == beurer_scale.ScaleUser(index=1, initials=None, height_cm=192)
    named = beurer_scale.decode_user(bytes.fromhex("0002414e20bf070808a00103"))
    assert named.user == beurer_scale.ScaleUser(index=2, initials="AN", height_cm=160)
    assert beurer_scale.decode_user(b"\x01") == beurer_scale.UserFrame(user=None)
    assert beurer_scale.decode_user(b"\x02") == beurer_scale.UserFrame(user=None, empty=True)


@pytest.mark.parametrize("text", ["", "00", "0001ff", "03", "0001ffffffbf070808c0010300", "11" + 22 * "0"])
def test_no_user_of_a_scale(text: str) -> None:
    with pytest.raises(DecodeError):
        beurer_scale.decode_user(bytes.fromhex(text))


def test_commands_of_a_scale() -> None:
    assert beurer_scale.show_code(1) == b"\x11"
    assert beurer_scale.TAKE_MEASUREMENT == beurer_scale.ASK_FOR_USERS == b"\0"
    with pytest.raises(ValueError, match="no user"):
        beurer_scale.show_code(0)


def acceleration(*m_per_s2: float, ms: int = 12345) -> bytes:
    return struct.pack(f"<BBI{len(m_per_s2)}f", 2, 99, ms, *m_per_s2)


def test_movesense_in_g() -> None:
    frame = movesense.decode(acceleration(0, 0, 9.80665, 4.903325, 0, -9.80665))
    assert frame.samples.dtype == np.float32
    assert frame.samples.tolist() == [[0, 0, 1], [0.5, 0, -1]]
    assert (frame.reference, frame.first_sample_ms) == (99, 12345)
    assert frame.last_sample_ns(52.0) == 12_345_000_000 + 19_230_769


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1e6, -1e6])
def test_movesense_numbers_that_no_sensor_gives(bad: float) -> None:
    with pytest.raises(DecodeError, match="no acceleration"):
        movesense.decode(acceleration(0, bad, 0))


@pytest.mark.parametrize("text", ["", "02", "026300000000", "02630000000000", "01630000000000000000000000000000001C41"])
def test_no_acceleration_of_movesense(text: str) -> None:
    with pytest.raises(DecodeError):
        movesense.decode(bytes.fromhex(text))


def test_commands_and_answers_of_movesense() -> None:
    assert movesense.subscribe(99, movesense.acceleration_path(52)) == b"\x01\x63/Meas/Acc/52"
    assert movesense.unsubscribe(99) == b"\x02\x63"
    assert movesense.decode_result(bytes.fromhex("0163C800")).succeeded
    refused = movesense.decode_result(bytes.fromhex("01639401"))
    assert (refused.reference, refused.status, refused.succeeded) == (99, 404, False)
    with pytest.raises(DecodeError):
        movesense.decode_result(bytes.fromhex("0263C800"))
    with pytest.raises(ValueError, match="no reference"):
        movesense.subscribe(256, "/Info")
