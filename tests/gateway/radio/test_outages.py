"""The store or the Bluetooth service cannot be asked about one device: the others' connections go on."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from bleak.exc import BleakDBusError, BleakError

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from gateway.core.errors import StoreError
from gateway.radio.bluez.bus import ANSWER_S, BlueZBus
from gateway.radio.bumble.host import BumbleAdapter
from gateway.radio.contracts import Wanted
from tests.gateway.radio.room import CUFF, STRAP, Room, RoomMaker, successes
from tests.virtual_time import VirtualClock


async def streaming(room: Room) -> HeartRateStrap:
    strap = HeartRateStrap(room.air, motion=ArraySource(np.zeros((2_000, 3))))
    await strap.power_on()
    await strap.wear()
    return strap


async def goes_on_streaming(room: Room, strap: HeartRateStrap) -> None:
    heard = len(room.heard.motions)
    await asyncio.sleep(3)
    assert len(room.heard.motions) > heard
    assert (strap.connections, strap.connection is not None) == (1, True)


@pytest.mark.slow
async def test_a_store_that_does_not_answer_ends_no_connection(room_with: RoomMaker) -> None:
    async with room_with(STRAP, CUFF) as room:
        strap = await streaming(room)
        cuff = BloodPressureCuff(room.air, records=successes(1))
        await cuff.power_on()
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            ask = room.book.wanted

            async def fail(address: str) -> Wanted | None:
                raise StoreError(f"{address}: the disk is full")

            room.book.wanted = fail  # type: ignore[method-assign]
            room.book._tell()
            await cuff.pairing_mode()
            await room.heard.until(lambda: room.heard.said("the disk is full"), within=10)
            await goes_on_streaming(room, strap)
            room.book.wanted = ask  # type: ignore[method-assign]
            await room.heard.until(lambda: room.heard.readings, within=60)
            room.book.withdraw(STRAP)
            await room.heard.until(lambda: strap.connection is None, within=5)


@pytest.mark.slow
async def test_a_withdrawal_that_the_store_could_not_tell_of_is_asked_for_again(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room:
        strap = await streaming(room)
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            ask = room.book.wanted

            async def fail(address: str) -> Wanted | None:
                raise StoreError(f"{address}: locked")

            room.book.wanted = fail  # type: ignore[method-assign]
            room.book.withdraw(STRAP)
            await goes_on_streaming(room, strap)
            room.book.wanted = ask  # type: ignore[method-assign]
            await room.heard.until(lambda: strap.connection is None, within=15)


@pytest.mark.slow
@pytest.mark.parametrize("failure", [BleakDBusError("org.freedesktop.DBus.Error.NoReply", []), EOFError(), OSError()])
async def test_a_host_that_cannot_tell_of_a_bond_ends_no_connection(
    room_with: RoomMaker, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    async with room_with(STRAP, CUFF) as room:
        strap = await streaming(room)
        cuff = BloodPressureCuff(room.air, records=successes(1))
        await cuff.power_on()
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            with monkeypatch.context() as broken:
                bonded = BumbleAdapter.bonded

                async def fail(adapter: BumbleAdapter, address: str) -> bool:
                    if address == CUFF:
                        raise failure
                    return await bonded(adapter, address)

                broken.setattr(BumbleAdapter, "bonded", fail)
                await cuff.pairing_mode()
                await room.heard.until(lambda: room.heard.said("cannot be found out"), within=10)
                await goes_on_streaming(room, strap)
            await room.heard.until(lambda: room.heard.readings, within=60)


class _HungBus:
    """bluetoothd is there and does not answer."""

    async def call(self, _message: Any) -> Any:
        await asyncio.Event().wait()


async def test_a_hung_bluetoothd_is_an_error_with_what_to_do() -> None:
    clock = VirtualClock()
    bluez = BlueZBus(_HungBus(), None, clock)  # type: ignore[arg-type]
    began = clock.monotonic()
    with pytest.raises(BleakError, match="restart bluetooth"):
        async with asyncio.timeout(60):
            await bluez.properties("/org/bluez/hci0", "org.bluez.Adapter1")
    assert clock.monotonic() - began == pytest.approx(ANSWER_S, abs=0.1)
