"""R13: random, truncated and bit-flipped frames for every decoder. Only `DecodeError` comes out, and finite numbers.

100,000 frames each, a million with HUOMA_RELIABILITY=full.
"""

from __future__ import annotations

import inspect
import math
import os
import pkgutil
import random
from collections.abc import Iterable
from importlib import import_module
from typing import Final

import numpy as np
import pytest

import device_drivers.decode
from device_drivers.decode import bthome, device_information, mi_scale, polar_pmd
from device_drivers.decode.movesense import MovesenseFrame
from device_drivers.decode.registry import DECODERS
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import ESSENTIAL
from device_drivers.readings import Reading
from tests.device_drivers.decode.targets import TARGETS, frames

FRAMES: Final = 1_000_000 if os.environ.get("HUOMA_RELIABILITY") == "full" else 100_000
SEED: Final = 20260301
LEAST_DECODED: Final = FRAMES // 100  # a fuzz of which nothing decodes would show nothing


def check_reading(reading: Reading, frame: bytes) -> None:
    assert all(type(value) is float and math.isfinite(value) for value in reading.values.values()), frame.hex()
    assert all(math.isfinite(value) for series in reading.series.values() for value in series), frame.hex()
    assert not set(reading.values) & set(reading.missing), frame.hex()
    assert reading.values or reading.missing, frame.hex()
    assert not reading.values or all(quantity in reading.values for quantity in ESSENTIAL[reading.kind]), frame.hex()


def check(result: object, frame: bytes) -> None:
    if isinstance(result, Reading):
        check_reading(result, frame)
        assert result.raw == frame
    elif isinstance(result, polar_pmd.PmdFrame):
        assert result.samples.dtype == np.int32
        assert result.samples.shape[0] >= 1
        assert result.samples.shape[1] == 3
    elif isinstance(result, MovesenseFrame):
        assert result.samples.dtype == np.float32
        assert np.isfinite(result.samples).all(), frame.hex()
    elif isinstance(result, mi_scale.Weighing):
        check(() if result.reading is None else (result.reading,), frame)
    elif isinstance(result, bthome.Packet):
        check(result.readings, frame)
    elif isinstance(result, tuple | list):
        for one in result:
            if isinstance(one, Reading):
                check_reading(one, frame)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_only_decode_errors_and_finite_numbers_come_out(name: str) -> None:
    target = TARGETS[name]
    decoded = 0
    for frame in frames(target.golden, random.Random(f"{SEED} {name}"), FRAMES):
        try:
            result = target.decode(frame)
        except DecodeError:
            continue
        decoded += 1
        check(result, frame)
    assert decoded >= (1 if target.checksummed else LEAST_DECODED)


@pytest.mark.slow
def test_no_text_of_a_device_stops_anything() -> None:
    rng = random.Random(SEED)
    for _ in range(FRAMES):
        text = device_information.text(rng.randbytes(rng.randrange(24)))
        assert text is None or (text.strip() == text and text.isprintable())


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_broken_was_whole(name: str) -> None:
    for golden in TARGETS[name].golden:
        TARGETS[name].decode(bytes.fromhex(golden))


def decoders() -> Iterable[str]:
    """Modules of the package that take bytes apart."""
    for module in pkgutil.iter_modules(device_drivers.decode.__path__):
        loaded = import_module(f"{device_drivers.decode.__name__}.{module.name}")
        functions = inspect.getmembers(loaded, inspect.isfunction)
        if any(name.startswith("decode") and made.__module__ == loaded.__name__ for name, made in functions):
            yield module.name


def test_every_decoder_is_fuzzed() -> None:
    assert set(DECODERS) <= set(TARGETS)
    source = inspect.getsource(import_module("tests.device_drivers.decode.targets"))
    by_the_registry = {"battery", "blood_pressure", "heart_rate", "pulse_oximeter", "temperature", "weight"}
    listed = {name for name in decoders() if f"    {name},\n" in source}
    unknown = {*decoders()} - by_the_registry - listed
    assert not unknown, "add them to targets.py"
