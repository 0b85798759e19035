"""Several adapters: the strongest signal connects, the holder of a bond keeps its device, one may go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.peripheral import VirtualPeripheral
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from device_drivers.virtual.radio import Dongle
from gateway.core.errors import RadioUnavailable
from gateway.core.health import Colour
from gateway.radio import Radio
from gateway.radio.adapters.station import LINKS_LIMIT
from gateway.radio.bumble.host import BumbleHost
from gateway.radio.bumble.keys import KeyFile
from tests.gateway.radio.room import CUFF, STRAP, Room, RoomMaker, successes

pytestmark = pytest.mark.slow
KITCHEN, BEDROOM = "00:1B:DC:F0:00:01", "00:1B:DC:F0:00:02"


class TwoAdapters:
    """A room with a second dongle, and the transports of both."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.dongles: dict[str, Dongle] = {"kitchen": room.dongle, "bedroom": room.air.dongle(address=BEDROOM)}
        self.transports: dict[str, Any] = {}
        self.pulled: set[str] = set()

    def host(self, name: str) -> BumbleHost:
        async def opener() -> Any:
            if name in self.pulled:
                raise OSError("no such device")
            self.transports[name] = await self.dongles[name].open()
            return self.transports[name]

        return BumbleHost(
            opener,
            keys=self.room.keys,
            clock=self.room.clock,
            name=name,
            simulated=True,
            controller="" if name == "kitchen" else "2",
        )

    def pull(self, name: str) -> None:
        self.pulled.add(name)
        self.transports[name].pull()

    def weaken(self, device: VirtualPeripheral, name: str, by_db: int) -> None:
        self.room.air.link.path_loss_db[device.controller, self.dongles[name].controller] = by_db

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Radio]:
        self.room.host = lambda: self.host("kitchen")  # type: ignore[method-assign]
        async with self.room.running(more_hosts=[self.host("bedroom")]) as radio:
            await self.room.heard.until(lambda: all(state.address for state in radio.adapters()))
            yield radio


async def worn(room: Room, address: str = STRAP) -> HeartRateStrap:
    strap = HeartRateStrap(room.air, address=address, motion=ArraySource(np.zeros((10, 3))))
    await strap.power_on()
    await strap.wear()
    return strap


@pytest.mark.parametrize("near", ["kitchen", "bedroom"])
async def test_the_strongest_signal_connects(room_with: RoomMaker, near: str) -> None:
    async with room_with(STRAP) as room:
        two = TwoAdapters(room)
        async with two.running() as radio:
            strap = HeartRateStrap(room.air, motion=ArraySource(np.zeros((10, 3))))
            await strap.power_on()
            two.weaken(strap, "bedroom" if near == "kitchen" else "kitchen", 25)
            await strap.wear()
            await room.heard.until(lambda: room.heard.motions)
            assert {state.name: state.links for state in radio.adapters()} == {
                "kitchen": int(near == "kitchen"),
                "bedroom": int(near == "bedroom"),
            }
            [seen] = radio.seen()
            assert (seen.adapter, seen.rssi) == (near, -60)
    assert room.heard.devices[0].adapter == (KITCHEN if near == "kitchen" else BEDROOM)


async def test_the_adapter_that_holds_the_bond_connects_however_weakly_it_hears(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        two = TwoAdapters(room)
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        two.weaken(cuff, "kitchen", 20)
        await cuff.pairing_mode()
        async with two.running():
            await room.heard.until(lambda: room.heard.said("paired"))
            two.weaken(cuff, "kitchen", 0)
            two.weaken(cuff, "bedroom", 30)
            await cuff.record(successes(1)[0])
            await room.heard.until(lambda: room.heard.readings)
    assert room.heard.readings[0].device.adapter == BEDROOM
    assert set(KeyFile(room.keys, now=room.clock.wall).peers(BEDROOM)) == {CUFF}
    assert cuff.pairings == 1


async def test_one_adapter_lost_the_other_goes_on_and_the_lost_one_comes_back(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room:
        two = TwoAdapters(room)
        async with two.running() as radio:
            strap = await worn(room)
            two.weaken(strap, "bedroom", 20)
            await room.heard.until(lambda: room.heard.motions)
            two.pull("kitchen")
            heard = len(room.heard.motions)
            await room.heard.until(lambda: len(room.heard.motions) > heard + 1, within=15)
            health = room.health.parts()["radio"]
            assert health.colour is Colour.AMBER
            assert "The Bluetooth controller is gone (kitchen): plug it in again." in health.reason
            states = {state.name: state for state in radio.adapters()}
            assert (states["kitchen"].address, states["bedroom"].state, states["bedroom"].links) == (
                None,
                "listening",
                1,
            )
            await asyncio.sleep(60)
            two.pulled.clear()
            await room.heard.until(lambda: room.health.parts()["radio"].colour is Colour.GREEN, within=90)
            assert f"kitchen, {KITCHEN}, bedroom, {BEDROOM}" in room.health.parts()["radio"].reason
            assert strap.connections == 2


async def test_with_the_last_adapter_the_radio_is_gone(room_with: RoomMaker) -> None:
    async with room_with() as room:
        two = TwoAdapters(room)
        room.host = lambda: two.host("kitchen")  # type: ignore[method-assign]
        radio = room.radio(more_hosts=[two.host("bedroom")])

        async def pull_both() -> None:
            await asyncio.sleep(1)
            two.pull("kitchen")
            await asyncio.sleep(20)
            two.pull("bedroom")

        async with asyncio.TaskGroup() as group:
            group.create_task(pull_both())
            with pytest.raises(RadioUnavailable, match=r"(?s)kitchen.*bedroom"):
                async with asyncio.timeout(120):
                    await radio.run()
        two.pulled.clear()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(radio.run())
            await room.heard.until(lambda: all(state.address for state in radio.adapters()))
            running.cancel()


async def test_a_bond_of_an_adapter_that_is_gone_is_not_replaced(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room:
        two = TwoAdapters(room)
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        two.weaken(cuff, "kitchen", 20)
        await cuff.pairing_mode()
        async with two.running() as radio:
            await room.heard.until(lambda: room.heard.said("paired"))
            two.pull("bedroom")
            cuff.accepts_pairing = True  # it would take anybody
            connections = cuff.connections
            await cuff.record(successes(1)[0])
            await asyncio.sleep(30)
            said = [words for _, words, _ in room.heard.states if "its bond belongs to the Bluetooth adapter" in words]
            assert len(said) == 1
            assert BEDROOM in said[0]
            assert "pair-again" in said[0]
            assert (cuff.connections, cuff.pairings) == (connections, 1)
            # The technician decides: paired again, with the adapter that is there.
            await radio.pair_again(CUFF)
            await room.heard.until(lambda: room.heard.readings, within=60)
    assert room.heard.readings[0].device.adapter == KITCHEN
    file = KeyFile(room.keys, now=room.clock.wall)
    assert (set(file.peers(KITCHEN)), set(file.peers(BEDROOM))) == ({CUFF}, set())


async def test_a_full_adapter_leaves_the_next_device_to_the_other(room_with: RoomMaker) -> None:
    addresses = [f"A0:9E:1A:00:00:{n:02X}" for n in range(LINKS_LIMIT + 2)]
    async with room_with(*addresses) as room:
        two = TwoAdapters(room)
        async with two.running() as radio:
            for address in addresses:
                strap = HeartRateStrap(room.air, address=address, motion=ArraySource(np.zeros((10, 3))))
                await strap.power_on()
                two.weaken(strap, "bedroom", 15)
                await strap.wear()
            await room.heard.until(lambda: len({device.address for device in room.heard.devices}) == len(addresses))
            assert {state.name: state.links for state in radio.adapters()} == {"kitchen": LINKS_LIMIT - 1, "bedroom": 3}
