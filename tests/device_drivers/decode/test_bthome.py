"""BTHome v2: golden frames of public logs, every object, and what cannot be read."""

from __future__ import annotations

import pytest

from device_drivers.decode import bthome
from device_drivers.decode.bthome_envelope import WrongKey
from device_drivers.decode.bthome_objects import OBJECTS
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Pattern

ADDRESS = "54:48:E6:8F:80:A5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
SEALED = bytes.fromhex("41A47266C95F730011223378237214")


def decode(text: str) -> bthome.Packet:
    return bthome.decode(bytes.fromhex(text))


def values(packet: bthome.Packet) -> dict[Kind, dict[Quantity, float]]:
    return {reading.kind: dict(reading.values) for reading in packet.readings}


@pytest.mark.parametrize(
    ("frame", "pattern", "number"),
    [
        ("40001D01643A01", Pattern.PRESS, 29),
        ("40002001643A04", Pattern.LONG_PRESS, 32),
        ("4400AC01643AFE", Pattern.HOLD, 172),
        ("4400AD01643A80", Pattern.HOLD, 173),
        ("4400AD01643A81", Pattern.HOLD, 173),
        ("4400AE01643A02", Pattern.DOUBLE_PRESS, 174),
        ("4400AE01643A03", Pattern.TRIPLE_PRESS, 174),
        ("4400AE01643A05", Pattern.LONG_DOUBLE_PRESS, 174),
        ("4400AE01643A06", Pattern.LONG_TRIPLE_PRESS, 174),
        ("4400AE01643A77", Pattern.OTHER, 174),
    ],
)
def test_presses(frame: str, pattern: Pattern, number: int) -> None:
    packet = decode(frame)
    (press,) = packet.presses
    assert (press.pattern, press.button, press.counter, press.doubt) == (pattern, 0, number, None)
    assert packet.packet_id == number
    assert values(packet) == {Kind.BATTERY: {Quantity.BATTERY_LEVEL: 100.0}}


def test_of_four_buttons_the_one_that_was_pressed() -> None:
    packet = decode("4400AE01643A003A003A043A00")
    assert [(press.button, press.pattern) for press in packet.presses] == [(2, Pattern.LONG_PRESS)]


def test_encrypted() -> None:
    packet = bthome.decode(SEALED, address=ADDRESS, key=KEY)
    assert values(packet) == {Kind.ROOM_CLIMATE: {Quantity.ROOM_TEMPERATURE: 25.06, Quantity.HUMIDITY: 50.55}}
    assert packet.counter == 0x33221100
    assert packet.readings[0].raw == SEALED


def test_encrypted_without_its_key_with_another_key_and_of_another_device() -> None:
    with pytest.raises(DecodeError, match="its bind key is needed"):
        bthome.decode(SEALED, address=ADDRESS)
    with pytest.raises(WrongKey, match="does not open it"):
        bthome.decode(SEALED, address=ADDRESS, key=bytes(16))
    with pytest.raises(WrongKey):
        bthome.decode(SEALED, address="54:48:E6:8F:80:A6", key=KEY)
    with pytest.raises(DecodeError, match="16 bytes"):
        bthome.decode(SEALED, address=ADDRESS, key=KEY[:8])
    with pytest.raises(DecodeError, match="no Bluetooth address"):
        bthome.decode(SEALED, address="here", key=KEY)


def test_an_address_inside_must_be_the_advertisers() -> None:
    packet = bthome.decode(bytes.fromhex("42A5808FE648540164"), address=ADDRESS)
    assert values(packet) == {Kind.BATTERY: {Quantity.BATTERY_LEVEL: 100.0}}
    with pytest.raises(DecodeError, match="it says that it is 54:48:E6:8F:80:A6"):
        bthome.decode(bytes.fromhex("42A6808FE648540164"), address=ADDRESS)


@pytest.mark.parametrize(
    ("objects", "kind", "quantity", "value"),
    [
        ("02CA09", Kind.ROOM_CLIMATE, Quantity.ROOM_TEMPERATURE, 25.06),
        ("0236F6", Kind.ROOM_CLIMATE, Quantity.ROOM_TEMPERATURE, -25.06),
        ("451101", Kind.ROOM_CLIMATE, Quantity.ROOM_TEMPERATURE, 27.3),
        ("57EA", Kind.ROOM_CLIMATE, Quantity.ROOM_TEMPERATURE, -22.0),
        ("58EA", Kind.ROOM_CLIMATE, Quantity.ROOM_TEMPERATURE, -7.7),
        ("03BF13", Kind.ROOM_CLIMATE, Quantity.HUMIDITY, 50.55),
        ("2E23", Kind.ROOM_CLIMATE, Quantity.HUMIDITY, 35.0),
        ("04138A01", Kind.ROOM_CLIMATE, Quantity.AIR_PRESSURE, 1008.83),
        ("05138A14", Kind.ROOM_CLIMATE, Quantity.ILLUMINANCE, 13460.67),
        ("08CA06", Kind.ROOM_CLIMATE, Quantity.DEW_POINT, 17.38),
        ("12E204", Kind.ROOM_CLIMATE, Quantity.CO2, 1250.0),
        ("133301", Kind.ROOM_CLIMATE, Quantity.TVOC, 307.0),
        ("0D120C", Kind.ROOM_CLIMATE, Quantity.PM2_5, 3090.0),
        ("0E021C", Kind.ROOM_CLIMATE, Quantity.PM10, 7170.0),
        ("3F020C", Kind.ROOM_CLIMATE, Quantity.ROTATION, 307.4),
        ("2101", Kind.ROOM_STATE, Quantity.MOTION_DETECTED, 1.0),
        ("2D00", Kind.ROOM_STATE, Quantity.WINDOW_OPEN, 0.0),
        ("065E1F", Kind.WEIGHT, Quantity.WEIGHT, 80.3),
        ("073E1D", Kind.WEIGHT, Quantity.WEIGHT, 74.86 * 0.45359237),
    ],
)
def test_values_of_the_specifications_own_examples(objects: str, kind: Kind, quantity: Quantity, value: float) -> None:
    assert values(decode("40" + objects)) == {kind: {quantity: pytest.approx(value, rel=1e-12)}}


def test_two_sensors_of_a_kind_are_two_readings() -> None:
    first, second = decode("4002CA0902CB09").readings
    assert (first.values, first.flags) == ({Quantity.ROOM_TEMPERATURE: 25.06}, ())
    assert (second.values, second.flags) == ({Quantity.ROOM_TEMPERATURE: 25.07}, ("sensor-2",))


def test_a_weak_battery_is_flagged() -> None:
    (reading,) = decode("4002CA091501").readings
    assert reading.flags == ("battery-low",)


@pytest.mark.parametrize(
    ("frame", "quantity"), [("402102", Quantity.MOTION_DETECTED), ("4001C8", Quantity.BATTERY_LEVEL)]
)
def test_what_is_no_state_and_no_percentage_is_no_number(frame: str, quantity: Quantity) -> None:
    (reading,) = decode(frame).readings
    assert reading.failed
    assert reading.missing == {quantity: Missing.RESERVED}


def test_nobody_on_the_scale_is_no_reading() -> None:
    assert decode("40060000").readings == ()


def test_what_came_before_an_unknown_object_counts() -> None:
    packet = decode("4002CA09EE01020304")
    assert values(packet) == {Kind.ROOM_CLIMATE: {Quantity.ROOM_TEMPERATURE: 25.06}}
    assert packet.ignored == ("unknown object ee and 4 bytes behind it",)
    assert decode("4002CA0903BF").ignored == ("humidity cut off",)


def test_text_raw_bytes_and_commands_are_stepped_over() -> None:
    packet = decode("40 53 05 48656C6C6F 54 02 FFFF 3B 21 01 AA 3C 01 03 01 64")
    assert values(packet) == {Kind.BATTERY: {Quantity.BATTERY_LEVEL: 100.0}}
    assert packet.ignored == ("text", "raw", "command", "dimmer")


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("", "no bytes"),
        ("40", "too few"),
        ("41A47266C95F7300", "too few"),
        ("20016402CA09", "version 1"),
        ("40EE01", "unknown object ee"),
        ("4002CA", "temperature cut off"),
        ("4053", "text cut off"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(frame: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        decode(frame)


@pytest.mark.parametrize("number", sorted(OBJECTS))
def test_every_object_is_as_long_as_its_row_says(number: int) -> None:
    row = OBJECTS[number]
    body = bytes([number]) + (bytes(row.size) if row.size else b"\x01x" + (b"y" if number == 0x3B else b""))
    packet = bthome.decode(b"\x40" + body + b"\x01\x64")
    assert [item.id for item in packet.items] == [number, 0x01]
    assert packet.items[-1].data == b"\x64"
