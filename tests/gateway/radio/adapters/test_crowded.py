"""More devices that stream than an adapter holds connections to."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from gateway.core.health import Colour
from gateway.radio.adapters.station import LINKS_LIMIT
from tests.gateway.radio.room import CUFF, RoomMaker, successes

STRAPS = tuple(f"A0:9E:1A:00:00:{n:02X}" for n in range(1, LINKS_LIMIT + 1))


@pytest.mark.slow
async def test_straps_leave_room_for_a_cuff_and_who_finds_none_is_named(room_with: RoomMaker) -> None:
    async with room_with(CUFF, *STRAPS) as room:
        straps = [HeartRateStrap(room.air, address=one, motion=ArraySource(np.zeros((2_000, 3)))) for one in STRAPS]
        for strap in straps:
            await strap.power_on()
            await strap.wear()
        cuff = BloodPressureCuff(room.air, records=successes(1))
        await cuff.power_on()
        async with room.running() as radio:
            await asyncio.sleep(20)
            assert radio.adapters()[0].links == LINKS_LIMIT - 1
            await cuff.pairing_mode()
            await room.heard.until(lambda: room.heard.readings, within=20)
            await room.heard.until(lambda: room.heard.said("plug in a second adapter"), within=70)
            [left_out] = [strap for strap in straps if strap.connection is None]
            health = room.health.parts()["radio"]
            assert health.colour is Colour.AMBER
            assert left_out.address in health.reason
            assert sum("second adapter" in words for _, words, _ in room.heard.states) == 1
            room.book.withdraw(next(strap.address for strap in straps if strap is not left_out))
            await room.heard.until(lambda: left_out.connection is not None, within=30)
            await asyncio.sleep(1)
            assert room.health.parts()["radio"].colour is Colour.GREEN
