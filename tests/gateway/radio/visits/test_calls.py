"""Who is connected to, and how often: calls that are worth it, a budget, and memory between visits."""

from __future__ import annotations

import asyncio
import random
from datetime import tzinfo

import pytest

from device_drivers.advertising import Advert, Call
from device_drivers.readings import DeviceInformation
from device_drivers.sessions import End, Link, Memory, SessionClock, SessionResult, Sink
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.peripheral import GENERAL_DISCOVERABLE
from firmware_profiles import Profile
from gateway.radio.rest import BUDGET, BUDGET_S, FIRST_PAUSE_S, Rest
from tests.gateway.radio.room import CUFF, RoomMaker

DAY_S = 86_400.0


def has_nothing(_advert: Advert, _profile: Profile) -> Call:
    return Call(waiting=0)


async def brings_nothing(
    link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
) -> SessionResult:
    count = int(memory.get("visits") or "0") + 1
    await memory.keep({"visits": str(count)})
    await link.disconnect()
    return SessionResult(information=DeviceInformation(), clock=None, readings=0, end=End.NOTHING_MORE)


@pytest.mark.slow
async def test_a_device_that_says_it_has_nothing_is_visited_once_a_day(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        waiting = [0]

        def tells(_advert: Advert, _profile: Profile) -> Call:
            return Call(waiting=waiting[0])

        async with room.running(sessions={"sig": brings_nothing}, callers={"sig": tells}) as radio:
            for _hour in range(49):
                await cuff.advertise(flags=GENERAL_DISCOVERABLE)
                await asyncio.sleep(5)
                await cuff.fall_silent()
                await asyncio.sleep(3595)
            assert cuff.connections == 3
            assert radio.seen()[0].call == Call(waiting=0)
            waiting[0] = 2
            await cuff.advertise(flags=GENERAL_DISCOVERABLE)
            await room.heard.until(lambda: cuff.connections == 4)
    assert room.book.remembered[CUFF] == {"visits": "4"}, "each visit knows what the last one kept"


@pytest.mark.slow
async def test_a_device_that_calls_for_ever_and_brings_nothing_has_a_budget(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        async with room.running(sessions={"sig": brings_nothing}):
            for _ in range(240):  # every quarter of a minute it calls for a second
                if cuff.connection is None:
                    await cuff.advertise(flags=GENERAL_DISCOVERABLE)
                await asyncio.sleep(1)
                await cuff.fall_silent()
                await asyncio.sleep(14)
            assert BUDGET - 5 <= cuff.connections <= BUDGET


def test_the_budget_is_per_hour_and_what_brought_something_is_free() -> None:
    rng, rest, now = random.Random(4), Rest(), 0.0
    moments = []
    while now < 3 * BUDGET_S:
        moments.append(now)
        rest.succeeded(now, rng, readings=0)
        now = rest.until
    for start in moments:
        assert sum(start <= moment < start + BUDGET_S for moment in moments) <= BUDGET
    free, now = Rest(), 0.0
    for _ in range(3 * BUDGET):
        free.succeeded(now, rng, readings=1)
        assert free.until - now <= 1.25
        now = free.until


def test_a_link_lost_after_it_brought_something_begins_the_series_anew() -> None:
    rng, rest = random.Random(4), Rest()
    for _ in range(6):
        last = rest.failed(0.0, rng)
    assert last >= 0.75 * FIRST_PAUSE_S * 2**5
    assert rest.failed(0.0, rng, brought=True) <= 1.25 * FIRST_PAUSE_S
