"""Sensors, scales and pendants that only advertise, in a virtual room: over the air, through the radio, to the sink."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Pattern, Press
from device_drivers.virtual.broadcasters import Button, MiScale, RoomSensor
from device_drivers.virtual.device_clock import DeviceClock
from gateway.core.errors import StoreError
from gateway.core.health import Colour
from gateway.ingest.received import KnownDevice, Received
from gateway.radio import Severity
from gateway.radio.broadcast.queues import READINGS_LIMIT
from gateway.radio.broadcast.troubles import PART
from tests.gateway.radio.room import Room, RoomMaker, local

PENDANT = "7C:C6:B6:57:DA:84"
SENSOR = "54:48:E6:8F:80:A5"
SCALE = "5C:CA:D3:70:D4:A2"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")


def now() -> float:
    return asyncio.get_running_loop().time()


def with_key(room: Room, address: str, *, entered: str = "first") -> None:
    room.book.remembered[address] = {"bind-key": KEY.hex(), "replay-counter": "", "key-entered": entered}


async def pendant_in(room: Room, **options: Any) -> Button:
    pendant = Button(room.air, address=PENDANT, **options)
    await pendant.power_on()
    return pendant


async def another_press(room: Room, count: int) -> None:
    await room.heard.until(lambda: len(room.heard.presses) > count, within=1.0)


def patterns(room: Room) -> list[Pattern]:
    return [press.pattern for _, press, _ in room.heard.presses]


async def test_each_press_is_told_once_and_at_once_however_often_it_is_repeated(room_with: RoomMaker) -> None:
    async with room_with(PENDANT) as room, room.running():
        pendant = await pendant_in(room)
        await asyncio.sleep(5)
        for event in (0x01, 0x02, 0x03, 0x04, 0x80, 0xFE, 0x00):
            pressed, count = now(), len(room.heard.presses)
            await pendant.press(event)
            if event:
                await another_press(room, count)
                assert room.heard.presses[-1][2] - pressed < 0.5
            await asyncio.sleep(10)
        expected = [Pattern.PRESS, Pattern.DOUBLE_PRESS, Pattern.TRIPLE_PRESS, Pattern.LONG_PRESS]
        assert patterns(room) == [*expected, Pattern.HOLD, Pattern.HOLD]
        assert {device.model for device, _, _ in room.heard.presses} == {"BLU Button1"}
        assert room.heard.devices[-1].information.battery_percent == 100
        assert pendant.connections == 0


async def test_encrypted_presses_come_once_even_when_each_repeat_has_its_own_counter(room_with: RoomMaker) -> None:
    async with room_with(PENDANT) as room, room.running():
        with_key(room, PENDANT)
        pendant = await pendant_in(room, bind_key=KEY, counts_repeats=True)
        await pendant.press()
        await asyncio.sleep(8)
        await pendant.press(0x80)
        await asyncio.sleep(8)
        assert patterns(room) == [Pattern.PRESS, Pattern.HOLD]
        assert len(pendant.sent) > 10  # each under its own counter
        assert int(room.book.remembered[PENDANT]["replay-counter"]) > 2


async def test_a_recording_is_no_call_also_after_a_restart(room_with: RoomMaker) -> None:
    async with room_with(PENDANT) as room:
        with_key(room, PENDANT)
        async with room.running():
            pendant = await pendant_in(room, bind_key=KEY)
            recorded = await pendant.press()
            await asyncio.sleep(5)
            last = await pendant.press()
            await asyncio.sleep(5)
            await pendant.burst(recorded)  # within its two minutes: a late repeat
            await asyncio.sleep(5)
            assert patterns(room) == [Pattern.PRESS] * 2
        async with room.running():
            await pendant.burst(last)
            await asyncio.sleep(5)
            assert patterns(room) == [Pattern.PRESS] * 2
            await pendant.burst(recorded)
            await asyncio.sleep(5)
            # An older one cannot be told from a new battery: handed on with its doubt, and said.
            assert [press.doubt is None for _, press, _ in room.heard.presses] == [True, True, False]
            assert room.heard.said("lower number")
            assert room.health.parts()[PART].colour is Colour.RED


async def test_after_a_change_of_the_battery_the_key_is_entered_again(room_with: RoomMaker) -> None:
    async with room_with(PENDANT) as room, room.running():
        with_key(room, PENDANT)
        pendant = await pendant_in(room, bind_key=KEY)
        for _ in range(3):
            await pendant.press()
            await asyncio.sleep(5)
        await pendant.lose_bonds()
        await asyncio.sleep(200)
        await pendant.press()
        await asyncio.sleep(5)
        assert [press.doubt is None for _, press, _ in room.heard.presses] == [True] * 3 + [False]
        with_key(room, PENDANT, entered="again")
        room.book.assign(PENDANT)
        await pendant.press()
        await asyncio.sleep(5)
        assert room.heard.presses[-1][1].doubt is None
        assert room.health.parts()[PART].colour is Colour.GREEN


@pytest.mark.parametrize(
    ("entered", "sends", "words"),
    [
        (None, KEY, f"needs its bind key: 'huoma device key {PENDANT}'"),
        (KEY, bytes(16), "its bind key does not open"),
        (KEY, None, "was not encrypted although"),
    ],
)
async def test_what_cannot_be_believed_is_said_once_and_shown_red(
    room_with: RoomMaker, entered: bytes | None, sends: bytes | None, words: str
) -> None:
    async with room_with(PENDANT) as room, room.running():
        if entered is not None:
            with_key(room, PENDANT)
        pendant = await pendant_in(room, bind_key=sends)
        for _ in range(3):
            await pendant.press()
            await asyncio.sleep(10)
        said = [sentence for _, sentence, severity in room.heard.states if severity is Severity.FAULT]
        assert len(said) == 1
        assert words in said[0]
        assert KEY.hex() not in said[0]
        assert room.health.parts()[PART].colour is Colour.RED
        assert words in room.health.parts()[PART].reason
        doubts = [press.doubt for _, press, _ in room.heard.presses]
        assert doubts == ([] if sends is not None else ["it was not encrypted as it should be"] * 3)


async def test_presses_wait_until_the_store_takes_them_over_a_restart_of_the_radio(room_with: RoomMaker) -> None:
    async with room_with(PENDANT) as room:
        taken, until = room.heard.press, now() + 60
        refused: list[float] = []

        async def refuse(device: KnownDevice, press: Press, at_monotonic: float) -> None:
            if now() < until:
                refused.append(now())
                raise StoreError("the disk is full")
            await taken(device, press, at_monotonic)

        room.heard.press = refuse  # type: ignore[method-assign]
        radio = room.radio()
        pendant = await pendant_in(room)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(radio.run())
            await asyncio.sleep(1)
            pressed = now()
            for event in (0x01, 0x01, 0x80, 0x01, 0x03):
                await pendant.press(event)
                await asyncio.sleep(6)
            task.cancel()
        assert len(refused) > 30
        async with asyncio.TaskGroup() as group:
            task = group.create_task(radio.run())
            await room.heard.until(lambda: len(room.heard.presses) == 3, within=40)
            task.cancel()
        # Alike ones wait as one, the first.
        assert patterns(room) == [Pattern.PRESS, Pattern.HOLD, Pattern.TRIPLE_PRESS]
        assert until <= now() < until + 1.5
        assert room.heard.presses[0][2] - pressed < 0.5


async def test_a_neighbours_button_is_handed_on_and_its_sensor_is_not(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running():
        pendant, sensor = await pendant_in(room), RoomSensor(room.air, address=SENSOR)
        await sensor.power_on()
        await sensor.measure(celsius=21.5, humidity=40)
        await pendant.press()
        await asyncio.sleep(8)
        assert patterns(room) == [Pattern.PRESS]  # what it means is decided where it is known whose it was
        assert room.heard.readings == []
        assert room.heard.devices == []


async def test_a_rooms_climate_is_kept_once_a_minute_and_its_counter_too(room_with: RoomMaker) -> None:
    async with room_with(SENSOR) as room, room.running():
        with_key(room, SENSOR)
        sensor = RoomSensor(room.air, address=SENSOR, bind_key=KEY)
        await sensor.power_on()
        for number in range(30):
            await sensor.measure(celsius=20 + number / 10, humidity=40)
            await asyncio.sleep(10)
        kinds = [received.reading.kind for received in room.heard.readings]
        assert kinds.count(Kind.BATTERY) == 1
        assert kinds.count(Kind.ROOM_CLIMATE) == 5
        first = room.heard.readings[kinds.index(Kind.ROOM_CLIMATE)].reading
        assert first.values == {Quantity.ROOM_TEMPERATURE: 20.0, Quantity.HUMIDITY: 40.0}
        assert 20 < int(room.book.remembered[SENSOR]["replay-counter"]) <= 30


async def test_a_weighing_is_one_reading_with_its_impedance(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room, room.running():
        scale = MiScale(room.air, address=SCALE, clock=DeviceClock(local("10:00:00")))
        await scale.power_on()
        await scale.weigh(72.45, ohm=503)
        await asyncio.sleep(60)
        await scale.weigh(72.45, ohm=499)
        await asyncio.sleep(60)
        assert [received.reading.values for received in room.heard.readings] == [
            {Quantity.WEIGHT: 72.45, Quantity.IMPEDANCE: 503.0},
            {Quantity.WEIGHT: 72.45, Quantity.IMPEDANCE: 499.0},
        ]
        clock = room.heard.readings[0].clock
        assert clock is not None
        assert abs(clock.offset_s) < 15


@pytest.mark.parametrize("version", [1, 2])
async def test_a_weighing_in_shoes_is_one_reading_and_a_clock_never_set_is_no_time(
    room_with: RoomMaker, version: int
) -> None:
    async with room_with(SCALE) as room, room.running():
        scale = MiScale(room.air, address=SCALE, version=version)
        await scale.power_on()
        await scale.weigh(81.5)
        await asyncio.sleep(200)
        await scale.weigh(81.5)
        await asyncio.sleep(60)
        assert [received.reading.values for received in room.heard.readings] == [{Quantity.WEIGHT: 81.5}] * 2
        assert {received.reading.time for received in room.heard.readings} == {None}
        assert {received.clock for received in room.heard.readings} == {None}


async def test_a_scale_that_goes_silent_before_it_is_done_loses_nothing(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room, room.running():
        scale = MiScale(room.air, address=SCALE, clock=DeviceClock(local("10:00:00")))
        await scale.power_on()
        await scale.burst(scale.frame(64.0, stable=True), seconds=1)
        await asyncio.sleep(15)
        assert room.heard.readings == []  # its impedance may yet come
        await asyncio.sleep(10)
        assert [received.reading.values for received in room.heard.readings] == [{Quantity.WEIGHT: 64.0}]


async def test_a_store_that_takes_nothing_costs_rooms_before_people(room_with: RoomMaker) -> None:
    async with room_with(SENSOR, SCALE) as room:
        gate = asyncio.Event()

        async def wait(_received: Received) -> None:
            await gate.wait()

        room.heard.before_commit = wait
        radio = room.radio()
        queue = radio._broadcasts.readings
        async with asyncio.TaskGroup() as group:
            task = group.create_task(radio.run())
            scale = MiScale(room.air, address=SCALE, version=1)
            sensor = RoomSensor(room.air, address=SENSOR)
            await scale.power_on()
            await sensor.power_on()
            await scale.burst(scale.frame(70.0, stable=True), seconds=1)
            for number in range(READINGS_LIMIT + 20):
                await sensor.measure(celsius=number / 10, humidity=40)
                await asyncio.sleep(61)
            assert queue.dropped > 10
            assert queue.lost == 0
            gate.set()
            await asyncio.sleep(5)
            task.cancel()
        assert len(room.heard.readings) == READINGS_LIMIT
        assert room.heard.readings[0].reading.kind is Kind.WEIGHT
        assert room.heard.readings[-1].reading.values[Quantity.ROOM_TEMPERATURE] == (READINGS_LIMIT + 19) / 10


async def test_a_frame_that_is_none_is_kept_once_each(room_with: RoomMaker) -> None:
    async with room_with(SCALE) as room, room.running():
        scale = MiScale(room.air, address=SCALE)
        await scale.power_on()
        await scale.burst(b"\x02\x24\x00")
        await asyncio.sleep(5)
        assert room.heard.undecoded == [b"\x02\x24\x00"]


async def test_a_press_while_the_button_is_being_recorded_is_a_call(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running() as radio:
        pendant = await pendant_in(room)
        await pendant.show(pendant.frame(b""))
        async with radio.capture(PENDANT):
            room.book.assign(PENDANT)
            await pendant.press(0x80)
            await another_press(room, 0)
        assert patterns(room) == [Pattern.HOLD]
