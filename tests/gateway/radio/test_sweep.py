"""The same fault at every moment of a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff
from gateway.core.errors import RadioUnavailable
from gateway.radio.bumble.host import BumbleHost
from tests.gateway.radio.room import CUFF, Room, RoomMaker, successes

pytestmark = pytest.mark.slow
MOMENTS_MS = [
    0,
    1,
    2,
    5,
    10,
    20,
    40,
    60,
    80,
    90,
    95,
    100,
    101,
    102,
    105,
    110,
    120,
    140,
    141,
    142,
    145,
    160,
    200,
    400,
    700,
]
FRAMES = successes(6)


@asynccontextmanager
async def calling_cuff(room: Room) -> AsyncIterator[BloodPressureCuff]:
    """Paired, with six records, silent."""
    cuff = BloodPressureCuff(room.air)
    await cuff.power_on()
    await cuff.pairing_mode()
    async with room.running():
        async with asyncio.timeout(30):
            await cuff.pairing_finished.wait()
    cuff.records.extend(FRAMES)
    yield cuff


def each_once_in_order(frames: list[bytes]) -> None:
    """What ingest keeps, when it knows a record by its own time stamp."""
    assert list(dict.fromkeys(frames)) == FRAMES


@pytest.mark.parametrize("after_ms", MOMENTS_MS)
@pytest.mark.parametrize("fault", ["drop", "walk-away", "two-drops"])
async def test_every_record_survives_a_lost_link(room_with: RoomMaker, fault: str, after_ms: int) -> None:
    async with room_with(CUFF) as room, calling_cuff(room) as cuff, room.running():
        await cuff.call()
        await asyncio.sleep(after_ms / 1000)
        if fault == "walk-away":
            room.air.link.walk_away(cuff.controller)
            await asyncio.sleep(20)
            room.air.link.come_back(cuff.controller)
        else:
            room.air.link.drop(cuff.controller)
        if fault == "two-drops":
            await asyncio.sleep(2.5)
            room.air.link.drop(cuff.controller)
        await cuff.call()
        await room.heard.until(lambda: not cuff.records)
    each_once_in_order(room.heard.frames())
    assert cuff.confirmed == FRAMES
    assert len(room.heard.readings) <= len(FRAMES) + 2  # at most one repetition for each link that was lost


@pytest.mark.parametrize("after_ms", MOMENTS_MS)
async def test_every_record_survives_a_gateway_that_is_restarted(room_with: RoomMaker, after_ms: int) -> None:
    async with room_with(CUFF) as room, calling_cuff(room) as cuff:
        async with room.running():
            await cuff.call()
            await asyncio.sleep(after_ms / 1000)
        async with room.running():
            await cuff.call()
            await room.heard.until(lambda: not cuff.records)
    each_once_in_order(room.heard.frames())


@pytest.mark.parametrize("after_ms", MOMENTS_MS)
@pytest.mark.parametrize("hung", [False, True])
async def test_a_dongle_that_goes_away_is_one_sentence(room_with: RoomMaker, after_ms: int, hung: bool) -> None:
    async with room_with(CUFF) as room, calling_cuff(room) as cuff:
        transports: list[Any] = []

        async def opener() -> Any:
            transports.append(await room.dongle.open())
            return transports[-1]

        host = BumbleHost(opener, keys=room.keys, clock=room.clock, simulated=True)
        room.host = lambda: host  # type: ignore[method-assign]

        async def pull() -> None:
            await cuff.call()
            await asyncio.sleep(after_ms / 1000)
            if hung:
                room.dongle.controller.hung = True
                await asyncio.sleep(5)
            transports[0].pull()

        async with asyncio.TaskGroup() as group:
            group.create_task(pull())
            with pytest.raises(RadioUnavailable):
                async with asyncio.timeout(300):
                    await room.radio().run()
        room.dongle.controller.hung = False
        async with room.running():
            await cuff.call()
            await room.heard.until(lambda: not cuff.records)
    each_once_in_order(room.heard.frames())
