"""Pairing by a technician: a permission that ends, an agent who answers, a watch that is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from bumble.pairing import PairingConfig, PairingDelegate

from device_drivers.errors import DeviceError
from device_drivers.readings import Press
from device_drivers.sessions import End
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from gateway.core.errors import Conflict, NotFound
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.radio.bumble.host import BumbleAdapter
from gateway.radio.bumble.keys import KeyFile
from tests.gateway.radio.room import CUFF, STRAP, Room, RoomMaker, successes

pytestmark = pytest.mark.slow
ADAPTER = "00:1B:DC:F0:00:01"


@dataclass
class Watch:
    """Remembers what it was told, in order."""

    told: list[str] = field(default_factory=list)
    errors: list[DeviceError] = field(default_factory=list)
    readings: list[Received] = field(default_factory=list)

    def connecting(self) -> None:
        self.told.append("connecting")

    def bonded(self) -> None:
        self.told.append("bonded")

    def known(self, device: KnownDevice) -> None:
        self.told.append(f"known {device.model}")

    def clock(self, offset: ClockMeasurement) -> None:
        self.told.append(f"clock {'set' if offset.was_set else 'read'}")

    def reading(self, received: Received) -> None:
        self.told.append("reading")
        self.readings.append(received)

    def press(self, device: KnownDevice, press: Press) -> None:
        self.told.append("press")

    def motion(self, device: KnownDevice) -> None:
        if "motion" not in self.told:
            self.told.append("motion")

    def failed(self, error: DeviceError) -> None:
        self.told.append(type(error).__name__)
        self.errors.append(error)

    def ended(self, end: End) -> None:
        self.told.append(f"ended {end.value}")


class Technician:
    """Reads six digits off a display after a while, and types them."""

    def __init__(self, *, answer: int | None = None, after_s: float = 0.0, equal: bool = True) -> None:
        self.answer = answer
        self.after_s = after_s
        self.equal = equal
        self.asked: list[str] = []
        self.shown: list[int] = []

    async def passkey(self, address: str) -> int | None:
        self.asked.append(address)
        await asyncio.sleep(self.after_s)
        return self.answer

    async def display(self, address: str, passkey: int) -> None:
        self.shown.append(passkey)

    async def compare(self, address: str, number: int) -> bool:
        self.shown.append(number)
        await asyncio.sleep(self.after_s)
        return self.equal


def displays(cuff: BloodPressureCuff, passkey: int) -> None:
    """From now on the cuff shows six digits that must be typed on the gateway."""

    class Display(PairingDelegate):
        async def generate_passkey(self) -> int:
            return passkey

        async def display_number(self, number: int, digits: int) -> None:
            cuff.displayed = number  # type: ignore[attr-defined]

    keys = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
    delegate = Display(PairingDelegate.DISPLAY_OUTPUT_ONLY, keys, keys)
    cuff.device.pairing_config_factory = lambda _connection: PairingConfig(
        sc=True, mitm=True, bonding=True, delegate=delegate
    )


async def calling(room: Room, **options: Any) -> BloodPressureCuff:
    cuff = BloodPressureCuff(room.air, **options)
    await cuff.power_on()
    await cuff.pairing_mode()
    return cuff


def bonds(room: Room) -> set[str]:
    return set(KeyFile(room.keys, now=room.clock.wall).peers(ADAPTER))


async def test_a_device_of_nobody_is_paired_and_tells_everything(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running() as radio:
        cuff, watch = await calling(room), Watch()
        await asyncio.sleep(5)
        assert cuff.connections == 0
        async with radio.pairing(CUFF, agent=None, watch=watch):
            await room.heard.until(lambda: "ended paired" in watch.told)
            assert watch.told == ["connecting", "known UA-651BLE", "bonded", "clock set", "ended paired"]
            await cuff.measure(systolic=121, diastolic=79, pulse=63)
            await room.heard.until(lambda: watch.readings)
            await room.heard.until(lambda: cuff.connection is None)
        told = list(watch.told)
        await cuff.record(successes(1)[0])
        await asyncio.sleep(20)
        assert cuff.records, "nobody owns it, and nobody pairs it any more"
        assert watch.told == told
        assert bonds(room) == {CUFF}, "leaving removes nothing"
        await radio.forget(CUFF)
        assert bonds(room) == set()


async def test_a_connection_of_a_device_that_nobody_was_given_ends_with_the_pairing(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running() as radio:
        strap = HeartRateStrap(room.air, motion=ArraySource(successes_of_motion()))
        await strap.power_on()
        await strap.wear()
        watch = Watch()
        async with radio.pairing(STRAP, agent=None, watch=watch):
            await room.heard.until(lambda: "motion" in watch.told)
        assert radio.adapters()[0].links == 0
        await asyncio.sleep(2)
        assert (strap.connections, strap.connection) == (1, None)
        # Assigned meanwhile, it goes on without a break.
        async with radio.pairing(STRAP, agent=None, watch=watch):
            await room.heard.until(lambda: strap.connection is not None)
            room.book.assign(STRAP)
        told = len(watch.told)
        await asyncio.sleep(5)
        assert (strap.connections, strap.connection is not None) == (2, True)
        assert len(watch.told) == told


def successes_of_motion() -> Any:
    import numpy as np  # only here

    return np.zeros((10, 3))


async def test_a_passkey_may_take_a_minute_and_nobody_is_held_up(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running() as radio:
        cuff, watch = await calling(room), Watch()
        cuff.patience_s = 120.0
        displays(cuff, 81_726)
        other = BloodPressureCuff(room.air, address="5C:31:3E:00:00:02")
        await other.power_on()
        await other.pairing_mode()
        technician = Technician(answer=81_726, after_s=50)
        async with radio.pairing(CUFF, agent=technician, watch=watch):
            await room.heard.until(lambda: technician.asked)
            second = Watch()
            async with radio.pairing(other.address, agent=None, watch=second):
                await room.heard.until(lambda: "ended paired" in second.told, within=20)
            await room.heard.until(lambda: "ended paired" in watch.told, within=60)
        assert bonds(room) == {CUFF, other.address}
        assert watch.told.count("connecting") == 1


async def test_a_wrong_passkey_is_said_and_leaves_no_bond(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running() as radio:
        cuff, watch = await calling(room), Watch()
        displays(cuff, 81_726)
        async with radio.pairing(CUFF, agent=Technician(answer=1), watch=watch):
            await room.heard.until(lambda: watch.errors)
            assert type(watch.errors[0]).__name__ == "BondLost"
        assert bonds(room) == set()


async def test_numbers_are_compared(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running() as radio:
        cuff, watch = await calling(room), Watch()
        numbers: list[int] = []

        class Compares(PairingDelegate):
            async def compare_numbers(self, number: int, digits: int) -> bool:
                numbers.append(number)
                return True

        keys = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY
        compares = Compares(PairingDelegate.DISPLAY_OUTPUT_AND_YES_NO_INPUT, keys, keys)
        cuff.device.pairing_config_factory = lambda _connection: PairingConfig(
            sc=True, mitm=True, bonding=True, delegate=compares
        )
        technician = Technician()
        async with radio.pairing(CUFF, agent=technician, watch=watch):
            await room.heard.until(lambda: "bonded" in watch.told)
        assert technician.shown == numbers
        assert len(numbers) == 1


async def test_no_visit_begins_when_the_technician_has_left_meanwhile(
    room_with: RoomMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered, bonded = asyncio.Event(), asyncio.Event(), BumbleAdapter.bonded

    async def slow(adapter: BumbleAdapter, address: str) -> bool:
        asked.set()
        await answered.wait()
        return await bonded(adapter, address)

    async with room_with() as room, room.running() as radio:
        async with radio.pairing(CUFF, agent=None, watch=Watch()):
            monkeypatch.setattr(BumbleAdapter, "bonded", slow)
            cuff = await calling(room)
            await asked.wait()
        answered.set()
        await asyncio.sleep(5)
        assert cuff.connections == 0


async def test_twice_at_once_is_refused_and_without_a_radio_nothing_is_forgotten(room_with: RoomMaker) -> None:
    async with room_with() as room:
        radio = room.radio()
        with pytest.raises(NotFound, match=r"has no Bluetooth adapter now\. Plug it in"):
            await radio.forget(CUFF)
        async with radio.pairing(CUFF, agent=None, watch=Watch()):
            with pytest.raises(Conflict, match="being paired already"):
                async with radio.pairing(CUFF, agent=None, watch=Watch()):
                    pass


async def test_any_device_can_be_captured(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running() as radio:
        strap = HeartRateStrap(room.air, motion=ArraySource(successes_of_motion()))
        await strap.power_on()
        await strap.wear()
        frames: list[bytes] = []
        async with radio.capture(STRAP) as capture:
            with pytest.raises(Conflict):
                async with radio.capture(STRAP):
                    pass
            by_uuid = {one.uuid: one for one in capture.attributes}
            assert (by_uuid["2a37"].service, by_uuid["2a37"].sends) == ("180d", True)
            assert await capture.read(by_uuid["2a24"].handle) == b"H10"
            await capture.subscribe(by_uuid["2a37"].handle, frames.append)
            await room.heard.until(lambda: len(frames) >= 2)
            assert capture.advert is not None
            assert capture.advert.name == strap.name
            assert radio.seen()[0].state == "in session"
        assert frames[0] == bytes((frames[0][0], 72)) or frames[0][1] == 72
        await asyncio.sleep(1)
        assert strap.connection is None
        assert room.heard.readings == []


async def test_what_adapters_there_are(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room, room.running() as radio:
        strap = HeartRateStrap(room.air, motion=ArraySource(successes_of_motion()))
        await strap.power_on()
        await strap.wear()
        await room.heard.until(lambda: room.heard.motions)
        [state] = radio.adapters()
        assert (state.name, state.address, state.state) == ("the virtual radio", ADAPTER, "listening")
        assert (state.links, state.links_limit) == (1, 7)
        [seen] = radio.seen()
        assert (seen.adapter, seen.call) == ("the virtual radio", None)
        assert seen.last_useful_monotonic is not None


async def test_the_bonds_of_each_adapter_are_told(room_with: RoomMaker) -> None:
    async with room_with(CUFF) as room, room.running() as radio:
        await calling(room)
        await room.heard.until(lambda: room.heard.said("paired"))
        assert {name: set(told) for name, told in (await radio.bonds()).items()} == {"the virtual radio": {CUFF}}
        await radio.forget(CUFF)
        assert {name: set(told) for name, told in (await radio.bonds()).items()} == {"the virtual radio": set()}


async def test_a_technician_does_not_wait_for_minutes(room_with: RoomMaker) -> None:
    async with room_with() as room, room.running() as radio:
        cuff, watch = BloodPressureCuff(room.air), Watch()
        await cuff.power_on()
        await cuff.pairing_mode()
        room.air.link.acl_filter = lambda *_: False  # nothing comes through
        async with radio.pairing(CUFF, agent=None, watch=watch):
            await room.heard.until(lambda: len(watch.errors) == 7, within=400)
            room.air.link.acl_filter = None
            began = room.clock.monotonic()
            await room.heard.until(lambda: "ended paired" in watch.told, within=60)
            assert room.clock.monotonic() - began <= 40
