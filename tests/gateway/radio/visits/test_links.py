"""Connecting: the scan meanwhile, devices out of range, names that come late, adverts, bleak's errors as ours."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError
from bumble import hci

from device_drivers.errors import BondLost, DeviceRefused, LinkLost
from device_drivers.sessions import Link
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.peripheral import GENERAL_DISCOVERABLE
from gateway.radio.host import BondError
from gateway.radio.visits.link import BleakLink
from tests.gateway.radio.room import CUFF, RoomMaker, scan_for, successes

SCAN_ENABLE, CREATE_CONNECTION = b"\x01\x0c\x20", b"\x01\x0d\x20"
MODEL = "00002a24-0000-1000-8000-00805f9b34fb"
OTHER = "5C:31:3E:00:00:02"


async def test_the_scan_rests_while_connecting(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running():
            async with asyncio.timeout(20):
                await cuff.pairing_finished.wait()
    steps = [
        "connect" if packet.startswith(CREATE_CONNECTION) else "on" if packet[4] else "off"
        for packet in room.hci
        if packet.startswith((SCAN_ENABLE, CREATE_CONNECTION))
    ]
    assert steps[:4] == ["on", "off", "connect", "on"]


async def test_a_device_out_of_range_does_not_block_the_next(room_with: RoomMaker) -> None:
    async with room_with() as room:
        gone, here = BloodPressureCuff(room.air), BloodPressureCuff(room.air, address=OTHER)
        for cuff in (gone, here):
            await cuff.power_on()
            await cuff.call()
        async with room.adapter() as adapter:
            far, near = await scan_for(adapter, CUFF), await scan_for(adapter, OTHER)
            room.air.link.out_of_range.add(gone.controller)
            with pytest.raises(LinkLost, match="did not answer in time"):
                async with BleakLink(adapter, far, may_pair=False):
                    pass
            async with BleakLink(adapter, near, may_pair=False) as link:
                assert (await link.read(MODEL)) == b"UA-651BLE"
        assert gone.connections == 0


async def test_a_hung_device_is_given_up(room_with: RoomMaker) -> None:
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.call()
        async with room.adapter() as adapter:
            device = await scan_for(adapter, CUFF)
            async with BleakLink(adapter, device, may_pair=False) as link:
                cuff.controller.hung = True
                with pytest.raises(LinkLost):
                    await link.read(MODEL)


async def test_a_name_that_comes_late_is_waited_for(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air, records=successes(1))
        await cuff.power_on()
        await cuff.pairing_mode()
        advertiser = cuff.controller.le_legacy_advertiser
        name, advertiser.scan_response_data = advertiser.scan_response_data, b""
        async with room.running():
            await asyncio.sleep(1)
            assert cuff.connections == 0
            advertiser.scan_response_data = name
            await room.heard.until(lambda: room.heard.readings)
    assert {device.profile_id for device in room.heard.devices} == {"a-and-d/ua-651ble"}


async def test_what_one_advert_left_out_another_has_said(room_with: RoomMaker) -> None:
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        async with room.running() as radio:
            await cuff.advertise(flags=GENERAL_DISCOVERABLE)
            await asyncio.sleep(0.5)
            cuff.controller.le_legacy_advertiser.advertising_data = bytes((2, 1, 6))
            cuff.controller.le_legacy_advertiser.scan_response_data = b""
            await asyncio.sleep(0.5)
            [seen] = radio.seen()
    assert (seen.name, seen.model) == ("A&D_UA-651BLE_5D3F1A", "A&D UA-651BLE")


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (BondError("stale"), BondLost),
        (BleakGATTProtocolError(0x0F), BondLost),
        (BleakGATTProtocolError(0x05), BondLost),
        (BleakGATTProtocolError(0x0E), DeviceRefused),  # "unlikely error" while the link is up
        (BleakGATTProtocolError(0x03), DeviceRefused),
        (BleakDBusError("org.bluez.Error.AuthenticationFailed", []), BondLost),
        (BleakDBusError("org.bluez.Error.Failed", ["br-connection-canceled"]), LinkLost),
        (BleakDBusError("org.freedesktop.DBus.Error.NoReply", []), LinkLost),
        (BleakError("disconnected"), LinkLost),
        (TimeoutError(), LinkLost),
        (EOFError(), LinkLost),
    ],
)
async def test_bleaks_errors_are_ours(room_with: RoomMaker, raised: Exception, expected: type[Exception]) -> None:
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.call()
        async with room.adapter() as adapter:
            device = await scan_for(adapter, CUFF)
            async with BleakLink(adapter, device, may_pair=False) as link:
                with pytest.raises(expected):
                    await failing(link, raised)


async def failing(link: BleakLink, error: Exception) -> None:
    async def operation(*_arguments: Any, **_options: Any) -> None:
        raise error

    link._client._backend.read_gatt_char = operation  # type: ignore[assignment]
    await link.read(MODEL)


async def test_an_unlikely_error_of_a_device_that_has_gone_is_a_lost_link(room_with: RoomMaker) -> None:
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.call()
        async with room.adapter() as adapter:
            device = await scan_for(adapter, CUFF)
            async with BleakLink(adapter, device, may_pair=False) as link:
                room.air.link.drop(cuff.controller)
                await link.wait_closed()
                with pytest.raises(LinkLost):
                    await failing(link, BleakGATTProtocolError(0x0E))
                with pytest.raises(LinkLost):
                    await link.write("00002a08-0000-1000-8000-00805f9b34fb", b"")
                with pytest.raises(DeviceRefused, match="no characteristic 00002a2b"):
                    await link.read("00002a2b-0000-1000-8000-00805f9b34fb")
                typed: Link = link  # it is what the sessions ask for
                assert typed.address == CUFF


async def test_a_bonded_device_is_not_discovered_twice(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running():
            async with asyncio.timeout(20):
                await cuff.pairing_finished.wait()
            assert discoveries(room.hci) > 5
            room.hci.clear()
            for frame in successes(2):
                await cuff.record(frame)
                await room.heard.until(lambda: not cuff.records and cuff.connection is None)
            assert discoveries(room.hci) == 0
        async with room.running():  # a new gateway looks for itself
            await cuff.record(successes(3)[2])
            await room.heard.until(lambda: not cuff.records)
        assert discoveries(room.hci) > 5
    assert room.heard.frames() == successes(3)


async def test_a_device_whose_table_has_changed_is_discovered_again(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.pairing_mode()
        [changed] = [one for one in cuff.device.gatt_server.attributes if one.type.to_hex_str() == "2A05"]
        async with room.adapter() as adapter:
            device = await scan_for(adapter, CUFF)
            async with BleakLink(adapter, device, may_pair=True) as link:
                await link.bond()
            for writes in (1, 0):  # the first restores the table and subscribes to its changes, the second finds both
                await asyncio.sleep(0.2)
                await cuff.call()
                room.hci.clear()
                async with BleakLink(adapter, device, may_pair=False) as link:
                    assert discoveries(room.hci) == 0
                    assert await link.read(MODEL) == b"UA-651BLE"
                    assert requests(room.hci, 0x12) == writes
            await asyncio.sleep(0.2)
            await cuff.call()
            async with BleakLink(adapter, device, may_pair=False) as link:
                assert cuff.connection is not None
                await cuff.device.gatt_server.indicate_subscriber(
                    cuff.connection, changed, b"\x01\x00\xff\xff", force=True
                )
                with pytest.raises(LinkLost, match="services have changed"):
                    await link.read(MODEL)
            await asyncio.sleep(0.2)
            await cuff.call()
            room.hci.clear()
            async with BleakLink(adapter, device, may_pair=False) as link:
                assert discoveries(room.hci) > 5
                assert await link.read(MODEL) == b"UA-651BLE"


def discoveries(hci_log: list[bytes]) -> int:
    """ATT requests that look for attributes: Find Information, Read By Type, Read By Group Type."""
    return requests(hci_log, 0x04, 0x08, 0x10)


def requests(hci_log: list[bytes], *opcodes: int) -> int:
    return sum(packet[0] == 2 and packet[7:9] == b"\x04\x00" and packet[9] in opcodes for packet in hci_log)


async def test_a_private_address_of_a_bonded_device_is_resolved(room_with: RoomMaker) -> None:
    irk = bytes(range(16))
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        private = hci.Address.generate_private_address(irk)
        async with room.adapter() as adapter:
            assert adapter.store is not None
            adapter.keys.put(
                adapter.address,
                CUFF,
                {"address_type": 0, "irk": {"value": irk.hex()}, "ltk": {"value": bytes(16).hex()}},
            )
            await adapter.device.refresh_resolving_list()
            cuff.controller.random_address = private
            cuff.device.random_address = private
            await cuff.device.start_advertising(own_address_type=hci.OwnAddressType.RANDOM)
            device = await scan_for(adapter, CUFF)
    assert device.address == CUFF
    assert device.details == private


async def test_the_scan_does_not_rest_long_for_a_device_that_has_gone(room_with: RoomMaker) -> None:
    """A pendant may call meanwhile."""
    async with room_with() as room:
        gone = BloodPressureCuff(room.air)
        await gone.power_on()
        await gone.call()
        async with room.adapter() as adapter:
            far = await scan_for(adapter, CUFF)
            room.air.link.out_of_range.add(gone.controller)
            began = room.clock.monotonic()
            async with adapter.scanner(lambda _device, _data: None):
                with pytest.raises(LinkLost, match="did not answer in time"):
                    async with BleakLink(adapter, far, may_pair=False):
                        pass
                assert room.clock.monotonic() - began <= 7
                assert adapter.device.scanning


async def test_a_link_that_ends_while_it_is_being_encrypted_holds_nobody_up(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running():
            async with asyncio.timeout(20):
                await cuff.pairing_finished.wait()
        async with room.adapter() as adapter:
            await cuff.call()
            device = await scan_for(adapter, CUFF)
            cuff.controller.hangs_up_on_encryption = True
            began = room.clock.monotonic()
            with pytest.raises(LinkLost, match="disconnected"):
                async with BleakLink(adapter, device, may_pair=False):
                    pass
            assert room.clock.monotonic() - began <= 1


async def test_whoever_waits_behind_others_has_all_of_its_time(room_with: RoomMaker) -> None:
    async with room_with() as room:
        gone = [BloodPressureCuff(room.air, address=f"5C:31:3E:00:01:{n:02X}") for n in range(5)]
        here = BloodPressureCuff(room.air, address=OTHER)
        for cuff in (*gone, here):
            await cuff.power_on()
            await cuff.call()
        async with room.adapter() as adapter:
            found = {cuff.address: await scan_for(adapter, cuff.address) for cuff in (*gone, here)}
            room.air.link.out_of_range.update(cuff.controller for cuff in gone)

            async def in_vain(cuff: BloodPressureCuff) -> None:
                with pytest.raises(LinkLost, match="did not answer in time"):
                    async with BleakLink(adapter, found[cuff.address], may_pair=False):
                        pass

            async with asyncio.TaskGroup() as group:
                for cuff in gone:
                    group.create_task(in_vain(cuff))
                await asyncio.sleep(0.1)
                async with BleakLink(adapter, found[OTHER], may_pair=False) as link:  # half a minute later
                    assert await link.read(MODEL) == b"UA-651BLE"
