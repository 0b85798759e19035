"""2A9C: every field in its unit, what is no measurement, and measurements in two packets."""

from __future__ import annotations

import pytest

from device_drivers.decode import body_composition
from device_drivers.decode.body_composition import INCOMPLETE, Joiner
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

Q = Quantity
TIME = "EA07050C123536"
# fat 19.4 %, 6879 kJ, muscle 40.7 %, soft lean 61.18 kg, water 43.25 kg, 452.0 Ω: a BF720, ble-scale-sync
WHOLE = "9803C200DF1A9701CC2FCA21A811"
FIRST = f"9E13C200{TIME}01DF1A9701CC2F".replace("9E13", "9E10")  # its first fields, with time and user 1
SECOND = "0013C200CA21A811"  # water and impedance


def decode(text: str) -> Reading:
    return body_composition.decode(bytes.fromhex(text))


def test_the_frame_of_a_scale() -> None:
    reading = decode(WHOLE)
    assert reading.kind is Kind.BODY_COMPOSITION
    assert dict(reading.values) == {
        Q.BODY_FAT: 19.4,
        Q.BASAL_METABOLISM: 6879.0,
        Q.MUSCLE: 40.7,
        Q.SOFT_LEAN_MASS: 61.18,
        Q.BODY_WATER_MASS: 43.25,
        Q.IMPEDANCE: 452.0,
    }
    assert not reading.missing
    assert not reading.flags
    assert (reading.time, reading.user_slot, reading.source) == (None, None, "2a9c")


def test_every_field_there_is() -> None:
    reading = decode(f"FE0FC200{TIME}02 DF1A 9701 E803 F401 CC2F CA21 A811 803E 2607")
    assert dict(reading.values) == {
        Q.BODY_FAT: 19.4,
        Q.BASAL_METABOLISM: 6879.0,
        Q.MUSCLE: 40.7,
        Q.MUSCLE_MASS: 5.0,
        Q.FAT_FREE_MASS: 2.5,
        Q.SOFT_LEAN_MASS: 61.18,
        Q.BODY_WATER_MASS: 43.25,
        Q.IMPEDANCE: 452.0,
        Q.WEIGHT: 80.0,
        Q.HEIGHT: 183.0,
    }
    assert reading.user_slot == 2
    assert reading.time is not None
    assert reading.time.text() == "2026-05-12T18:53:54"


def test_pounds_and_inches() -> None:
    reading = decode("010CC200 E544 BC02")  # 176.37 lb, 70.0 in
    assert dict(reading.values) == {
        Q.BODY_FAT: 19.4,
        Q.WEIGHT: pytest.approx(176.37 * 0.45359237),
        Q.HEIGHT: pytest.approx(177.8),
    }


def test_an_unknown_user_is_nobody() -> None:
    assert decode("0400C200FF").user_slot is None


@pytest.mark.parametrize(
    "text",
    [
        "9803000096230000000000000000",  # a BF788 beside each stored weight
        "9803FFFF96230000000000000000",  # "unsuccessful"
        "0000FFFF",
        "00000000",
        "00007017",  # 600 %
    ],
)
def test_without_a_fat_percentage_there_is_no_number(text: str) -> None:
    reading = decode(text)
    assert reading.failed
    assert set(reading.missing.values()) == {Missing.MEASUREMENT_FAILED}
    assert Q.BODY_FAT in reading.missing


def test_one_field_that_was_not_measured_leaves_the_others() -> None:
    reading = decode("9803F300962389014042FA2FFFFF")
    assert Q.IMPEDANCE not in reading.values
    assert dict(reading.missing) == {Q.IMPEDANCE: Missing.MEASUREMENT_FAILED}
    assert reading.values[Q.BODY_FAT] == 24.3


@pytest.mark.parametrize("text", ["", "98", "9803C2", WHOLE[:-2], WHOLE + "00", "0200C200EA070D0C123536"])
def test_no_packet(text: str) -> None:
    with pytest.raises(DecodeError):
        decode(text)


def feed(joiner: Joiner, text: str) -> tuple[Reading, ...]:
    return joiner.feed(bytes.fromhex(text))


def test_two_packets_are_one_measurement() -> None:
    joiner = Joiner()
    assert feed(joiner, FIRST) == ()
    (reading,) = feed(joiner, SECOND)
    assert dict(reading.values) == dict(decode(WHOLE).values)
    assert reading.flags == ()
    assert reading.user_slot == 1
    assert reading.time is not None
    assert reading.raw == bytes.fromhex(FIRST + SECOND)
    assert joiner.flush() == ()


def test_a_whole_packet_passes_and_lets_out_what_waits() -> None:
    joiner = Joiner()
    assert [reading.flags for reading in feed(joiner, WHOLE)] == [()]
    feed(joiner, FIRST)
    unfinished, whole = feed(joiner, WHOLE)
    assert (unfinished.flags, whole.flags) == ((INCOMPLETE,), ())
    assert unfinished.raw == bytes.fromhex(FIRST)


@pytest.mark.parametrize(
    "other",
    [
        FIRST,  # the same fields again
        f"0210C200{TIME}".replace("3536", "3537"),  # another time
        "0410C20002",  # another user
        "0013C300CA21A811",  # another fat percentage
    ],
)
def test_a_packet_that_does_not_belong_begins_anew(other: str) -> None:
    joiner = Joiner()
    feed(joiner, FIRST)
    (unfinished,) = feed(joiner, other)
    assert unfinished.flags == (INCOMPLETE,)
    assert unfinished.raw == bytes.fromhex(FIRST)
    (waiting,) = joiner.flush()
    assert waiting.raw == bytes.fromhex(other)


def test_the_second_packet_may_leave_the_mandatory_field_empty() -> None:
    joiner = Joiner()
    feed(joiner, FIRST)
    (reading,) = feed(joiner, "0013FFFFCA21A811")
    assert reading.values[Q.BODY_FAT] == 19.4
    assert reading.values[Q.IMPEDANCE] == 452.0


def test_what_is_no_packet_does_not_lose_the_first() -> None:
    joiner = Joiner()
    feed(joiner, FIRST)
    with pytest.raises(DecodeError):
        feed(joiner, "98")
    assert len(feed(joiner, SECOND)) == 1


def test_the_end_of_the_connection_lets_out_what_waits() -> None:
    joiner = Joiner()
    feed(joiner, FIRST)
    (unfinished,) = joiner.flush()
    assert unfinished.flags == (INCOMPLETE,)
    assert unfinished.values[Q.BODY_FAT] == 19.4
    assert joiner.flush() == ()
