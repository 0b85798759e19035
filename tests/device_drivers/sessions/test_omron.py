"""Omron's cuffs through the whole radio: by their record numbers, and by their memory, which is never written."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from device_drivers.advertising import Advert
from device_drivers.calls import CALLS
from device_drivers.decode import omron_eeprom as frames
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Quantity
from device_drivers.sessions.omron_eeprom import Command, Finish, Read, Start
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.omron_cuff import OmronCuff
from device_drivers.virtual.omron_memory import FIRST_RECORD, SLOTS, MemoryCuff
from firmware_profiles import load
from tests.gateway.radio.room import Room, RoomMaker, local

pytestmark = pytest.mark.slow  # a room with pairing takes 0.1 to 0.4 s

CUFF = "28:FF:B2:16:00:01"
MEMORY_CUFF = "28:FF:B2:71:42:02"
KEY = bytes.fromhex("deadbeaf12341234deadbeaf12341234")


async def cuff_in(room: Room, **options: Any) -> OmronCuff:
    cuff = OmronCuff(room.air, clock=DeviceClock(local("09:57:00")), **options)
    await cuff.power_on()
    return cuff


async def memory_cuff_in(room: Room, count: int, **options: Any) -> MemoryCuff:
    cuff = MemoryCuff(room.air, clock=DeviceClock(local("06:00:00")), **options)
    await cuff.power_on()
    for number in range(count):
        cuff.clock.lag(-60)
        await cuff.measure(systolic=120 + number, diastolic=80, pulse=60)
    await cuff.pairing_mode()
    return cuff


def remembered(room: Room) -> str | None:
    return room.book.remembered.get(CUFF, {}).get("last-sequence")


async def test_the_clock_is_answered_and_records_come_by_number(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await cuff_in(room)
        first = await cuff.measure(systolic=131, diastolic=84, pulse=70)
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "1")
            second = await cuff.measure(systolic=126, diastolic=81, pulse=66, user=2)
            await room.heard.until(lambda: remembered(room) == "2")
        assert room.heard.frames() == [first, second]
        assert [one.reading.user_slot for one in room.heard.readings] == [1, 2]
        assert [command.hex() for command in cuff.asked] == ["1000", "0101", "1000", "0103040200"]
        assert cuff.time_set
        clock = room.heard.readings[0].clock
        assert clock is not None
        assert clock.was_set
        assert clock.offset_s == pytest.approx(-180, abs=1.5)
        assert abs((cuff.clock.now() - room.local_now()).total_seconds()) < 1.5


async def test_with_nothing_new_one_question_is_enough(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        room.book.remembered[CUFF] = {"last-sequence": "1"}
        cuff = await cuff_in(room)
        await cuff.measure(systolic=131, diastolic=84, pulse=70)
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: cuff.asked and cuff.connection is None)
        assert [command.hex() for command in cuff.asked] == ["1000"]
        assert not room.heard.readings


async def test_a_cuff_that_counts_anew_is_asked_for_everything(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        room.book.remembered[CUFF] = {"last-sequence": "77"}
        cuff = await cuff_in(room)
        frame = await cuff.measure(systolic=131, diastolic=84, pulse=70)
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "1")
        assert room.heard.frames() == [frame]


async def test_a_drop_in_the_middle_remembers_nothing_that_is_missing(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await cuff_in(room)
        sent = [await cuff.measure(systolic=120 + n, diastolic=80, pulse=60) for n in range(8)]
        dropped: list[int] = []

        async def drop_at_the_fourth(_received: object) -> None:
            if len(room.heard.readings) == 3 and not dropped:
                dropped.append(1)
                assert remembered(room) is None
                room.air.link.drop(cuff.controller)

        room.heard.before_commit = drop_at_the_fourth
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "8")
        assert set(room.heard.frames()) == set(sent)


async def test_its_one_bond_is_taken(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await cuff_in(room)
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(cuff.pairing_finished.is_set)
        room.keys.unlink()  # another gateway comes
        await cuff.pairing_mode()
        assert not cuff.accepts_pairing, "P does not blink"
        await cuff.measure(systolic=120, diastolic=80, pulse=60)
        before = len(room.heard.states)
        async with room.running():
            await room.heard.until(lambda: len(room.heard.states) > before)
        assert not room.heard.readings
        assert len(await cuff.bonds.get_all()) == 1


def test_what_the_advertisement_tells() -> None:
    profile = load().get("omron/bp5250")
    assert profile is not None
    call = CALLS["omron-sig"]

    def advert(name: str | None, data: str | None) -> Advert:
        given = {} if data is None else {0x020E: bytes.fromhex(data)}
        return Advert(address=CUFF, name=name, manufacturer_data=given)

    transfer, pairing = "BLESmart_0000016028FFB2160001", "BLEsmart_0000016028FFB2160001"
    told = call(advert(transfer, "0121050002030001"), profile)
    assert (told.pairing, told.waiting) == (False, None)
    told = call(advert(pairing, "012d000000000000"), profile)
    assert (told.pairing, told.waiting) == (True, 0)
    assert call(advert(pairing, None), profile).pairing is True
    assert call(advert(transfer, None), profile).pairing is False
    for mistaken in (advert(None, None), advert(transfer, "01"), advert("Kitchen", None)):
        with pytest.raises(DecodeError):
            call(mistaken, profile)


async def test_the_memory_is_read_and_never_written(room_with: RoomMaker) -> None:
    async with room_with(MEMORY_CUFF) as room:
        cuff = await memory_cuff_in(room, SLOTS + 3)  # the ring has gone round
        before = bytes(cuff.memory)
        async with room.running():
            await room.heard.until(lambda: len(room.heard.readings) == SLOTS)
            await room.heard.until(lambda: cuff.connection is None)
        assert not cuff.memory_writes
        assert bytes(cuff.memory) == before
        assert sum(size for _, size in cuff.reads) == SLOTS * frames.RECORD_BYTES
        assert {one.reading.values[Quantity.SYSTOLIC] for one in room.heard.readings} == {
            float(120 + n) for n in range(3, SLOTS + 3)
        }


async def test_a_damaged_answer_is_asked_for_again(room_with: RoomMaker) -> None:
    async with room_with(MEMORY_CUFF) as room:
        cuff = await memory_cuff_in(room, 5)
        cuff.corrupts = frozenset({0, 2, 3})
        async with room.running():
            await room.heard.until(lambda: len(room.heard.readings) == 5)
        assert cuff.connections == 1


async def test_a_locked_cuff_wants_its_key(room_with: RoomMaker) -> None:
    async with room_with(MEMORY_CUFF) as room:
        cuff = await memory_cuff_in(room, 2, key=KEY)
        async with room.running():
            await room.heard.until(lambda: room.heard.said("does not let its records be read (0xc4)"))
        assert not room.heard.readings
        room.book.remembered[MEMORY_CUFF] = {"unlock-key": KEY.hex()}
        await cuff.call()
        async with room.running():
            await room.heard.until(lambda: len(room.heard.readings) == 2)
        assert not cuff.memory_writes


@pytest.mark.parametrize(
    ("key", "words"),
    [("00" * 16, "the cuff refuses the unlock key"), ("beef", "is not 32 hexadecimal digits"), ("xyz", "is not 32")],
)
async def test_a_wrong_key_says_so(key: str, words: str, room_with: RoomMaker) -> None:
    async with room_with(MEMORY_CUFF) as room:
        cuff = await memory_cuff_in(room, 2, key=KEY)
        room.book.remembered[MEMORY_CUFF] = {"unlock-key": key}
        async with room.running():
            await room.heard.until(lambda: room.heard.said(words))
        assert not room.heard.said(key if len(key) > 4 else "beef")
        assert not cuff.reads


async def test_another_model_is_not_read(room_with: RoomMaker) -> None:
    async with room_with(MEMORY_CUFF) as room:
        cuff = await memory_cuff_in(room, 2, model="HEM-7361T")
        async with room.running():
            await room.heard.until(lambda: room.heard.said("says that its model is 'HEM-7361T'"))
        assert not cuff.reads
        assert not room.heard.readings


def test_no_command_that_could_write_can_be_built() -> None:
    """Whatever is asked for, the frame begins a session, reads, or ends it."""
    built = [frames.start(), frames.end()]
    built += [frames.read(address, size) for address in range(0, 0x10000, 0x111) for size in (1, 14, 0x2C, 0x38)]
    assert {frame[1:3] for frame in built} == {b"\x00\x00", b"\x0f\x00", b"\x01\x00"}
    assert all(len(frame) == 8 for frame in built), "there is room for nothing to write"
    assert frames.HEM_7142T2.address == FIRST_RECORD
    with pytest.raises(ValueError, match="nothing to read"):
        frames.read(0, 0)


def test_the_session_knows_no_other_command() -> None:
    assert set(get_args(Command)) == {Start, Read, Finish}
