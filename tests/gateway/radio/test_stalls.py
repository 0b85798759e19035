"""Devices that connect and do not answer, or call and are not reached: the others are heard all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest
from bleak.exc import BleakError

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.broadcasters import Button
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from gateway.radio.bluez.scan import QUIET_S, BleakScannerBlueZ, Scans
from gateway.radio.bumble.turns import Turns
from tests.gateway.radio.room import STRAP, Room, RoomMaker
from tests.virtual_time import VirtualClock

PENDANT = "7C:C6:B6:57:DA:84"
CUFFS = tuple(f"5C:31:3E:00:00:{n:02X}" for n in range(1, 6))
SCAN_ENABLE = b"\x01\x0c\x20"


async def cuffs_in(room: Room, addresses: Sequence[str]) -> list[BloodPressureCuff]:
    cuffs = [BloodPressureCuff(room.air, address=address) for address in addresses]
    for cuff in cuffs:
        await cuff.power_on()
    return cuffs


def never_answer(room: Room, cuffs: Sequence[BloodPressureCuff]) -> None:
    """They can be connected to; no attribute request reaches them."""
    stalled = {cuff.controller for cuff in cuffs}
    room.air.link.acl_filter = lambda _sender, receiver, pdu: not (receiver in stalled and pdu[2:4] == b"\x04\x00")


@asynccontextmanager
async def calling(cuffs: Sequence[BloodPressureCuff]) -> AsyncIterator[None]:
    """Each calls whenever nobody is connected to it."""

    async def call(cuff: BloodPressureCuff) -> None:
        while True:
            if cuff.connection is None:
                await cuff.call()
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call(cuff)) for cuff in cuffs]
        yield
        for task in tasks:
            task.cancel()


async def strap_in(room: Room) -> HeartRateStrap:
    strap = HeartRateStrap(room.air, motion=ArraySource(np.zeros((20_000, 3))))
    await strap.power_on()
    await strap.wear()
    return strap


async def strap_is_back_after(room: Room, strap: HeartRateStrap) -> float:
    room.air.link.drop(strap.controller)
    heard, began = len(room.heard.motions), room.clock.monotonic()
    await room.heard.until(lambda: len(room.heard.motions) > heard, within=300)
    return room.clock.monotonic() - began


@pytest.mark.slow
async def test_the_scan_goes_on_while_a_device_is_waited_for_that_does_not_answer(room_with: RoomMaker) -> None:
    async with room_with(CUFFS[0], PENDANT) as room:
        off: list[float] = []
        stopped: list[float] = []

        def observe(packet: bytes, from_host: bool) -> None:
            if not (from_host and packet.startswith(SCAN_ENABLE)):
                return
            if not packet[4]:
                stopped[:] = [room.clock.monotonic()]
            elif stopped:
                off.append(room.clock.monotonic() - stopped.pop())

        room.dongle._observer = observe
        [cuff] = await cuffs_in(room, CUFFS[:1])
        never_answer(room, [cuff])
        pendant = Button(room.air, address=PENDANT)
        await pendant.power_on()
        async with room.running(), calling([cuff]):
            for _ in range(12):
                await asyncio.sleep(10)
                await pendant.press(seconds=1.0)
            await asyncio.sleep(5)
        assert cuff.connections >= 3
        assert max(off) <= 1.0
        assert len(room.heard.presses) == 12


@pytest.mark.slow
async def test_a_strap_comes_back_at_once_beside_cuffs_that_do_not_answer(room_with: RoomMaker) -> None:
    async with room_with(STRAP, *CUFFS) as room:
        cuffs = await cuffs_in(room, CUFFS)
        never_answer(room, cuffs)
        strap = await strap_in(room)
        async with room.running(), calling(cuffs):
            await room.heard.until(lambda: room.heard.motions)
            waits = []
            for _ in range(6):
                await asyncio.sleep(20)
                waits.append(await strap_is_back_after(room, strap))
            assert min(cuff.connections for cuff in cuffs) >= 1
        assert max(waits) <= 10, waits


@pytest.mark.slow
async def test_a_strap_waits_for_one_cuff_that_is_not_reached_and_not_for_five(room_with: RoomMaker) -> None:
    async with room_with(STRAP, PENDANT, *CUFFS) as room:
        cuffs = await cuffs_in(room, CUFFS)
        strap = await strap_in(room)
        pendant = Button(room.air, address=PENDANT)
        await pendant.power_on()
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)

            def unreachable(packet: bytes, from_host: bool) -> None:
                if from_host and packet.startswith(b"\x01\x0d\x20") and STRAP not in _peer(packet):
                    room.air.link.out_of_range.update(cuff.controller for cuff in cuffs)

            room.dongle._observer = unreachable
            for cuff in cuffs:
                await cuff.call()
            await asyncio.sleep(1)
            assert await strap_is_back_after(room, strap) <= 10
            await pendant.press(seconds=7.0)
            await room.heard.until(lambda: room.heard.presses, within=8)


def _peer(packet: bytes) -> str:
    """Of an LE Create Connection command."""
    return ":".join(f"{octet:02X}" for octet in reversed(packet[10:16]))


async def test_whoever_is_in_a_hurry_has_the_next_turn() -> None:
    turns, order = Turns(), []

    async def take(name: str, *, first: bool = False) -> None:
        async with turns.turn(first=first):
            order.append(name)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as group:
        for name in ("one", "two", "three", "given up"):
            last = group.create_task(take(name))
        group.create_task(take("strap", first=True))
        await asyncio.sleep(0.5)
        last.cancel()
    assert order == ["one", "strap", "two", "three"]


async def test_a_turn_that_was_given_to_one_who_is_cancelled_goes_on() -> None:
    turns = Turns()
    taken = asyncio.Event()

    async def take() -> None:
        async with turns.turn():
            taken.set()

    async with asyncio.TaskGroup() as group:
        async with turns.turn():
            unlucky = group.create_task(take())
            await asyncio.sleep(0)
        unlucky.cancel()  # in the same moment
        await asyncio.sleep(0)
        assert not taken.is_set()
        async with asyncio.timeout(1):
            await take()


class _Switch(BleakScannerBlueZ):
    """Notes when it was switched."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.switched: list[tuple[float, bool]] = []

    async def resume(self) -> None:
        self.switched.append((self.clock.monotonic(), True))

    async def pause(self) -> None:
        self.switched.append((self.clock.monotonic(), False))


async def test_bluez_scans_again_although_one_connection_after_the_other_is_awaited() -> None:
    clock = VirtualClock()
    scans = Scans(clock, broken=_never)
    scanner = _Switch(clock)
    await scans.begin(scanner)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(scans.rest(begun=asyncio.Event(), until=asyncio.Event()))
            await asyncio.sleep(3)
    times = scanner.switched
    rests = [on - off for (off, _), (on, _) in zip(times[1::2], times[2::2], strict=True)]
    assert len(rests) >= 2
    assert max(rests) <= QUIET_S


def _never(why: str) -> None:
    raise BleakError(why)
