"""A bond that the device has lost: named within three tries, however it shows; a device under another's address."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bleak.exc import BleakDBusError, BleakError

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock
from gateway.core.health import Colour
from gateway.radio import Severity
from gateway.radio.bumble.client import BleakClientBumble
from gateway.radio.bumble.keys import KeyFile
from gateway.radio.rest import SUSPECTED_S
from gateway.radio.visits.bonds import TRIES
from tests.gateway.radio.room import CUFF, Room, RoomMaker, local, successes

pytestmark = pytest.mark.slow
ADAPTER = "00:1B:DC:F0:00:01"


async def paired_cuff(room: Room) -> BloodPressureCuff:
    cuff = BloodPressureCuff(room.air, clock=DeviceClock(local("09:58:00")))
    await cuff.power_on()
    await cuff.pairing_mode()
    async with room.running():
        async with asyncio.timeout(30):
            await cuff.pairing_finished.wait()
    room.hci.clear()
    return cuff


def faults(room: Room) -> list[str]:
    return [words for _, words, severity in room.heard.states if severity is Severity.FAULT]


async def test_a_link_that_ends_with_the_encryption_three_times_is_a_stale_bond(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        before = cuff.connections
        async with room.running() as radio:
            assert (radio.stale_bonds(), radio.device_problems()) == ({}, [])
            cuff.controller.hangs_up_on_encryption = True
            await cuff.record(successes(1)[0])
            await room.heard.until(lambda: faults(room), within=60)
            assert cuff.connections - before == TRIES == 3
            await cuff.call()
            await asyncio.sleep(120)
            assert cuff.connections - before == TRIES, "stops retrying"
            [words] = faults(room)
            assert "3 times in a row it has let go of the connection" in words
            assert "it has probably lost our key" in words
            assert "huoma device pair-again" in words
            health = room.health.parts()["radio"]
            assert (health.colour, words in health.reason) == (Colour.AMBER, True)
            assert radio.stale_bonds() == {CUFF: words}
            assert radio.device_problems() == [words]
            assert set(KeyFile(room.keys, now=room.clock.wall).peers(ADAPTER)) == {CUFF}, "never removed by itself"
            assert room.pairing_pdus() == 0

            # New batteries: it answers again, and nobody has to do anything.
            cuff.controller.hangs_up_on_encryption = False
            await asyncio.sleep(1.25 * SUSPECTED_S)
            await cuff.call()
            await room.heard.until(lambda: room.heard.readings)
            await room.heard.until(lambda: room.health.parts()["radio"].colour is Colour.GREEN)
            assert radio.stale_bonds() == {}


async def test_two_drops_and_an_answer_are_no_stale_bond(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        async with room.running():
            for number, frame in enumerate(successes(4)):
                cuff.controller.hangs_up_on_encryption = True
                before = cuff.connections
                await cuff.record(frame)
                await room.heard.until(lambda: cuff.connections == before + 2, within=30)  # noqa: B023
                cuff.controller.hangs_up_on_encryption = False
                await room.heard.until(lambda: len(room.heard.readings) == number + 1, within=30)  # noqa: B023
    assert faults(room) == []


@pytest.mark.parametrize(
    "error",
    [
        BleakDBusError("org.bluez.Error.Failed", ["br-connection-canceled"]),
        BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]),
        BleakError("failed to discover services, device disconnected"),
        TimeoutError(),
    ],
)
async def test_what_other_hosts_call_it_is_named_within_three_tries(
    room_with: RoomMaker, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        tries: list[float] = []

        async def connect(_client: Any, pair: bool, **_unused: Any) -> None:
            tries.append(room.clock.monotonic())
            raise error

        monkeypatch.setattr(BleakClientBumble, "connect", connect)
        async with room.running():
            await cuff.record(successes(1)[0])
            await asyncio.sleep(120)
        assert len(tries) == 3
        assert "it has probably lost our key" in faults(room)[0]


async def test_time_outs_of_a_device_that_is_hardly_heard_are_none_of_the_bonds(
    room_with: RoomMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        cuff.controller.rssi_dbm = -92
        tries: list[float] = []

        async def connect(_client: Any, pair: bool, **_unused: Any) -> None:
            tries.append(room.clock.monotonic())
            raise TimeoutError

        monkeypatch.setattr(BleakClientBumble, "connect", connect)
        async with room.running():
            await cuff.record(successes(1)[0])
            await asyncio.sleep(120)
        assert len(tries) > 4
    assert faults(room) == []


async def test_a_device_without_a_bond_that_drops_is_no_stale_bond(
    room_with: RoomMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.pairing_mode()

        async def connect(_client: Any, pair: bool, **_unused: Any) -> None:
            raise BleakError("disconnected")

        monkeypatch.setattr(BleakClientBumble, "connect", connect)
        async with room.running():
            await asyncio.sleep(120)
    assert faults(room) == []


async def test_a_stale_bond_is_known_after_the_radio_was_started_anew(room_with: RoomMaker) -> None:
    """A dongle pulled, bluetoothd gone: `run` ends and is called again; what technicians were told stays."""
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        await cuff.lose_bonds()
        radio = room.radio()
        for _ in range(3):
            async with asyncio.TaskGroup() as group:
                running = group.create_task(radio.run())
                await cuff.record(successes(1)[0])
                await asyncio.sleep(30)
                assert room.health.parts()["radio"].colour is Colour.AMBER
                assert "is stale" in room.health.parts()["radio"].reason
                running.cancel()
    assert len(faults(room)) == 1, "said once"
    assert cuff.pairings == 1


async def test_another_device_under_a_bonded_address_gives_nothing(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        await cuff.power_off()
        # It claims the address and the name, asks for no encryption at all, and pairs with anybody.
        impostor = BloodPressureCuff(room.air, records=successes(2))
        await impostor.power_on()
        for attribute in impostor.device.gatt_server.attributes:
            attribute.permissions &= ~(
                attribute.READ_REQUIRES_ENCRYPTION
                | attribute.WRITE_REQUIRES_ENCRYPTION
                | attribute.READ_REQUIRES_AUTHENTICATION
                | attribute.WRITE_REQUIRES_AUTHENTICATION
            )
        async with room.running():
            await impostor.pairing_mode()
            await asyncio.sleep(120)
        assert room.heard.readings == []
        assert room.heard.devices[1:] == [], "it was not even asked who it is"
        assert impostor.pairings == 0
        assert room.pairing_pdus() == 0
        [words] = faults(room)
        assert "or another one uses its address" in words
        assert set(KeyFile(room.keys, now=room.clock.wall).peers(ADAPTER)) == {CUFF}


async def test_a_device_taken_out_of_use_needs_no_new_bond(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        await cuff.lose_bonds()
        async with room.running():
            await cuff.record(successes(1)[0])
            await room.heard.until(lambda: room.health.parts()["radio"].colour is Colour.AMBER)
            room.book.withdraw(CUFF)
            await room.heard.until(lambda: room.health.parts()["radio"].colour is Colour.GREEN, within=5)
