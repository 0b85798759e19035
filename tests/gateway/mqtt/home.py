"""A home with a store, and what listens to a broker, or to messages that a test makes up."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from device_drivers.radar_frame import RadarFrame
from firmware_profiles import Catalogue, load
from gateway.core.clock import Clock
from gateway.core.health import HealthBoard, PartHealth
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.ingest.ingest import Ingest, Stored
from gateway.ingest.intake import Intake, Listener
from gateway.ingest.received import KnownDevice, Received
from gateway.mqtt.contracts import Arrived, Broker, HomeAssistant, Topics, Zigbee2Mqtt
from gateway.mqtt.factory import listener_on
from gateway.mqtt.listener import BrokerListener
from gateway.radio.contracts import Severity
from gateway.store.database import Database
from gateway.store.readings import ReadingRow, Readings
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper
from gateway.store.undecodable import UndecodableFrames
from tests.virtual_time import EPOCH, VirtualClock, run_virtual

ORIGIN: Final = Origin(organisation_id="org", home_id="home-1", gateway_id="gw-1")
ZONE: Final = ZoneInfo("Europe/Helsinki")
AINO: Final = Subject(type=SubjectType.RESIDENT, id="aino")
HALL: Final = "eui64:00158d00018255df"
CATALOGUE: Final = load()
ADDRESS: Final = "0x00158d00018255df"
VAYYAR: Final = "serial:vayyar:id_A1"
FP2: Final = "serial:home-assistant:fp2_bath"
LONG_AGO: Final = datetime(2015, 1, 1, tzinfo=UTC)


def broker(port: int = 1, **changes: Any) -> Broker:
    """All kinds of sources."""
    given: dict[str, Any] = {
        "name": "home",
        "host": "127.0.0.1",
        "port": port,
        "client_id": "huoma-gw-1-home",
        "zigbee2mqtt": Zigbee2Mqtt(base="zigbee2mqtt"),
        "home_assistant": HomeAssistant(prefix="ha", devices={"fp2_bath": "aqara/fp2"}),
        "topics": (Topics(filter="/devices/+/events", profile="vayyar/care"),),
    }
    return Broker(**{**given, **changes})


def listed(*devices: tuple[str, str, str | None], vendor: str = "Aqara") -> str:
    """`bridge/devices` of (address, friendly name, model)."""
    return json.dumps(
        [
            {
                "ieee_address": address,
                "friendly_name": name,
                "type": "EndDevice",
                "definition": None
                if model is None
                else {"model": model, "vendor": vendor, "exposes": [{"property": "contact"}, {"property": "battery"}]},
            }
            for address, name, model in devices
        ]
    )


class Words(Listener):
    """What people are told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, Severity]] = []
        self.rows: list[Received] = []

    def device(self, address: str, words: str, severity: Severity) -> None:
        self.said.append((address, words, severity))

    def stored(self, received: Received, outcome: Stored) -> None:
        self.rows.append(received)


@dataclass
class Home:
    database: Database
    registry: Registry
    health: HealthBoard
    intake: Intake
    words: Words
    clock: Clock
    listener: BrokerListener
    radar: list[tuple[KnownDevice, RadarFrame, float]] = field(default_factory=list)
    _number: int = 0

    async def assign(self, identity: str = HALL, placement: str = "hall") -> None:
        """Since long ago."""
        await self.registry.assign(identity, AINO, actor="test", placement=placement, since=LONG_AGO)
        self.listener.sensors.assignments_changed()

    async def hear(
        self,
        topic: str,
        payload: str | bytes | Mapping[str, Any],
        *,
        qos: int = 1,
        retained: bool = False,
        again: bool = False,
        number: int | None = None,
    ) -> None:
        """A message comes, and is dealt with to its end."""
        self._number += 1
        raw = payload if isinstance(payload, bytes) else (payload if isinstance(payload, str) else json.dumps(payload))
        self.listener._arrived(
            topic, raw if isinstance(raw, bytes) else raw.encode(), qos, retained, again, number or self._number
        )
        await self.settle()

    async def settle(self) -> None:
        while len(self.listener._inbox) or self.listener._readings or self.listener._handled:
            await self.clock.sleep(0.01)

    async def rows(self) -> list[ReadingRow]:
        return await Readings(self.database).of_resident(AINO.id, limit=1000)

    async def states(self) -> list[dict[str, float]]:
        """What was stored, in the order of commits."""
        return [dict(row.values) for row in await self.rows()]

    @property
    def part(self) -> PartHealth:
        return self.health.parts()["mqtt:home"]

    @property
    def counts(self) -> Mapping[str, int]:
        return self.listener.sensors.counts


Story = Callable[[Home], Awaitable[None]]


@asynccontextmanager
async def home(
    folder: Path,
    clock: Clock,
    *,
    settings: Broker | None = None,
    catalogue: Catalogue = CATALOGUE,
    only_understand: bool = True,
    running: bool = True,
) -> AsyncIterator[Home]:
    """With `only_understand` no broker is connected to: messages are made up with `Home.hear`."""
    health, words = HealthBoard(), Words()
    async with Database.open(folder / "home.db", clock=clock) as database:
        stamper = Stamper(ORIGIN, clock, boot_id="boot-1")
        registry = Registry(database, stamper)
        if not await registry.residents():
            await registry.add_resident("Aino", actor="test", resident_id=AINO.id)
        intake = Intake(
            ingest=Ingest(database, stamper, clock=clock, zone=ZONE),
            frames=UndecodableFrames(database, stamper),
            motion=lambda *_: None,
            press=_no_press,
            listener=words,
            clock=clock,
        )
        radar: list[tuple[KnownDevice, RadarFrame, float]] = []
        listener = listener_on(
            settings or broker(),
            catalogue=catalogue,
            owners=registry,
            intake=intake,
            radar=lambda *frame: radar.append(frame),
            clock=clock,
            zone=ZONE,
            health=health,
            rng=random.Random(1),
        )
        made = Home(
            database=database, registry=registry, health=health, intake=intake, words=words, clock=clock,
            listener=listener, radar=radar,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            task = None
            if running:
                task = group.create_task(listener._understand() if only_understand else listener.run())
            yield made
            if task is not None:
                task.cancel()


def live(tmp_path: Path, story: Story, *, model: str = "MCCGQ11LM", assigned: bool = True) -> None:
    """A home with one sensor in the hall."""

    async def main() -> None:
        async with home(tmp_path, VirtualClock()) as house:
            if assigned:
                await house.assign()
            await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", model)), retained=True)
            await story(house)

    run_virtual(main)


async def _no_press(*_: object) -> None:
    raise AssertionError("a sensor of a room has no button")


def arrived(payload: str = "{}", **changes: Any) -> Arrived:
    given: dict[str, Any] = {
        "topic": "zigbee2mqtt/hall",
        "payload": payload.encode(),
        "qos": 1,
        "retained": False,
        "again": False,
        "number": 1,
        "connection": 1,
        "at": 1000.0,
        "received_at": EPOCH,
        "synchronised": True,
    }
    return Arrived(**{**given, **changes})


def iso(after_s: float = 0.0) -> str:
    """A moment of the virtual clock, as zigbee2mqtt writes `last_seen`."""
    return (EPOCH + timedelta(seconds=after_s)).astimezone(UTC).isoformat().replace("+00:00", "Z")
