"""The plan of the simulated home, the words it obeys, and its log."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from bumble import hci

from device_drivers.virtual.commands import HomeCommands
from device_drivers.virtual.hci_log import classify
from device_drivers.virtual.radio import Dongle, VirtualRadio, virtual_radio
from device_drivers.virtual.scene import HomeScene, Plan, repeat_first_success

NOON = datetime.fromisoformat("2026-03-01T12:00:00")
FAILED = bytes.fromhex("16ff07ff07ff07e107010e162c04ff070000")
GOOD = bytes.fromhex("167d0050006600e10701100c273640000000")


def scene_of(
    radio: VirtualRadio, *, seed: int = 1, plan: Plan | None = None, scale_has_clock: bool = True
) -> HomeScene:
    return HomeScene(radio, seed=seed, now=NOON, plan=plan or Plan(), scale_has_clock=scale_has_clock)


async def test_the_day_goes_as_planned() -> None:
    async with virtual_radio() as radio:
        scene = scene_of(radio)
        radio.start(scene.run())
        await asyncio.sleep(1)
        assert scene.cuff.accepts_pairing
        for device in (scene.cuff, scene.scale):  # a technician has paired them
            device.accepts_pairing = False
            device.pairing_finished.set()
        await asyncio.sleep(3.5)
        assert (len(scene.cuff.records), len(scene.scale.records)) == (1, 0)
        await asyncio.sleep(10)
        assert (len(scene.cuff.records), len(scene.scale.records)) == (1, 1)
        await asyncio.sleep(500)
        assert len(set(scene.cuff.records)) == len(scene.cuff.records) == 3
        assert all(40 < frame[1] - frame[3] + 5 < 70 for frame in scene.cuff.records)


async def test_nobody_measures_with_an_unpaired_cuff() -> None:
    async with virtual_radio() as radio:
        scene = scene_of(radio)
        radio.start(scene.run(devices=frozenset({"cuff"})))
        await asyncio.sleep(300)
        assert not scene.cuff.records
        assert not scene.scale.device.powered_on


async def test_seeds_make_different_homes() -> None:
    frames = []
    for seed in (1, 1, 2):
        async with virtual_radio() as radio:
            scene = scene_of(radio, seed=seed)
            await scene.cuff.power_on()
            frames.append(await scene.measure())
    assert frames[0][1:7] == frames[1][1:7] != frames[2][1:7]


async def test_commands() -> None:
    async with virtual_radio() as radio:
        dongle: Dongle = radio.dongle()
        scene = scene_of(radio, scale_has_clock=False)
        await scene.cuff.power_on()
        await scene.scale.power_on()
        commands = HomeCommands(radio, dongle, scene)
        for line in ("measure\n", f"record {GOOD.hex()}", "weigh 72.45", "weigh 72.45", "weigh"):
            await commands.obey(line)
        assert len(scene.cuff.records) == 2
        assert scene.cuff.records[1] == GOOD
        assert [frame.hex() for frame in scene.scale.records][:2] == ["009a38", "009a38"]
        await commands.obey("reset-clock cuff")
        assert scene.cuff.clock is not None
        assert scene.cuff.clock.now().year == 2016
        await commands.obey("pair cuff")
        assert scene.cuff.accepts_pairing
        hung = []
        for line in ("hang", "unhang"):
            await commands.obey(line)
            hung.append(dongle.controller.hung)
        assert hung == [True, False]
        await commands.obey("walk-away cuff")
        assert scene.cuff.controller in radio.link.out_of_range
        await commands.obey("come-back cuff")
        assert scene.cuff.controller not in radio.link.out_of_range
        falls = []
        for line in ("fall", "get-up"):
            await commands.obey(line)
            falls.append(scene.person.fall_after_s is not None)
        assert falls == [True, False]
        for mistake in ("", "dance", "pair toaster", "record xyz", "weigh heavy"):
            with pytest.raises(ValueError, match=r"is no command|fromhex|could not convert"):
                await commands.obey(mistake)


def test_the_first_success_is_sent_twice() -> None:
    assert repeat_first_success([FAILED, GOOD, FAILED]) == [FAILED, GOOD, GOOD, FAILED]
    assert repeat_first_success([FAILED]) == [FAILED]


@pytest.mark.parametrize(
    ("packet", "kind"),
    [
        (bytes(hci.HCI_Reset_Command()), ("command", None)),
        (bytes.fromhex("020100060002000600") + b"\x0b\x01", ("smp", "security-request")),
        (bytes.fromhex("020120070003000600") + b"\x01\x03\x00", ("smp", "pairing-request")),
        (bytes.fromhex("020110070003000600") + b"\x01\x03\x00", ("acl", None)),  # a continuing fragment
        (bytes.fromhex("020120070003000400") + b"\x0a\x03\x00", ("att", None)),
        (bytes.fromhex("043e0c0201000000000000000000c4"), (None, None)),  # an advertising report
        (bytes.fromhex("0413050101000100"), (None, None)),
        (bytes.fromhex("04050400010013"), ("event", None)),
    ],
)
def test_what_the_log_calls_a_packet(packet: bytes, kind: tuple[str | None, str | None]) -> None:
    assert classify(packet) == kind
