"""The A&D cuff through the whole radio: pairing, records, faults."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.motion import Person
from device_drivers.virtual.polar_h10 import HeartRateStrap
from firmware_profiles import Catalogue
from gateway.core.errors import StoreError
from gateway.core.health import Colour
from tests.gateway.radio.room import CUFF, STRAP, Room, RoomMaker, local, successes

pytestmark = pytest.mark.slow  # a room with pairing takes 0.1 to 0.4 s


async def paired_cuff(room: Room, **options: Any) -> BloodPressureCuff:
    """A cuff that a first run of the gateway has paired; the gateway is stopped again."""
    cuff = BloodPressureCuff(room.air, clock=DeviceClock(local("09:58:00")), **options)
    await cuff.power_on()
    await cuff.pairing_mode()
    async with room.running():
        async with asyncio.timeout(30):
            await cuff.pairing_finished.wait()
    return cuff


async def test_pairs_then_a_measurement_arrives_once(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air, clock=DeviceClock(local("09:58:00")))
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: room.heard.said("paired"))
            frame = await cuff.measure(systolic=128, diastolic=82, pulse=71)
            await room.heard.until(lambda: cuff.confirmed and cuff.connection is None)
        [received] = room.heard.readings
    assert cuff.confirmed == [frame]
    assert received.reading.raw == frame
    assert received.reading.values[Quantity.SYSTOLIC] == 128
    assert received.device.identity == "serial:A&D:5160100734"
    assert received.device.profile_id == "a-and-d/ua-651ble"
    assert received.device.information.battery_percent == 100
    assert received.device.adapter == "00:1B:DC:F0:00:01"
    assert received.device.simulated


async def test_the_clock_is_measured_then_set_and_verified(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        assert cuff.clock is not None
        assert abs((cuff.clock.now() - room.local_now()).total_seconds()) < 1.5  # it was two minutes late
        cuff.clock.lag(600)
        async with room.running():
            await cuff.measure(systolic=120, diastolic=80, pulse=60)
            await room.heard.until(lambda: room.heard.readings)
    clock = room.heard.readings[0].clock
    assert clock is not None
    assert clock.offset_s == pytest.approx(-600, abs=1.5)
    assert clock.was_set
    assert cuff.clock.writes == 2


async def test_an_unsynchronised_gateway_sets_no_clock(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        room.clock.is_synchronised = False
        cuff = await paired_cuff(room)
        async with room.running():
            await cuff.measure(systolic=120, diastolic=80, pulse=60)
            await room.heard.until(lambda: room.heard.readings)
    [received] = room.heard.readings
    assert cuff.clock is not None
    assert cuff.clock.writes == 0
    assert received.clock is not None
    assert received.clock.offset_s == pytest.approx(-120, abs=1.5)
    assert not received.clock.was_set
    assert not received.synchronised


async def test_a_gateway_that_does_not_finish_the_pairing_loses_the_bond(room_with: RoomMaker) -> None:
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.client(cuff) as client:
            await client.pair()
            assert await cuff.bonds.get_all()
            room.air.link.drop(cuff.controller)
            await asyncio.sleep(0.1)
        assert not await cuff.bonds.get_all()
        assert cuff.accepts_pairing


async def test_drop_between_indications_every_record_arrives_once(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        frames = successes(8)
        cuff.records.extend(frames)

        async def drop_at_the_third(_received: object) -> None:
            if len(room.heard.readings) == 2 and not dropped:
                dropped.append(True)
                room.air.link.drop(cuff.controller)

        dropped: list[bool] = []
        room.heard.before_commit = drop_at_the_third
        async with room.running():
            await cuff.call()
            await room.heard.until(lambda: len(cuff.confirmed) == 8)
    # The third was committed and its confirmation lost with the link: the cuff sends it again, and ingest knows it.
    assert cuff.confirmed == frames
    assert room.heard.frames() == [*frames[:3], *frames[2:]]
    assert cuff.connections == 3


async def test_a_lost_confirmation_brings_the_same_frame_again(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        [frame] = successes(1)
        cuff.records.append(frame)
        lost: list[bytes] = []

        def lose_first_confirmation(_sender: object, receiver: object, pdu: bytes) -> bool:
            if receiver is cuff.controller and pdu[2:5] == b"\x04\x00\x1e" and not lost:
                lost.append(pdu)
                asyncio.get_running_loop().call_later(0.3, room.air.link.drop, cuff.controller)
                return False
            return True

        room.air.link.acl_filter = lose_first_confirmation
        async with room.running():
            await cuff.call()
            await room.heard.until(lambda: cuff.confirmed)
    assert room.heard.frames() == [frame, frame]
    assert cuff.confirmed == [frame]


async def test_the_confirmation_waits_for_the_commit(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        cuff.records.extend(successes(1))
        may_commit = asyncio.Event()
        asked = asyncio.Event()

        async def slow_store(_received: object) -> None:
            asked.set()
            await may_commit.wait()

        room.heard.before_commit = slow_store
        async with room.running():
            await cuff.call()
            await asked.wait()
            await asyncio.sleep(10)
            assert cuff.confirmed == []
            may_commit.set()
            await room.heard.until(lambda: room.heard.readings)
            await asyncio.sleep(0.1)
            assert len(cuff.confirmed) == 1


async def test_what_cannot_be_stored_is_not_confirmed_and_comes_again(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        frames = successes(2)
        cuff.records.extend(frames)
        refusals: list[object] = []

        async def disk_full_at_first(received: object) -> None:
            if not refusals:
                refusals.append(received)
                raise StoreError("The disk is full: make room.")

        room.heard.before_commit = disk_full_at_first
        async with room.running():
            await cuff.call()
            await room.heard.until(lambda: len(cuff.confirmed) == 2)
    assert room.heard.frames() == frames
    assert room.heard.said("The disk is full: make room.")


async def test_walking_away_in_mid_session_is_tried_again(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        frames = successes(3)
        cuff.records.extend(frames)
        room.air.link.acl_filter = room.walk_away_at_first_read(cuff)
        async with room.running():
            await cuff.call()
            await room.heard.until(lambda: room.heard.said("trying again"))
            room.air.link.come_back(cuff.controller)
            await cuff.call()
            await room.heard.until(lambda: len(cuff.confirmed) == 3)
    assert room.heard.frames() == frames


async def test_somebody_elses_cuff_is_never_connected_to(room_with: RoomMaker) -> None:
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air, records=successes(2))
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running() as radio:
            await asyncio.sleep(15)
            [seen] = radio.seen()
            assert (seen.address, seen.model, seen.state) == (CUFF, "A&D UA-651BLE", "heard")
            assert cuff.connections == 0
            room.book.assign(CUFF)
            await room.heard.until(lambda: len(room.heard.readings) == 2)


async def test_withdrawn_in_mid_stream_nothing_more_arrives(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        cuff.records.extend(successes(5))

        async def withdraw(_received: object) -> None:
            if len(room.heard.readings) == 1:
                room.book.withdraw(CUFF)
                await asyncio.sleep(5)  # withdrawn meanwhile: the session is ended

        room.heard.before_commit = withdraw
        async with room.running():
            await cuff.call()
            await asyncio.sleep(20)
    assert len(room.heard.readings) == 1
    assert len(cuff.records) == 4


async def test_without_its_profile_the_cuff_is_served_as_generic(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        generic = Catalogue(profiles=tuple(one for one in room.catalogue.profiles if one.generic))
        room.catalogue = generic
        cuff = BloodPressureCuff(room.air, clock=DeviceClock(local("09:58:00")))
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running() as radio:
            async with asyncio.timeout(60):
                await cuff.pairing_finished.wait()
            await cuff.measure(systolic=131, diastolic=79, pulse=66)
            await room.heard.until(lambda: room.heard.readings)
            assert radio.seen()[0].model == "generic"
    [received] = room.heard.readings
    assert received.reading.kind is Kind.BLOOD_PRESSURE
    assert received.device.profile_id == "generic/sig"
    assert received.device.model == "UA-651BLE"


async def test_without_any_profile_it_is_unknown_and_nothing_connects(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        room.catalogue = Catalogue(profiles=())
        cuff = BloodPressureCuff(room.air, records=successes(1))
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running() as radio:
            await asyncio.sleep(20)
            [seen] = radio.seen()
    assert (seen.model, seen.profile_id, seen.name) == ("unknown", None, "A&D_UA-651BLE_5D3F1A")
    assert cuff.connections == 0
    assert room.health.parts()["radio"].colour is Colour.GREEN


async def test_what_nobody_thought_of_rests_this_device_and_touches_no_other(room_with: RoomMaker) -> None:
    async with room_with(CUFF, STRAP) as room:
        cuff = await paired_cuff(room)
        strap = HeartRateStrap(room.air, motion=Person(seed=1, fall_after_s=None))
        await strap.power_on()
        await strap.wear()

        async def stumble(received: object) -> None:
            if getattr(received, "reading").kind is Kind.BLOOD_PRESSURE:  # noqa: B009  # the hook takes any object
                raise OverflowError("date value out of range")

        room.heard.before_commit = stumble
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            await cuff.measure(systolic=128, diastolic=82, pulse=71)
            await room.heard.until(lambda: room.heard.said("could not be handled (OverflowError)"))
            heard = len(room.heard.motions)
            await room.heard.until(lambda: len(room.heard.motions) > heard + 20)
        assert strap.connections == 1, "the strap was cut off with it"
        assert strap.starts == 1
        assert not cuff.confirmed, "the cuff keeps the record"
