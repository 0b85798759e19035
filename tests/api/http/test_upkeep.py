"""A device taken away, the doctor, and recordings, over the API."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import httpx
import pytest

from api.checkup import doctor_over
from api.core import Core
from api.http.app import build_app
from api.settings import RadioSettings, Settings
from firmware_profiles import load
from gateway.capture import Captured, Frame, Recorder
from gateway.capture.recorder import CapturingRadio
from gateway.core.errors import NotFound
from gateway.store.users import Role
from tests.api.home import Home, client, open_home
from tests.api.pairing_radio import CUFF, HandRadio

FRAME = Frame(characteristic="2a35", at_s=1.5, data=bytes.fromhex("167d0050006600e10701100c273640000000"))


class HandRecorder(Recorder):
    """Records what it was given; where `held`, until it is stopped."""

    def __init__(self, frames: tuple[Frame, ...] = (FRAME,)) -> None:
        self.asked: list[tuple[str, float, bool]] = []
        self.frames = frames
        self.held = False
        self.stopped = asyncio.Event()

    def find(self, pattern: str) -> str:
        if pattern != "A&D*":
            raise NotFound(f"No device called {pattern!r} is heard: wake it.")
        return CUFF

    async def record(self, address: str, *, seconds: float, bond: bool) -> Captured:
        self.asked.append((address, seconds, bond))
        if self.held:
            await self.stopped.wait()
        return Captured(
            address=address, advert=None, attributes=(), reads={}, frames=self.frames, dropped=0, bonded=False,
            ended="early" if self.stopped.is_set() else "after 2 s",
        )  # fmt: skip

    def stop(self) -> None:
        self.stopped.set()

    async def until_asked(self) -> None:
        async with asyncio.timeout(20):
            while not self.asked:  # noqa: ASYNC110  # by another process
                await asyncio.sleep(0.02)


@asynccontextmanager
async def technician_of(home: Home, **services: object) -> AsyncIterator[httpx.AsyncClient]:
    changed = replace(home.services, **services)  # type: ignore[arg-type]
    async with client(replace(home, services=changed, app=build_app(changed)), Role.TECHNICIAN) as made:
        yield made


async def test_a_device_is_taken_away_with_its_bond(tmp_path: Path) -> None:
    radio = HandRadio()
    async with open_home(tmp_path, radio=radio) as home:
        await home.services.acts.add_resident("Aino", actor="t")
        await home.services.acts.assign(CUFF, "Aino", actor="t")
        acts = replace(home.services.acts, bonds=radio)  # type: ignore[arg-type]
        async with technician_of(home, acts=acts) as technician:
            done = await technician.post(f"/api/v1/devices/{CUFF.lower()}/unpair")
            assert (done.status_code, done.json()["ended"]) == (200, 1)
            assert "its history stays" in done.json()["words"]
            assert radio.forgotten == [CUFF]
            assert (await technician.post(f"/api/v1/devices/{CUFF}/unpair")).json()["ended"] == 0, "twice does no harm"
            assert (await technician.post("/api/v1/devices/cuff/unpair")).status_code == 422

        async def bonds() -> dict[str, list[str]]:
            return {"hci0": []}

        async with technician_of(home, acts=acts, bonds=bonds) as technician:
            nobodys = await technician.post(f"/api/v1/devices/{CUFF}/unpair")
            assert nobodys.status_code == 404
            assert "belongs to nobody, and this gateway has no bond with it" in nobodys.json()["error"]
        assert await home.services.acts.registry.assigned(CUFF) == []
        assert len(await home.services.acts.registry.assigned(CUFF, only_open=False)) == 1


async def test_a_device_that_is_being_paired_is_not_taken_away(tmp_path: Path) -> None:
    radio = HandRadio()
    async with open_home(tmp_path, radio=radio) as home:
        aino = await home.services.acts.add_resident("Aino", actor="t")
        acts = replace(home.services.acts, bonds=radio)  # type: ignore[arg-type]
        async with technician_of(home, acts=acts) as technician:
            begun = await technician.post("/api/v1/pairings", json={"resident": aino.id, "address": CUFF})
            assert begun.status_code == 201, begun.text
            refused = await technician.post(f"/api/v1/devices/{CUFF.lower()}/unpair")
            assert (refused.status_code, radio.forgotten) == (409, [])
            assert "is being paired already" in refused.json()["error"]


async def test_who_belongs_to_nobody_is_not_told_to_pair_again(tmp_path: Path) -> None:
    radio = HandRadio()
    async with open_home(tmp_path, radio=radio) as home:
        acts = replace(home.services.acts, bonds=radio)  # type: ignore[arg-type]
        async with technician_of(home, acts=acts) as technician:
            refused = await technician.post(f"/api/v1/devices/{CUFF}/pair-again")
    assert refused.status_code == 409
    assert "belongs to nobody, so no bond would be made: pair it with 'huoma pair'" in refused.json()["error"]
    assert radio.forgotten == []


async def test_the_doctor_over_the_api(home: Home, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, time_zone="Europe/Helsinki", radio=RadioSettings(kind="none"))
    core = home.services.acts
    doctor = doctor_over(
        cast("Core", _Core(core.registry)), settings, load(), clock=home.services.clock, health=home.services.health
    )
    async with technician_of(home, doctor=doctor) as technician:
        reply = await technician.get("/api/v1/doctor")
        assert reply.status_code == 200, reply.text
        findings = {one["about"]: one for one in reply.json()}
    assert findings["webhook"]["grade"] == "FAIL"
    assert findings["store"]["grade"] == "OK"
    assert findings["disk"]["words"].split()[0] == f"{shutil.disk_usage(tmp_path).free / 1e9:.1f}"


class _Core:
    """What the doctor takes of a core."""

    def __init__(self, registry: object) -> None:
        self.registry = registry
        self.database = registry._database  # type: ignore[attr-defined]
        self.stamper = registry._stamper  # type: ignore[attr-defined]


async def test_a_recording(home: Home) -> None:
    recorder = HandRecorder()
    async with technician_of(home, recorder=recorder) as technician:
        reply = await technician.post("/api/v1/captures", json={"name": "A&D*", "seconds": 2, "bond": True})
        assert reply.status_code == 200, reply.text
        assert (reply.json()["address"], recorder.asked) == (CUFF, [(CUFF, 2.0, True)])
        assert "[[device]]" in reply.json()["profile"]
        unheard = await technician.post("/api/v1/captures", json={"name": "B*"})
        assert (unheard.status_code, "wake it" in unheard.json()["error"]) == (404, True)
        for body in ({}, {"name": "A&D*", "address": CUFF}, {"address": CUFF, "seconds": 1000}):
            assert (await technician.post("/api/v1/captures", json=body)).status_code == 422
        refused = await technician.post("/api/v1/captures/stop")
        assert (refused.status_code, recorder.stopped.is_set()) == (204, True)
    async with technician_of(home) as technician:
        assert (await technician.post("/api/v1/captures/stop")).status_code == 404
        without = await technician.post("/api/v1/captures", json={"address": CUFF})
    assert "no radio runs" in without.json()["error"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/captures", {"address": "cuff"}, "address is wrong: give an address such as AA:BB:CC:DD:EE:FF"),
        ("/pairings", {"resident": "a", "address": "5c"}, "address is wrong: give an address such as"),
        ("/pairings", {"resident": "a", "replaces": "5c"}, "replaces is wrong: give an address such as"),
        ("/pairings", {"resident": "a", "bind_key": "5c"}, "a bind key has 32 hexadecimal digits"),
    ],
)
async def test_what_is_mistyped_is_answered_in_a_sentence(
    tmp_path: Path, path: str, body: dict[str, str], words: str
) -> None:
    async with open_home(tmp_path, radio=HandRadio()) as home, technician_of(home) as technician:
        reply = await technician.post("/api/v1" + path, json=body)
    assert reply.status_code == 422
    assert words in reply.json()["error"]
    assert "^" not in reply.json()["error"]


async def test_a_device_of_somebody_is_not_recorded(home: Home) -> None:
    acts = home.services.acts
    await acts.add_resident("Aino Virtanen", actor="t")
    await acts.assign(CUFF, "Aino Virtanen", actor="t")
    recorder = Recorder(cast("CapturingRadio", HandRadio()), home.services.clock, acts.registry)
    async with technician_of(home, recorder=recorder) as technician:
        reply = await technician.post("/api/v1/captures", json={"address": CUFF.lower()})
    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
    assert f"{CUFF} belongs to Aino Virtanen" in reply.json()["error"]
    assert "Unpair it first" in reply.json()["error"]


@pytest.mark.parametrize("bonded", [True, False])
async def test_devices_tell_signal_and_bond(tmp_path: Path, bonded: bool) -> None:
    radio = HandRadio()
    radio.call(CUFF, rssi=-88)

    async def bonds() -> dict[str, list[str]]:
        return {"hci0": [CUFF] if bonded else []}

    async with open_home(tmp_path, heard=radio.heard) as home:
        await home.services.acts.add_resident("Aino", actor="t")
        await home.services.acts.assign(CUFF, "Aino", actor="t")
        async with technician_of(home, bonds=bonds) as technician:
            (device,) = (await technician.get("/api/v1/devices")).json()
    assert (device["bonded"], device["heard"]["signal"]) == (bonded, "weak")
