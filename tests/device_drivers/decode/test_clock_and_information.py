"""A device's clock and what it says of itself."""
# ruff: noqa: DTZ001  # a device's clock is naive

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.decode import device_information
from device_drivers.decode.date_time import (
    decode_current_time,
    decode_date_time,
    encode_current_time,
    encode_date_time,
)
from device_drivers.errors import DecodeError
from device_drivers.readings import DeviceInformation

LOCAL_TIMES = st.datetimes(min_value=datetime(1582, 1, 1), max_value=datetime(9999, 12, 31, 23, 59, 59))


@given(local=LOCAL_TIMES)
def test_date_time_round_trip(local: datetime) -> None:
    assert decode_date_time(encode_date_time(local)).local() == local.replace(microsecond=0)


@given(local=LOCAL_TIMES)
def test_current_time_round_trip(local: datetime) -> None:
    said = decode_current_time(encode_current_time(local))
    assert said.time.local() == local.replace(microsecond=0)
    assert said.weekday == local.isoweekday()
    assert 0 <= local.microsecond / 1e6 - said.fraction_s < 1 / 256
    assert said.adjusted == ()


def test_date_time_by_hand() -> None:
    assert encode_date_time(datetime(2017, 1, 16, 12, 39, 54)).hex() == "e10701100c2736"


def test_current_time_by_hand() -> None:
    frame = bytes.fromhex("e10701100c2736 00 80 05")
    said = decode_current_time(frame)
    assert said.weekday is None
    assert said.fraction_s == 0.5
    assert said.adjusted == ("manual", "time-zone-change")
    assert encode_current_time(datetime(2017, 1, 16, 12, 39, 54, 500_000), adjusted=5).hex() == "e10701100c2736018005"


def test_an_unset_clock_is_unknown() -> None:
    assert decode_date_time(bytes(7)).text() == 10 * "-" + "T00:00:00"


def test_a_year_before_the_calendar_cannot_be_set() -> None:
    with pytest.raises(ValueError, match="begins at 1582"):
        encode_date_time(datetime(1581, 12, 31))


@pytest.mark.parametrize("frame", ["", "e10701100c27", "e10701100c273600", "e1070d100c2736"])
def test_no_date_time(frame: str) -> None:
    with pytest.raises(DecodeError):
        decode_date_time(bytes.fromhex(frame))


@pytest.mark.parametrize("frame", ["", "e10701100c2736", "e10701100c2736080000", "e10701200c2736010000"])
def test_no_current_time(frame: str) -> None:
    with pytest.raises(DecodeError):
        decode_current_time(bytes.fromhex(frame))


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (b"UA-651BLE", "UA-651BLE"),
        (b"UA-651BLE\x00\x00\x00", "UA-651BLE"),
        (b"  A&D Medical \r\n", "A&D Medical"),
        (b"\x00garbage", None),
        (b"", None),
        (b"   ", None),
        (b"BM\xff85", "BM�85"),
        (b"5140\x01\x7f00", "514000"),
        ("Kello ä".encode(), "Kello ä"),
    ],
)
def test_texts_as_devices_send_them(frame: bytes, text: str | None) -> None:
    assert device_information.text(frame) == text


def test_everything_a_device_says_of_itself() -> None:
    assert device_information.collect(
        {
            "2a29": b"A&D Medical",
            "2a24": b"UA-651BLE\0",
            "2a25": b"5140500123",
            "2a26": b"BLP004_d006",
            "2a27": b"1",
            "2a28": b"2",
            "2a23": bytes.fromhex("efcdab0000 560900".replace(" ", "")),
            "2a19": b"\x42",
            "2a50": b"ignored",
        }
    ) == DeviceInformation(
        manufacturer="A&D Medical",
        model="UA-651BLE",
        serial="5140500123",
        firmware="BLP004_d006",
        hardware="1",
        software="2",
        system_id=bytes.fromhex("efcdab0000560900"),
        battery_percent=66,
    )


@pytest.mark.parametrize("read", [{}, {"2a23": b"short", "2a19": b"\xff", "2a25": b"\0"}, {"2a23": bytes(8)}])
def test_a_silent_or_broken_device_is_a_device(read: dict[str, bytes]) -> None:
    assert device_information.collect(read) == DeviceInformation()


def test_a_system_id_of_all_ones_names_nobody() -> None:
    assert device_information.system_id(b"\xff" * 8) is None
    with pytest.raises(DecodeError):
        device_information.system_id(bytes(7))


def test_pnp_id() -> None:
    pnp = device_information.pnp_id(bytes.fromhex("016b0034120100"))
    assert (pnp.source, pnp.vendor, pnp.product, pnp.version) == (1, 0x006B, 0x1234, 1)
    with pytest.raises(DecodeError):
        device_information.pnp_id(bytes(6))
