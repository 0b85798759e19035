"""Announces every raised alert through every channel until a person has answered it.

Nothing is kept but what the store holds: after a restart the raised alerts are read and announced at once. A message
too many is preferred to one too few; receivers know an alert by its id.

An acknowledged alert is not announced again: a finding of a later episode is an alert of its own, see
`gateway.desk.machine`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Final

from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.faults import Fault, no_fault
from gateway.core.health import Colour, HealthBoard
from gateway.desk import machine
from gateway.desk.announcer import Announcer, Times
from gateway.desk.events import Alert, AlertEvent, EventType, State
from gateway.desk.hours import Hours
from gateway.desk.notice import Channel
from gateway.desk.service import Desk

PART: Final = "notifications"
_MOST_RAISED: Final = 10_000  # alerts announced at once: far more than people of one organisation could answer
_STORE_PAUSE_S: Final = 1.0  # before a store that failed to read is asked again


class Notifier:
    """Follows the desk and keeps each channel's announcements going. Reports the health of "notifications"."""

    def __init__(
        self,
        *,
        desk: Desk,
        channels: Sequence[Channel],
        clock: Clock,
        health: HealthBoard,
        base_url: str,
        simulated: bool = False,
        times: Times | None = None,
        rng: random.Random | None = None,
        fault: Fault = no_fault,
        hours: Hours | None = None,
    ) -> None:
        """`base_url` is where people reach the API: "https://gateway.example:8443".

        With `simulated` every message says that the devices are made up. Without `hours` nothing waits for the day.
        """
        self._desk = desk
        self._clock = clock
        self._health = health
        self._times = times or Times()
        self._raised: dict[str, Alert] = {}
        self._store_failure: StoreError | None = None
        self._trouble = asyncio.Event()
        prefix = f"{base_url.rstrip('/')}/api/v1/alerts/"
        self._announcers = [
            Announcer(
                channel=channel,
                desk=desk,
                clock=clock,
                times=self._times,
                rng=rng or random.Random(),  # noqa: S311  # jitter, not a secret
                url=lambda alert_id: prefix + alert_id,
                simulated=simulated,
                changed=self._report,
                fault=fault,
                hours=hours,
            )
            for channel in channels
        ]

    async def run(self) -> None:
        """Until cancelled. What is raised now is announced at once."""
        for announcer in self._announcers:
            announcer.begin()
        async with asyncio.TaskGroup() as tasks:
            self._report()
            tasks.create_task(self._watch())
            position: int | None = None
            while True:
                try:
                    if position is None:
                        position = await self._resume(tasks)
                    if self._store_failure is not None:
                        await self._desk.store.since(position, limit=1)  # said to be well now, not at the next event
                        self._store_failure = None
                        self._report()
                    for one in await self._desk.next_events(position):
                        await self._apply(tasks, one.event)
                        position = one.position
                except StoreError as error:  # what is being announced goes on meanwhile
                    self._store_failure = error
                    self._report()
                    await self._clock.sleep(_STORE_PAUSE_S)
                self._report()

    async def _resume(self, tasks: asyncio.TaskGroup) -> int:
        position = await self._desk.store.last_position()  # first: what comes after it is read again, and recognised
        raised = await self._desk.store.find(frozenset({State.RAISED}), limit=_MOST_RAISED)
        self._raised = {alert.id: alert for alert in raised}
        for alert in raised:
            self._announce(tasks, alert)
        return position

    async def _apply(self, tasks: asyncio.TaskGroup, event: AlertEvent) -> None:
        known = self._raised.get(event.alert_id)
        if known is None and event.type is not EventType.RAISED:
            return  # a person has answered it
        if known is not None and event.sequence <= known.last_sequence:
            return  # read twice
        try:
            alert = machine.fold(known, event)
        except StoreError:
            stored = await self._desk.store.load(event.alert_id)
            if stored is None:
                return
            alert = stored
        for announcer in self._announcers:
            announcer.update(alert)
        if alert.state is not State.RAISED:
            self._raised.pop(alert.id, None)
            return
        self._raised[alert.id] = alert
        if known is None:
            self._announce(tasks, alert)

    def _announce(self, tasks: asyncio.TaskGroup, alert: Alert) -> None:
        for announcer in self._announcers:
            announcer.announce(tasks, alert)

    async def _watch(self) -> None:
        """A channel that fails turns red on time, also while its next try is not due."""
        while True:
            await self._trouble.wait()
            self._trouble.clear()
            await self._clock.sleep(self._times.red_after_s)
            self._report()

    def _report(self) -> None:
        colour, sentences = Colour.GREEN, []
        if self._store_failure is not None:
            colour = Colour.RED
            sentences.append(f"new alerts cannot be read, so they are not announced: {self._store_failure}")
        for announcer in self._announcers:
            if announcer.failure is None:
                continue
            self._trouble.set()
            waiting = announcer.unannounced
            red = waiting > 0 and announcer.failing_s >= self._times.red_after_s
            colour = Colour.RED if red or colour is Colour.RED else Colour.AMBER
            count = f"{waiting} alert{'s' if waiting != 1 else ''} unannounced"
            state = count if waiting else "no alert waits for it now"
            sentences.append(f"{announcer.name} {announcer.failure}: {state}; {announcer.failure.advice}")
        if not self._announcers and colour is Colour.GREEN:
            colour = Colour.AMBER
            sentences.append("no channel is configured: alerts show on the event stream only; set [notify.webhook]")
        if not sentences:
            waiting = max((announcer.waiting for announcer in self._announcers), default=0)
            sentences.append(
                f"{len(self._announcers)} channel(s) ready, {len(self._raised) - waiting} alert(s) being announced"
                + (f", {waiting} waiting for the day" if waiting else "")
            )
        self._health.report(PART, colour, ". ".join(sentences))
