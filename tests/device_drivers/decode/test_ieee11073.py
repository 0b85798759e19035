"""SFLOAT and FLOAT against an oracle that is written from the standard's words, bit by bit."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.decode.ieee11073 import long_float, sfloat
from device_drivers.readings import Missing

SFLOAT_SPECIAL = {
    0x07FF: Missing.NAN,
    0x0800: Missing.NOT_AT_THIS_RESOLUTION,
    0x07FE: Missing.INFINITE,
    0x0802: Missing.INFINITE,
    0x0801: Missing.RESERVED,
}
FLOAT_SPECIAL = {
    0x007FFFFF: Missing.NAN,
    0x00800000: Missing.NOT_AT_THIS_RESOLUTION,
    0x007FFFFE: Missing.INFINITE,
    0x00800002: Missing.INFINITE,
    0x00800001: Missing.RESERVED,
}


def twos_complement(bits: str) -> int:
    """The weight of the first bit is negative, of all others positive."""
    weights = [2 ** (len(bits) - 1 - place) for place in range(len(bits))]
    weights[0] = -weights[0]
    return sum(weight for weight, bit in zip(weights, bits, strict=True) if bit == "1")


def oracle(raw: int, *, exponent_bits: int, mantissa_bits: int) -> float:
    bits = format(raw, f"0{exponent_bits + mantissa_bits}b")
    exponent = twos_complement(bits[:exponent_bits])
    mantissa = twos_complement(bits[exponent_bits:])
    return float(Fraction(mantissa) * Fraction(10) ** exponent)


@pytest.mark.slow
def test_every_sfloat_there_is() -> None:
    for raw in range(1 << 16):
        expected = SFLOAT_SPECIAL.get(raw)
        assert sfloat(raw) == (expected or oracle(raw, exponent_bits=4, mantissa_bits=12)), f"{raw:04x}"


@given(raw=st.integers(0, (1 << 32) - 1))
def test_float_is_what_the_standard_defines(raw: int) -> None:
    expected = FLOAT_SPECIAL.get(raw)
    assert long_float(raw) == (expected or oracle(raw, exponent_bits=8, mantissa_bits=24))


@given(exponent=st.integers(-8, 7), mantissa=st.integers(-0x800, 0x7FF))
def test_sfloat_round_trip(exponent: int, mantissa: int) -> None:
    raw = (exponent & 0xF) << 12 | (mantissa & 0xFFF)
    value = sfloat(raw)
    if raw in SFLOAT_SPECIAL:
        assert value is SFLOAT_SPECIAL[raw]
    else:
        assert value == float(Fraction(mantissa) * Fraction(10) ** exponent)


@given(exponent=st.integers(-128, 127), mantissa=st.integers(-(1 << 23), (1 << 23) - 1))
def test_float_round_trip(exponent: int, mantissa: int) -> None:
    raw = (exponent & 0xFF) << 24 | (mantissa & 0xFFFFFF)
    value = long_float(raw)
    if raw in FLOAT_SPECIAL:
        assert value is FLOAT_SPECIAL[raw]
    else:
        assert isinstance(value, float)
        assert math.isfinite(value)
        assert value == float(Fraction(mantissa) * Fraction(10) ** exponent)


@pytest.mark.parametrize(("raw", "reason"), SFLOAT_SPECIAL.items())
def test_sfloat_specials_are_reasons(raw: int, reason: Missing) -> None:
    assert sfloat(raw) is reason


@pytest.mark.parametrize(("raw", "reason"), FLOAT_SPECIAL.items())
def test_float_specials_are_reasons(raw: int, reason: Missing) -> None:
    assert long_float(raw) is reason


def test_special_mantissas_are_numbers_beside_another_exponent() -> None:
    assert sfloat(0xF7FF) == 204.7
    assert sfloat(0xF800) == -204.8
    assert long_float(0xFE7FFFFF) == 83886.07


@pytest.mark.parametrize(
    ("raw", "value"), [(0x0072, 114.0), (0xF0BD, 18.9), (0x1005, 50.0), (0x8001, 1e-8), (0x7001, 1e7), (0xFFFF, -0.1)]
)
def test_sfloat_by_hand(raw: int, value: float) -> None:
    assert sfloat(raw) == value


@pytest.mark.parametrize(
    ("raw", "value"), [(0xFE000EB0, 37.6), (0xFF00016C, 36.4), (0x00000025, 37.0), (0x01FFFFFF, -10.0)]
)
def test_float_by_hand(raw: int, value: float) -> None:
    assert long_float(raw) == value
