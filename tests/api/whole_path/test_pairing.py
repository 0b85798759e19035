"""Row 1: every virtual device paired through the API, all in one home at once, more than 20 of them calling 10×/s.

In real time: the gateway's radio is the other end of a socket, as a controller is.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.composition import Home, open_home
from api.settings import ApiSettings, RadioSettings, Settings
from device_drivers.virtual.broadcasters import Button, MiScale, RoomSensor
from device_drivers.virtual.catalogue import STRANGERS, TWINS, Twin
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.hci_server import serve
from device_drivers.virtual.radio import VirtualRadio, virtual_radio
from gateway.core.clock import SystemClock
from gateway.ingest.intake import Listener
from gateway.store.users import Role
from tests.api.home import events

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ZONE = "Europe/Helsinki"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
MEDIAN_S = 20.0


class SynchronisedClock(SystemClock):
    """Of a gateway whose clock follows a time source, which this machine's may not."""

    def synchronised(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A device on the kitchen table."""

    profile: str
    twin: Twin
    bind_key: str | None = None


def table(radio: VirtualRadio) -> list[Thing]:
    """Every virtual device there is, one of each."""
    now = SystemClock().wall().astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) - timedelta(seconds=90)
    makers = {**TWINS, "generic/sig of a stranger": STRANGERS["oximeter"]}
    things = [
        Thing(profile=profile.partition(" ")[0], twin=maker(radio, address=f"C4:64:E3:00:01:{number:02X}", now=now))
        for number, (profile, maker) in enumerate(makers.items(), start=1)
    ]
    beacons: list[tuple[str, Twin, str | None]] = [
        ("shelly/blu-button1", Button(radio, address="C4:64:E3:00:02:01"), None),
        ("shelly/blu-button1", Button(radio, address="C4:64:E3:00:02:02", bind_key=KEY), KEY.hex()),
        ("shelly/blu-h-and-t", RoomSensor(radio, address="C4:64:E3:00:02:03"), None),
        ("xiaomi/mi-body-composition-scale", MiScale(radio, address="C4:64:E3:00:02:04", clock=DeviceClock(now)), None),
        ("xiaomi/mi-smart-scale", MiScale(radio, address="C4:64:E3:00:02:05", version=1), None),
    ]
    return things + [Thing(profile=profile, twin=twin, bind_key=key) for profile, twin, key in beacons]


@asynccontextmanager
async def kitchen(folder: Path) -> AsyncIterator[tuple[Home, list[Thing]]]:
    settings = Settings(
        data_dir=folder / "data",
        time_zone=ZONE,
        api=ApiSettings(port=0),
        radio=RadioSettings(kind="bumble", transport=f"unix-client:{folder / 'hci'}"),
    )
    async with virtual_radio() as radio, serve(f"unix-server:{folder / 'hci'}", radio.dongle()):
        things = table(radio)
        rng = random.Random(1)
        async with open_home(settings, clock=SynchronisedClock(), listener=Listener(), rng=rng) as home:
            for thing in things:
                await thing.twin.power_on()
                await thing.twin.pairing_mode()
            yield home, things


def client(home: Home, role: Role) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"{home.url}/api/v1",
        headers={"Authorization": f"Bearer {home.tokens.temporary(f'a {role}', role)}"},
        timeout=60.0,
        trust_env=False,
        limits=httpx.Limits(max_connections=200),
    )


class Technician:
    """Does what the events say."""

    def __init__(self, client: httpx.AsyncClient, resident: str) -> None:
        self._client = client
        self._resident = resident

    async def pair(self, thing: Thing) -> dict[str, Any]:
        """One device; how it ended."""
        body = {"resident": self._resident, "address": thing.twin.address, "profile": thing.profile, "language": "fi"}
        made = await self._client.post("/pairings", json=body)
        assert made.status_code == 201, made.text
        path = f"/pairings/{made.json()['id']}"
        async with asyncio.TaskGroup() as group, self._client.stream("GET", f"{path}/events") as stream:
            hand: asyncio.Task[None] | None = None
            async for event in events(stream):
                told = json.loads(event.data)
                if event.event == "measure" and hand is None:
                    hand = group.create_task(measure(thing.twin))
                if event.event == "ask" and told["data"]["ask"] == "bind-key":
                    await self._client.post(f"{path}/bind-key", json={"bind_key": thing.bind_key})
                    await thing.twin.measure_something()
            if hand is not None:
                hand.cancel()
        return dict((await self._client.get(path)).json())


async def measure(twin: Twin) -> None:
    """As a person does who is told to: once, and again when nothing comes of it."""
    while True:
        await twin.measure_something()
        await asyncio.sleep(15.0)


async def test_everything_on_the_table_is_paired_and_measures(tmp_path: Path) -> None:
    async with kitchen(tmp_path) as (home, things), client(home, Role.TECHNICIAN) as asking:
        assert len(things) >= 25
        resident = (await home.acts.add_resident("Aino Testi", actor="test")).id
        technician = Technician(asking, resident)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(technician.pair(thing)) for thing in things]
        states = [task.result() for task in tasks]
        for thing, state in zip(things, states, strict=True):
            print(f"{thing.profile:34} {state['seconds']:6.1f} s  {state['outcome']}  {state['verdict']}")
        seconds = [state["seconds"] for state in states]
        median = statistics.median(seconds)
        print(f"{len(states)} devices paired at once: median {median:.1f} s, longest {max(seconds):.1f} s")
        assert {state["outcome"] for state in states} == {"ready"}
        assert median <= MEDIAN_S
        owned = await home.acts.registry.assigned()
        assert len(owned) == len(things), "one assignment each"
        page = await asking.get("/pairings/report?language=fi")
        assert page.text.count("\n## ") == len(things)
        await each_has_measured(home, resident, states)


async def each_has_measured(home: Home, resident: str, states: list[dict[str, Any]]) -> None:
    """Of each a reading in the resident's name, but for those that press or move only."""
    kinds = {state["found"]["identity"]: set(state["found"]["first"]["kinds"]) for state in states}
    readings = {identity for identity, own in kinds.items() if own - {"motion", "press"}}
    async with asyncio.timeout(10), client(home, Role.NURSE) as nurse:
        while readings:
            found = (await nurse.get(f"/residents/{resident}/readings?limit=1000")).json()
            readings -= {reading["device_identity"] for reading in found if not reading["failed"]}
            await asyncio.sleep(0.2)  # streamed ones are committed each five seconds
