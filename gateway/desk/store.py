"""What the desk needs of a store. SQLite at home, PostgreSQL in the hub."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.subject import Subject
from gateway.desk.events import Alert, AlertEvent, Evidence, PositionedEvent, State


class AlertStore(Protocol):
    """Append-only events with a projection of each alert's present state. Every method is durable when it returns."""

    async def append(self, alert: Alert, events: Sequence[AlertEvent], evidence: Sequence[Evidence] = ()) -> int:
        """Commit new events of one alert together with its new folded state.

        Returns:
            the position of the last event.

        Raises:
            gateway.core.errors.Conflict: somebody else appended that sequence first, or (for a first event) an alert of
                the same subject and condition is raised already. Nothing is written; load and decide again.
        """
        ...

    async def load(self, alert_id: str) -> Alert | None:
        """The folded state."""
        ...

    async def history(self, alert_id: str) -> list[AlertEvent]:
        """All events, by sequence."""
        ...

    async def open_episode(self, subject: Subject, condition: str) -> Alert | None:
        """Of this subject and condition the raised alert, else the acknowledged one whose first event is the newest."""
        ...

    async def newest(self, subject: Subject, condition: str) -> Alert | None:
        """Of this subject and condition the alert whose first event is the newest, whatever its state."""
        ...

    async def find(
        self, states: frozenset[State] | None = None, *, subject: Subject | None = None, limit: int = 200
    ) -> list[Alert]:
        """Alerts, newest first: in these states, about this subject; None is any."""
        ...

    async def since(self, position: int, *, limit: int = 500) -> list[PositionedEvent]:
        """Events after a position, in the order of commits."""
        ...

    async def last_position(self) -> int:
        """Position of the newest event; 0 in an empty store."""
        ...

    async def evidence(self, alert_id: str) -> list[Evidence]:
        """What was kept with the alert."""
        ...
