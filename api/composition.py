"""The composition root: builds every part once and passes it down. There is no other place that knows all of them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from api import server
from api.acts import Acts
from api.core import open_core
from api.hosts import NO_RADIO, open_hosts
from api.http.app import LOOPBACK_NAMES, Control, build_app
from api.http.auth import TokenBook
from api.parts import (
    brokers_over,
    calls_over,
    catalogue_of,
    channels_of,
    days_over,
    detection_of,
    radars_over,
    radio_on,
    services_over,
)
from api.settings import Settings
from api.vital_parts import vitals_over
from device_drivers.readings import Motion
from firmware_profiles import Catalogue
from gateway.core.clock import Clock
from gateway.core.faults import Fault, no_fault
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin
from gateway.days.watch import PART as DAYS
from gateway.delivery.service import open_delivery
from gateway.desk.announcer import Times
from gateway.desk.hours import Hours
from gateway.desk.notifier import Notifier
from gateway.desk.service import Desk
from gateway.detection.watch import PART as FALLS
from gateway.detection.watch import FallWatch
from gateway.ingest.ingest import Ingest
from gateway.ingest.intake import Intake, Listener
from gateway.ingest.received import KnownDevice
from gateway.ingest.reminder import PART as UNASSIGNED
from gateway.ingest.reminder import UnassignedReminder
from gateway.pairing.service import PART as PAIRING
from gateway.radar.service import Radars
from gateway.radio.manager import PART as RADIO
from gateway.radio.manager import Radio
from gateway.store.outbox import SqliteOutbox
from gateway.store.readings import Readings
from gateway.supervision.faults import FaultWatch
from gateway.supervision.supervisor import Part, Supervisor


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
    radars: Radars
    catalogue: Catalogue
    origin: Origin


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
        detection = detection_of(settings, health)
        ingest = Ingest(core.database, core.stamper, clock=clock, zone=zone, routes=core.routes, fault=fault)
        catalogue = catalogue_of(settings, health)
        calls = calls_over(core, catalogue, listener, clock=clock, health=health)
        intake = Intake(
            ingest=ingest,
            frames=core.frames,
            motion=detection.feed if detection else _unwatched,
            press=calls.press,
            listener=listener,
            clock=clock,
        )
        hosts = open_hosts(settings.radio, bonds=bonds or settings.data_dir, clock=clock, simulated=simulated)
        radio = radio_on(hosts, catalogue, core, intake, clock=clock, settings=settings, health=health, rng=rng)
        radars, broker_radars, radar_parts = radars_over(
            core, settings, intake, clock=clock, health=health, simulated=simulated
        )
        brokers = brokers_over(
            settings, core, catalogue, intake, radar=broker_radars, clock=clock, health=health, rng=rng
        )
        days = days_over(core, settings, brokers, clock=clock, health=health)
        notifier = Notifier(
            desk=core.desk,
            channels=await channels_of(settings, clock, stack),
            clock=clock,
            health=health,
            base_url=settings.api.public_url or listening.url,
            simulated=simulated,
            times=Times(repeat_s=settings.notify.webhook.repeat_s) if settings.notify.webhook else None,
            rng=rng,
            fault=fault,
            hours=Hours(zone, by_night=core.plans.by_night),
        )
        parts: dict[str, Part] = {
            "notifications": notifier.run,
            "intake": intake.run,
            DAYS: days.run,
            "faults": FaultWatch(
                health=health,
                desk=core.desk,
                clock=clock,
                stale_bonds=radio.stale_bonds if radio is not None else dict,
                refusals=radio.refusals if radio is not None else dict,
            ).run,
            UNASSIGNED: UnassignedReminder(
                core.decisions, core.registry, take_up=ingest.take_up, clock=clock, health=health
            ).run,
        }
        if detection is not None:
            parts[FALLS] = FallWatch(
                detection=detection,
                desk=core.desk,
                registry=core.registry,
                clock=clock,
                health=health,
                origin=core.origin,
            ).run
        parts |= vitals_over(core, clock=clock, zone=zone, health=health)
        parts |= {broker.part: broker.run for broker in brokers}
        parts |= {f"delivery:{name}": worker.run for name, worker in delivery.workers.items()}
        if radio is not None:
            parts[RADIO] = radio.run
        else:
            health.report(RADIO, Colour.AMBER, NO_RADIO)
        parts |= radar_parts
        services = services_over(
            core, delivery, radio, brokers, radars, days, intake, supervisor, settings=settings, catalogue=catalogue,
            clock=clock, health=health, simulated=simulated,
        )  # fmt: skip
        if services.pairings is not None:
            parts[PAIRING] = services.pairings.run
        names = None if listening.tls else LOOPBACK_NAMES | frozenset(settings.api.host_names)
        app = build_app(services, host_names=names)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(supervisor.keep(name, part), name=name) for name, part in parts.items()]
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
                        radars=radars,
                        catalogue=catalogue,
                        origin=core.origin,
                    )
            finally:
                for task in running:
                    task.cancel()


def _unwatched(_device: KnownDevice, _motion: Motion, _at_monotonic: float) -> None:
    """Motion that nobody looks at."""


async def until_signalled(signals: tuple[int, ...]) -> None:
    """Until the process is asked to stop. Asking again changes nothing: stopping is bounded, and a store is closed."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
