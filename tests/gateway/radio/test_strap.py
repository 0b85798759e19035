"""The Polar H10 through the whole radio: exact samples, in order, at every rate."""

from __future__ import annotations

import asyncio
import math

import numpy as np
import pytest

from device_drivers.nomenclature import Quantity
from device_drivers.sessions import SESSIONS, PolarPmd
from device_drivers.virtual.polar_h10 import SAMPLES_PER_PACKET, ArraySource, HeartRateStrap
from tests.gateway.radio.room import STRAP, Room, RoomMaker

pytestmark = pytest.mark.slow


def motion_beyond_full_scale(count: int) -> np.ndarray:
    """Every sample different, some beyond ±8 g, in whole mg."""
    rng = np.random.default_rng(7)
    samples = np.rint(rng.normal(0.0, 3.0, (count, 3)) * 1000) / 1000
    samples[::50] = (9.5, -12.0, 8.001)
    return samples


async def worn(room: Room, samples: np.ndarray) -> HeartRateStrap:
    strap = HeartRateStrap(room.air, motion=ArraySource(samples))
    await strap.power_on()
    await strap.wear()
    return strap


def heard_samples(room: Room) -> int:
    return sum(len(motion.samples) for _, motion, _ in room.heard.motions)


@pytest.mark.parametrize("rate_hz", [200, 50, 25])
async def test_exact_samples_in_order_clipped_at_8_g(room_with: RoomMaker, rate_hz: int) -> None:
    count = 8 * rate_hz
    sent = motion_beyond_full_scale(count)
    async with room_with(STRAP) as room:
        strap = await worn(room, sent)
        async with room.running(sessions={**SESSIONS, "polar-pmd": PolarPmd(rate_hz=rate_hz)}):
            await room.heard.until(lambda: heard_samples(room) >= count)
            assert strap.streaming == rate_hz
        await asyncio.sleep(1)
        assert (strap.starts, strap.stops) == (1, 1)
        assert not strap.streaming
    motions = [motion for _, motion, _ in room.heard.motions]
    heard = np.concatenate([motion.samples for motion in motions])[:count]
    np.testing.assert_array_equal(heard, np.clip(sent, -8.0, 8.0).astype(np.float32))
    assert heard.dtype == np.float32
    assert {(motion.rate_hz, motion.clipping_g) for motion in motions} == {(float(rate_hz), 8.0)}
    assert {len(motion.samples) for motion in motions} == {SAMPLES_PER_PACKET}
    stamps = [motion.last_sample_ns for motion in motions if motion.last_sample_ns is not None]
    assert np.allclose(np.diff(stamps), SAMPLES_PER_PACKET / rate_hz * 1e9, atol=1)
    moments = [at for _, _, at in room.heard.motions]
    assert np.allclose(np.diff(moments), SAMPLES_PER_PACKET / rate_hz, atol=0.01)


async def test_equal_heart_rates_are_readings_of_their_own(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room:
        await worn(room, np.zeros((1, 3)))
        async with room.running():
            await room.heard.until(lambda: len(room.heard.readings) >= 3)
    rates = [received.reading.values[Quantity.HEART_RATE] for received in room.heard.readings[:3]]
    assert rates == [72.0, 72.0, 72.0]
    assert {received.device.record_identity for received in room.heard.readings} == {"reception"}
    moments = [received.received_monotonic for received in room.heard.readings[:3]]
    assert np.allclose(np.diff(moments), 1.0, atol=0.05)


async def test_lost_packets_leave_a_gap_in_the_stamps_and_nothing_else(room_with: RoomMaker) -> None:
    sent = motion_beyond_full_scale(50 * 10)
    async with room_with(STRAP) as room:
        strap = await worn(room, sent)
        strap.lose = frozenset({3, 4})
        async with room.running():
            await room.heard.until(lambda: len(room.heard.motions) >= 8)
    motions = [motion for _, motion, _ in room.heard.motions][:8]
    stamps = [motion.last_sample_ns for motion in motions if motion.last_sample_ns is not None]
    steps = np.rint(np.diff(stamps) / (SAMPLES_PER_PACKET / 50 * 1e9)).astype(int).tolist()
    assert steps == [1, 1, 3, 1, 1, 1, 1]
    after = motions[3].samples
    np.testing.assert_array_equal(after, np.clip(sent[5 * 36 : 6 * 36], -8, 8).astype(np.float32))


async def test_the_stream_comes_back_after_a_drop(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room:
        strap = await worn(room, motion_beyond_full_scale(50 * 30))
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            room.air.link.drop(strap.controller)
            count = len(room.heard.motions)
            await room.heard.until(lambda: len(room.heard.motions) > count + 2, within=10)
    assert strap.starts == 2


async def test_a_stream_left_running_is_restarted_at_our_rate(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room:
        strap = await worn(room, motion_beyond_full_scale(50 * 30))
        strap.keeps_streaming = True  # as after a gateway that died without stopping it
        async with room.running(sessions={"polar-pmd": PolarPmd(rate_hz=200)}):
            await room.heard.until(lambda: room.heard.motions)
            room.air.link.drop(strap.controller)
            await room.heard.until(lambda: strap.starts == 2, within=20)
        await asyncio.sleep(1)
        assert strap.stops == 2  # the one left running, and ours on the way out


def test_packets_fill_the_mtu() -> None:
    assert SAMPLES_PER_PACKET == math.floor((232 - 3 - 10) / 6) == 36
