"""Glucose meters through the whole radio: from the last number on, whatever happens on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from device_drivers.errors import DecodeError, LinkLost
from device_drivers.nomenclature import Quantity
from device_drivers.readings import DeviceInformation, Motion, Reading
from device_drivers.sessions.base import ClockOffset
from device_drivers.sessions.handover import LIMIT, WINDOW, Handover
from device_drivers.sessions.link import Receipt
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.glucose_meter import Drop, GlucoseMeter
from tests.gateway.radio.room import Room, RoomMaker, local
from tests.virtual_time import VirtualClock

pytestmark = pytest.mark.slow  # a room with pairing takes 0.1 to 0.4 s

METER = "10:CE:A9:18:08:01"


async def meter_in(room: Room, count: int, **options: Any) -> GlucoseMeter:
    """In pairing mode, with so many records of different minutes."""
    meter = GlucoseMeter(room.air, clock=DeviceClock(local("06:00:00")), **options)
    await meter.power_on()
    for number in range(count):
        meter.clock.lag(-60)
        await meter.measure(4.0 + number % 50 / 10)
    await meter.pairing_mode()
    return meter


def sequences(room: Room) -> list[int | None]:
    return [received.reading.sequence for received in room.heard.readings]


def remembered(room: Room) -> str | None:
    return room.book.remembered.get(METER, {}).get("last-sequence")


async def test_everything_once_then_only_what_is_new(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 5)
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "5")
            await meter.measure(7.1)
            await room.heard.until(lambda: remembered(room) == "6")
            await meter.call()  # with nothing new
            await room.heard.until(lambda: len(meter.asked) >= 3 and meter.connection is None)
        assert sequences(room) == [1, 2, 3, 4, 5, 6]
        assert [command.hex() for command in meter.asked[:3]] == ["0101", "0103010600", "0103010700"]
        assert room.heard.readings[-1].reading.values[Quantity.GLUCOSE] == pytest.approx(7.1)


async def test_a_meal_is_told_with_its_record(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 0)
        await meter.measure(5.2, meal=1)
        await meter.measure(9.8, meal=2)
        await meter.measure(6.0)
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "3")
        flags = [set(received.reading.flags) for received in room.heard.readings]
        assert "before-meal" in flags[0]
        assert "after-meal" in flags[1]
        assert not {"before-meal", "after-meal"} & flags[2]


async def test_a_context_that_does_not_come_loses_no_record(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 0)
        for _ in range(2):
            drop = await meter.measure(5.2, meal=1)
            meter.drops[-1] = Drop(sequence=drop.sequence, measurement=drop.measurement)
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "2")
        assert sequences(room) == [1, 2]


async def test_what_was_not_completed_is_asked_for_again_at_once(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 9)
        meter.fails_after = 4
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "9")
        assert [command.hex() for command in meter.asked] == ["0101", "0103010500"]
        assert sequences(room) == list(range(1, 10))
        assert meter.connections == 1


async def test_a_meter_that_stops_in_the_middle_is_told_so_and_asked_again(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 9)
        meter.stalls_after = 4
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "9")
        assert [command.hex() for command in meter.asked] == ["0101", "0300", "0103010500"]
        assert sequences(room) == list(range(1, 10))
        assert meter.connections == 2


async def test_dropped_in_the_middle_it_goes_on_where_it_was(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 60)
        dropped: list[int] = []

        async def drop_at_the_thirtieth(_received: object) -> None:
            if len(room.heard.readings) == 30 and not dropped:
                dropped.append(1)
                room.air.link.drop(meter.controller)

        room.heard.before_commit = drop_at_the_thirtieth
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "60")
        assert set(sequences(room)) == set(range(1, 61))
        assert meter.connections == 2
        assert meter.asked[1] > bytes.fromhex("0103011e00"), "it began anew"


async def test_a_meter_that_counts_anew_is_asked_for_everything(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        room.book.remembered[METER] = {"last-sequence": "800"}  # before its memory was cleared
        await meter_in(room, 3)
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "3")
        assert sequences(room) == [1, 2, 3]


async def test_a_meter_that_cannot_count_keeps_its_place(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        room.book.remembered[METER] = {"last-sequence": "3"}
        meter = await meter_in(room, 3)
        meter.supports -= {0x04}
        async with room.running():
            await room.heard.until(lambda: len(meter.asked) >= 2 and meter.connection is None)
        assert not room.heard.readings
        assert remembered(room) == "3"


async def test_a_slow_store_is_waited_for_and_nothing_is_remembered_before(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 200)
        early: list[str] = []

        async def slowly(_received: object) -> None:
            await asyncio.sleep(0.1)
            early.extend(value for value in [remembered(room)] if value is not None)

        room.heard.before_commit = slowly
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "200")
        assert sequences(room) == list(range(1, 201))
        assert not early, "remembered before it was committed"
        assert meter.connections == 1


async def test_frames_of_another_model_are_kept_and_the_rest_is_taken(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 3)
        wrong, short = bytes.fromhex("167c0056006100e807060f11111b33000000"), meter.drops[2].measurement[:-4]
        meter.drops[1] = Drop(sequence=2, measurement=wrong)
        meter.drops.append(Drop(sequence=4, measurement=short))
        async with room.running():
            await room.heard.until(lambda: remembered(room) == "3")
        assert sequences(room) == [1, 3]
        assert room.heard.undecoded == [wrong, short]


async def test_a_meter_that_reports_nothing_is_refused_in_words(room_with: RoomMaker) -> None:
    async with room_with(METER) as room:
        meter = await meter_in(room, 2)
        meter.supports.clear()
        async with room.running():
            await room.heard.until(lambda: room.heard.said("does not report its records (operation-not-supported)"))


class Slow:
    """A sink whose receipts are done by hand."""

    def __init__(self) -> None:
        self.receipts: list[asyncio.Future[None]] = []

    def information(self, information: DeviceInformation) -> None: ...

    def clock(self, offset: ClockOffset) -> None: ...

    def reading(self, reading: Reading) -> Receipt:
        del reading
        self.receipts.append(asyncio.get_running_loop().create_future())
        return self.receipts[-1]

    def motion(self, motion: Motion) -> None: ...

    def undecodable(self, source: str, frame: bytes, error: DecodeError) -> None: ...


def reading() -> Reading:
    from device_drivers.decode.glucose import decode

    return decode(bytes.fromhex("060100ea070301080000" + "34c011"))


async def test_the_handover_never_outruns_the_store() -> None:
    sink = Slow()
    box = Handover(sink)
    for _ in range(WINDOW + 5):
        box.put(reading())
    assert len(sink.receipts) == WINDOW
    sink.receipts[0].set_result(None)
    await asyncio.sleep(0)
    assert len(sink.receipts) == WINDOW + 1
    for receipt in sink.receipts:
        if not receipt.done():
            receipt.set_exception(LinkLost("the disk is full"))
    await asyncio.sleep(0)
    for receipt in sink.receipts:
        if not receipt.done():
            receipt.set_result(None)
    with pytest.raises(LinkLost, match="not every record"):
        await box.settled(VirtualClock())


async def test_the_handover_has_a_bound() -> None:
    box = Handover(Slow())
    for _ in range(LIMIT + WINDOW + 1):
        box.put(reading())
    assert box.overflowed
    with pytest.raises(LinkLost, match="the store does not keep up"):
        await box.settled(VirtualClock())
