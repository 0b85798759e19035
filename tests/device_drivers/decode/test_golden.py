"""Frames of real devices and of other projects' tests, each with everything that it must give."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from device_drivers.decode.registry import DECODERS
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading
from firmware_profiles.schema import NO_QUIRKS, Quirks

Q = Quantity
NAN = Missing.NAN


@dataclass(frozen=True, kw_only=True)
class Golden:
    characteristic: str
    hex: str
    source: str
    kind: Kind
    values: dict[Quantity, float]
    missing: dict[Quantity, Missing] | None = None
    time: str | None = None
    user_slot: int | None = None
    flags: tuple[str, ...] = ()


ALL_NAN = {Q.SYSTOLIC: NAN, Q.DIASTOLIC: NAN, Q.MEAN_ARTERIAL: NAN, Q.PULSE_RATE: NAN}
HEADS = "real UA-651BLE log, HEADS-project/ThingML-BLE"
DERDILLA = "derdilla, ble_measurement_data_test.dart"
NORDIC = "NordicSemiconductor/Android-BLE-Common-Library tests"


def pressure(systolic: float, diastolic: float, mean: float, pulse: float) -> dict[Quantity, float]:
    return {Q.SYSTOLIC: systolic, Q.DIASTOLIC: diastolic, Q.MEAN_ARTERIAL: mean, Q.PULSE_RATE: pulse}


GOLDEN = [
    Golden(
        characteristic="2a35",
        hex="167D0050006600E10701100C273640000000",
        source=HEADS,
        kind=Kind.BLOOD_PRESSURE,
        values=pressure(125, 80, 102, 64),
        time="2017-01-16T12:39:54",
    ),
    Golden(
        characteristic="2a35",
        hex="1686004D006400E10701100D00183D000000",
        source=HEADS,
        kind=Kind.BLOOD_PRESSURE,
        values=pressure(134, 77, 100, 61),
        time="2017-01-16T13:00:24",
    ),
    Golden(
        characteristic="2a35",
        hex="16FF07FF07FF07E107010E162C04FF070000",
        source=HEADS,
        kind=Kind.BLOOD_PRESSURE,
        values={},
        missing=ALL_NAN,
        time="2017-01-14T22:44:04",
    ),
    Golden(
        characteristic="2a35",
        hex="16FF07FF07FF07E80706170E230AFF070000",
        source="boso, derdilla/blood-pressure-monitor-fl#80",
        kind=Kind.BLOOD_PRESSURE,
        values={},
        missing=ALL_NAN,
        time="2024-06-23T14:35:10",
    ),
    Golden(
        characteristic="2a35",
        hex="167C0056006100E807060F11111B33000000",
        source=DERDILLA,
        kind=Kind.BLOOD_PRESSURE,
        values=pressure(124, 86, 97, 51),
        time="2024-06-15T17:17:27",
    ),
    Golden(
        characteristic="2a35",
        hex="1E8A00580078000000041114293B3C00012700",
        source=NORDIC,
        kind=Kind.BLOOD_PRESSURE,
        values=pressure(138, 88, 120, 60),
        time="-----04-17T20:41:59",
        user_slot=1,
        flags=("body-movement", "cuff-loose", "irregular-pulse", "improper-position"),
    ),
    Golden(
        characteristic="2a35",
        hex="15BDF00B009FF03C001200",
        source=NORDIC,
        kind=Kind.BLOOD_PRESSURE,
        # 1 kPa = 1 / 0.133322387415 mmHg, by the definition of the millimetre of mercury
        values=pressure(18.9 / 0.133322387415, 11.0 / 0.133322387415, 15.9 / 0.133322387415, 60),
        flags=("cuff-loose", "pulse-below-range"),
    ),
    Golden(
        characteristic="2a1c",
        hex="06B00E00FEDC070C050B321B04",
        source="Nordic",
        kind=Kind.BODY_TEMPERATURE,
        values={Q.TEMPERATURE: 37.60},
        time="2012-12-05T11:50:27",
        flags=("site-finger",),
    ),
    Golden(
        characteristic="2a1c",
        hex="006C0100FF",
        source="IEEE 11073 white paper",
        kind=Kind.BODY_TEMPERATURE,
        values={Q.TEMPERATURE: 36.4},
    ),
    Golden(
        characteristic="2a9d",
        hex="0E783EEA07050C12353601EE002607",
        source="ble-scale-sync beurer-bf720.test.ts",
        kind=Kind.WEIGHT,
        values={Q.WEIGHT: 79.96, Q.BMI: 23.8, Q.HEIGHT: 183.0},
        time="2026-05-12T18:53:54",
        user_slot=1,
    ),
    Golden(
        characteristic="2a5f",
        hex="1FDEF3CAF3CAF35AF5D4F3B2F220010000007AE3",
        source="StanfordBDHG/SpeziBluetooth PLXTests.swift",
        kind=Kind.OXYGEN_SATURATION,
        values={
            Q.SPO2: 99.0,
            Q.OXIMETER_PULSE_RATE: 97.0,
            Q.SPO2_FAST: 97.0,
            Q.OXIMETER_PULSE_RATE_FAST: 137.0,
            Q.SPO2_SLOW: 98.0,
            Q.OXIMETER_PULSE_RATE_SLOW: 69.0,
            Q.PULSE_AMPLITUDE_INDEX: 8.90,
        },
        flags=("measurement-ongoing", "fully-qualified"),  # 0x0120
    ),
    Golden(
        characteristic="2a5e",
        hex="0FACF3BEF5E8070B1D170839204022000066E3",
        source="StanfordBDHG/SpeziBluetooth PLXTests.swift",
        kind=Kind.OXYGEN_SATURATION,
        values={Q.SPO2: 94.0, Q.OXIMETER_PULSE_RATE: 147.0, Q.PULSE_AMPLITUDE_INDEX: 8.70},
        time="2024-11-29T23:08:57",
        flags=("measurement-ongoing", "questionable-measurement", "equipment-malfunction", "low-perfusion"),
    ),
]


def decode(characteristic: str, frame: str, quirks: Quirks = NO_QUIRKS) -> Reading:
    return DECODERS[characteristic](bytes.fromhex(frame), quirks)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.hex[:24])
def test_golden_frame(golden: Golden) -> None:
    reading = decode(golden.characteristic, golden.hex)
    assert reading.kind is golden.kind
    assert dict(reading.values) == pytest.approx(golden.values, rel=1e-8)
    assert dict(reading.missing) == (golden.missing or {})
    assert reading.failed is (golden.missing is not None)
    assert (reading.time.text() if reading.time else None) == golden.time
    assert reading.user_slot == golden.user_slot
    assert reading.flags == golden.flags
    assert reading.raw == bytes.fromhex(golden.hex)
    assert reading.source == golden.characteristic


def test_a_frame_that_is_not_as_the_standard_says_is_refused() -> None:
    with pytest.raises(DecodeError, match="1 bytes left over"):
        decode("2a35", "FE202700750055005F00E407091810093A690001")  # pauldemarco/flutter_blue#687


def test_beurers_unflagged_user_leaves_one_byte_over_and_is_refused() -> None:
    with pytest.raises(DecodeError, match="1 bytes left over"):
        decode("2a35", "566A0047000000EA07080B121F00003F000000")  # Beurer BM85, by derdilla's tests


def test_tolerated_trailing_bytes_are_kept_in_the_raw_frame() -> None:
    frame = "167D0050006600E10701100C273640000000" + "AABB"
    with pytest.raises(DecodeError, match="2 bytes left over"):
        decode("2a35", frame, Quirks(tolerant_trailing=1))
    reading = decode("2a35", frame, Quirks(tolerant_trailing=2))
    assert dict(reading.values) == pressure(125, 80, 102, 64)
    assert reading.raw == bytes.fromhex(frame)


def test_a_tolerance_does_not_shorten_what_is_too_short() -> None:
    with pytest.raises(DecodeError, match="too few"):
        decode("2a35", "167D0050", Quirks(tolerant_trailing=4))


@pytest.mark.parametrize("characteristic", DECODERS)
def test_an_empty_frame_is_no_frame(characteristic: str) -> None:
    with pytest.raises(DecodeError):
        decode(characteristic, "")
