"""Each virtual device through the whole radio: paired, measured once, and what it measured arrived."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from device_drivers.broadcasts import BROADCASTS
from device_drivers.payloads import MQTT
from device_drivers.virtual.catalogue import STRANGERS, TWINS, TwinMaker
from firmware_profiles import load
from tests.gateway.radio.room import RoomMaker

pytestmark = pytest.mark.slow  # a room with pairing takes 0.1 to 0.4 s

ADDRESS = "C4:64:E3:00:00:17"
MOTION_ONLY = {"movesense/sensor"}


@pytest.mark.parametrize("profile_id", [*TWINS, "stranger"])
async def test_paired_and_measured(profile_id: str, room_with: RoomMaker) -> None:
    maker: TwinMaker = TWINS.get(profile_id) or STRANGERS["oximeter"]
    async with room_with(ADDRESS) as room:
        twin = maker(room.air, address=ADDRESS, now=room.local_now() - timedelta(minutes=3))
        await twin.power_on()
        await twin.pairing_mode()
        async with room.running() as radio:
            await room.heard.until(lambda: twin.connections)
            await asyncio.sleep(3)
            await twin.measure_something()
            await room.heard.until(lambda: room.heard.motions if profile_id in MOTION_ONLY else room.heard.readings)
            [seen] = radio.seen()
    expected = profile_id if profile_id in TWINS else "generic/sig"
    assert seen.profile_id == expected
    assert not room.heard.undecoded
    for received in room.heard.readings:
        assert not received.reading.failed
        assert received.device.profile_id == expected
    profile = load().get(expected)
    assert profile is not None
    assert {str(one.reading.kind) for one in room.heard.readings} <= set(profile.kinds)


def test_every_profile_that_is_connected_to_has_a_twin() -> None:
    others = {*BROADCASTS, MQTT}
    assert {profile.id for profile in load().profiles if profile.driver not in others} == set(TWINS)
