"""An honest AlertStore in memory: it yields where a real store would, refuses what a real store would, keeps copies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from copy import deepcopy

from gateway.core.errors import Conflict
from gateway.core.subject import Subject
from gateway.desk.events import Alert, AlertEvent, Evidence, PositionedEvent, State


class MemoryAlertStore:
    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}
        self._log: list[PositionedEvent] = []
        self._evidence: dict[str, list[Evidence]] = {}

    async def append(self, alert: Alert, events: Sequence[AlertEvent], evidence: Sequence[Evidence] = ()) -> int:
        await asyncio.sleep(0)
        known = self._alerts.get(alert.id)
        if events[0].sequence != (known.last_sequence + 1 if known else 1):
            raise Conflict(f"alert {alert.id}: event {events[0].sequence} is not the next one")
        if known is None and any(one.state is State.RAISED for one in self._open(alert.subject, alert.condition)):
            raise Conflict(f"an alert of {alert.condition} is raised already")
        for event in events:
            self._log.append(PositionedEvent(position=len(self._log) + 1, event=deepcopy(event)))
        self._alerts[alert.id] = alert
        self._evidence.setdefault(alert.id, []).extend(evidence)
        position = len(self._log)
        await asyncio.sleep(0)  # committed; the caller hears of it a little later
        return position

    async def load(self, alert_id: str) -> Alert | None:
        await asyncio.sleep(0)
        return self._alerts.get(alert_id)

    async def history(self, alert_id: str) -> list[AlertEvent]:
        await asyncio.sleep(0)
        return [one.event for one in self._log if one.event.alert_id == alert_id]

    async def open_episode(self, subject: Subject, condition: str) -> Alert | None:
        await asyncio.sleep(0)
        found = self._open(subject, condition)
        raised = [alert for alert in found if alert.state is State.RAISED]
        return next(reversed(raised or found), None)

    async def newest(self, subject: Subject, condition: str) -> Alert | None:
        await asyncio.sleep(0)
        own = [one for one in self._alerts.values() if (one.subject, one.condition) == (subject, condition)]
        return own[-1] if own else None

    async def find(
        self, states: frozenset[State] | None = None, *, subject: Subject | None = None, limit: int = 200
    ) -> list[Alert]:
        await asyncio.sleep(0)
        newest = sorted(self._alerts.values(), key=lambda alert: (alert.raised_at, alert.id), reverse=True)
        about = [alert for alert in newest if subject is None or alert.subject == subject]
        return [alert for alert in about if states is None or alert.state in states][:limit]

    async def since(self, position: int, *, limit: int = 500) -> list[PositionedEvent]:
        await asyncio.sleep(0)
        return self._log[position : position + limit]

    async def last_position(self) -> int:
        await asyncio.sleep(0)
        return len(self._log)

    async def evidence(self, alert_id: str) -> list[Evidence]:
        await asyncio.sleep(0)
        return list(self._evidence.get(alert_id, []))

    def _open(self, subject: Subject, condition: str) -> list[Alert]:
        """In the order of their first events."""
        return [
            alert
            for alert in self._alerts.values()
            if (alert.subject, alert.condition) == (subject, condition) and alert.state is not State.RESOLVED
        ]
