"""A technician installs modules on real pseudo terminals: recognised, told how they hang, walked by, fallen before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from device_drivers.virtual.radar.twin import RadarTwin, twin
from gateway.core.clock import SystemClock
from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.health import HealthBoard
from gateway.core.subject import Origin
from gateway.radar import installing
from gateway.radar.installing import Installation, Outcome
from gateway.radar.lines import PART, Lines
from gateway.radar.modules import Module, Mounting
from gateway.radar.service import Radars
from gateway.store.database import Database
from gateway.store.radar_modules import RadarModules
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper

ORIGIN = Origin(organisation_id="org", home_id="home-1", gateway_id="gw-1")


@dataclass
class Home:
    radars: Radars
    modules: RadarModules
    registry: Registry
    health: HealthBoard
    ports: Path
    heard: list[Module]

    def wanted(self, name: str, **changes: Any) -> Module:
        given: dict[str, Any] = {
            "identity": "", "port": str(self.ports / name), "room": "bathroom", "height_m": 2.3,
            "mounting": Mounting.CEILING,
        }  # fmt: skip
        return Module(**(given | changes))

    def words(self) -> str:
        known = self.health.parts().get(PART)
        return "" if known is None else known.reason


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with opened(tmp_path) as one:
        yield one


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Home]:
    clock, health = SystemClock(), HealthBoard()
    ports = folder / "by-id"
    ports.mkdir(exist_ok=True)
    heard: list[Module] = []
    async with Database.open(folder / "home.db", clock=clock) as database, asyncio.TaskGroup() as group:
        stamper = Stamper(ORIGIN, clock, boot_id="boot-1")
        modules = RadarModules(database, stamper)
        lines = Lines(modules=modules, feed=lambda one, _f, _at: heard.append(one), clock=clock, health=health)
        radars = Radars(lines=lines, modules=modules, clock=clock, folder=ports)
        tasks = [group.create_task(lines.run()), group.create_task(radars.run())]
        yield Home(radars, modules, Registry(database, stamper), health, ports, heard)
        for task in tasks:
            task.cancel()


async def until(one: Installation, code: str, within_s: float = 20.0) -> list[str]:
    """Its codes so far, once it has said that."""
    position = 0
    async with asyncio.timeout(within_s):
        while code not in (codes := [each.code for each in one.log.after(0)]):
            position = (await one.log.more(position))[-1].number
    return codes


def said(one: Installation) -> str:
    return " ".join(each.words for each in one.log.after(0))


async def walk_and_fall(one: Installation, module: RadarTwin) -> None:
    await until(one, "walk-test")
    module.act("walk")
    await until(one, "fall-test", 60.0)
    module.act("fall")


async def test_from_the_port_to_ready(home: Home) -> None:
    async def one(name: str, protocol: str) -> None:
        async with twin(name, link=home.ports / name) as module:
            wanted = home.wanted(name)
            if name == "ti":
                wanted = home.wanted(name, mounting=Mounting.WALL, room="bedroom", height_m=2.0, tilt_deg=15.0)
            installation = await home.radars.begin(wanted, actor="toni")
            await walk_and_fall(installation, module)
            codes = await until(installation, "ended", 60.0)
            assert installation.outcome is Outcome.READY, said(installation)
            order = ["listening", "recognised", "settings", "installed", "walk-test", "seen", "fall-test"]
            assert [code for code in dict.fromkeys(codes) if code in order] == order
            (hangs,) = [each for each in await home.modules.all() if each.identity == f"port:{name}"]
            assert (hangs.protocol, hangs.room) == (protocol, wanted.room)

    names = {"ti": "ti", "mr60fda1": "r60", "ld6002c": "tinyframe"}
    await asyncio.gather(*(one(name, protocol) for name, protocol in names.items()))
    assert {each.identity for each in home.heard} == {f"port:{name}" for name in names}


async def test_a_picture_of_who_is_seen(home: Home) -> None:
    async with twin("ti", link=home.ports / "ti"):
        wanted = home.wanted("ti", mounting=Mounting.WALL, room="bedroom", height_m=2.0, tilt_deg=15.0)
        one = await home.radars.begin(wanted, actor="toni")
        await until(one, "picture")
        shown = [each.data for each in one.log.after(0) if each.code == "picture"]
        assert {"people", "points"} & set(shown[0])
        one.cancel()
        await until(one, "ended")
        assert one.outcome is Outcome.UNPROVEN
        assert [each.identity for each in await home.modules.all()] == ["port:ti"]


async def test_a_module_that_only_tells_presence_has_no_fall_test(home: Home) -> None:
    async with twin("ld2410", link=home.ports / "ld2410") as module:
        one = await home.radars.begin(home.wanted("ld2410"), actor="toni")
        await until(one, "walk-test")
        module.act("walk")
        codes = await until(one, "ended", 30.0)
        assert "no-falls" in codes
        assert "fall-test" not in codes
        assert one.outcome is Outcome.READY


async def test_tests_that_are_skipped_leave_it_unproven(home: Home) -> None:
    async with twin("mr60fda1", link=home.ports / "m"):
        one = await home.radars.begin(home.wanted("m"), actor="toni")
        with pytest.raises(Conflict):
            one.skip()
        await until(one, "walk-test")
        one.skip()
        one.skip()  # pressed twice
        await until(one, "fall-test")
        one.skip()
        codes = await until(one, "ended")
        assert codes.count("skipped") == 2
        assert one.outcome is Outcome.UNPROVEN


async def test_nobody_walks_and_it_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "TEST_S", 0.5)
    async with twin("mr60fda1", link=home.ports / "m", present=False):
        one = await home.radars.begin(home.wanted("m"), actor="toni")
        codes = await until(one, "ended")
        assert codes.count("not-seen") == 2
        assert one.outcome is Outcome.UNPROVEN


async def test_what_the_detector_takes_for_a_fall_in_the_test_is_the_test(home: Home) -> None:
    async with twin("ti", link=home.ports / "ti"):
        one = await home.radars.begin(home.wanted("ti"), actor="toni")
        await until(one, "walk-test")
        now = asyncio.get_running_loop().time
        assert not home.radars.tested("port:ti", now())
        one.skip()
        before = now()
        await until(one, "fall-test")
        assert not home.radars.tested("port:other", now())
        assert not home.radars.tested("port:ti", before - 1.0), "somebody fell before the test"
        assert home.radars.tested("port:ti", now())
        codes = await until(one, "ended")
        assert codes[-3:] == ["fall-seen", "seen", "ended"]
        assert home.radars.tested("port:ti", now() + installing.TAIL_S - 5.0), "it is judged for so long"
        assert not home.radars.tested("port:ti", now() + installing.TAIL_S + 1.0), "somebody really fell"


@pytest.mark.parametrize("fault", ["silent", "nothing", "noise"])
async def test_nothing_is_installed_where_nothing_is_understood(
    home: Home, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "LISTEN_S", 0.3)
    async with twin("ti", link=home.ports / "ti") as module:
        if fault == "silent":
            module.act("silent")
        elif fault == "noise":
            module.act("wrong-baud")
        else:
            (home.ports / "ti").unlink()
            (home.ports / "ti").touch()
        one = await home.radars.begin(home.wanted("ti"), actor="toni")
        await until(one, "ended")
        assert one.outcome is Outcome.FAILED
        expected = {"silent": "power on", "nothing": "cannot be opened", "noise": "cable is bad"}[fault]
        assert expected in said(one)
        assert await home.modules.all() == []


async def test_a_module_that_takes_no_settings_is_not_installed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async with twin("ld6002c", link=home.ports / "m") as module:
        monkeypatch.setattr(module.module, "hears", lambda _said: b"")
        one = await home.radars.begin(home.wanted("m"), actor="toni")
        await until(one, "ended")
        assert one.outcome is Outcome.FAILED
        assert "does not answer" in said(one)


async def test_it_is_refused_in_words(home: Home) -> None:
    (home.ports / "m").touch()
    with pytest.raises(NotFound, match="no port"):
        await home.radars.begin(home.wanted("elsewhere"), actor="toni")
    refused: list[tuple[dict[str, Any], str]] = [
        ({"room": "attic"}, "no room"), ({"height_m": 9.0}, "measure it again"), ({"height_m": float("nan")}, "again"),
        ({"tilt_deg": 120.0}, "0 to 90"),
    ]  # fmt: skip
    for changes, words in refused:
        with pytest.raises(Invalid, match=words):
            await home.radars.begin(home.wanted("m", **changes), actor="toni")
    await home.radars.begin(home.wanted("m"), actor="toni")
    with pytest.raises(Conflict, match="already"):
        await home.radars.begin(home.wanted("m"), actor="toni")
    with pytest.raises(NotFound):
        home.radars.installation("nothing")


async def test_installed_anew_it_hangs_in_the_other_room_and_its_history_is_kept(home: Home) -> None:
    module = home.wanted("m", identity="port:m")
    await home.modules.install(module, actor="toni")
    moved = home.wanted("m", identity="port:m", room="hall", height_m=2.0)
    await home.modules.install(moved, actor="toni")
    assert await home.modules.all() == [moved]
    rooms = [(one.subject.id, one.valid_to is None) for one in await home.registry.assigned("port:m", only_open=False)]
    assert sorted(rooms) == [("bathroom", False), ("hall", True)]
    await home.radars.remove("port:m", actor="toni")
    assert await home.modules.all() == []
    assert await home.registry.assigned("port:m") == []
    with pytest.raises(NotFound):
        await home.radars.remove("port:m", actor="toni")


async def test_after_a_restart_every_module_is_heard_again_and_one_that_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "by-id").mkdir()
    names = ["ti", "mr60fda1"]
    async with opened(tmp_path) as home:
        for name in names:
            await home.modules.install(home.wanted(name, identity=f"port:{name}"), actor="toni")
    async with opened(tmp_path) as home, twin("mr60fda1", link=home.ports / "mr60fda1"):
        async with asyncio.timeout(10.0):
            while "ti is gone" not in home.words():  # noqa: ASYNC110  # the board wakes nobody
                await asyncio.sleep(0.05)
        assert {(one.path.name, one.module is not None) for one in await home.radars.ports()} == {
            ("ti", True), ("mr60fda1", True),
        }  # fmt: skip
        states = {module.identity: line for module, line in await home.radars.modules()}
        assert states["port:ti"] is not None
        assert states["port:ti"].words is not None
