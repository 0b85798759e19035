"""Mi scales: golden frames of public logs, units, and what is not a measurement."""

from __future__ import annotations

import pytest

from device_drivers.decode.mi_scale import decode_v1, decode_v2
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Quantity
from device_drivers.readings import Missing

V1 = bytes.fromhex("223E30E607020E10293A")
V2 = bytes.fromhex("0226E607020E10293AF7019A38")


def test_golden_v1() -> None:
    weighing = decode_v1(V1)
    assert weighing.reading is not None
    assert weighing.reading.values == {Quantity.WEIGHT: 61.75}
    assert weighing.reading.time is not None
    assert weighing.reading.time.text() == "2022-02-14T16:41:58"
    assert weighing.complete


def test_golden_v2() -> None:
    weighing = decode_v2(V2)
    assert weighing.reading is not None
    assert weighing.reading.values == {Quantity.WEIGHT: 72.45, Quantity.IMPEDANCE: 503.0}
    assert weighing.complete


def test_unstable_is_no_reading() -> None:
    weighing = decode_v2(bytes.fromhex("0204B207010112101A0000A852"))
    assert weighing.reading is None
    assert weighing.weight_kg == 105.8
    assert not weighing.stable


@pytest.mark.parametrize(("flags", "removed"), [(0xA2, True), (0x82, True), (0x02, False)])
def test_only_a_stable_weight_with_somebody_on_it_is_a_reading(flags: int, removed: bool) -> None:
    weighing = decode_v1(bytes([flags]) + V1[1:])
    assert weighing.reading is None
    assert weighing.removed is removed


@pytest.mark.parametrize(("flags", "kilograms"), [(0x22, 61.75), (0x23, 123.5 * 0.45359237), (0x32, 123.5 * 0.5)])
def test_units_v1(flags: int, kilograms: float) -> None:
    reading = decode_v1(bytes([flags]) + V1[1:]).reading
    assert reading is not None
    assert reading.values[Quantity.WEIGHT] == pytest.approx(kilograms, rel=1e-12)


@pytest.mark.parametrize(
    ("unit", "flags", "kilograms"), [(2, 0x26, 72.45), (3, 0x26, 144.9 * 0.45359237), (2, 0x66, 144.9 * 0.5)]
)
def test_units_v2(unit: int, flags: int, kilograms: float) -> None:
    reading = decode_v2(bytes([unit, flags]) + V2[2:]).reading
    assert reading is not None
    assert reading.values[Quantity.WEIGHT] == pytest.approx(kilograms, rel=1e-12)


@pytest.mark.parametrize("ohm", ["0000", "FEFF", "FFFF"])
def test_an_impedance_that_was_not_measured_is_no_number(ohm: str) -> None:
    reading = decode_v2(V2[:9] + bytes.fromhex(ohm) + V2[11:]).reading
    assert reading is not None
    assert reading.values == {Quantity.WEIGHT: 72.45}
    assert reading.missing == {Quantity.IMPEDANCE: Missing.MEASUREMENT_FAILED}


def test_without_its_flag_there_is_no_impedance_and_the_weighing_may_go_on() -> None:
    weighing = decode_v2(bytes([0x02, 0x24]) + V2[2:])
    assert weighing.reading is not None
    assert weighing.reading.values == {Quantity.WEIGHT: 72.45}
    assert not weighing.complete


@pytest.mark.parametrize("stamp", ["B207010112101A", "00000000000000", "E6070000101010"])
def test_a_clock_that_was_never_set_is_no_time(stamp: str) -> None:
    reading = decode_v1(V1[:3] + bytes.fromhex(stamp)).reading
    assert reading is not None
    assert reading.time is None
    assert reading.flags == ("clock-not-set",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (V1[:-1], "9 bytes instead of 10"),
        (V1 + b"\0", "11 bytes"),
        (b"\x22\xff\xff" + V1[3:], "more than these scales carry"),
        (b"\x33" + V1[1:], "at once"),
        (V1[:5] + b"\x0d" + V1[6:], "no such time"),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode_v1(data)
