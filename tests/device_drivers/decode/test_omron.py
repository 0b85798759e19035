"""Omron: what is advertised, the frames of the memory protocol, and its records."""

from __future__ import annotations

from functools import reduce
from operator import xor

import pytest

from device_drivers.decode import omron_advert, omron_eeprom
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Quantity
from device_drivers.readings import Missing

Q = Quantity


def test_what_a_cuff_with_two_users_advertises() -> None:
    said = omron_advert.decode(bytes.fromhex("0101D00264110011"))  # custom-components/ble_monitor#1003
    assert [(user.user, user.sequence, user.count) for user in said.users] == [(1, 720, 100), (2, 17, 17)]
    assert (said.time_set, said.pairing, said.standard_services, said.wants_transfer) == (True, False, False, False)
    assert said.stored == 117


@pytest.mark.parametrize(
    ("fetched", "unread"),
    [
        ({}, 117),
        ({1: 720, 2: 17}, 0),
        ({1: 718, 2: 17}, 2),
        ({1: 100, 2: 17}, 100),  # only a hundred are still there
        ({1: 720}, 17),
        ({1: 900, 2: 17}, 100),  # it was reset: it counts lower than before
    ],
)
def test_what_is_unread(fetched: dict[int, int], unread: int) -> None:
    assert omron_advert.decode(bytes.fromhex("0101D00264110011")).unread(fetched) == unread


@pytest.mark.parametrize(
    ("flags", "time_set", "pairing", "standard", "transfer"),
    [
        ("00", True, False, False, False),
        ("04", False, False, False, False),
        ("08", True, True, False, False),
        ("20", True, False, True, False),
        ("40", True, False, False, True),
    ],
)
def test_flags(flags: str, time_set: bool, pairing: bool, standard: bool, transfer: bool) -> None:
    said = omron_advert.decode(bytes.fromhex(f"01{flags}0A0003"))
    assert (said.time_set, said.pairing, said.standard_services, said.wants_transfer) == (
        time_set,
        pairing,
        standard,
        transfer,
    )


def test_a_format_that_tells_no_records() -> None:
    said = omron_advert.decode(bytes.fromhex("03080A"))
    assert said.pairing
    assert (said.users, said.stored, said.unread({}), said.wants_transfer) == ((), None, None, None)


@pytest.mark.parametrize("text", ["", "01", "0100", "01000A00", "01000A000300", "01010A0003", "0300", "0700AA"])
def test_no_manufacturer_data(text: str) -> None:
    with pytest.raises(DecodeError):
        omron_advert.decode(bytes.fromhex(text))


@pytest.mark.parametrize(
    ("name", "pairing"), [("BLESmart_00000160DFFDDFA4CF0E", False), ("BLEsmart_00000160DFFDDFA4CF0E", True)]
)
def test_the_name_tells_pairing_by_one_letter(name: str, pairing: bool) -> None:
    parsed = omron_advert.parse_name(name)
    assert (parsed.pairing, parsed.model, parsed.address) == (pairing, "00000160", "DF:FD:DF:A4:CF:0E")


@pytest.mark.parametrize(
    "name", ["", "BLESmart_", "BLESmart_0000123", "blesmart_00000160DFFDDFA4CF0E", "BLESmart_" + 20 * "G"]
)
def test_no_name(name: str) -> None:
    with pytest.raises(DecodeError):
        omron_advert.parse_name(name)


def test_commands_as_the_tools_send_them() -> None:
    assert omron_eeprom.start().hex() == "0800000000100018"  # userx14/omblepy
    assert omron_eeprom.end().hex() == "080f000000000007"
    assert omron_eeprom.read(0x02E8, 0x0E).hex() == "08010002e80e00ed"  # eigger/hass-omron#7
    assert omron_eeprom.read(0x0CF8, 0x38).hex() == "0801000cf83800c5"  # eigger/hass-omron#11
    assert omron_eeprom.chunks(bytes(20)) == (bytes(16), bytes(4))


def test_there_is_no_command_that_writes() -> None:
    commands = (omron_eeprom.start(), omron_eeprom.end(), omron_eeprom.read(0x02E8, 14))
    assert all(command[1:3] != bytes.fromhex("01c0") and not reduce(xor, command) for command in commands)


@pytest.mark.parametrize(("address", "size"), [(-1, 1), (0x10000, 1), (0, 0), (0, 57)])
def test_nothing_to_read(address: int, size: int) -> None:
    with pytest.raises(ValueError, match="nothing to read"):
        omron_eeprom.read(address, size)


def test_the_reads_of_a_memory_cut_no_record() -> None:
    reads = omron_eeprom.HEM_7142T2.reads()
    assert sum(size for _, size in reads) == 14 * 14
    assert all(size % 14 == 0 and size <= 0x2C for _, size in reads)
    assert [address for address, _ in reads] == [0x02E8 + 42 * number for number in range(5)]


def test_an_answer_with_a_record() -> None:
    answer = omron_eeprom.decode_answer(bytes.fromhex("16810002e80e53444f19ed263a1700001400770000b7"))
    assert (answer.kind, answer.address, answer.result) == (omron_eeprom.READ, 0x02E8, 0)
    record = omron_eeprom.decode(answer.data)
    assert record is not None
    assert record.values == {Q.SYSTOLIC: 108.0, Q.DIASTOLIC: 68.0, Q.PULSE_RATE: 79.0}


@pytest.mark.parametrize(
    ("text", "kind", "result"),
    [
        ("0880000000100098", omron_eeprom.STARTED, 0),
        ("088f000000000087", omron_eeprom.ENDED, 0),
        ("088f000000000582", omron_eeprom.ENDED, 5),
        ("088100026010 04 ff".replace(" ", ""), omron_eeprom.READ, 4),  # a read that is refused
    ],
)
def test_other_answers(text: str, kind: int, result: int) -> None:
    answer = omron_eeprom.decode_answer(bytes.fromhex(text))
    assert (answer.kind, answer.result, answer.data) == (kind, result, b"")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0880",
        "0880000000100099",  # checksum
        "0980000000100099",  # length
        "08ab0000000000a3",  # kind
        "0a81000260105500fc00"[:20],
    ],
)
def test_no_answer(text: str) -> None:
    with pytest.raises(DecodeError):
        omron_eeprom.decode_answer(bytes.fromhex(text))


def test_an_answer_over_four_channels() -> None:
    # eigger/hass-omron#11: 56 bytes that were never written
    parts = ["4081000cf838ffffffffffffffffffff", 32 * "f", 32 * "f", 28 * "f" + "000d"]
    frame = bytes.fromhex("".join(parts))
    channels = omron_eeprom.Channels()
    assert [channels.feed(number, bytes.fromhex(part)) for number, part in enumerate(parts)] == [
        None,
        None,
        None,
        frame,
    ]
    assert reduce(xor, frame[:-1]) == frame[-1]
    assert omron_eeprom.decode_answer(frame).data == b"\xff" * 56


def test_one_channel_that_holds_everything() -> None:
    frame = bytes.fromhex("16810002e80e53444f19ed263a1700001400770000b7")
    assert omron_eeprom.Channels().feed(0, frame) == frame


def test_the_first_channel_begins_anew() -> None:
    channels = omron_eeprom.Channels()
    assert channels.feed(0, b"\x20" + bytes(15)) is None
    assert channels.feed(0, b"\x18" + bytes(15)) is None
    assert channels.feed(1, bytes(16)) == b"\x18" + bytes(23)
    assert channels.feed(1, bytes(16)) is None


@pytest.mark.parametrize(("channel", "part"), [(4, b"\0"), (-1, b"\0"), (0, b""), (0, b"\xff")])
def test_what_no_channel_brings(channel: int, part: bytes) -> None:
    with pytest.raises(DecodeError):
        omron_eeprom.Channels().feed(channel, part)


def test_a_record() -> None:
    record = omron_eeprom.decode(bytes.fromhex("6558541a331ade1800004c00ba00"))  # hass-omron, test_record_parsers.py
    assert record is not None
    assert record.values == {Q.SYSTOLIC: 126.0, Q.DIASTOLIC: 88.0, Q.PULSE_RATE: 84.0}
    assert record.time is not None
    assert (record.time.text(), record.sequence, record.flags) == ("2026-06-17T19:35:30", 76, ())


def test_movement_and_an_irregular_pulse() -> None:
    record = omron_eeprom.decode(bytes.fromhex("6558541a33dade1800004c00ba00"))
    assert record is not None
    assert record.flags == ("body-movement", "irregular-pulse")


@pytest.mark.parametrize("text", [28 * "f", 28 * "0", "e2" + 26 * "0", "64" + 26 * "0"])
def test_a_slot_that_was_never_written(text: str) -> None:
    assert omron_eeprom.decode(bytes.fromhex(text)) is None


@pytest.mark.parametrize("broken", ["ff", "1f"])
def test_a_time_that_is_none_is_unknown_and_the_measurement_stands(broken: str) -> None:
    record = omron_eeprom.decode(bytes.fromhex(f"6558541a{broken}ffde1800004c00ba00"))
    assert record is not None
    assert record.time is not None
    assert record.time.local() is None
    assert record.values[Q.SYSTOLIC] == 126.0


def test_a_pressure_of_nothing_was_not_measured() -> None:
    record = omron_eeprom.decode(bytes.fromhex("6500541a331ade1800004c00ba00"))
    assert record is not None
    assert record.failed
    assert record.missing[Q.DIASTOLIC] is Missing.MEASUREMENT_FAILED


@pytest.mark.parametrize("text", ["", "65", 30 * "6"])
def test_no_record(text: str) -> None:
    with pytest.raises(DecodeError):
        omron_eeprom.decode(bytes.fromhex(text))
