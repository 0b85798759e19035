"""The composition root: builds every part once and passes it down. There is no other place that knows all of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from api import server
from api.acts import Acts
from api.audit import StoreAudit
from api.hosts import NO_RADIO, open_host
from api.http.app import LOOPBACK_NAMES, Control, build_app
from api.http.auth import TokenBook
from api.http.services import Services
from api.http.status import HealthCollector
from api.metrics import GatewayCollector
from api.origin import origin_of
from api.settings import Settings
from firmware_profiles import Catalogue, load
from gateway.core.clock import Clock
from gateway.core.faults import Fault, no_fault
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin
from gateway.delivery.service import Delivery, open_delivery
from gateway.desk.announcer import Times
from gateway.desk.notice import Channel
from gateway.desk.notifier import Notifier
from gateway.desk.service import Desk
from gateway.detection.service import Detection
from gateway.detection.watch import FallWatch
from gateway.ingest.ingest import Ingest
from gateway.ingest.intake import Intake, Listener
from gateway.radio.host import Host
from gateway.radio.manager import Radio
from gateway.store.alerts import SqliteAlertStore
from gateway.store.consents import SqliteConsents
from gateway.store.database import Database
from gateway.store.device_book import AssignedDevices
from gateway.store.outbox import SqliteOutbox
from gateway.store.outgoing import SinkRoute
from gateway.store.readings import Readings
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper, read_boot_id
from gateway.store.users import Users
from gateway.supervision.supervisor import Supervisor

log = structlog.get_logger(__name__)

STORE_FILE = "huoma.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A gateway that runs: what the command line, the simulated home and the tests take hold of."""

    url: str
    acts: Acts
    tokens: TokenBook
    desk: Desk
    readings: Readings
    health: HealthBoard
    radio: Radio | None
    catalogue: Catalogue
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The store and what stands directly on it."""

    database: Database
    stamper: Stamper
    origin: Origin
    routes: tuple[SinkRoute, ...]
    registry: Registry
    users: Users
    consents: SqliteConsents
    readings: Readings
    desk: Desk


@asynccontextmanager
async def open_core(settings: Settings, *, clock: Clock, health: HealthBoard, fault: Fault) -> AsyncIterator[Core]:
    """The store opened and its repositories made.

    Raises:
        StoreError: see `Database.open` and `origin_of`.
    """
    origin = origin_of(settings)
    stamper = Stamper(origin, clock, boot_id=read_boot_id())
    routes = tuple(SinkRoute(name=sink.name, takes_alerts=sink.alerts) for sink in settings.sink)
    path = settings.data_dir / STORE_FILE
    async with Database.open(path, clock=clock, fault=fault, health=health) as database:
        alerts = SqliteAlertStore(database, stamper, routes=routes)
        yield Core(
            database=database,
            stamper=stamper,
            origin=origin,
            routes=routes,
            registry=Registry(database, stamper),
            users=Users(database, stamper),
            consents=SqliteConsents(database, stamper),
            readings=Readings(database),
            desk=Desk(store=alerts, clock=clock, origin=origin, fault=fault),
        )


@asynccontextmanager
async def open_home(
    settings: Settings,
    *,
    clock: Clock,
    listener: Listener,
    rng: random.Random,
    simulated: bool = False,
    bonds: Path | None = None,
    fault: Fault = no_fault,
) -> AsyncIterator[Home]:
    """Everything started; stopped in order at the end. `bonds`: the folder of the bonds, if not the data folder.

    Raises:
        HuomaError: what cannot be mended by trying again (settings, port, store): before anything is started.
    """
    zone = settings.zone()
    health = HealthBoard()
    async with AsyncExitStack() as stack:
        listening = server.bind(settings.api)
        stack.callback(listening.close)
        core = await stack.enter_async_context(open_core(settings, clock=clock, health=health, fault=fault))
        control = server.bind_control(settings.control_socket)
        stack.callback(control.close)
        delivery = await stack.enter_async_context(
            open_delivery(
                settings.sink,
                store=SqliteOutbox(core.database, core.stamper),
                consents=core.consents,
                clock=clock,
                report=health.report,
                random=rng,
                fault=fault,
            )
        )
        stack.callback(core.database.on_commit(delivery.notify))
        supervisor = Supervisor(clock=clock, health=health, rng=rng)
        detection = Detection()
        ingest = Ingest(core.database, core.stamper, clock=clock, zone=zone, routes=core.routes, fault=fault)
        intake = Intake(ingest=ingest, registry=core.registry, motion=detection.feed, listener=listener)
        catalogue = _catalogue(settings, health)
        host = open_host(settings.radio, bonds=bonds or settings.data_dir, clock=clock, simulated=simulated)
        radio = _radio(host, catalogue, core, intake, clock=clock, settings=settings, health=health, rng=rng)
        notifier = Notifier(
            desk=core.desk,
            channels=await _channels(settings, clock, stack),
            clock=clock,
            health=health,
            base_url=listening.url,
            times=Times(repeat_s=settings.notify.webhook.repeat_s) if settings.notify.webhook else None,
            rng=rng,
            fault=fault,
        )
        watch = FallWatch(
            detection=detection, desk=core.desk, registry=core.registry, clock=clock, health=health, origin=core.origin
        )
        services = _services(core, delivery, radio, intake, supervisor, clock=clock, health=health, simulated=simulated)
        names = None if listening.tls else LOOPBACK_NAMES | frozenset(settings.api.host_names)
        app = build_app(services, host_names=names)
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(supervisor.keep(name, part), name=name)
                for name, part in (
                    ("notifications", notifier.run),
                    ("falls", watch.run),
                    ("delivery", delivery.run),
                    *([("radio", radio.run)] if radio else []),
                )
            ]
            if radio is None:
                health.report("radio", Colour.AMBER, NO_RADIO)
            try:
                async with server.serving([(listening, app), (control, Control(app))], closing=services.closing):
                    yield Home(
                        url=listening.url,
                        acts=services.acts,
                        tokens=services.tokens,
                        desk=core.desk,
                        readings=core.readings,
                        health=health,
                        radio=radio,
                        catalogue=catalogue,
                        origin=core.origin,
                    )
            finally:
                for task in running:
                    task.cancel()


def _catalogue(settings: Settings, health: HealthBoard) -> Catalogue:
    """What can be read of the profiles; the rest is said. A bad file must not silence the other devices."""
    catalogue = load(settings.profiles.folders, strict=False)
    if catalogue.problems:
        health.report("profiles", Colour.AMBER, " ".join(catalogue.problems))
    else:
        health.report("profiles", Colour.GREEN, f"{len(catalogue.profiles)} device profiles.")
    return catalogue


def _radio(
    host: Host | None,
    catalogue: Catalogue,
    core: Core,
    intake: Intake,
    *,
    clock: Clock,
    settings: Settings,
    health: HealthBoard,
    rng: random.Random,
) -> Radio | None:
    if host is None:
        return None
    book = AssignedDevices(core.registry)
    return Radio(
        host=host,
        catalogue=catalogue,
        book=book,
        sink=intake,
        clock=clock,
        tz=settings.zone(),
        health=health,
        rng=rng,
    )


async def _channels(settings: Settings, clock: Clock, stack: AsyncExitStack) -> list[Channel]:
    webhook = settings.notify.webhook
    if webhook is None:
        return []
    from gateway.desk.webhook import open_webhook  # httpx is imported only where a webhook is configured

    secret = webhook.signing_secret()
    return [await stack.enter_async_context(open_webhook(url=webhook.url, secret=secret, clock=clock))]


def _services(
    core: Core,
    delivery: Delivery,
    radio: Radio | None,
    intake: Intake,
    supervisor: Supervisor,
    *,
    clock: Clock,
    health: HealthBoard,
    simulated: bool,
) -> Services:
    tokens = TokenBook(core.users.authenticate)
    metrics = CollectorRegistry()
    metrics.register(HealthCollector(health))
    metrics.register(GatewayCollector(database=core.database, intake=intake, supervisor=supervisor))
    acts = Acts(
        registry=core.registry,
        users=core.users,
        consents=core.consents,
        tokens=tokens,
        recipients=frozenset(delivery.names),
        couriers=delivery.workers,
    )
    return Services(
        desk=core.desk,
        readings=core.readings,
        acts=acts,
        audit=StoreAudit(core.database, core.stamper),
        tokens=tokens,
        health=health,
        clock=clock,
        metrics=metrics,
        simulated=simulated,
        version=version("huoma"),
        heard=radio.seen if radio else tuple,
    )


async def until_signalled(signals: tuple[int, ...]) -> None:
    """Until the process is asked to stop. Asking again changes nothing: stopping is bounded, and a store is closed."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
