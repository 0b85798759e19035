"""Devices that forgive nothing: with their profile they give their records, without it they do not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from device_drivers.nomenclature import Quantity
from device_drivers.virtual.and_medical import ImpatientCuff
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.standard import OddBeurerCuff
from firmware_profiles import NO_QUIRKS, Catalogue
from tests.gateway.radio.room import Room, RoomMaker, local

pytestmark = pytest.mark.slow  # a room with pairing takes 0.1 to 0.4 s

ADDRESS = "A4:C1:38:85:00:01"


def without_quirks(room: Room, profile_id: str) -> Catalogue:
    return Catalogue(
        profiles=tuple(
            replace(one, quirks=NO_QUIRKS) if one.id == profile_id else one for one in room.catalogue.profiles
        )
    )


async def test_a_cuff_that_is_deaf_at_first_is_given_its_time(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        cuff = OddBeurerCuff(room.air, clock=DeviceClock(local("09:00:00")), address=ADDRESS)
        await cuff.power_on()
        frame = await cuff.measure(systolic=106, diastolic=71, pulse=63)
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: cuff.confirmed)
        assert room.heard.frames() == [frame]
        values = room.heard.readings[0].reading.values
        assert (values[Quantity.SYSTOLIC], values[Quantity.DIASTOLIC], values[Quantity.PULSE_RATE]) == (106, 71, 63)
        assert room.heard.readings[0].reading.user_slot == 0


async def test_without_the_pause_it_hears_nothing(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        room.catalogue = without_quirks(room, "beurer/bm85")
        cuff = OddBeurerCuff(room.air, clock=DeviceClock(local("09:00:00")), address=ADDRESS)
        await cuff.power_on()
        await cuff.measure(systolic=106, diastolic=71, pulse=63)
        await cuff.pairing_mode()
        async with room.running():
            await asyncio.sleep(25)
        assert not room.heard.readings
        assert not cuff.confirmed


async def test_five_seconds_are_enough(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        cuff = ImpatientCuff(room.air, clock=DeviceClock(local("09:00:00")), address=ADDRESS)
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(cuff.pairing_finished.is_set)
            sent = [await cuff.measure(systolic=120 + n, diastolic=80, pulse=60) for n in range(3)]
            await room.heard.until(lambda: len(cuff.confirmed) == 3)
        assert room.heard.frames() == sent, "oldest first"


async def test_without_a_time_to_give_it_is_given_its_own(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        room.clock.is_synchronised = False
        cuff = ImpatientCuff(room.air, clock=DeviceClock(local("09:00:00")), address=ADDRESS)
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(cuff.pairing_finished.is_set)
            frame = await cuff.measure(systolic=120, diastolic=80, pulse=60)
            await room.heard.until(lambda: cuff.confirmed)
        [received] = room.heard.readings
        assert received.reading.raw == frame
        assert cuff.clock is not None
        assert cuff.clock.writes
        late_s = (room.local_now() - cuff.clock.now()).total_seconds()
    assert late_s == pytest.approx(3600, abs=3), "it keeps its time, to the second for each connection"
    assert received.clock is not None
    assert received.clock.offset_s == pytest.approx(-3600, abs=3)
    assert not received.clock.was_set
    assert not received.synchronised


async def test_a_gateway_that_dawdles_is_hung_up_on(room_with: RoomMaker) -> None:
    async with room_with(ADDRESS) as room:
        dawdling = without_quirks(room, "a-and-d/ua-656ble")
        room.catalogue = Catalogue(
            profiles=tuple(
                replace(one, quirks=replace(NO_QUIRKS, settle_ms=5000)) if one.id == "a-and-d/ua-656ble" else one
                for one in dawdling.profiles
            )
        )
        cuff = ImpatientCuff(room.air, clock=DeviceClock(local("09:00:00")), address=ADDRESS)
        await cuff.power_on()
        await cuff.measure(systolic=120, diastolic=80, pulse=60)
        await cuff.pairing_mode()
        async with room.running():
            await asyncio.sleep(30)
        assert not cuff.confirmed
