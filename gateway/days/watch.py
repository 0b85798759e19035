"""The minute that never stops: from what sensors of rooms said to the desk, when a quiet is not like the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, TypeAlias

import numpy as np

from analytics.activity.budget import INACTIVITY, divided
from analytics.activity.outages import Why
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.days.household import Days
from gateway.days.households import households
from gateway.days.losses import BLIP_S
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
from gateway.desk.events import Alert, AlertKind, EventType, Priority, State, Verdict
from gateway.desk.hours import DAY_BEGINS, DAY_ENDS
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
_FINDINGS: Final = frozenset({EventType.RAISED, EventType.WITNESS})
_CALLS_BY_DAY: Final = (State.RAISED, Priority.MEDIUM)  # only: by night its calls wait for the morning
_RESOLVED: Final = 1000  # alerts of one household looked through for real emergencies
STEP_S: Final = 600.0  # of the wall clock: what is old is reckoned anew
_NOW_S: Final = 120.0  # an outage that ends no earlier than this goes on
_UNHEARD: Final = "rooms-unheard"

# Today, the record's first day, sensors that are lost, and how many there are: when one changes, all is learnt anew.
_Known: TypeAlias = tuple[date, np.datetime64, frozenset[int], int]


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
        deaf: why nothing comes over what carries a device (its adapter): "the broker is lost"; None while it can.
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
        deaf: Callable[[str], str | None] = lambda _: None,
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
        self._reviewer = Reviewer(desk=desk, clock=clock, zone=zone)
        self._all: dict[Subject, Days] = {}
        self._standing: dict[Subject, Standing] = {}
        self._learnt_at: dict[Subject, tuple[float, _Known]] = {}
        self._seq: int | None = None  # up to here everything was heard
        self._housed_at = float("-inf")
        self._offset: float | None = None  # of the wall clock from the monotonic one
        self._adapters: dict[str, str] = {}  # what carries each device
        self._spans: list[tuple[datetime, datetime]] = []
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
        why, failed = self._why_deaf(), None
        try:
            spans = await self._listened(now, why)
        except StoreError as error:  # a quiet is judged all the same: an alert has room where this has none
            spans, failed = [*self._spans[:-1], (self._spans[-1][0], now)] if self._spans else [], error
        for subject, days in list(self._all.items()):
            await self._watch(subject, days, spans, now)
        if failed is not None:
            raise failed
        self._health.report(PART, *self._state(why))
        for subject, one in list(self._standing.items()):  # after every quiet: who lies there comes first
            if one.record is not None and one.promise.watched:
                await self._reviewer.look(subject, one.record, one.promise.per_month, now)

    def _moved(self) -> None:
        self._housed_at = float("-inf")

    def _why_deaf(self) -> str | None:
        """Why what carries half of the home's sensors of movement or more brings nothing; None while it does."""
        carriers = [self._adapters.get(one, "") for days in self._all.values() for one in days.moving]
        reasons = [why for why in map(self._deaf, carriers) if why is not None]
        return reasons[0] if reasons and 2 * len(reasons) >= len(carriers) else None

    async def _listened(self, now: datetime, why: str | None) -> list[tuple[datetime, datetime]]:
        if why is None:
            await self._listening.goes_on()
            self._heard_at = self._clock.monotonic()
        self._spans = await self._listening.spans(now - timedelta(days=200))
        return self._spans

    async def _house(self, now: datetime) -> None:
        """Who lives here, and which sensors are theirs. What changed is read anew from the store."""
        offset = now.timestamp() - self._clock.monotonic()
        stepped = self._offset is not None and abs(offset - self._offset) > STEP_S
        if not stepped and self._clock.monotonic() - self._housed_at < _HOUSE_S:
            return
        found = households(
            await self._registry.residents(), await self._registry.assigned(only_open=False), self._origin.home_id
        )
        await self._hear()
        if self._seq is None:
            self._seq = await self._readings.last_seq()
        self._adapters = {one.identity: one.adapter for one in await self._registry.devices()}
        kept: dict[Subject, Days] = {}
        for one in found:
            known = self._all.get(one.subject)
            # After a step of the wall clock: what was too old, or to come, may be neither.
            if known is not None and known.household == one and not stepped:
                kept[one.subject] = known
                continue
            kept[one.subject] = Days(one)
            await kept[one.subject].read_past(self._states, now, self._seq)
        for subject, days in kept.items():
            days.emergencies = await self._emergencies(subject, now)
        self._all = kept
        self._standing = {subject: one for subject, one in self._standing.items() if subject in kept}
        self._housed_at, self._offset = self._clock.monotonic(), offset

    async def _emergencies(self, subject: Subject, now: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """Quiets that were found to be real: what is usual is not learnt from them."""
        resolved = await self._desk.store.find(frozenset({State.RESOLVED}), subject=subject, limit=_RESOLVED)
        return tuple(
            (one.raised_at, one.resolved_at)
            for one in resolved
            if one.kind is AlertKind.INACTIVITY and one.verdict is Verdict.REAL
            if one.resolved_at is not None and one.raised_at <= one.resolved_at <= now
        )

    async def _hear(self) -> None:
        """What was committed since the last look."""
        while self._seq is not None:
            rows, last = await self._states.after(self._seq)
            for days in self._all.values():
                days.take(rows)
            if last == self._seq:
                return
            self._seq = last

    async def _watch(self, subject: Subject, days: Days, spans: list[tuple[datetime, datetime]], now: datetime) -> None:
        promise = await self._promises.of(subject, days.household.people)
        if not days.moves:
            self._standing[subject] = Standing(days=days, promise=promise, record=None, quiet=None, out=())
            return
        record = await asyncio.to_thread(days.record, spans, now=now, zone=self._zone)
        await self._learn(subject, days, record, now)
        learnt = days.learnt
        if learnt is None:  # for the checker: it was learnt just now
            return
        share = divided(promise.per_month)[INACTIVITY]
        found = quiet(record, learnt, per_month=share)
        answered = await self._answered(subject, record, found, now)
        if answered is not None:
            found = quiet(record, learnt, per_month=share, answered_s=answered)
        if found.is_improbable and record.unsupervised:
            others = await asyncio.to_thread(days.less_one, record)
            # In a thread: of thirty sensors it takes a server a fifth of a second.
            found = await asyncio.to_thread(quiet, record, learnt, per_month=share, answered_s=answered, others=others)
        self._standing[subject] = Standing(
            days=days, promise=promise, record=record, quiet=found, out=_out(days, record)
        )
        await self._say_if_unheard(record, now)
        if promise.watched:
            await self._tell(subject, days, record, found, now)

    async def _learn(self, subject: Subject, days: Days, record: Record, now: datetime) -> None:
        at, known = self._learnt_at.get(subject, (float("-inf"), None))
        now_known = (record.today, record.events.first_day, record.lost, len(days.sensors))
        if days.learnt is not None and known == now_known and self._clock.monotonic() - at < LEARN_S:
            return
        days.learnt = await asyncio.to_thread(days.learn, record)
        self._learnt_at[subject] = (self._clock.monotonic(), now_known)
        if self._clock.synchronised():  # a clock that is years ahead for a moment may not make everything too old
            days.forget(now - timedelta(days=DAYS + 1))
        for one in days.learnt.outages:
            if one.to_s >= record.now_s - _NOW_S and one.from_s <= record.now_s - BLIP_S:
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

    async def _say_if_unheard(self, record: Record, now: datetime) -> None:
        """What carries the sensors brings nothing: a person must know, for no quiet can be noticed."""
        if record.deaf_since is None or (now - record.deaf_since).total_seconds() < DEAF_S or self._why_deaf():
            return  # of a broker or an adapter that is lost those who watch it have told
        local = record.deaf_since.astimezone(self._zone)
        await self._desk.technical(
            _UNHEARD,
            f"No sensor of movement is heard since {local:%d.%m. %H:%M}: is what carries them (stick, bridge, network) "
            "switched on and in reach? Until then no quiet can be noticed.",
        )

    async def _answered(self, subject: Subject, record: Record, found: Quiet, now: datetime) -> float | None:
        """When somebody resolved this quiet: that the resident was seen to, seconds of the record's clock."""
        known = await self._desk.store.newest(subject, QUIET_CONDITION)
        # An answer by a clock that was ahead is none that this one knows of; and who tidies up the list in the evening
        # has not seen to somebody who has been up since, and is quiet again.
        if known is None or known.resolved_at is None or known.resolved_at > now:
            return None
        if known.found_at <= now - timedelta(seconds=record.now_s - found.since_s):
            return None
        return record.now_s - (now - known.resolved_at).total_seconds()

    async def _tell(self, subject: Subject, days: Days, record: Record, found: Quiet, now: datetime) -> None:
        since = now - timedelta(seconds=record.now_s - found.since_s)
        known = [await self._desk.store.newest(subject, one) for one in (QUIET_CONDITION, ABSENCE_CONDITION)]
        still = [one for one in known if one is not None and one.found_at > since and _goes_on(one, found)]
        by_day = DAY_BEGINS <= now.astimezone(self._zone).time() < DAY_ENDS
        # Noticed by day, and nobody has it: who is out since earlier is called for no less than who left later.
        waits = found.is_out and not by_day and any((one.state, one.priority) == _CALLS_BY_DAY for one in still)
        if (waits or (found.is_improbable and not still)) and days.learnt is not None:
            silence = Silence(
                subject=subject, at=now, quiet_min=found.quiet_min, where=found.where, clock=found.clock,
                usual_min=found.usual_min, evidence=found.evidence(days.learnt),
            )  # fmt: skip
            report = absence_report(silence, certain=found.door_is_known, by_day=by_day)
            await self._desk.report(report if found.is_out else quiet_report(silence))
        for one in known:
            if one is not None and one.state is State.RAISED and one.found_at < since:
                await self._heard_again(one, found, since)

    async def _heard_again(self, alert: Alert, found: Quiet, since: datetime) -> None:
        """Whoever looks at the alert must know; once for each quiet that it tells of."""
        told = [one for one in await self._desk.store.history(alert.id) if one.type in _FINDINGS]
        if told[-1].data["priority"] != Priority.LOW.value:
            await self._desk.report(heard_again_report(alert, at=since, where=found.where))

    def _state(self, why: str | None) -> tuple[Colour, str]:
        known = [one for one in self._standing.values() if one.quiet is not None]
        watched = [one for one in known if one.promise.watched]
        if known and not watched:
            return Colour.GREEN, "Nobody's days are watched: 'huoma tune NAME --watch' changes that."
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
        now = self._clock.wall()
        for one in watched:
            deaf = one.record.deaf_since if one.record is not None else None
            if deaf is not None and (now - deaf).total_seconds() >= DEAF_S:
                words.append("No sensor of movement is heard, so no quiet can be noticed.")
                return Colour.AMBER, " ".join(words)
        if why is not None and self._clock.monotonic() - self._heard_at >= DEAF_S:
            words.append(f"Nothing is heard ({why}), so no quiet can be noticed.")
            return Colour.AMBER, " ".join(words)
        doubted = any(one.days.all_doubted for one in watched)
        if doubted:
            words.append("Nothing is expected of any sensor of movement just now: a quiet is noticed late.")
        return (Colour.AMBER if out or doubted else Colour.GREEN), " ".join(words)


def _goes_on(alert: Alert, found: Quiet) -> bool:
    """Whether an alert about this quiet still stands. That somebody is away is known once a person has said so."""
    return alert.state is not State.RESOLVED or (found.is_out and alert.kind is AlertKind.ABSENCE)


def _out(days: Days, record: Record) -> tuple[str, ...]:
    if days.learnt is None:
        return ()
    now = {one.sensor for one in days.learnt.outages if one.to_s >= record.now_s - LEARN_S}
    return tuple(called(days.sensors[index]) for index in sorted(now))
