"""The minute that never stops: from what sensors of rooms said to the desk, when a quiet is not like the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from analytics.activity.budget import INACTIVITY, divided
from analytics.activity.outages import Why
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.days.household import Days
from gateway.days.households import households
from gateway.days.quiet import Quiet, called, quiet
from gateway.days.record import DAYS, Record
from gateway.days.reviewer import Reviewer
from gateway.desk.day_findings import (
    ABSENCE_CONDITION,
    QUIET_CONDITION,
    Silence,
    absence_report,
    heard_again_report,
    quiet_report,
)
from gateway.desk.events import Alert, AlertKind, Priority, State, Verdict
from gateway.desk.service import Desk
from gateway.store.day_promises import DayPromise, DayPromises
from gateway.store.listening import Listening
from gateway.store.readings import Readings
from gateway.store.registry import Registry
from gateway.store.room_states import RoomStates

PART: Final = "days"
TICK_S: Final = 60.0
LEARN_S: Final = 3600.0  # how often sensors that are silent are looked for, and today's habits
DEAF_S: Final = 3600.0  # nothing is listened to for that long: worth a word
_HOUSE_S: Final = 600.0  # how often is looked who lives here
_RESOLVED: Final = 1000  # alerts looked through for real emergencies
_NOW_S: Final = 120.0  # an outage that ends no earlier than this goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a household's days are watched, as people are shown it.

    Attributes:
        record: what was known; None where no sensor of movement is theirs.
        quiet: None likewise.
        out: sensors that are silent or lost, for a person.
    """

    days: Days
    promise: DayPromise
    record: Record | None
    quiet: Quiet | None
    out: tuple[str, ...]


class DayWatch:
    """One for a gateway.

    Args:
        deaf: of these devices, why nothing can be heard now ("the broker is lost"); None while they can be.
        tick_s: between two looks, seconds.
    """

    def __init__(
        self,
        *,
        states: RoomStates,
        readings: Readings,
        listening: Listening,
        promises: DayPromises,
        registry: Registry,
        desk: Desk,
        clock: Clock,
        zone: tzinfo,
        health: HealthBoard,
        origin: Origin,
        deaf: Callable[[Collection[str]], str | None] = lambda _: None,
        tick_s: float = TICK_S,
    ) -> None:
        self._states = states
        self._readings = readings
        self._listening = listening
        self._promises = promises
        self._registry = registry
        self._desk = desk
        self._clock = clock
        self._zone = zone
        self._health = health
        self._origin = origin
        self._deaf = deaf
        self._tick_s = tick_s
        self._reviewer = Reviewer(desk=desk, zone=zone)
        self._all: dict[Subject, Days] = {}
        self._standing: dict[Subject, Standing] = {}
        self._learnt_at: dict[Subject, tuple[float, date]] = {}
        self._seq: int | None = None  # up to here everything was heard
        self._housed_at = float("-inf")
        self._heard_at = clock.monotonic()

    def standing(self) -> tuple[Standing, ...]:
        """Of each household, as of the last minute."""
        return tuple(self._standing.values())

    def of(self, resident_id: str) -> Standing | None:
        """Of the household of a resident; None in the first moments, and of who does not live here."""
        return next((one for one in self._standing.values() if resident_id in one.days.household.people), None)

    async def run(self) -> None:
        """Until cancelled."""
        withdraw = self._registry.on_assignment(self._moved)
        try:
            while True:
                try:
                    await self.look()
                except (StoreError, Conflict) as error:
                    self._health.report(PART, Colour.RED, f"Days at home cannot be watched: {error}")
                await self._clock.sleep(self._tick_s)
        finally:
            withdraw()

    async def look(self) -> None:
        """One minute's work. Raises StoreError, Conflict: nothing was missed, look again."""
        now = self._clock.wall()
        await self._house(now)
        await self._hear()
        why = self._deaf(frozenset[str]().union(*(one.identities for one in self._all.values())))
        if why is None:
            await self._listening.goes_on()
            self._heard_at = self._clock.monotonic()
        spans = await self._listening.spans(now - timedelta(days=200))
        for subject, days in list(self._all.items()):
            await self._watch(subject, days, spans, now)
        self._health.report(PART, *self._state(why))
        for subject, one in list(self._standing.items()):  # after every quiet: who lies there comes first
            if one.record is not None and one.promise.watched:
                await self._reviewer.look(subject, one.record, one.promise.per_month, now)

    def _moved(self) -> None:
        self._housed_at = float("-inf")

    async def _house(self, now: datetime) -> None:
        """Who lives here, and which sensors are theirs. What changed is read anew from the store."""
        if self._clock.monotonic() - self._housed_at < _HOUSE_S:
            return
        self._housed_at = self._clock.monotonic()
        found = households(
            await self._registry.residents(), await self._registry.assigned(only_open=False), self._origin.home_id
        )
        await self._hear()
        if self._seq is None:
            self._seq = await self._readings.last_seq()
        kept: dict[Subject, Days] = {}
        for one in found:
            known = self._all.get(one.subject)
            if known is not None and known.household == one:
                kept[one.subject] = known
                continue
            kept[one.subject] = Days(one)
            await kept[one.subject].read_past(self._states, now, self._seq)
            self._learnt_at.pop(one.subject, None)
        for subject, days in kept.items():
            days.emergencies = await self._emergencies(subject)
        self._all = kept
        self._standing = {subject: one for subject, one in self._standing.items() if subject in kept}

    async def _emergencies(self, subject: Subject) -> tuple[tuple[datetime, datetime], ...]:
        """Quiets that were found to be real: what is usual is not learnt from them."""
        resolved = await self._desk.store.find(frozenset({State.RESOLVED}), limit=_RESOLVED)
        return tuple(
            (one.raised_at, one.resolved_at)
            for one in resolved
            if one.subject == subject and one.kind is AlertKind.INACTIVITY and one.verdict is Verdict.REAL
            if one.resolved_at is not None
        )

    async def _hear(self) -> None:
        """What was committed since the last look."""
        while self._seq is not None:
            rows, last = await self._states.after(self._seq)
            for subject, days in self._all.items():
                if days.take(rows):
                    self._learnt_at.pop(subject, None)
            if last == self._seq:
                return
            self._seq = last

    async def _watch(self, subject: Subject, days: Days, spans: list[tuple[datetime, datetime]], now: datetime) -> None:
        promise = await self._promises.of(subject)
        if not days.moves:
            self._standing[subject] = Standing(days=days, promise=promise, record=None, quiet=None, out=())
            return
        record = await asyncio.to_thread(days.record, spans, now=now, zone=self._zone)
        await self._learn(subject, days, record, now)
        learnt = days.learnt
        if learnt is None:  # for the checker: it was learnt just now
            return
        answered = await self._answered(subject, record, now)
        found = quiet(record, learnt, per_month=divided(promise.per_month)[INACTIVITY], answered_s=answered)
        self._standing[subject] = Standing(
            days=days, promise=promise, record=record, quiet=found, out=_out(days, record)
        )
        if promise.watched:
            await self._tell(subject, days, record, found, now)

    async def _learn(self, subject: Subject, days: Days, record: Record, now: datetime) -> None:
        at, day = self._learnt_at.get(subject, (float("-inf"), None))
        if days.learnt is not None and day == record.today and self._clock.monotonic() - at < LEARN_S:
            return
        days.learnt = await asyncio.to_thread(days.learn, record)
        self._learnt_at[subject] = (self._clock.monotonic(), record.today)
        if self._clock.synchronised():  # a clock that is years ahead for a moment may not make everything too old
            days.forget(now - timedelta(days=DAYS + 1))
        for one in days.learnt.outages:
            if one.to_s >= record.now_s - _NOW_S:
                since = now - timedelta(seconds=record.now_s - one.from_s)
                await self._sensor_is_out(days, one.sensor, one.why, since)

    async def _sensor_is_out(self, days: Days, sensor: int, why: Why, since: datetime) -> None:
        """Once for each outage, however often it was resolved meanwhile."""
        identity, _, _ = days.sensors[sensor].name.rpartition("/")
        home = Subject(type=SubjectType.HOME, id=self._origin.home_id)
        known = await self._desk.store.newest(home, f"sensor:{identity}")
        if known is not None and known.raised_at >= since - timedelta(hours=1):
            return
        how = "cannot be reached" if why is Why.REPORTED else "says nothing while others do"
        local = since.astimezone(self._zone)
        await self._desk.technical(
            f"sensor:{identity}",
            f"{called(days.sensors[sensor]).capitalize()} ({identity}) {how} since {local:%d.%m. %H:%M}: is its "
            "battery empty, is it in reach? Its silence is not taken for stillness.",
            priority=Priority.LOW,
            device_identity=identity,
        )

    async def _answered(self, subject: Subject, record: Record, now: datetime) -> float | None:
        """When somebody last resolved such an alert: that the resident was seen to, seconds of the record's clock."""
        found = [await self._desk.store.newest(subject, one) for one in (QUIET_CONDITION, ABSENCE_CONDITION)]
        resolved = [one.resolved_at for one in found if one is not None and one.resolved_at is not None]
        return record.now_s - (now - max(resolved)).total_seconds() if resolved else None

    async def _tell(self, subject: Subject, days: Days, record: Record, found: Quiet, now: datetime) -> None:
        since = now - timedelta(seconds=record.now_s - found.since_s)
        known = [await self._desk.store.newest(subject, one) for one in (QUIET_CONDITION, ABSENCE_CONDITION)]
        still = [one for one in known if one is not None and one.state is not State.RESOLVED and one.found_at > since]
        if found.is_improbable and not still and days.learnt is not None:
            silence = Silence(
                subject=subject, at=now, quiet_min=found.quiet_min, where=found.where, clock=found.clock,
                usual_min=found.usual_min, evidence=found.evidence(days.learnt),
            )  # fmt: skip
            certain = found.door_is_known
            await self._desk.report(absence_report(silence, certain=certain) if found.is_out else quiet_report(silence))
        for one in known:
            if one is not None and one.state is State.RAISED and one.found_at < since:
                await self._heard_again(one, found, since)

    async def _heard_again(self, alert: Alert, found: Quiet, since: datetime) -> None:
        """Whoever looks at the alert must know; once for each alert, because its newest finding is this one then."""
        if alert.witnesses > 1 and alert.found_at > alert.raised_at:
            return
        await self._desk.report(heard_again_report(alert, at=since, where=found.where))

    def _state(self, why: str | None) -> tuple[Colour, str]:
        watched = [one for one in self._standing.values() if one.quiet is not None and one.promise.watched]
        if not watched:
            return Colour.GREEN, "No sensor of movement is anybody's: no quiet can be noticed."
        count = len(watched)
        words = [f"Watching the days of {count} household{'' if count == 1 else 's'}."]
        crowd = sum(len(one.days.household.people) > 1 for one in watched)
        if crowd:
            words.append(
                "Several residents share rooms: who moved nobody can tell, so a quiet is noticed when nobody moves."
            )
        out = [words for one in watched for words in one.out]
        if out:
            words.append(f"Silent: {', '.join(out)}.")
        if why is not None and self._clock.monotonic() - self._heard_at >= DEAF_S:
            words.append(f"Nothing is heard ({why}), so no quiet can be noticed.")
            return Colour.AMBER, " ".join(words)
        return (Colour.AMBER if out else Colour.GREEN), " ".join(words)


def _out(days: Days, record: Record) -> tuple[str, ...]:
    if days.learnt is None:
        return ()
    now = {one.sensor for one in days.learnt.outages if one.to_s >= record.now_s - LEARN_S}
    return tuple(called(days.sensors[index]) for index in sorted(now))
