"""100,000 frames per decoder: random, truncated, bit-flipped. Only `DecodeError` comes out, and only finite numbers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import pytest

from device_drivers.decode import date_time, device_information, polar_pmd
from device_drivers.decode.registry import DECODERS
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import ESSENTIAL
from device_drivers.readings import Reading
from firmware_profiles.schema import NO_QUIRKS

FRAMES: Final = 100_000
SEED: Final = 20260301
LEAST_DECODED: Final = FRAMES // 100  # a fuzz of which nothing decodes would show nothing

GOLDEN: Final[Mapping[str, tuple[str, ...]]] = {
    "2a19": ("42",),
    "2a1c": ("06B00E00FEDC070C050B321B04", "006C0100FF"),
    "2a35": (
        "167D0050006600E10701100C273640000000",
        "16FF07FF07FF07E107010E162C04FF070000",
        "1E8A00580078000000041114293B3C00012700",
        "15BDF00B009FF03C001200",
    ),
    "2a36": ("009600FF07FF07", "167D0050006600E10701100C273640000000"),
    "2a37": ("163C00040003", "0D2C010A00", "1F2C010A0000040003"),
    "2a5e": ("0FACF3BEF5E8070B1D170839204022000066E3", "0061004800"),
    "2a5f": ("1FDEF3CAF3CAF35AF5D4F3B2F220010000007AE3", "0061004800"),
    "2a9d": ("0E783EEA07050C12353601EE002607", "025433ea070816082a24"),
    "date_time": ("e10701100c2736",),
    "current_time": ("e10701100c2736018005",),
    "system_id": ("efcdab0000560900",),
    "pnp_id": ("016b0034120100",),
    "pmd": (
        "02009435770000000001F7FFFFFFE703F8FFFEFFE503",
        "02009435770000000000F7FFE7F8FEE5",
        "02009435770000000002F7FFFFFFE703F8FFFEFFE503112233445566",
    ),
    "pmd_response": ("F0010200000004190032006400C80001011000020302000400" + "0800", "F00202000001", "F0020206"),
}


def measured(characteristic: str) -> Callable[[bytes], object]:
    return lambda frame: DECODERS[characteristic](frame, NO_QUIRKS)


TARGETS: Final[Mapping[str, Callable[[bytes], object]]] = {
    **{characteristic: measured(characteristic) for characteristic in DECODERS},
    "date_time": date_time.decode_date_time,
    "current_time": date_time.decode_current_time,
    "system_id": device_information.system_id,
    "pnp_id": device_information.pnp_id,
    "pmd": polar_pmd.decode,
    "pmd_response": polar_pmd.decode_response,
}


def frames(golden: tuple[str, ...], rng: random.Random, count: int) -> Iterator[bytes]:
    whole = [bytes.fromhex(text) for text in golden]
    longest = max(map(len, whole)) + 4
    for number in range(count):
        one = whole[rng.randrange(len(whole))]
        how = number % 4
        if how == 0:
            yield rng.randbytes(rng.randrange(longest))
        elif how == 1:
            yield one[: rng.randrange(len(one))]
        elif how == 2:
            flipped = bytearray(one)
            for _ in range(rng.randint(1, 4)):
                flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            yield bytes(flipped)
        else:  # its flags and length, everything else random: reaches the numbers behind the length check
            yield one[:1] + rng.randbytes(len(one) - 1)


def check_reading(reading: Reading, frame: bytes) -> None:
    assert all(type(value) is float and math.isfinite(value) for value in reading.values.values()), frame.hex()
    assert all(math.isfinite(value) for series in reading.series.values() for value in series), frame.hex()
    assert not set(reading.values) & set(reading.missing), frame.hex()
    assert reading.values or reading.missing, frame.hex()
    assert not reading.values or all(quantity in reading.values for quantity in ESSENTIAL[reading.kind]), frame.hex()
    assert reading.raw == frame


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_only_decode_errors_and_finite_numbers_come_out(target: str) -> None:
    decode = TARGETS[target]
    decoded = 0
    for frame in frames(GOLDEN[target], random.Random(f"{SEED} {target}"), FRAMES):
        try:
            result = decode(frame)
        except DecodeError:
            continue
        decoded += 1
        if isinstance(result, Reading):
            check_reading(result, frame)
        elif isinstance(result, polar_pmd.PmdFrame):
            assert result.samples.dtype == np.int32
            assert result.samples.shape[0] >= 1
            assert result.samples.shape[1] == 3
    assert decoded >= LEAST_DECODED


@pytest.mark.slow
def test_no_text_of_a_device_stops_anything() -> None:
    rng = random.Random(SEED)
    for _ in range(FRAMES):
        text = device_information.text(rng.randbytes(rng.randrange(24)))
        assert text is None or (text.strip() == text and text.isprintable())


def test_every_decoder_is_fuzzed() -> None:
    assert set(TARGETS) == set(GOLDEN)
    assert set(DECODERS) <= set(TARGETS)
