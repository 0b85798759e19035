"""Twins behind real pseudo terminals: what a host sees of them, and of what goes wrong with them."""

from __future__ import annotations

import asyncio
import signal
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from device_drivers.decode.radar import ld24xx, tinyframe
from device_drivers.decode.radar.protocols import PROTOCOLS, recognise
from device_drivers.radar_frame import Measure
from device_drivers.virtual.radar.faults import FLOOD_FRAMES, GARBAGE_BYTES
from device_drivers.virtual.radar.line import PtyLine
from device_drivers.virtual.radar.modules import MODULES
from tests.device_drivers.virtual.radar.host import Host, quick_twin
from tests.device_drivers.virtual.radar.played import PROTOCOL_OF

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals that keep any speed")


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "usb-Radar-if00-port0"


def there(link: Path) -> bool:
    return link.is_symlink()


@pytest.mark.parametrize("name", MODULES)
async def test_a_host_reads_every_module(name: str, link: Path) -> None:
    async with quick_twin(name, link) as one:
        assert there(link)
        with Host(link, name) as host:
            await host.frames_more(8)
            assert host.dropped <= len(MODULES[name].make(1, True).boots()), "what it says when it boots is no frame"
            assert one.line.lost == 0
            assert one.bodies
    assert not there(link)


@pytest.mark.slow
async def test_a_scene_through_the_terminal(link: Path) -> None:
    async with quick_twin("mr60fda2", link) as one:
        with Host(link, "mr60fda2") as host:
            host.send(tinyframe.encode(tinyframe.HEIGHT))
            await host.until(lambda: any(frame.measures.get(Measure.HEIGHT, 0.0) > 1.3 for frame in host.frames))
            one.act("fall")
            await host.until(lambda: any(frame.fallen for frame in host.frames))
            last = [frame.measures[Measure.HEIGHT] for frame in host.frames if frame.measures][-1]
            assert last < 0.6
            one.act("get-up")
            fell = len(host.frames)
            await host.until(lambda: any(frame.fallen is False for frame in host.frames[fell:]))
            with pytest.raises(ValueError, match="nothing that can be done"):
                one.act("dance")


async def test_commands_are_answered_on_the_line(link: Path) -> None:
    async with quick_twin("ld2410", link):
        with Host(link, "ld2410") as host:
            await host.frames_more(2)
            host.send(ld24xx.enable())
            await host.until(lambda: any(frame.answers for frame in host.frames))
            before = len(host.frames)
            await asyncio.sleep(0.05)  # a second of the module's
            assert len(host.frames) - before <= 1, "silent meanwhile"
            host.send(ld24xx.encode(ld24xx.END))
            await host.until(lambda: any(one.code == ld24xx.END for frame in host.frames for one in frame.answers))
            await host.frames_more(5)


async def test_unplugged_and_plugged_in_again(link: Path) -> None:
    async with quick_twin("ti", link) as one:
        with Host(link, "ti") as host:
            await host.frames_more()
            one.act("unplug")
            one.act("unplug")
            assert not there(link)
            await host.until(lambda: host.hung_up)
        one.act("replug")
        one.act("replug")
        with Host(link, "ti") as host:
            await host.frames_more()
            assert b"People Tracking" in host.data, "it boots"
            assert host.frames[0].number == 1


async def test_garbage_and_halves_cost_only_what_they_hit(link: Path) -> None:
    async with quick_twin("ti", link) as one:
        with Host(link, "ti") as host:
            await host.frames_more()
            before = host.dropped
            one.act("garbage")
            await host.frames_more(4)
            assert host.dropped - before >= GARBAGE_BYTES
            one.act("half")
            await host.frames_more(8)
            numbers = [frame.number or 0 for frame in host.frames]
            assert any(later - one > 1 for one, later in pairwise(numbers)), "some are gone"


async def test_flood_arrives_as_far_as_the_terminal_holds_it(link: Path) -> None:
    async with quick_twin("ld2450", link) as one:
        with Host(link, "ld2450") as host:
            await host.frames_more()
            one.act("flood")
            await host.frames_more(FLOOD_FRAMES)
            assert one.line.lost == 0


async def test_silence_and_speech(link: Path) -> None:
    async with quick_twin("ld2410", link) as one:
        with Host(link, "ld2410") as host:
            await host.frames_more()
            one.act("silent")
            await asyncio.sleep(0.02)
            before = len(host.data)
            host.send(ld24xx.enable())
            await asyncio.sleep(0.05)
            assert len(host.data) == before
            one.act("speak")
            await host.frames_more()


@pytest.mark.parametrize("name", ["ti", "ld2410", "mr60fda2"])
async def test_a_host_at_another_speed_hears_garbage_until_it_asks_for_the_right_one(name: str, link: Path) -> None:
    async with quick_twin(name, link) as one:
        wrong = 9600 if PROTOCOLS[PROTOCOL_OF[name]].baud == 115200 else 115200
        with Host(link, name, baud=wrong) as host:
            one.reset()
            await host.until(lambda: len(host.data) > 10)
            assert not host.frames
            host.send(tinyframe.encode(tinyframe.PARAMETERS))
            await asyncio.sleep(0.02)
            assert not host.frames
            assert recognise(bytes(host.data)) is None
            host.set_baud(one.module.baud)
            await host.frames_more()


async def test_a_module_that_was_set_to_another_speed(link: Path) -> None:
    async with quick_twin("ti", link) as one:
        with Host(link, "ti") as host:
            await host.frames_more()
            one.act("wrong-baud")
            await asyncio.sleep(0.02)
            good = len(host.frames)
            dropped = len(host.data)
            await host.until(lambda: len(host.data) > dropped + 200)
            assert len(host.frames) <= good + 1
            one.act("right-baud")
            await host.frames_more()


async def test_reset_loses_the_settings(link: Path) -> None:
    async with quick_twin("ld6002c", link) as one:
        with Host(link, "ld6002c") as host:
            await host.frames_more()
            one.act("reset")
            await host.until(lambda: b"boot" in host.data)
            host.send(tinyframe.encode(tinyframe.PARAMETERS))
            await host.until(lambda: any(a.data for frame in host.frames for a in frame.answers))
            (parameters,) = [a.data for frame in host.frames for a in frame.answers if a.data]
            assert parameters[:4] == bytes.fromhex("CDCC0C40"), "2.2 m"


async def test_what_nobody_reads_is_lost_and_the_twin_lives_on(link: Path) -> None:
    async with quick_twin("ti", link) as one:
        for _ in range(200):
            await asyncio.sleep(0.01)
            if one.line.lost:
                break
        with Host(link, "ti") as host:
            await host.until(lambda: bool(host.frames) and (host.frames[-1].number or 0) > one.frames - 20)


def test_an_unplugged_line_takes_nothing(tmp_path: Path) -> None:
    line = PtyLine(link=tmp_path / "port", baud=115200)
    line.write(b"abc", now=0.0)
    line.unplug()
    assert (line.read(), line.host_baud(), line.lost) == (b"", 115200, 0)
    (tmp_path / "port").symlink_to("nowhere")
    line.plug()
    assert line.plug() == line.plug()
    for now in range(1000):  # the kernel moves bytes when it likes
        line.write(bytes(1000), now=float(now))
    assert 500_000 < line.lost < 1_000_000, "a terminal holds some tens of thousands"
    line.unplug()


@pytest.mark.slow
async def test_in_a_process_of_its_own(link: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "device_drivers.virtual.radar", "--module", "ld2410", "--link", str(link), "--commands",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    with Host(link, "ld2410") as host:
        await host.frames_more()
        process.stdin.write(b"fall\n\ndance\nwait 0.01\nwait long\nunplug\n")
        await host.until(lambda: host.hung_up)
    assert not there(link)
    process.stdin.write(b"replug\n")
    process.stdin.close()
    _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"carer" in errors
    assert errors.count(b"virtual radar: ") == 2
    assert not there(link)


@pytest.mark.slow
async def test_a_process_that_is_told_to_end_leaves_no_link_behind(link: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "device_drivers.virtual.radar", "--module", "ti", "--link", str(link),
        "--empty", "--factory",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    assert there(link)
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 128 + signal.SIGTERM
    assert not there(link)
