"""Tells at the terminal what happens, as it happens.

In a simulated home with values, because they are nobody's; in a real one without: a terminal is a log.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from device_drivers.nomenclature import QUANTITIES
from gateway.core.clock import Clock
from gateway.desk.events import AlertEvent, EventType
from gateway.desk.service import Desk
from gateway.ingest.ingest import Stored
from gateway.ingest.intake import Listener
from gateway.ingest.received import Received
from gateway.radio.contracts import Severity

ALERT: Final = "ALERT_ID"  # stands for the alert's id in a hint
# A strap's heart rate comes each second: of those one in so many is told, to show and in a log.
_SHOWN_EVERY: Final = 30
_LOGGED_EVERY: Final = 3600


def say(text: str) -> None:
    """One line, at once: the terminal may be a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Narrator(Listener):
    """Writes one line per event, with the home's local time."""

    def __init__(self, *, clock: Clock, zone: ZoneInfo, values: bool, out: Callable[[str], None] = say) -> None:
        self._clock = clock
        self._zone = zone
        self._values = values
        self._every = _SHOWN_EVERY if values else _LOGGED_EVERY
        self._out = out
        self._told: dict[tuple[str, str], int] = {}

    def tell(self, text: str) -> None:
        """A line with the time before it."""
        self._out(f"{self._clock.wall().astimezone(self._zone):%H:%M:%S}  {text}")

    def stored(self, received: Received, outcome: Stored) -> None:
        document = outcome.document
        key = (received.device.identity, document["kind"])
        count = self._told[key] = self._told.get(key, 0) + 1
        if document["kind"] in ("heart-rate", "battery") and count % self._every != 1:
            return
        if document["failed"]:
            what = "measurement failed; kept as failed, delivered nowhere"
        elif self._values:
            what = ", ".join(
                f"{value['quantity'].replace('-', ' ')} {value['value']:g} {value['ucum'] or ''}".strip()
                for value in document["values"]
                if value["quantity"] in QUANTITIES
            )
        else:
            what = "stored"
        self.tell(f"{document['kind'].replace('-', ' ')}: {what}  ({received.device.model}, reading {outcome.seq})")

    def device(self, address: str, words: str, severity: Severity) -> None:
        mark = "" if severity is Severity.INFORMATION else "! "
        self.tell(f"{mark}{words}")

    async def follow(self, desk: Desk, hint: str = "") -> None:
        """Tell of alerts until cancelled; `hint` goes under each new one."""
        position = await desk.store.last_position()
        while True:
            for one in await desk.next_events(position):
                position = one.position
                self._alert(one.event, hint)

    def _alert(self, event: AlertEvent, hint: str) -> None:
        match event.type:
            case EventType.RAISED:
                summary = event.data.get("summary", "")
                self.tell(f"ALERT  {summary}  (alert {event.alert_id})")
                if hint:
                    self.tell(hint.replace(ALERT, event.alert_id))
            case EventType.WITNESS:
                self.tell(f"       the same alert: {event.data.get('summary', '')}")
            case EventType.ACKNOWLEDGED:
                self.tell(f"alert {event.alert_id} acknowledged by {event.actor}")
            case EventType.RESOLVED:
                self.tell(f"alert {event.alert_id} resolved: {event.data.get('verdict')}")
            case EventType.NOTIFICATION_FAILED:
                self.tell(f"! notification failed: {event.data.get('channel')}: {event.data.get('reason')}")
            case _:
                pass
