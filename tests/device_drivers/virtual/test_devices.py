"""The virtual devices by their bytes, seen by a raw central: no driver of ours in sight."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bumble import att, hci
from bumble.core import UUID, ProtocolError
from bumble.device import Connection, Device, DeviceConfiguration, Peer
from bumble.host import Host
from bumble.pairing import PairingConfig, PairingDelegate

from device_drivers.virtual.and_medical import (
    CUSTOM_CHARACTERISTIC,
    BloodPressureCuff,
    RecordingDevice,
    Scale,
    pressure_frame,
    weight_frame,
)
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.peripheral import VirtualPeripheral
from device_drivers.virtual.polar_h10 import PMD_CONTROL, ArraySource, HeartRateStrap
from device_drivers.virtual.radio import VirtualRadio, virtual_radio
from firmware_profiles import short_uuid

NOON = datetime.fromisoformat("2026-03-01T12:00:00")


class Central:
    """A phone that is no gateway of ours."""

    def __init__(self, radio: VirtualRadio, address: str = "00:1B:DC:F0:00:09") -> None:
        controller = radio.dongle(address=address).controller
        self.device = Device(config=DeviceConfiguration(name="phone"), host=Host(controller, controller))
        self.device.pairing_config_factory = lambda _connection: PairingConfig(
            sc=True, mitm=False, delegate=PairingDelegate(PairingDelegate.NO_OUTPUT_NO_INPUT)
        )

    @asynccontextmanager
    async def connected(self, device: VirtualPeripheral) -> AsyncIterator[tuple[Connection, Peer]]:
        if not self.device.powered_on:
            await self.device.power_on()
        connection = await self.device.connect_le(
            hci.Address(device.address, hci.Address.PUBLIC_DEVICE_ADDRESS),
            own_address_type=hci.OwnAddressType.PUBLIC,
            timeout=5,
        )
        peer = Peer(connection)
        await peer.request_mtu(517)
        await peer.discover_all()  # type: ignore[no-untyped-call]
        yield connection, peer
        if connection.handle in self.device.connections:
            await connection.disconnect()


def one(peer: Peer, uuid: str) -> Any:
    [found] = peer.get_characteristics_by_uuid(UUID(uuid))
    return found


async def collect(device: RecordingDevice, central: Central, uuid: str, *, pair: bool = False) -> list[bytes]:
    """Subscribe and take what comes until the device closes the link."""
    frames: list[bytes] = []
    async with central.connected(device) as (connection, peer):
        closed = asyncio.Event()
        connection.on("disconnection", lambda _reason: closed.set())
        if pair:
            await connection.pair()
        else:
            await connection.encrypt()
        await connection.gatt_client.subscribe(one(peer, uuid), frames.append)
        async with asyncio.timeout(120):
            await closed.wait()
    return frames


async def bond(device: RecordingDevice, central: Central) -> None:
    await device.pairing_mode()
    async with central.connected(device) as (connection, _):
        await connection.pair()
    await asyncio.sleep(0.1)
    assert not device.accepts_pairing


async def test_the_cuff_has_the_real_ones_attribute_table(recordings: Path | None) -> None:
    expected: set[tuple[int, int, int, str]] = {
        (0x11, 0x12, 0x20, "2a35"),
        (0x14, 0x15, 0x02, "2a49"),
        (0x16, 0x17, 0x0A, "2a08"),
    }
    if recordings is not None:
        session = json.loads((recordings / "captures" / "ua-651ble.json").read_text())
        expected = {
            (
                int(row["handles"][0], 16),
                int(row["handles"][1], 16),
                int(row["properties"], 16),
                short_uuid(row["uuid"]),
            )
            for service in session["services"]
            for row in service["characteristics"]
        }
    async with virtual_radio() as radio:
        cuff = BloodPressureCuff(radio)
        await cuff.power_on()
        await cuff.call()
        async with Central(radio).connected(cuff) as (_, peer):
            found = {
                (item.handle - 1, item.handle, int(item.properties), short_uuid(item.uuid.to_hex_str("-")))
                for service in peer.services
                for item in service.characteristics
            }
    assert expected <= found
    if recordings is not None:
        assert found == expected


async def test_oldest_first_forgotten_when_confirmed_and_the_cuff_hangs_up() -> None:
    frames = [pressure_frame(systolic=120 + n, diastolic=80, pulse=60, status=0, at=NOON) for n in range(5)]
    async with virtual_radio() as radio:
        cuff = BloodPressureCuff(radio)
        await cuff.power_on()
        central = Central(radio)
        await bond(cuff, central)
        cuff.records.extend(frames)
        await cuff.call()
        assert await collect(cuff, central, "2A35") == frames
        assert not cuff.records
        assert cuff.confirmed == frames


async def test_nobody_new_pairs_outside_pairing_mode() -> None:
    async with virtual_radio() as radio:
        cuff = BloodPressureCuff(radio)
        await cuff.power_on()
        await cuff.call()
        async with Central(radio).connected(cuff) as (connection, _):
            with pytest.raises(ProtocolError, match="PAIRING_NOT_SUPPORTED"):
                await connection.pair()
        assert await cuff.bonds.get_all() == []


async def test_the_advertisement_says_pairing_mode() -> None:
    flags: list[bytes] = []
    async with virtual_radio() as radio:
        cuff = BloodPressureCuff(radio)
        await cuff.power_on()
        central = Central(radio)
        await central.device.power_on()
        central.device.on("advertisement", lambda advertisement: flags.append(bytes(advertisement.data)[2:3]))
        await central.device.start_scanning()
        for act in (cuff.pairing_mode, cuff.fall_silent):
            await act()
            await asyncio.sleep(0.5)
        cuff.accepts_pairing = False
        flags.append(b"|")
        await cuff.call()
        await asyncio.sleep(0.5)
    before, after = flags[: flags.index(b"|")], flags[flags.index(b"|") + 1 :]
    assert set(before) == {b"\x05"}
    assert set(after) == {b"\x04"}


async def test_the_clock_runs_and_is_set_only_encrypted() -> None:
    async with virtual_radio() as radio:
        cuff = BloodPressureCuff(radio, clock=DeviceClock(NOON))
        await cuff.power_on()
        await cuff.pairing_mode()
        async with Central(radio).connected(cuff) as (connection, peer):
            clock = one(peer, "2A08")
            for refused in (clock.read_value(), clock.write_value(bytes(7), with_response=True)):
                with pytest.raises(att.ATT_Error) as error:
                    await refused
                assert error.value.error_code == att.ErrorCode.INSUFFICIENT_ENCRYPTION
            await connection.pair()
            before = await clock.read_value()
            await asyncio.sleep(10)
            after = await clock.read_value()
            assert after[6] - before[6] == 10
            await clock.write_value(bytes.fromhex("ea07030f0a1e00"), with_response=True)
            assert (await clock.read_value()).hex() == "ea07030f0a1e00"
        frame = await cuff.measure(systolic=120, diastolic=80, pulse=60)
        assert frame.hex() == "167800500" + "05d00ea07030f0a1e003c000000"


async def test_the_custom_command_hangs_up() -> None:
    async with virtual_radio() as radio:
        cuff = BloodPressureCuff(radio)
        await cuff.power_on()
        await cuff.call()
        async with Central(radio).connected(cuff) as (connection, peer):
            closed = asyncio.Event()
            connection.on("disconnection", lambda _reason: closed.set())
            await one(peer, CUSTOM_CHARACTERISTIC).write_value(b"\x02\x01\x03", with_response=True)
            async with asyncio.timeout(1):
                await closed.wait()


async def test_a_scale_without_a_clock_sends_no_time() -> None:
    async with virtual_radio() as radio:
        scale = Scale(radio, clock=None)
        await scale.power_on()
        central = Central(radio)
        await bond(scale, central)
        for _ in range(2):
            await scale.weigh(72.45)
        assert [frame.hex() for frame in await collect(scale, central, "2A9D")] == ["009a38", "009a38"]


def test_frames() -> None:
    assert (
        pressure_frame(systolic=125, diastolic=80, pulse=64, status=0, at=None).hex() == "147d005000" + "5f0040000000"
    )
    assert weight_frame(72.45, at=NOON).hex() == "029a38ea0703010c0000"


def test_the_battery_knows_four_levels() -> None:
    async def made() -> None:
        async with virtual_radio() as radio:
            BloodPressureCuff(radio, battery=50)

    with pytest.raises(ValueError, match="50 %"):
        asyncio.run(made())


async def test_the_straps_control_point() -> None:
    async with virtual_radio() as radio:
        strap = HeartRateStrap(radio, motion=ArraySource(np.zeros((1, 3))))
        await strap.power_on()
        await strap.wear()
        async with Central(radio).connected(strap) as (connection, peer):
            answers: list[bytes] = []
            control = one(peer, PMD_CONTROL)
            assert (await control.read_value())[:2] == b"\x0f\x05"
            await connection.gatt_client.subscribe(control, answers.append)

            async def ask(command: str) -> str:
                await control.write_value(bytes.fromhex(command), with_response=True)
                await asyncio.sleep(0.05)
                return answers.pop().hex()

            assert await ask("0102") == "f001020000" + "0004190032006400c800" + "01011000" + "0203020004000800"
            assert await ask("02020001c8000101100002010800") == "f00202000001"
            assert strap.streaming == 200
            assert await ask("02020001c8000101100002010800") == "f002020600"  # already in state
            assert await ask("0302") == "f003020000"
            assert await ask("0302") == "f003020600"
            assert await ask("02020001340001011000" + "02010800") == "f002020800"  # 52 Hz is not one of the H10's
            assert await ask("0202") == "f002020800"
            assert await ask("020200") == "f002020400"
            assert await ask("0105") == "f0010502"
            assert await ask("0902") == "f0090201"


async def test_a_device_that_was_dropped_by_the_gateway_forgets_an_unfinished_bond() -> None:
    async with virtual_radio() as radio:
        cuff = BloodPressureCuff(radio)
        await cuff.power_on()
        await cuff.pairing_mode()
        central = Central(radio)
        async with central.connected(cuff) as (connection, _):
            await connection.pair()
            radio.link.drop(cuff.controller)
            await asyncio.sleep(0.2)
        assert await cuff.bonds.get_all() == []
        await bond(cuff, central)
        assert len(await cuff.bonds.get_all()) == 1
