"""A radar module's line on a real pseudo terminal: every fault is named, and mended within five seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from device_drivers.radar_commands import Wanted, installation
from device_drivers.radar_frame import RadarFrame
from device_drivers.virtual.radar.modules import MODULES
from device_drivers.virtual.radar.twin import RadarTwin, twin
from gateway.core.clock import SystemClock
from gateway.radar.line import Line
from gateway.radar.probe import probe

MENDED_S: Final = 5.0
PROTOCOL_OF: Final = {
    "ld6002b": "tinyframe", "ld6002c": "tinyframe", "mr60fda2": "tinyframe", "mr60fda1": "r60",
    "ti-18": "ti", "ti-old": "ti", "ld2410": "ld2410", "ld2450": "ld2450", "ti": "ti",
}  # fmt: skip


class Heard:
    def __init__(self, line: Line, frames: list[tuple[RadarFrame, float]]) -> None:
        self.line, self.frames = line, frames

    async def until(self, what: Callable[[], bool], within_s: float = MENDED_S) -> float:
        """How long it took."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        while not what():
            assert loop.time() - begin < within_s, self.line.state()
            await asyncio.sleep(0.01)
        return loop.time() - begin

    async def well(self) -> float:
        self.frames.clear()
        return await self.until(lambda: bool(self.frames) and self.line.state().words is None)

    async def says(self, *words: str, within_s: float = MENDED_S) -> None:
        await self.until(lambda: all(word in (self.line.state().words or "") for word in words), within_s)


@asynccontextmanager
async def heard(port: Path, protocol: str, baud: int | None = None) -> AsyncIterator[Heard]:
    frames: list[tuple[RadarFrame, float]] = []
    line = Line(
        port=port, protocol=protocol, baud=baud, clock=SystemClock(), feed=lambda one, at: frames.append((one, at))
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(line.run())
        try:
            yield Heard(line, frames)
        finally:
            task.cancel()


@asynccontextmanager
async def both(name: str, folder: Path) -> AsyncIterator[tuple[RadarTwin, Heard]]:
    port = folder / f"usb-{name}"
    async with twin(name, link=port) as module, heard(port, PROTOCOL_OF[name]) as line:
        await line.well()
        yield module, line


async def test_every_module_is_heard_and_recognised(tmp_path: Path) -> None:
    async def one(name: str) -> None:
        port = tmp_path / f"usb-{name}"
        async with twin(name, link=port):
            found = await probe(port, SystemClock(), listen_s=3.0)
            assert found.protocol == PROTOCOL_OF[name]
            assert found.baud is not None
            async with heard(port, found.protocol, found.baud) as line:
                await line.well()
                assert line.line.state().refused == 0

    await asyncio.gather(*(one(name) for name in MODULES))


@pytest.mark.parametrize("name", ["ti", "ld6002c", "ld2410"])
async def test_unplugged_it_is_said_and_plugged_in_again_it_is_heard(name: str, tmp_path: Path) -> None:
    async with both(name, tmp_path) as (module, line):
        for _ in range(2):
            module.act("unplug")
            await line.says("is gone", "plug the module in again")
            module.act("replug")
            await line.well()


async def test_the_time_between_is_the_time_of_looking_again(tmp_path: Path) -> None:
    async with both("ti", tmp_path) as (module, line):
        module.act("unplug")
        await line.says("is gone")
        await asyncio.sleep(1.5)
        module.act("replug")
        assert await line.well() < 2.0


@pytest.mark.parametrize("name", ["ti", "ld6002c", "mr60fda1", "ld2450"])
async def test_garbage_and_half_frames_are_counted_and_pass(name: str, tmp_path: Path) -> None:
    async with both(name, tmp_path) as (module, line):
        module.act("garbage")
        module.act("half")
        await line.until(lambda: line.line.state().dropped > 0)
        await line.well()


@pytest.mark.parametrize("name", ["ti", "ld2450"])
async def test_another_speed_is_named_and_the_right_one_heard_again(name: str, tmp_path: Path) -> None:
    async with both(name, tmp_path) as (module, line):
        module.act("wrong-baud")
        await line.says("another speed", within_s=10.0)
        module.act("right-baud")
        await line.well()


async def test_a_module_that_speaks_at_another_speed_than_was_installed_is_found(tmp_path: Path) -> None:
    port = tmp_path / "usb-ti"
    async with twin("ti", link=port), heard(port, "ti", baud=115200) as line:
        await line.until(lambda: line.line.state().words is None, within_s=15.0)
        assert line.line.baud == 921600


async def test_another_module_in_its_place_is_named(tmp_path: Path) -> None:
    port = tmp_path / "usb-port"
    async with twin("ld2450", link=port), heard(port, "ti") as line:
        await line.says("ld2450 frames where ti was installed", within_s=15.0)


async def test_a_fall_that_was_said_while_nobody_understood_is_asked_for(tmp_path: Path) -> None:
    async with both("mr60fda1", tmp_path) as (module, line):
        await asyncio.sleep(1.0)
        module.act("wrong-baud")
        module.act("fall")
        await asyncio.sleep(8.0)  # it says so once, five seconds after the fall
        line.frames.clear()
        module.act("right-baud")
        await line.until(lambda: any(frame.fallen for frame, _ in line.frames), within_s=6.0)


async def test_a_reset_module_is_heard_again(tmp_path: Path) -> None:
    async with both("ld6002c", tmp_path) as (module, line):
        module.act("reset")
        await line.well()


async def test_a_port_that_was_never_there_is_said_and_found_when_it_comes(tmp_path: Path) -> None:
    port = tmp_path / "usb-later"
    async with heard(port, "ld2410") as line:
        await line.says("is gone")
        async with twin("ld2410", link=port):
            await line.well()


async def test_of_two_programs_one_has_the_port(tmp_path: Path) -> None:
    async with both("ti", tmp_path) as (_, first), heard(first.line.port, "ti") as second:
        await second.says("another program")
        await first.well()


@pytest.mark.parametrize("name", ["ld6002c", "mr60fda1", "ld2410"])
async def test_what_a_module_was_told_it_keeps(name: str, tmp_path: Path) -> None:
    async with both(name, tmp_path) as (_, line):
        for step in installation(PROTOCOL_OF[name], Wanted(height_m=2.35)):
            answer = await line.line.ask(step.data, step.code, least=step.least)
            assert answer is not None, step.says
            assert step.check(answer) is None, step.says
        await line.well()


async def test_who_does_not_answer_is_asked_three_times_and_given_up(tmp_path: Path) -> None:
    async with both("ld6002c", tmp_path) as (module, line):
        module.act("silent")
        step = installation("tinyframe", Wanted(height_m=2.0))[0]
        assert await line.line.ask(step.data, step.code, least=step.least) is None


async def test_a_module_that_keeps_another_height_is_found_out(tmp_path: Path) -> None:
    async with both("ld6002c", tmp_path) as (module, line):
        set_height, *_, read_back = installation("tinyframe", Wanted(height_m=2.35))
        assert await line.line.ask(set_height.data, set_height.code) is not None
        module.act("reset")
        await line.well()
        answer = await line.line.ask(read_back.data, read_back.code, least=read_back.least)
        assert answer is not None
        assert "instead of 2.35 m" in (read_back.check(answer) or "")


async def test_nothing_is_sent_to_a_port_that_is_not_open(tmp_path: Path) -> None:
    line = Line(port=tmp_path / "none", protocol="ti", clock=SystemClock(), feed=lambda _one, _at: None)
    assert await line.ask(b"x", 1) is None
