"""When people may be called: what is not urgent waits for the day team.

The alert is raised and stored at once, and shows in the list and on the event stream; only its calls wait. That is a
matter of the kind of alert, of its priority and of the plan of the resident: of the kinds in `BY_DAY` those of medium
priority call from 07 to 22 by the home's own time, and by night where the resident's plan says so; those of low
priority never call by night, nor does a fault of low priority (a battery). Anything high or critical, any other kind
(a fall, a press) and any word of a later version calls at once at every hour.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from gateway.core.errors import StoreError
from gateway.core.subject import Subject
from gateway.desk.events import Alert, AlertKind, Priority

DAY_BEGINS: Final = time(7)  # local time of the home
DAY_ENDS: Final = time(22)
BY_DAY: Final = frozenset({AlertKind.VITAL_SIGN, AlertKind.ABSENCE, AlertKind.CHANGE})
# The longest night has nine hours, ten when the clocks go back. However the wall clock is set: never longer than that.
LONGEST_NIGHT_S: Final = 36_000.0

ByNight = Callable[[Subject], Awaitable[bool]]  # whether the plan of a resident says: by night too


def due_at(alert: Alert, now: datetime, zone: tzinfo, *, by_night: bool) -> datetime:
    """From when on people may be called about the alert: `now`, or the next 07:00 of the home, in UTC."""
    if not _waits(alert) or (by_night and alert.priority is Priority.MEDIUM):
        return now
    local = now.astimezone(zone)
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return now
    day = local.date() if local.time() < DAY_BEGINS else local.date() + timedelta(days=1)
    return datetime.combine(day, DAY_BEGINS, tzinfo=zone).astimezone(UTC)


def _waits(alert: Alert) -> bool:
    if alert.kind is AlertKind.TECHNICAL:
        return alert.priority is Priority.LOW
    return alert.kind in BY_DAY and alert.priority in (Priority.MEDIUM, Priority.LOW)


class Hours:
    """The hours of one home.

    Args:
        zone: the home's.
        by_night: the word of a resident's plan.
    """

    def __init__(self, zone: tzinfo, *, by_night: ByNight) -> None:
        self._zone = zone
        self._by_night = by_night

    async def wait_s(self, alert: Alert, now: datetime) -> float:
        """Seconds until people may be called about it; 0: now. Where the plan cannot be read: rather now."""
        if due_at(alert, now, self._zone, by_night=False) <= now:
            return 0.0
        try:
            by_night = await self._by_night(alert.subject)
        except StoreError:
            by_night = True
        return (due_at(alert, now, self._zone, by_night=by_night) - now).total_seconds()
