"""Radar modules through the whole gateway: installed over the API, a fall in front of them, the alert a nurse sees.

In real time: the modules are virtual, on pseudo terminals.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.composition import Home, open_home
from api.settings import ApiSettings, RadarSettings, RadioSettings, Settings
from device_drivers.virtual.radar.twin import RadarTwin, twin
from gateway.core.clock import SystemClock
from gateway.core.subject import SubjectType
from gateway.desk.events import Alert, AlertKind, Priority
from gateway.ingest.intake import Listener
from gateway.radar import installing
from gateway.store.users import Role

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

TI = {
    "room": "bedroom", "height_m": 2.0, "mounting": "wall", "tilt_deg": 15.0,
    "zones": [{"low": [0.5, 2.2], "high": [1.5, 4.2], "height": 0.5}],
}  # fmt: skip
CEILING = {"room": "bathroom", "height_m": 2.4, "mounting": "ceiling"}


@dataclass
class Gateway:
    home: Home
    technician: httpx.AsyncClient
    ports: Path

    async def begin(self, name: str, hung: dict[str, Any]) -> str:
        reply = await self.technician.post("/radar/installations", json={"port": str(self.ports / name), **hung})
        assert reply.status_code == 201, reply.text
        return f"/radar/installations/{reply.json()['id']}"

    async def events(self, path: str) -> AsyncIterator[dict[str, Any]]:
        async with self.technician.stream("GET", f"{path}/events", timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    async def install(self, name: str, hung: dict[str, Any]) -> None:
        """Without its tests."""
        path = await self.begin(name, hung)
        async for event in self.events(path):
            if event["code"] in ("walk-test", "fall-test"):
                assert (await self.technician.post(f"{path}/skip")).status_code == 200
            if event["code"] == "ended":
                assert event["data"]["outcome"] == "unproven", event

    async def alert(self, what: Callable[[Alert], bool] = lambda _alert: True, within_s: float = 30.0) -> Alert:
        async with asyncio.timeout(within_s):
            while not (found := [one for one in await self.home.desk.open_alerts() if what(one)]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        (alert,) = found
        return alert


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[Gateway]:
    ports = folder / "by-id"
    ports.mkdir(exist_ok=True)
    settings = Settings(
        data_dir=folder / "data", time_zone="Europe/Helsinki", api=ApiSettings(port=0),
        radio=RadioSettings(kind="none"), radar=RadarSettings(by_id=ports),
    )  # fmt: skip
    async with open_home(settings, clock=SystemClock(), listener=Listener(), rng=random.Random(1)) as home:
        headers = {"Authorization": f"Bearer {home.tokens.temporary('toni', Role.TECHNICIAN)}"}
        async with httpx.AsyncClient(base_url=f"{home.url}/api/v1", headers=headers, trust_env=False) as technician:
            yield Gateway(home, technician, ports)


async def watched(module: RadarTwin) -> None:
    """Long enough that who walks there is known to be up."""
    module.act("walk")
    await asyncio.sleep(7.0)


async def test_falls_and_tests(tmp_path: Path) -> None:
    """Three homes side by side: each takes its own time."""
    homes = [tmp_path / name for name in ("alone", "two", "test")]
    for folder in homes:
        folder.mkdir()
    scenes = (a_fall_is_about_who_lives_alone, where_two_live_it_is_about_the_room, a_fall_test_calls_nobody)
    await asyncio.gather(*(scene(folder) for scene, folder in zip(scenes, homes, strict=True)))


async def a_fall_is_about_who_lives_alone(tmp_path: Path) -> None:
    async with gateway(tmp_path) as one, twin("ti", link=one.ports / "ti") as module:
        aino = await one.home.acts.add_resident("Aino", actor="test")
        await one.install("ti", TI)
        await watched(module)
        loop = asyncio.get_running_loop()
        began = loop.time()
        module.act("fall")
        alert = await one.alert()
        print(f"raised {loop.time() - began:.1f} s after the fall began")
        assert loop.time() - began < 8.0  # who lies still on the floor is told after some four seconds
        assert (alert.kind, alert.subject.id, alert.device_identity) == (AlertKind.FALL, aino.id, "port:ti")
        assert "radar in the bedroom" in alert.summary
        (track,) = await one.home.desk.store.evidence(alert.id)
        rows = json.loads(track.content)["samples"]
        assert max(row[3] for row in rows if row[3] is not None) > 1.2
        assert rows[-1][3] < 0.7
        worse = await one.alert(lambda each: each.priority is Priority.CRITICAL, within_s=40.0)
        assert worse.id == alert.id
        assert "Not up 30 s" in worse.summary


async def where_two_live_it_is_about_the_room(tmp_path: Path) -> None:
    async with gateway(tmp_path) as one, twin("mr60fda1", link=one.ports / "m") as module:
        for name in ("Aino", "Eino"):
            await one.home.acts.add_resident(name, actor="test")
        await one.install("m", CEILING)
        await watched(module)
        module.act("fall")
        alert = await one.alert()
        assert (alert.subject.type, alert.subject.id) == (SubjectType.ROOM, "bathroom")
        assert "50 % likely" in alert.summary


async def a_fall_test_calls_nobody(tmp_path: Path) -> None:
    async with gateway(tmp_path) as one, twin("ti", link=one.ports / "ti") as module:
        path = await one.begin("ti", TI)
        pictures = 0
        async for event in one.events(path):
            pictures += event["code"] == "picture"
            if event["code"] == "fall-test":
                await asyncio.sleep(5.0)
                module.act("fall")
            if event["code"] == "ended":
                assert event["data"]["outcome"] == "ready", event
        assert pictures > 3
        await asyncio.sleep(installing.TAIL_S / 2)  # the detector judges what it saw for some seconds
        assert await one.home.desk.open_alerts() == []
        (shown,) = (await one.technician.get("/radar/modules")).json()
        assert (shown["identity"], shown["heard"], shown["words"]) == ("port:ti", True, None)


async def test_routes_refuse_in_words(tmp_path: Path) -> None:
    async with gateway(tmp_path) as one:
        (one.ports / "m").touch()
        assert (await one.technician.get("/radar/ports")).json() == [
            {"port": str(one.ports / "m"), "there": True, "module": None}
        ]
        nothing = {"port": str(one.ports / "none"), **CEILING}
        for body, status, words in [
            (nothing, 404, "no port"), ({**nothing, "room": "attic"}, 422, "no room"),
            ({**nothing, "height_m": 30}, 422, "measure it again"), ({**nothing, "colour": "red"}, 422, "colour"),
        ]:  # fmt: skip
            reply = await one.technician.post("/radar/installations", json=body)
            assert reply.status_code == status, reply.text
            assert words in reply.json()["error"]
        assert (await one.technician.get("/radar/installations/none")).status_code == 404
        assert (await one.technician.get("/radar/installations/none/events")).status_code == 404
        assert (await one.technician.delete("/radar/modules/port:none")).status_code == 404
        nurse = {"Authorization": f"Bearer {one.home.tokens.temporary('n', Role.NURSE)}"}
        assert (await one.technician.get("/radar/modules", headers=nurse)).status_code == 403
        assert (await one.technician.get("/radar/modules", headers={"Authorization": ""})).status_code == 401
