"""Adapters that are not there, go away, or hang; and the bounded list of who was heard."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from device_drivers.virtual.and_medical import BloodPressureCuff
from firmware_profiles import load
from gateway.core.errors import RadioUnavailable
from gateway.radio.bluez.host import BlueZHost
from gateway.radio.bumble.host import BumbleHost
from gateway.radio.rest import AFTER_SESSION_S, LONGEST_PAUSE_S, STALE_BOND_S, Rest
from gateway.radio.seen import NAME_GRACE_S, SEEN_LIMIT, SeenDevices, may_be_named_yet
from tests.gateway.radio.room import CUFF, RoomMaker
from tests.virtual_time import VirtualClock


@pytest.mark.parametrize(
    "transport", ["unix-client:/nowhere/hci.sock", "tcp-client:127.0.0.1:1", "serial:/dev/nowhere", "usb:ffff:ffff"]
)
async def test_a_transport_that_is_not_there(tmp_path: Path, transport: str) -> None:
    host = BumbleHost(transport, keys=tmp_path / "bonds.json", clock=VirtualClock())
    with pytest.raises(RadioUnavailable, match=r"No Bluetooth controller at .*radio\.transport"):
        async with host.open():
            pass


@pytest.mark.parametrize("transport", ["nonsense:1", "usb", "unix-client:", ""])
async def test_a_transport_that_is_none(tmp_path: Path, transport: str) -> None:
    host = BumbleHost(transport, keys=tmp_path / "bonds.json", clock=VirtualClock())
    with pytest.raises(RadioUnavailable, match=r"is no Bluetooth controller: set `radio\.transport` to one of usb:0, "):
        async with host.open():
            pass


async def test_bluez_without_an_adapter(tmp_path: Path) -> None:
    host = BlueZHost("hci7", clock=VirtualClock(), sysfs=tmp_path)
    with pytest.raises(RadioUnavailable, match=r"No Bluetooth adapter hci7: plug one in"):
        async with host.open():
            pass


async def test_a_hung_controller_is_said(room_with: RoomMaker) -> None:
    async with room_with() as room:
        room.dongle.controller.hung = True
        with pytest.raises(RadioUnavailable, match=r"does not answer \(silence\): unplug it"):
            await room.radio().run()


async def test_a_pulled_dongle_ends_the_run_and_the_next_run_works(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        transports: list[Any] = []

        async def opener() -> Any:
            transports.append(await room.dongle.open())
            return transports[-1]

        host = BumbleHost(opener, keys=room.keys, clock=room.clock, simulated=True)
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        await cuff.pairing_mode()
        room.host = lambda: host  # type: ignore[method-assign]
        radio = room.radio()

        async def pull() -> None:
            await asyncio.sleep(0.13)  # in the middle of a connection
            transports[0].pull()

        async with asyncio.TaskGroup() as group:
            group.create_task(pull())
            with pytest.raises(RadioUnavailable, match="The Bluetooth controller is gone"):
                async with asyncio.timeout(60):
                    await radio.run()
        async with room.running():
            async with asyncio.timeout(60):
                await cuff.pairing_finished.wait()


def advert(number: int, *, name: str | None = None, services: tuple[str, ...] = ()) -> tuple[BLEDevice, Any]:
    address = f"C0:00:00:00:{number >> 8:02X}:{number & 255:02X}"
    return BLEDevice(address, name, None), AdvertisementData(name, {}, {}, list(services), None, -60, ())


def test_the_list_is_bounded_and_forgets_the_longest_silent() -> None:
    seen = SeenDevices(load())
    seen.heard(*advert(0), 0.0).in_session = True
    for number in range(1, SEEN_LIMIT + 50):
        seen.heard(*advert(number), float(number))
    seen.heard(*advert(60), 1000.0)
    listing = seen.listing(1000.0)
    assert len(listing) == SEEN_LIMIT
    assert listing[0].address == "C0:00:00:00:00:3C"
    kept = {line.address for line in listing}
    assert "C0:00:00:00:00:00" in kept  # in session
    assert "C0:00:00:00:00:01" not in kept
    assert listing[0].model == "unknown"


def test_a_name_that_comes_later_turns_a_generic_match_into_the_vendors() -> None:
    seen = SeenDevices(load())
    pressure = ("00001810-0000-1000-8000-00805f9b34fb",)
    device = seen.heard(*advert(1, services=pressure), 0.0)
    assert device.model() == "generic"
    assert may_be_named_yet(device, 0.5)
    assert not may_be_named_yet(device, NAME_GRACE_S + 0.1)
    device = seen.heard(*advert(1, name="A&D_UA-651BLE_5D3F1A"), 0.6)
    assert device.model() == "A&D UA-651BLE"
    assert not may_be_named_yet(device, 0.7)
    assert seen.heard(*advert(1), 0.8).name == "A&D_UA-651BLE_5D3F1A"  # an advertisement without it forgets nothing


def test_rests_grow_with_jitter_and_start_again_after_a_success() -> None:
    rest, rng = Rest(), random.Random(2)
    pauses = [rest.failed(0.0, rng) for _ in range(12)]
    for pause, nominal in zip(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300], strict=True):
        assert 0.75 * nominal <= pause <= 1.25 * nominal
    assert max(pauses) <= 1.25 * LONGEST_PAUSE_S
    assert len(set(pauses)) == 12
    rest.succeeded(100.0, rng, readings=1)
    assert rest.until <= 100.0 + 1.25 * AFTER_SESSION_S
    assert 0.75 * 2 <= rest.failed(0.0, rng) <= 1.25 * 2
    rest.stale(0.0, rng)
    assert rest.resting(0.74 * STALE_BOND_S)
    rest.forget()
    assert not rest.resting(0.0)
