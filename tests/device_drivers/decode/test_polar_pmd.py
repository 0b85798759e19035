"""Polar's acceleration frames and control point."""

from __future__ import annotations

import numpy as np
import pytest

from device_drivers.decode import polar_pmd
from device_drivers.errors import DecodeError

HEADER = "02 0094357700000000"  # acceleration, 2 s after the strap's epoch


def test_the_frame_of_the_vendors_own_test() -> None:
    frame = polar_pmd.decode(bytes.fromhex(HEADER + "01 F7FFFFFFE703 F8FFFEFFE503"))
    assert frame.samples.dtype == np.int32
    assert frame.samples.tolist() == [[-9, -1, 999], [-8, -2, 997]]
    assert frame.last_sample_ns == 2_000_000_000


def test_eight_bits() -> None:
    frame = polar_pmd.decode(bytes.fromhex(HEADER + "00 80FF7F 000102"))
    assert frame.samples.dtype == np.int32
    assert frame.samples.tolist() == [[-128, -1, 127], [0, 1, 2]]


def test_twenty_four_bits() -> None:
    frame = polar_pmd.decode(bytes.fromhex(HEADER + "02 000080 FFFFFF FFFF7F 010000 E80300 18FCFF"))
    assert frame.samples.dtype == np.int32
    assert frame.samples.tolist() == [[-8388608, -1, 8388607], [1, 1000, -1000]]


def test_sixteen_bits_at_full_scale() -> None:
    assert polar_pmd.decode(bytes.fromhex(HEADER + "01 0080FF7F401F")).samples.tolist() == [[-32768, 32767, 8000]]


FIRST_DELTAS = "7107F06A9E8D 0A01 BE5CBEBA"  # polar-ble-sdk, AccDataTest.kt, its first two samples


def test_compressed_samples_over_the_full_scale() -> None:
    """Reference (1905, 27376, -29282), then +190, -105, -85, in 32768ths of 8 g."""
    steps = np.array([[1905, 27376, -29282], [1905 + 190, 27376 - 105, -29282 - 85]])
    decoded = polar_pmd.decode(bytes.fromhex(f"{HEADER}80 {FIRST_DELTAS}"))
    assert decoded.samples.dtype == np.int32
    assert decoded.samples.tolist() == np.rint(steps * 8000 / 32768).astype(int).tolist()
    assert decoded.last_sample_ns == 2_000_000_000
    halved = polar_pmd.decode(bytes.fromhex(f"{HEADER}80 {FIRST_DELTAS}"), full_scale_g=4.0)
    assert halved.samples.tolist() == np.rint(steps * 4000 / 32768).astype(int).tolist()


def test_compressed_samples_in_mg() -> None:
    decoded = polar_pmd.decode(bytes.fromhex("02 6500000000000000 81 F1FF1400F003 0601 7B0F08"))
    assert decoded.samples.tolist() == [[-15, 20, 1008], [-20, 17, 1008]]
    assert decoded.last_sample_ns == 101


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("", "too few"),
        ("02 00943577000000", "too few"),
        (HEADER + "01", "whole number"),
        (HEADER + "01 F7FFFFFFE7", "whole number"),
        (HEADER + "03 F7FFFFFFE703", "unknown frame type"),
        (HEADER + "82 F7FFFFFFE703", "unknown frame type"),
        (HEADER + "FF F7FFFFFFE703", "unknown frame type"),
        (HEADER + "80 F7FFFFFFE7", "too few for a reference sample"),
        (HEADER + "81 F7FFFFFFE703 06", "cut short"),
        (HEADER + "81 F7FFFFFFE703 0601 7B0F", "cut short"),
        (HEADER + "81 F7FFFFFFE703 0001", "no compressed block"),
        (HEADER + "81 F7FFFFFFE703 0600", "no compressed block"),
        (HEADER + "81 F7FFFFFFE703 2101" + 13 * "00", "no compressed block"),
        (HEADER + "81 FF7FFFFFE703 0201 01", "run out of their 16 bits"),
        (HEADER + "81 F7FFFFFFE703" + 9 * ("01FF" + 96 * "00"), "more than 2048 samples"),
        ("00 009435770000000001 F7FFFFFFE703", "not acceleration"),
    ],
)
def test_no_acceleration(frame: str, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        polar_pmd.decode(bytes.fromhex(frame))


def test_commands() -> None:
    assert polar_pmd.encode_start(rate_hz=200, range_g=8).hex() == "02020001c8000101100002010800"
    assert polar_pmd.encode_stop().hex() == "0302"
    assert polar_pmd.encode_get_settings().hex() == "0102"


def test_the_settings_that_an_h10_offers() -> None:
    answer = polar_pmd.decode_response(
        bytes.fromhex("F0 01 02 00 00 00 04 1900 3200 6400 C800 01 01 1000 02 03 0200 0400 0800")
    )
    assert answer.operation == polar_pmd.GET_SETTINGS
    assert answer.measurement == polar_pmd.ACCELERATION
    assert answer.succeeded
    assert not answer.more
    assert dict(answer.settings) == {
        polar_pmd.RATE_HZ: (25, 50, 100, 200),
        polar_pmd.RESOLUTION_BITS: (16,),
        polar_pmd.RANGE_G: (2, 4, 8),
    }


def test_answers_to_start_and_stop() -> None:
    started = polar_pmd.decode_response(bytes.fromhex("F00202000001"))
    assert (started.operation, started.succeeded, dict(started.settings)) == (polar_pmd.START, True, {})
    assert polar_pmd.decode_response(bytes.fromhex("F0030200")).succeeded


@pytest.mark.parametrize(
    ("code", "word"), [("06", "already-in-state"), ("08", "invalid-sample-rate"), ("7F", "error-127")]
)
def test_refusals_in_words(code: str, word: str) -> None:
    answer = polar_pmd.decode_response(bytes.fromhex(f"F00202{code}"))
    assert not answer.succeeded
    assert answer.error == word


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "F00102",
        "0F01020000",  # the answer to a read of the features
        "F001020000 000419003200",  # four rates promised, two there
        "F001020000 0901 1000",  # a setting that we do not know the size of
        "F001020000 00",  # no count
        "F001020000 0000",  # a count of none
    ],
)
def test_no_answer(frame: str) -> None:
    with pytest.raises(DecodeError):
        polar_pmd.decode_response(bytes.fromhex(frame))
