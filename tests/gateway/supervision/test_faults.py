"""Who stays red calls somebody, once."""

from __future__ import annotations

import asyncio

from gateway.core.health import Colour, HealthBoard
from gateway.desk.events import AlertKind, Priority, State
from gateway.desk.service import Desk
from gateway.supervision.faults import REFUSED_FOR_S, FaultWatch
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.words import ORIGIN
from tests.virtual_time import VirtualClock, run_virtual

CUFF, SCALE = "5C:31:3E:5D:3F:1A", "5C:31:3E:82:70:C4"


def test_a_part_that_stays_red_is_one_technical_alert() -> None:
    async def main() -> None:
        clock, health = VirtualClock(), HealthBoard()
        desk = Desk(store=MemoryAlertStore(), clock=clock, origin=ORIGIN)
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(FaultWatch(health=health, desk=desk, clock=clock, stale_bonds=dict).run())
            health.report("radio", Colour.RED, "No Bluetooth: plug the adapter in.")
            health.report("delivery:fhir", Colour.RED, "It refuses our token.")
            health.report("store", Colour.GREEN, "Storing.")
            await clock.sleep(50)
            assert await desk.open_alerts() == [], "a minute of patience"
            await clock.sleep(3600)
            alerts = {alert.condition: alert for alert in await desk.open_alerts()}
            assert set(alerts) == {"part:radio", "part:delivery:fhir"}
            assert alerts["part:radio"].kind is AlertKind.TECHNICAL
            assert alerts["part:radio"].priority is Priority.MEDIUM
            assert alerts["part:delivery:fhir"].priority is Priority.LOW
            assert "plug the adapter in" in alerts["part:radio"].summary
            await desk.acknowledge(alerts["part:radio"].id, "a nurse")
            await clock.sleep(3600)
            assert len(await desk.store.find(None)) == 2, "the same fault, known to somebody"
            await desk.resolve(alerts["part:radio"].id, "a nurse", "technical")
            await clock.sleep(60)
            raised = [alert for alert in await desk.open_alerts() if alert.state is State.RAISED]
            assert "part:radio" in {alert.condition for alert in raised}, "it is still red"
            watch.cancel()

    run_virtual(main)


def test_what_mends_itself_calls_nobody() -> None:
    async def main() -> None:
        clock, health = VirtualClock(), HealthBoard()
        desk = Desk(store=MemoryAlertStore(), clock=clock, origin=ORIGIN)
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(FaultWatch(health=health, desk=desk, clock=clock, stale_bonds=dict).run())
            for _ in range(20):
                health.report("radio", Colour.RED, "gone")
                await clock.sleep(40)
                health.report("radio", Colour.GREEN, "back")
                await clock.sleep(40)
            assert await desk.open_alerts() == []
            watch.cancel()

    run_virtual(main)


def test_a_stale_bond_is_one_technical_alert_until_it_is_mended() -> None:
    async def main() -> None:
        clock, health, store = VirtualClock(), HealthBoard(), MemoryAlertStore()
        desk = Desk(store=store, clock=clock, origin=ORIGIN)
        stale: dict[str, str] = {}
        watch = FaultWatch(health=health, desk=desk, clock=clock, stale_bonds=lambda: stale)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch.run())
            stale |= {CUFF: "The cuff lost our key: pair it again.", SCALE: "The scale lost our key: pair it again."}
            await clock.sleep(50)
            assert await desk.open_alerts() == [], "a minute of patience"
            await clock.sleep(3600)
            alerts = {alert.condition: alert for alert in await desk.open_alerts()}
            assert set(alerts) == {f"bond:{CUFF}", f"bond:{SCALE}"}
            alert = alerts[f"bond:{CUFF}"]
            assert (alert.kind, alert.priority) == (AlertKind.TECHNICAL, Priority.MEDIUM)
            assert alert.summary == stale[CUFF]
            await desk.acknowledge(alert.id, "a nurse")
            await desk.resolve(alert.id, "a nurse", "technical")
            await clock.sleep(3600)
            assert len(await store.find(None)) == 2, "whoever resolved it knows; the device waits"
            words = stale.pop(CUFF)
            await clock.sleep(60)
            stale[CUFF] = words
            await clock.sleep(120)
            assert len(await store.find(None)) == 3, "stale once more"
            watching.cancel()

    run_virtual(main)


def test_a_refusal_that_stands_for_a_day_is_one_technical_alert() -> None:
    async def main() -> None:
        clock, health = VirtualClock(), HealthBoard()
        desk = Desk(store=MemoryAlertStore(), clock=clock, origin=ORIGIN)
        refused = {SCALE: "The scale refuses the code of user 1: enter the right one."}
        watch = FaultWatch(health=health, desk=desk, clock=clock, stale_bonds=dict, refusals=lambda: refused)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch.run())
            await clock.sleep(REFUSED_FOR_S - 60)
            assert await desk.open_alerts() == [], "a day to enter the code"
            await clock.sleep(120)
            [alert] = await desk.open_alerts()
            assert (alert.condition, alert.priority) == (f"refusal:{SCALE}", Priority.LOW)
            assert alert.summary == refused[SCALE]
            watching.cancel()

    run_virtual(main)
