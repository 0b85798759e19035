"""Bonds: kept over restarts, damaged only loudly, stale ones said in words and not stormed."""

from __future__ import annotations

import asyncio
import json
import stat
from typing import Any

import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock
from gateway.core.health import Colour
from gateway.radio import Severity
from gateway.radio.bumble.keys import KeyFile
from gateway.radio.host import BondError
from tests.gateway.radio.room import CUFF, Room, RoomMaker, local, scan_for, successes

pytestmark = pytest.mark.slow

PRESSURE = "00002a35-0000-1000-8000-00805f9b34fb"
CLOCK = "00002a08-0000-1000-8000-00805f9b34fb"
CONFIGURATION = "00002902-0000-1000-8000-00805f9b34fb"
ADAPTER = "00:1B:DC:F0:00:01"


async def paired_cuff(room: Room) -> BloodPressureCuff:
    cuff = BloodPressureCuff(room.air, clock=DeviceClock(local("09:58:00")))
    await cuff.power_on()
    await cuff.pairing_mode()
    async with room.running():
        async with asyncio.timeout(30):
            await cuff.pairing_finished.wait()
    return cuff


def flip_stored_key(room: Room) -> None:
    """Other bits in the key, and a checksum that fits: as if the device and we had never agreed."""
    file = KeyFile(room.keys, now=room.clock.wall)
    keys: dict[str, Any] = json.loads(json.dumps(file.peers(ADAPTER)[CUFF]))
    value = bytearray.fromhex(keys["ltk"]["value"])
    value[3] ^= 0x10
    keys["ltk"]["value"] = value.hex()
    file.put(ADAPTER, CUFF, keys)


async def test_an_unencrypted_subscription_is_refused(room_with: RoomMaker) -> None:
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air, records=successes(1))
        await cuff.power_on()
        await cuff.call()
        async with room.adapter() as adapter:
            device = await scan_for(adapter, CUFF)
            client = adapter.client(device, closed=lambda _client: None, may_pair=False)
            await client.connect()
            with pytest.raises(BondError):
                await client.start_notify(PRESSURE, lambda _characteristic, _frame: None)
            # And without any help from the backend: the raw request gets ATT error 0x0F.
            [connection] = adapter.device.connections.values()
            attribute = client.services.get_characteristic(PRESSURE)
            assert attribute is not None
            descriptor = attribute.get_descriptor(CONFIGURATION)
            assert descriptor is not None
            for handle, data in ((descriptor.handle, b"\x02\x00"), (handle_of(client, CLOCK), bytes(7))):
                with pytest.raises(Exception, match="ENCRYPTION") as refused:
                    await connection.gatt_client.write_value(handle, data, with_response=True)
                assert getattr(refused.value, "error_code", None) == 0x0F
            await asyncio.sleep(5)
        assert cuff.confirmed == []
        assert room.pairing_pdus() == 0


def handle_of(client: Any, uuid: str) -> int:
    return int(client.services.get_characteristic(uuid).handle)


async def test_a_restarted_gateway_uses_the_stored_key(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        assert room.pairing_pdus() > 0
        room.hci.clear()
        frames = successes(3)
        for frame in frames:
            async with room.running():  # a new gateway each time, on the same file
                await cuff.record(frame)
                await room.heard.until(lambda: not cuff.records and cuff.connection is None)
        assert room.pairing_pdus() == 0
    assert room.heard.frames() == frames
    assert cuff.pairings == 1
    assert stat.S_IMODE(room.keys.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["bits", "half", "empty", "other"])
async def test_a_damaged_file_is_said_and_kept_and_nobody_is_paired(room_with: RoomMaker, damage: str) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        raw = room.keys.read_bytes()
        spoiled = {
            "bits": raw.replace(b'"value": "', b'"value": "00', 1),
            "half": raw[: len(raw) // 2],
            "empty": b"",
            "other": b'{"version": 1}',
        }[damage]
        room.keys.write_bytes(spoiled)
        room.hci.clear()
        for _ in range(2):  # the sentence survives a restart
            async with room.running():
                await cuff.record(successes(1)[0])
                await room.heard.until(lambda: room.heard.said("damaged"))
                health = room.health.parts()["radio"]
            room.heard.states.clear()
            assert health.colour is Colour.AMBER
            assert "The file of Bluetooth bonds was damaged" in health.reason
            assert "pair every device again" in health.reason
        [kept] = room.keys.parent.glob("bonds.json.damaged-*")
        assert kept.read_bytes() == spoiled
        assert str(kept) in health.reason
        assert room.pairing_pdus() == 0
        assert room.heard.readings == []

        # The technician: reads it, holds START until "Pr", and has the cuff paired again.
        await cuff.pairing_mode()
        cuff.pairing_finished.clear()
        async with room.running() as radio:
            await asyncio.sleep(1)
            radio.accept_damaged_bonds()
            await radio.pair_again(CUFF)
            await room.heard.until(lambda: len(cuff.confirmed) == 2)
            assert room.health.parts()["radio"].colour is Colour.GREEN


async def test_a_wrong_key_is_a_stale_bond_and_no_storm(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        flip_stored_key(room)
        room.hci.clear()
        await stale_bond_is_said_once(room, cuff)


async def test_a_bond_lost_on_the_cuff_is_a_stale_bond_and_no_storm(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        await cuff.lose_bonds()
        room.hci.clear()
        await stale_bond_is_said_once(room, cuff)

        # Never removed silently, and mended by a technician's act.
        assert CUFF in KeyFile(room.keys, now=room.clock.wall).peers(ADAPTER)
        await cuff.pairing_mode()
        async with room.running() as radio:
            await asyncio.sleep(1)
            await radio.pair_again(CUFF)
            await room.heard.until(lambda: cuff.confirmed)
    assert len(room.heard.readings) == 1


async def test_told_to_pair_while_it_calls_it_is_tried_until_it_is_in_pairing_mode(room_with: RoomMaker) -> None:
    """The technician speaks first and holds the button a minute later: no hour passes in between."""
    async with room_with(CUFF) as room:
        cuff = await paired_cuff(room)
        await cuff.lose_bonds()
        cuff.accepts_pairing = False
        await cuff.record(successes(1)[0])

        def asked() -> list[str]:
            return [words for _, words, _ in room.heard.states if "Put it into pairing mode" in words]

        async with room.running() as radio:
            await asyncio.sleep(1)
            await radio.pair_again(CUFF)
            await room.heard.until(lambda: asked())
            await asyncio.sleep(60)
            began = room.clock.monotonic()
            await cuff.pairing_mode()
            await room.heard.until(lambda: len(room.heard.readings) == 1)
            assert room.clock.monotonic() - began < 30
            assert room.health.parts()["radio"].colour is Colour.GREEN
        assert len(asked()) == 1


async def stale_bond_is_said_once(room: Room, cuff: BloodPressureCuff) -> None:
    before = cuff.connections
    async with room.running():
        await cuff.record(successes(1)[0])
        await asyncio.sleep(20)
        health = room.health.parts()["radio"]
    faults = [words for _, words, severity in room.heard.states if severity is Severity.FAULT]
    assert len(faults) == 1
    assert "A&D_UA-651BLE_5D3F1A (5C:31:3E:5D:3F:1A): the stored bond" in faults[0]
    assert "is stale" in faults[0]
    assert "Pair it again" in faults[0]
    assert health.colour is Colour.AMBER
    assert faults[0] in health.reason
    assert cuff.connections - before == 1
    assert room.pairing_pdus() == 0
    assert room.heard.readings == []


async def test_a_cuff_that_takes_no_new_gateway_is_said(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air, records=successes(1))
        await cuff.power_on()
        await cuff.call()  # it calls the gateway of somebody who has moved out
        async with room.running():
            await room.heard.until(lambda: room.heard.states)
            await asyncio.sleep(15)
    assert room.heard.said("takes no new gateway now")
    assert room.heard.said("put it into pairing mode")
    assert cuff.connections == 1


async def test_a_bond_that_cannot_be_saved_is_no_bond(room_with: RoomMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running():

            def full(_descriptor: int) -> None:
                raise OSError(28, "No space left on device")

            monkeypatch.setattr("gateway.radio.bumble.keys.os.fsync", full)
            await room.heard.until(lambda: room.heard.said("No space left on device"))
    assert KeyFile(room.keys, now=room.clock.wall).peers(ADAPTER) == {}
