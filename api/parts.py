"""One part of the gateway each, from settings. Here stands what happens when a part cannot be had."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry

from analytics.falls import ArtefactError
from api.acts import Acts
from api.audit import StoreAudit
from api.checkup import doctor_over
from api.core import Core
from api.http.auth import TokenBook
from api.http.services import Heard, Services
from api.http.status import HealthCollector
from api.metrics import GatewayCollector
from api.settings import Settings
from api.vital_settings import VitalSettings
from device_drivers.broadcasts import BROADCASTS
from device_drivers.home_profiles import load_checked
from device_drivers.payloads import MQTT
from device_drivers.radar_frame import RadarFrame
from device_drivers.sessions import SESSIONS
from firmware_profiles import Catalogue
from gateway.capture import Recorder
from gateway.core.clock import Clock
from gateway.core.health import Colour, HealthBoard
from gateway.days.watch import DayWatch
from gateway.delivery.service import Delivery
from gateway.desk.notice import Channel
from gateway.detection.service import Detection
from gateway.detection.watch import PART as FALLS
from gateway.ingest.intake import Intake, Listener
from gateway.pairing import Pairings
from gateway.pendant.calls import HelpCalls
from gateway.radar.behind_broker import PART as BROKER_RADARS
from gateway.radar.behind_broker import BrokerRadars
from gateway.radar.contracts import RadarFeed
from gateway.radar.lines import PART as RADAR
from gateway.radar.lines import Lines
from gateway.radar.modules import Module
from gateway.radar.presence import PART as PRESENCE
from gateway.radar.presence import RadarPresence
from gateway.radar.service import PART as INSTALLATIONS
from gateway.radar.service import Radars
from gateway.radar.watch import PART as RADAR_FALLS
from gateway.radar.watch import RadarWatch
from gateway.radio.host import Host
from gateway.radio.manager import PART as RADIO
from gateway.radio.manager import Radio
from gateway.store.device_book import AssignedDevices
from gateway.store.listening import Listening
from gateway.store.pairings import PairingNotes
from gateway.store.press_notes import PressNotes
from gateway.store.radar_modules import RadarModules
from gateway.store.room_states import RoomStates
from gateway.supervision.supervisor import Part, Supervisor

if TYPE_CHECKING:
    from gateway.mqtt.listener import BrokerListener

log = structlog.get_logger(__name__)


def detection_of(settings: Settings, health: HealthBoard) -> Detection | None:
    """A gateway whose fall model is damaged still measures, and says loudly what it does not do."""
    if not settings.detection.falls:
        health.report(FALLS, Colour.AMBER, "Falls are not watched for: detection.falls is off in the settings.")
        return None
    try:
        return Detection()
    except ArtefactError as error:
        health.report(FALLS, Colour.RED, f"FALLS ARE NOT WATCHED FOR: {error}")
        return None


def catalogue_of(settings: Settings, health: HealthBoard) -> Catalogue:
    """What can be relied on of the profiles; the rest is said. A bad file must not silence the other devices."""
    catalogue = load_checked(settings.profiles.folders, drivers={*SESSIONS, *BROADCASTS, MQTT})
    if catalogue.problems:
        for words in catalogue.problems:
            log.warning("profile", words=words)
        health.report("profiles", Colour.AMBER, " ".join(catalogue.problems))
    else:
        health.report("profiles", Colour.GREEN, f"{len(catalogue.profiles)} device profiles.")
    return catalogue


def radio_on(
    hosts: Sequence[Host],
    catalogue: Catalogue,
    core: Core,
    intake: Intake,
    *,
    clock: Clock,
    settings: Settings,
    health: HealthBoard,
    rng: random.Random,
) -> Radio | None:
    if not hosts:
        return None
    book = AssignedDevices(core.registry, core.memory)
    return Radio(
        host=hosts[0],
        more_hosts=hosts[1:],
        catalogue=catalogue,
        book=book,
        sink=intake,
        clock=clock,
        tz=settings.zone(),
        health=health,
        rng=rng,
    )


def brokers_over(
    settings: Settings,
    core: Core,
    catalogue: Catalogue,
    intake: Intake,
    *,
    radar: RadarFeed,
    clock: Clock,
    health: HealthBoard,
    rng: random.Random,
) -> list[BrokerListener]:
    """The brokers that are listened to. Raises SettingsError: the file of a password cannot be used."""
    if not settings.mqtt:
        return []
    from gateway.mqtt.factory import listener_on  # aiomqtt is imported only where a broker is configured

    return [
        listener_on(
            table.broker(core.origin.gateway_id), catalogue=catalogue, owners=core.registry, intake=intake,
            radar=radar, clock=clock, zone=settings.zone(), health=health, rng=rng,
        )
        for table in settings.mqtt
    ]  # fmt: skip


def calls_over(core: Core, catalogue: Catalogue, listener: Listener, *, clock: Clock, health: HealthBoard) -> HelpCalls:
    """What presses of buttons come to."""
    return HelpCalls(
        desk=core.desk,
        registry=core.registry,
        notes=PressNotes(core.database, core.stamper),
        catalogue=catalogue,
        clock=clock,
        health=health,
        origin=core.origin,
        say=listener.device,
    )


async def channels_of(settings: Settings, clock: Clock, stack: AsyncExitStack) -> list[Channel]:
    webhook = settings.notify.webhook
    if webhook is None:
        return []
    from gateway.desk.webhook import open_webhook  # httpx is imported only where a webhook is configured

    secret = webhook.signing_secret()
    return [
        await stack.enter_async_context(
            open_webhook(url=webhook.url, secret=secret, clock=clock, ca_file=webhook.ca_file)
        )
    ]


def radars_over(
    core: Core, settings: Settings, intake: Intake, *, clock: Clock, health: HealthBoard, simulated: bool
) -> tuple[Radars, RadarFeed, dict[str, Part]]:
    """The radar modules, what takes the frames of those behind brokers, and the parts that keep them watched."""
    modules = RadarModules(core.database, core.stamper)
    watch: RadarWatch | None = None
    presence = RadarPresence(intake.reading, clock=clock, health=health, simulated=simulated)

    def watched(module: Module, frame: RadarFrame, at: float) -> None:
        if watch is not None:
            watch.feed(module, frame, at)

    def feed(module: Module, frame: RadarFrame, at: float) -> None:
        presence.feed(module, frame, at)
        watched(module, frame, at)

    lines = Lines(modules=modules, feed=feed, clock=clock, health=health)
    # Those behind brokers tell presence as readings themselves.
    brokers = BrokerRadars(modules, core.registry, feed=watched, clock=clock, health=health)
    radars = Radars(
        lines=lines, modules=modules, clock=clock, folder=settings.radar.by_id, more=settings.radar.ports,
        simulated=simulated,
    )  # fmt: skip
    parts: dict[str, Part] = {RADAR: lines.run, INSTALLATIONS: radars.run, PRESENCE: presence.run}
    if settings.mqtt:
        parts[BROKER_RADARS] = brokers.run
    if settings.detection.falls:
        watch = RadarWatch(
            modules=brokers, desk=core.desk, registry=core.registry, clock=clock, health=health, origin=core.origin,
            testing=radars.tested,
        )  # fmt: skip
        parts[RADAR_FALLS] = watch.run
    return radars, brokers.feed, parts


def days_over(
    core: Core, settings: Settings, brokers: Sequence[BrokerListener], *, clock: Clock, health: HealthBoard
) -> DayWatch:
    """The watch over days at home."""
    return DayWatch(
        states=RoomStates(core.database), readings=core.readings, listening=Listening(core.database, core.stamper),
        promises=core.promises, registry=core.registry, desk=core.desk, clock=clock, zone=settings.zone(),
        health=health, origin=core.origin, boot_id=core.stamper.boot_id, deaf=partial(why_deaf, brokers, health),
    )  # fmt: skip


def why_deaf(brokers: Sequence[BrokerListener], health: HealthBoard, adapter: str) -> str | None:
    """Why nothing can come over what carries a sensor: a broker ("mqtt:<name>"), a port, else Bluetooth."""
    for broker in brokers:
        if adapter == broker.part:
            return None if broker.is_hearing else f"nothing comes from the broker {broker.broker.name}"
    if adapter.startswith(("mqtt:", "/")):
        return None  # a broker that was taken out of the settings; a port's module is silent by itself
    radio = health.parts().get(RADIO)
    return "Bluetooth does not work" if radio is not None and radio.colour is Colour.RED else None


def pairings_over(
    core: Core, radio: Radio | None, acts: Acts, catalogue: Catalogue, *, clock: Clock, zone: ZoneInfo
) -> Pairings | None:
    """Without a radio nothing can be paired."""
    if radio is None:
        return None
    return Pairings(
        radio=radio,
        registry=core.registry,
        memory=core.memory,
        notes=PairingNotes(core.database, core.stamper),
        catalogue=catalogue,
        broadcast=BROADCASTS.keys(),
        clock=clock,
        zone=zone,
        origin=core.origin,
        acts=acts,
    )


def services_over(
    core: Core,
    delivery: Delivery,
    radio: Radio | None,
    brokers: Sequence[BrokerListener],
    radars: Radars,
    days: DayWatch,
    intake: Intake,
    supervisor: Supervisor,
    *,
    settings: Settings,
    catalogue: Catalogue,
    clock: Clock,
    health: HealthBoard,
    simulated: bool,
) -> Services:
    tokens = TokenBook(core.users.authenticate)
    metrics = CollectorRegistry()
    metrics.register(HealthCollector(health))
    counted = [(broker.broker.name, broker.counts) for broker in brokers]
    metrics.register(GatewayCollector(database=core.database, intake=intake, supervisor=supervisor, brokers=counted))
    acts = Acts(
        registry=core.registry,
        memory=core.memory,
        users=core.users,
        consents=core.consents,
        tokens=tokens,
        recipients=frozenset(delivery.names),
        couriers=delivery.workers,
        bonds=radio,
        take_up=intake.take_up,
    )
    return Services(
        desk=core.desk,
        readings=core.readings,
        decisions=core.decisions,
        promises=core.promises,
        acts=acts,
        vital_settings=VitalSettings(plans=core.plans, registry=core.registry, clock=clock, zone=settings.zone()),
        audit=StoreAudit(core.database, core.stamper),
        tokens=tokens,
        health=health,
        clock=clock,
        metrics=metrics,
        simulated=simulated,
        version=version("huoma"),
        heard=partial(_heard, radio, brokers),
        pairings=pairings_over(core, radio, acts, catalogue, clock=clock, zone=settings.zone()),
        radars=radars,
        days=days,
        recorder=None if radio is None else Recorder(radio, clock, core.registry),
        doctor=doctor_over(core, settings, catalogue, clock=clock, health=health, radio=radio),
        bonds=radio.bonds if radio else None,
    )


def _heard(radio: Radio | None, brokers: Sequence[BrokerListener]) -> list[Heard]:
    """By the radio and over brokers, each the last heard first."""
    found: list[Heard] = [] if radio is None else [*radio.seen()]
    for broker in brokers:
        found += broker.heard()
    return found
