"""Wearables and the finger oximeter through the whole radio: what was moved and measured is what arrived."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.virtual.movesense_sensor import MovesenseSensor
from device_drivers.virtual.nonin_oximeter import SETTLES_AFTER, FingerOximeter
from device_drivers.virtual.polar_armband import OH1, VeritySense, compress
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from tests.gateway.radio.room import Room, RoomMaker

pytestmark = pytest.mark.slow  # a room takes 0.1 to 0.4 s

ADDRESS = "A0:9E:1A:00:00:52"


def moved(seconds: float, rate_hz: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A motion that no two samples share: (n, 3), g."""
    rng = np.random.default_rng(52)
    steps = rng.normal(0.0, 0.4, (round(seconds * rate_hz), 3))
    return np.clip(np.cumsum(steps, axis=0) * 0.3 + [0.0, -1.0, 0.0], -7.9, 7.9)


def heard(room: Room) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.concatenate([motion.samples for _, motion, _ in room.heard.motions]).astype(np.float64)


@pytest.mark.parametrize("kind", [VeritySense, OH1])
async def test_compressed_acceleration_arrives_as_it_was_moved(
    kind: type[HeartRateStrap], room_with: RoomMaker
) -> None:
    motion = moved(5, 52)
    async with room_with(ADDRESS) as room:
        band = kind(room.air, motion=ArraySource(motion), address=ADDRESS)
        await band.power_on()
        await band.wear()
        async with room.running():
            await room.heard.until(lambda: len(room.heard.motions) >= 9 and room.heard.readings)
            assert band.streaming == 52
        arrived = heard(room)
        assert np.abs(arrived - motion[: len(arrived)]).max() <= 0.001
        assert {m.rate_hz for _, m, _ in room.heard.motions} == {52.0}
        assert {m.clipping_g for _, m, _ in room.heard.motions} == {8.0}
        stamps = [m.last_sample_ns for _, m, _ in room.heard.motions]
        assert all(stamp is not None for stamp in stamps)
        assert np.diff(np.array(stamps, np.int64)) == pytest.approx(24 / 52 * 1e9, rel=1e-6)
        assert room.heard.readings[0].reading.kind is Kind.HEART_RATE
        assert not room.heard.undecoded
        assert band.stops == 1, "it streams on, into the void"


async def test_an_armband_left_streaming_is_stopped_and_started_anew(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        band = VeritySense(room.air, motion=ArraySource(moved(20, 52)), address=ADDRESS)
        await band.power_on()
        band.streaming = 52  # by a gateway that died
        await band.wear()
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
        assert band.stops == 2
        assert band.starts == 1


def test_a_compressed_block_by_hand() -> None:
    samples = np.array([[1, -2, 1000], [2, -3, 1003]], np.int64)
    # The reference; then 3 bits, one difference: 1, -1 and 3 are 100, 111 and 110 from the lowest bit on.
    assert compress(samples).hex() == "0100feffe803" + "0301" + "f900"


async def test_movesense_streams_and_is_unsubscribed(room_with: RoomMaker) -> None:
    motion = moved(5, 52)
    async with room_with(ADDRESS) as room:
        sensor = MovesenseSensor(room.air, motion=ArraySource(motion), address=ADDRESS)
        await sensor.power_on()
        await sensor.wear()
        async with room.running():
            await room.heard.until(lambda: len(room.heard.motions) >= 20)
            assert sensor.streaming == 52
        arrived = heard(room)
        assert np.abs(arrived - motion[: len(arrived)]).max() < 1e-5
        assert [command[:2].hex() for command in sensor.commands] == ["0163", "0263"]
        assert sensor.commands[0][2:] == b"/Meas/Acc/52"
        assert sensor.streaming is None


async def test_a_sensor_that_does_not_know_the_rate_says_so(room_with: RoomMaker, monkeypatch: Any) -> None:
    monkeypatch.setattr("device_drivers.virtual.movesense_sensor.RATES_HZ", (13,))
    async with room_with(ADDRESS) as room:
        sensor = MovesenseSensor(room.air, motion=ArraySource(moved(1, 52)), address=ADDRESS)
        await sensor.power_on()
        await sensor.wear()
        async with room.running():
            await room.heard.until(lambda: room.heard.said("no acceleration at 52 Hz (404)"))


async def oximeter_in(room: Room) -> FingerOximeter:
    oximeter = FingerOximeter(room.air, address=ADDRESS)
    await oximeter.power_on()
    await oximeter.measure(spo2=94, pulse=71)
    await oximeter.pairing_mode()
    return oximeter


async def test_the_value_that_is_vouched_for_is_taken_once(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        oximeter = await oximeter_in(room)
        told_before_commit: list[int] = []

        async def slowly(_received: object) -> None:
            await asyncio.sleep(2)
            told_before_commit.append(oximeter.completed)

        room.heard.before_commit = slowly
        async with room.running():
            await room.heard.until(lambda: oximeter.completed and oximeter.connection is None)
        [received] = room.heard.readings
        assert received.reading.values[Quantity.SPO2] == 94
        assert received.reading.values[Quantity.OXIMETER_PULSE_RATE] == 71
        assert "smart-point" in received.reading.flags
        assert received.reading.sequence == SETTLES_AFTER
        assert told_before_commit == [0], "told that it was taken before it was"


async def test_cold_fingers_give_the_last_value_marked(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        oximeter = await oximeter_in(room)
        oximeter.settles = False
        async with room.running():
            await room.heard.until(lambda: len(oximeter.sent) == 8)
            oximeter.take_finger_out()
            await room.heard.until(lambda: room.heard.readings)
        [received] = room.heard.readings
        assert received.reading.values[Quantity.SPO2] == 94
        assert "no-smart-point" in received.reading.flags
        assert oximeter.completed == 0


async def test_without_a_finger_there_is_no_number(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        oximeter = await oximeter_in(room)
        oximeter.take_finger_out()
        async with room.running():
            await room.heard.until(lambda: oximeter.sent and oximeter.connection is None)
            await asyncio.sleep(5)
        assert not room.heard.readings
        assert not room.heard.undecoded
