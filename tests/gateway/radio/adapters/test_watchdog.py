"""A radio that hears nothing (of use): repaired step by step, said within three minutes, no storm in a quiet home."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.broadcasters import Button
from device_drivers.virtual.controller import Cure
from device_drivers.virtual.peripheral import GENERAL_DISCOVERABLE
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from gateway.core.errors import RadioUnavailable
from gateway.core.health import Colour, PartHealth
from gateway.radio.adapters.watchdog import BENIGN_S, FAULT_S, REOPEN_S, REPAIR_S, SCAN_S, Rung, Watchdog
from gateway.radio.bumble.host import BumbleAdapter
from tests.gateway.radio.room import STRAP, Room, RoomMaker, successes

PENDANT = "7C:C6:B6:57:DA:84"
RESET, SCAN_ENABLE = b"\x01\x03\x0c", b"\x01\x0c\x20"


async def phone_next_door(room: Room) -> BloodPressureCuff:
    """Somebody else's device that advertises all the time, ten times a second."""
    cuff = BloodPressureCuff(room.air)
    await cuff.power_on()
    await cuff.advertise(flags=GENERAL_DISCOVERABLE)
    return cuff


def watched(room: Room) -> list[tuple[float, str]]:
    """When the host reset the controller or switched its scan on."""
    seen: list[tuple[float, str]] = []

    def observe(packet: bytes, from_host: bool) -> None:
        if from_host and packet.startswith(RESET):
            seen.append((room.clock.monotonic(), "reset"))
        if from_host and packet.startswith(SCAN_ENABLE) and packet[4]:
            seen.append((room.clock.monotonic(), "scan"))

    room.dongle._observer = observe
    return seen


def is_deaf(room: Room) -> bool:
    return room.dongle.controller.deaf is not None


async def health_until(room: Room, true: Callable[[PartHealth], bool], *, within: float) -> float:
    """How long it took."""
    began = room.clock.monotonic()
    await room.heard.until(lambda: true(room.health.parts()["radio"]), within=within)
    return room.clock.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["deaf", "mumbles"])
async def test_r15_silence_or_empty_advertisements_restart_the_radio(room_with: RoomMaker, fault: str) -> None:
    async with room_with() as room:
        await phone_next_door(room)
        async with room.running() as radio:
            await asyncio.sleep(900)
            assert room.health.parts()["radio"].colour is Colour.GREEN
            acts = watched(room)
            setattr(room.dongle.controller, fault, Cure.NOTHING)
            began = room.clock.monotonic()
            took = await health_until(room, lambda health: health.colour is Colour.RED, within=200)
            assert took <= 180, "visible within three minutes"
            scans = [at - began for at, what in acts if what == "scan"]
            resets = [at - began for at, what in acts if what == "reset"]
            assert scans[0] <= 61
            assert resets[0] <= 90, "the radio was restarted"
            words = room.health.parts()["radio"].reason
            assert "Nothing is heard on the virtual radio any more" in words
            assert "Unplug the adapter and plug it in again" in words
            assert "pendants, sensors and whatever else advertises go unheard" in words
            assert radio.adapters()[0].state == words
            # It is not given up, and not stormed either.
            acts.clear()
            await asyncio.sleep(1300)
            assert sum(what == "reset" for _, what in acts) == 1
            setattr(room.dongle.controller, fault, None)
            assert await health_until(room, lambda health: health.colour is Colour.GREEN, within=5) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("cure", "within"), [(Cure.SCAN, SCAN_S), (Cure.RESET, REOPEN_S)])
async def test_each_step_mends_what_it_can(room_with: RoomMaker, cure: Cure, within: float) -> None:
    async with room_with(STRAP) as room, room.running() as radio:
        await phone_next_door(room)
        await asyncio.sleep(10)
        room.dongle.controller.deaf = cure
        await asyncio.sleep(within - 2)
        assert is_deaf(room)
        await asyncio.sleep(4)
        assert not is_deaf(room)
        assert radio.seen()[0].heard_monotonic >= room.clock.monotonic() - 3
        await asyncio.sleep(300)
        assert room.health.parts()["radio"].colour is Colour.GREEN


@pytest.mark.slow
async def test_the_host_gives_its_adapter_a_harder_repair(
    room_with: RoomMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    repaired: list[float] = []
    async with room_with() as room:

        async def repair(_adapter: Any) -> None:
            repaired.append(room.clock.monotonic())
            room.dongle.controller.deaf = None

        monkeypatch.setattr(BumbleAdapter, "repair", repair, raising=False)
        await phone_next_door(room)
        async with room.running():
            await asyncio.sleep(10)
            began = room.clock.monotonic()
            room.dongle.controller.deaf = Cure.NOTHING
            await asyncio.sleep(REPAIR_S + 5)
            assert [at - began for at in repaired] == [pytest.approx(REPAIR_S, abs=2)]
            await asyncio.sleep(300)
            assert room.health.parts()["radio"].colour is Colour.GREEN
            assert len(repaired) == 1


@pytest.mark.slow
async def test_a_quiet_home_is_said_once_and_left_in_peace(room_with: RoomMaker) -> None:
    """A cuff alone, used twice a day: most of the time nothing advertises at all."""
    async with room_with() as room:
        cuff = BloodPressureCuff(room.air)
        await cuff.power_on()
        acts = watched(room)
        colours: list[Colour] = []
        report = room.health.report

        def reported(part: str, colour: Colour, reason: str) -> None:
            if part == "radio" and (not colours or colours[-1] is not colour):
                colours.append(colour)
            report(part, colour, reason)

        room.health.report = reported  # type: ignore[method-assign]
        async with room.running():
            resets_a_day = []
            for _day in range(14):
                acts.clear()
                for _use in range(2):
                    await cuff.advertise(flags=GENERAL_DISCOVERABLE)
                    await asyncio.sleep(60)
                    await cuff.fall_silent()
                    await asyncio.sleep(12 * 3600 - 60)
                resets_a_day.append(sum(what == "reset" for _, what in acts))
        assert Colour.RED not in colours, "nobody is called in the night because nobody measures"
        assert colours.count(Colour.AMBER) <= 12
        assert resets_a_day[0] <= 40
        assert max(resets_a_day[-3:]) <= 6


@pytest.mark.slow
async def test_a_strap_that_is_alone_is_not_cut_off_to_repair_the_scan(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room:
        strap = HeartRateStrap(room.air, motion=ArraySource(np.zeros((10, 3))))
        await strap.power_on()
        await strap.wear()
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            acts = watched(room)
            await asyncio.sleep(600)
            assert (strap.connections, strap.connection is not None) == (1, True)
            assert "reset" not in {what for _, what in acts}
            assert sum(what == "scan" for _, what in acts) >= 3, "the scan by itself was started anew"
            assert room.health.parts()["radio"].colour is Colour.GREEN


@pytest.mark.slow
@pytest.mark.parametrize("cure", [Cure.RESET, Cure.NOTHING])
async def test_a_strap_that_streams_does_not_hide_that_a_pendant_goes_unheard(room_with: RoomMaker, cure: Cure) -> None:
    async with room_with(STRAP, PENDANT) as room:
        strap = HeartRateStrap(room.air, motion=ArraySource(np.zeros((20_000, 3))))
        await strap.power_on()
        await strap.wear()
        pendant = Button(room.air, address=PENDANT)
        await pendant.power_on()
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            for _ in range(40):
                await asyncio.sleep(17)
                await pendant.press()
            assert strap.connections == 1
            room.dongle.controller.deaf = cure
            if cure is Cure.NOTHING:
                took = await health_until(room, lambda health: health.colour is Colour.RED, within=200)
                assert took <= 180, "visible within three minutes"
                assert "pendants" in room.health.parts()["radio"].reason
                return
            await room.heard.until(lambda: not is_deaf(room), within=100)
            heard = len(room.heard.motions)
            began = room.clock.monotonic()
            await room.heard.until(lambda: len(room.heard.motions) > heard, within=10)
            assert room.clock.monotonic() - began <= 4, "the strap is back at once"
            presses = len(room.heard.presses)
            await pendant.press()
            await room.heard.until(lambda: len(room.heard.presses) > presses, within=5)
            assert strap.connections == 2
            assert room.health.parts()["radio"].colour is Colour.GREEN


@pytest.mark.slow
async def test_where_others_have_just_left_a_strap_is_cut_off_ever_more_rarely(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room:
        strap = HeartRateStrap(room.air, motion=ArraySource(np.zeros((200_000, 3))))
        await strap.power_on()
        await strap.wear()
        phone = await phone_next_door(room)
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            await asyncio.sleep(700)
            await phone.fall_silent()
            await asyncio.sleep(3600)
            assert 2 <= strap.connections <= 5
            settled = strap.connections
            await asyncio.sleep(4 * 3600)
            assert strap.connections == settled, "nobody else lives here"
            assert room.health.parts()["radio"].colour is Colour.GREEN


@pytest.mark.slow
async def test_a_controller_that_hangs_is_noticed_by_itself(room_with: RoomMaker) -> None:
    async with room_with() as room:
        await phone_next_door(room)

        async def hang() -> None:
            await asyncio.sleep(30)
            room.dongle.controller.hung = True

        async with asyncio.TaskGroup() as group:
            group.create_task(hang())
            began = room.clock.monotonic()
            with pytest.raises(RadioUnavailable, match="does not answer"):
                async with asyncio.timeout(300):
                    await room.radio().run()
            assert room.clock.monotonic() - began <= 30 + 90


@asynccontextmanager
async def paired_with(room: Room) -> AsyncIterator[BloodPressureCuff]:
    cuff = BloodPressureCuff(room.air, records=successes(1))
    await cuff.power_on()
    await cuff.pairing_mode()
    yield cuff


@pytest.mark.slow
async def test_a_controller_that_hangs_while_connecting_blocks_nobody_for_ever(room_with: RoomMaker) -> None:
    cuff_address = "5C:31:3E:5D:3F:1A"
    async with room_with(cuff_address) as room, paired_with(room):

        def hang(packet: bytes, from_host: bool) -> None:
            if from_host and packet.startswith(b"\x01\x0d\x20"):  # LE Create Connection
                room.dongle.controller.hung = True

        room.dongle._observer = hang
        with pytest.raises(RadioUnavailable, match="does not answer any more"):
            async with asyncio.timeout(60):
                await room.radio().run()


@pytest.mark.slow
async def test_a_strap_that_keeps_the_link_and_sends_nothing_is_connected_anew(room_with: RoomMaker) -> None:
    async with room_with(STRAP) as room:
        strap = HeartRateStrap(room.air, motion=ArraySource(np.zeros((10, 3))))
        await strap.power_on()
        await strap.wear()
        async with room.running():
            await room.heard.until(lambda: room.heard.motions)
            room.air.link.acl_filter = lambda sender, _receiver, pdu: (
                not (
                    sender is strap.controller and pdu[2:5] == b"\x04\x00\x1b"  # its notifications are lost
                )
            )
            began = room.clock.monotonic()
            await room.heard.until(lambda: room.heard.said("sent nothing for"), within=90)
            assert room.clock.monotonic() - began <= 70
            room.air.link.acl_filter = None
            heard = len(room.heard.motions)
            await room.heard.until(lambda: len(room.heard.motions) > heard, within=15)
            assert strap.connections == 2


def climbed(dog: Watchdog, until: float, *, now: float = 0.0) -> list[tuple[float, Rung]]:
    """The rungs due until then, each climbed when it is due."""
    steps: list[tuple[float, Rung]] = []
    while dog.due()[0] <= until:
        at, rung = dog.due()
        now = max(now, at)
        steps.append((at, rung))
        dog.done(rung, at)
    return steps


def test_the_ladder_by_itself() -> None:
    steps = climbed(Watchdog(0.0), 200.0)
    assert [(at, rung) for at, rung in steps if rung is not Rung.SCAN] == [
        (REOPEN_S, Rung.REOPEN),
        (REPAIR_S, Rung.REPAIR),
        (FAULT_S, Rung.FAULT),
    ]
    assert steps[0] == (SCAN_S, Rung.SCAN)


def test_repairs_after_the_fault_become_rare() -> None:
    dog = Watchdog(0.0)
    late = [at for at, rung in climbed(dog, 86_400.0) if rung is not Rung.SCAN and at > FAULT_S]
    assert len(late) <= 26
    assert np.diff(late)[-1] == 3600.0


def test_patience_grows_only_when_nothing_was_wrong() -> None:
    dog, now = Watchdog(0.0), 0.0
    for factor in (1, 2, 4):
        first = [at - now for at, rung in climbed(dog, now + 20_000.0) if rung is Rung.REOPEN]
        assert first == [REOPEN_S * factor]
        now += 20_000.0 + BENIGN_S
        # The last repair may have been minutes ago: it is heard long after it.
        now = max(now, dog._acted + BENIGN_S)
        assert dog.heard(now)
    for beat in range(700):  # ten minutes without a gap: a lively home
        dog.heard(now + beat)
    now += 699
    assert climbed(dog, now + 100.0)[-1] == (now + REOPEN_S, Rung.REOPEN)
    assert dog.lively


def test_a_repair_that_helped_keeps_the_radio_watchful() -> None:
    dog, now = Watchdog(0.0), 0.0
    for _ in range(5):
        steps = climbed(dog, now + REOPEN_S)
        assert steps[-1] == (now + REOPEN_S, Rung.REOPEN)
        now += REOPEN_S + 2.0
        dog.heard(now)


def test_a_strap_hides_no_silence_where_others_were_heard() -> None:
    dog = Watchdog(0.0)
    dog.held = {STRAP}
    dog.heard(0.0, STRAP)
    dog.alive(80.0)
    assert REOPEN_S not in {at for at, _ in climbed(dog, 150.0)}, "alone in the home: only its scan is started anew"
    dog = Watchdog(0.0)
    dog.held = {STRAP}
    dog.heard(0.0, "a phone")
    dog.alive(80.0)
    assert (REOPEN_S, Rung.REOPEN) in climbed(dog, REOPEN_S)
    dog.alive(200.0)
    assert climbed(dog, 200.0)[-1] == (FAULT_S, Rung.FAULT), "data over a connection delays nothing"
    assert dog.fault


def test_a_pendant_of_ours_is_listened_for_though_nobody_else_was_ever_heard() -> None:
    dog, now, tests = Watchdog(0.0), 0.0, []
    dog.held, dog.relied_on = {STRAP}, True
    dog.heard(0.0, STRAP)
    while now < 7 * 86_400.0:
        at, rung = dog.due()
        now = at
        dog.alive(now)
        dog.done(rung, now)
        if rung is not Rung.SCAN:
            tests.append(now)
            dog.heard(now + 2.0, STRAP)
    assert tests[0] == REOPEN_S
    between = np.diff(tests)
    assert list(between[:3]) == [2.0 + REOPEN_S * 2, 2.0 + REOPEN_S * 4, 2.0 + REOPEN_S * 8]
    assert 3600.0 <= max(between) <= 5600.0
    assert not dog.fault
