"""R14, the side of the sessions: two hundred of them with everything that goes wrong on the way; each reading once.

A record may arrive twice, as its confirmation was lost; that it is one and the same is told by the identity that ingest
gives it. So here: what arrived, by identity, is exactly what was measured.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.catalogue import TWINS
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.glucose_meter import GlucoseMeter
from device_drivers.virtual.omron_cuff import OmronCuff
from device_drivers.virtual.peripheral import VirtualPeripheral
from device_drivers.virtual.recorder import Recorder
from device_drivers.virtual.standard import BeurerCuff
from gateway.core.errors import StoreError
from gateway.ingest.identity import identify
from tests.gateway.radio.room import Room, RoomMaker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

ADDRESS = "C4:64:E3:00:00:14"
SESSIONS_EACH = 50
DEVICES = ("a-and-d/ua-651ble", "beurer/bm57", "roche/accu-chek-guide", "omron/bp5250")
FAULTS = ("none", "drop", "lost-confirmation", "stall", "walk-away", "repeat", "whole-history", "disk-full", "restart")


class Trouble:
    """One fault of one session."""

    def __init__(self, room: Room, device: VirtualPeripheral, fault: str, rng: random.Random) -> None:
        self.room = room
        self.device = device
        self.fault = fault
        self.at = rng.randint(1, 3)  # commit or confirmation at which it strikes
        self.commits = 0
        self.struck = asyncio.Event()
        room.heard.before_commit = self.before_commit
        room.air.link.acl_filter = self.may_pass if fault in ("lost-confirmation", "stall", "walk-away") else None

    async def before_commit(self, _received: object) -> None:
        self.commits += 1
        if self.commits != self.at or self.struck.is_set():
            return
        if self.fault == "drop":
            self.struck.set()
            self.room.air.link.drop(self.device.controller)
        elif self.fault == "disk-full":
            self.struck.set()
            raise StoreError("The disk is full: make room.")
        elif self.fault == "restart":
            self.struck.set()

    def may_pass(self, _sender: object, receiver: object, pdu: bytes) -> bool:
        """From the gateway to the device: confirmations (1e), and requests at which somebody walks away."""
        if receiver is not self.device.controller or pdu[2:4] != b"\x04\x00":
            return True
        if self.struck.is_set():
            return self.fault != "stall"
        if pdu[4:5] != (b"\x0a" if self.fault == "walk-away" else b"\x1e"):
            return True
        self.struck.set()
        link, loop = self.room.air.link, asyncio.get_running_loop()
        if self.fault == "walk-away":
            link.walk_away(self.device.controller)
            loop.call_later(3.0, link.come_back, self.device.controller)
        else:
            loop.call_later(0.3 if self.fault == "lost-confirmation" else 20.0, self.over)
        return False

    def over(self) -> None:
        self.room.air.link.acl_filter = None
        self.room.air.link.drop(self.device.controller)


def ids(room: Room) -> list[str]:
    return [
        identify(one.device.identity, one.device.record_identity, one.reading, arrival=str(number)).id
        for number, one in enumerate(room.heard.readings)
    ]


async def again(device: VirtualPeripheral, history: list[bytes], fault: str) -> None:
    """The device believes that nobody has what it sent last, or anything at all."""
    if isinstance(device, Recorder):
        device.records.extendleft(reversed(history[-1:] if fault == "repeat" else history[-20:]))


def forgotten(room: Room, fault: str) -> None:
    """The gateway believes so: for devices that are asked by number."""
    if fault == "whole-history":
        room.book.remembered.pop(ADDRESS, None)


@pytest.mark.parametrize("profile_id", DEVICES)
async def test_each_reading_once(profile_id: str, room_with: RoomMaker) -> None:
    rng = random.Random(profile_id)  # the same faults in every run
    async with room_with(ADDRESS) as room:
        device: Any = TWINS[profile_id](room.air, address=ADDRESS, now=room.local_now() - timedelta(minutes=1))
        await device.power_on()
        await device.pairing_mode()
        async with room.running():
            await room.heard.until(device.pairing_finished.is_set)
        history: list[bytes] = []
        for session in range(SESSIONS_EACH):
            fault = FAULTS[session % len(FAULTS)]
            await again(device, history, fault) if fault in ("repeat", "whole-history") else None
            forgotten(room, fault)
            for _ in range(rng.randint(1, 4)):
                device.clock.lag(-61)
                history.append(await measured(device, len(history)))
            trouble = Trouble(room, device, fault, rng)
            await until_all_arrived(room, device, trouble, len(history))
        room.air.link.acl_filter = None
        arrived = ids(room)
    assert set(room.heard.frames()) == set(history)
    assert len(set(arrived)) == len(history)
    assert not room.heard.undecoded


async def measured(device: Any, number: int) -> bytes:
    """Somebody measures what nobody has measured before (the clock is set anew on each connection); the frame."""
    if isinstance(device, GlucoseMeter):
        return (await device.measure(4.0 + number % 90 / 10)).measurement
    frame: bytes = await device.measure(systolic=110 + number % 60, diastolic=60 + number // 60, pulse=70)
    return frame


async def until_all_arrived(room: Room, device: Any, trouble: Trouble, wanted: int) -> None:
    """The gateway runs; with the fault "restart" it is ended in the middle and begins anew."""

    def there() -> bool:
        return len(set(room.heard.frames())) >= wanted and device.connection is None

    if trouble.fault == "restart":
        async with room.running():
            await room.heard.until(lambda: trouble.struck.is_set() or there())
        trouble.fault = "none"
    async with room.running():
        await device.call()
        await room.heard.until(there, within=600)


async def test_a_bond_that_the_device_lost_is_named_within_three_tries(room_with: RoomMaker) -> None:
    makers: dict[type[VirtualPeripheral], Callable[[Room], VirtualPeripheral]] = {
        BloodPressureCuff: lambda room: BloodPressureCuff(
            room.air, clock=DeviceClock(room.local_now()), address=ADDRESS
        ),
        BeurerCuff: lambda room: BeurerCuff(room.air, clock=DeviceClock(room.local_now()), address=ADDRESS),
        GlucoseMeter: lambda room: GlucoseMeter(room.air, clock=DeviceClock(room.local_now()), address=ADDRESS),
        OmronCuff: lambda room: OmronCuff(room.air, clock=DeviceClock(room.local_now()), address=ADDRESS),
    }
    for maker in makers.values():
        async with room_with(ADDRESS) as room:
            room.keys.unlink(missing_ok=True)
            device: Any = maker(room)
            await device.power_on()
            await device.pairing_mode()
            async with room.running():
                await room.heard.until(device.pairing_finished.is_set)
            await device.lose_bonds()
            before = device.connections
            measure: Callable[[], Awaitable[None]] = device.measure_something
            await measure()
            async with room.running():
                await room.heard.until(lambda: room.heard.said("is stale"), within=600)
            assert device.connections - before <= 3
            assert not room.heard.readings, "nothing of a device that may be another's"
