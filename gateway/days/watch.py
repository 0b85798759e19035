"""The minute that never stops: from what sensors of rooms said to the desk, when a quiet is not like the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, tzinfo
from itertools import chain
from typing import Final, TypeAlias

import numpy as np
import structlog

from analytics.activity.budget import INACTIVITY, divided
from analytics.activity.outages import Why
from gateway.core.clock import Clock
from gateway.core.errors import HuomaError, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.days.first_week import Plain, plain_rule
from gateway.days.household import Days
from gateway.days.households import Household, households
from gateway.days.losses import BLIP_S
from gateway.days.quiet import Quiet, called, quiet
from gateway.days.record import DAYS, Record, Strange
from gateway.days.reviewer import Reviewer
from gateway.days.sensors import sees_movement
from gateway.days.set_right import STEP_S, ClockNow
from gateway.days.standing import DEAF_S, LEARN_S, Standing, silent, state
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
from gateway.store.day_promises import DayPromises
from gateway.store.listening import Listening
from gateway.store.readings import Readings
from gateway.store.registry import Registry
from gateway.store.room_states import RoomStates

PART: Final = "days"
TICK_S: Final = 60.0
_HOUSE_S: Final = 600.0  # how often is looked who lives here
_FINDINGS: Final = frozenset({EventType.RAISED, EventType.WITNESS})
_CALLS_BY_DAY: Final = (State.RAISED, Priority.MEDIUM)  # only: by night its calls wait for the morning
_ALERTS: Final = 1000  # of one household, looked through for quiets that were not usual
_ALL_WAS_WELL: Final = frozenset({Verdict.FALSE, Verdict.ACCIDENTAL, Verdict.INFORMATION})
_NOW_S: Final = 120.0  # an outage that ends no earlier than this goes on
_UNHEARD: Final = "rooms-unheard"

# Today, the record's first day, sensors that are lost, and how many there are: when one changes, all is learnt anew.
_Known: TypeAlias = tuple[date, np.datetime64, frozenset[int], int]

log = structlog.get_logger(__name__)


class DayWatch:
    """One for a gateway.

    Args:
        boot_id: of this boot, as stamps have it.
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
        boot_id: str = "unknown",
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
        self._boot_id = boot_id
        self._ahead: set[tuple[str, datetime]] = set()  # findings and answers that were stamped by a clock that was
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
        self._moving: frozenset[str] = frozenset()  # devices that see movement, whosever they are
        self._spans: list[tuple[datetime, datetime]] = []
        self._heard_at = clock.monotonic()

    def standing(self) -> tuple[Standing, ...]:
        """Of each household, as of the last minute."""
        return tuple(self._standing.values())

    def of(self, resident_id: str) -> Standing | None:
        """Of the household of a resident; None in the first moments, and of who does not live here."""
        return next((one for one in self._standing.values() if resident_id in one.days.household.people), None)

    async def run(self) -> None:
        """Until cancelled. Whatever one minute's work raises is said, and the next minute's begins."""
        withdraw = self._registry.on_assignment(self._moved)
        try:
            while True:
                try:
                    await self.look()
                except Exception as error:  # noqa: BLE001  # this is its supervisor: one bad minute may not end the watch
                    self._say_failed(error)
                await self._clock.sleep(self._tick_s)
        finally:
            withdraw()

    async def look(self) -> None:
        """One minute's work. Raises what went wrong in it first (StoreError, Conflict: look again) when all is done."""
        now = self._clock.wall()
        await self._house(now)
        await self._hear()
        why, failed = self._why_deaf(), list[Exception]()
        try:
            spans = await self._listened(now, why)
        except StoreError as error:  # a quiet is judged all the same: an alert has room where this has none
            spans = [*self._spans[:-1], (self._spans[-1][0], now)] if self._spans else []
            failed.append(error)
        for subject, days in list(self._all.items()):
            try:
                await self._watch(subject, days, spans, now)
            except Exception as error:  # noqa: BLE001  # what is wrong with one household's days may not hide another's
                failed.append(error)
        if not failed:
            self._health.report(PART, *self._state(why))
        for subject, one in list(self._standing.items()):  # after every quiet: who lies there comes first
            if one.record is not None and one.promise.watched:
                try:
                    await self._reviewer.look(subject, one.record, one.promise.per_month, now)
                except Exception as error:  # noqa: BLE001  # likewise
                    failed.append(error)
        if failed:
            raise failed[0]

    def _state(self, why: str | None) -> tuple[Colour, str]:
        deaf_s = self._clock.monotonic() - self._heard_at
        return state(self.standing(), now=self._clock.wall(), why=why, deaf_s=deaf_s, moving=bool(self._moving))

    def _say_failed(self, error: Exception) -> None:
        # Our own errors are sentences for a person; anything else is a defect and gets its stack into the log.
        reason = str(error)
        if not isinstance(error, HuomaError):
            reason = f"failed unexpectedly ({type(error).__name__}); see the log"
            log.error("a minute of the days failed", exc_info=error)
        self._health.report(PART, Colour.RED, f"Days at home cannot be watched: {reason}")

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
        devices = await self._registry.devices()
        self._moving = frozenset(
            [one.identity for one in devices if sees_movement(await self._states.told_lately(one.identity))]
        )
        assigned = await self._registry.assigned(only_open=False)
        found = households(await self._registry.residents(), assigned, self._origin.home_id, self._moving)
        await self._hear()
        if self._seq is None:
            self._seq = await self._readings.last_seq()
        self._adapters = {one.identity: one.adapter for one in devices}
        kept: dict[Subject, Days] = {}
        for one in found:
            known = self._all.get(one.subject)
            # After a step of the wall clock: what was too old, or to come, may be neither.
            if known is not None and known.household == one and not stepped:
                kept[one.subject] = known
                continue
            kept[one.subject] = Days(one)
            await kept[one.subject].read_past(self._states, now, self._seq, self._clock_now(now))
        for subject, days in kept.items():
            days.strange = await self._strange(_subjects(subject, days.household), now)
        self._all = kept
        self._standing = {subject: one for subject, one in self._standing.items() if subject in kept}
        self._housed_at, self._offset = self._clock.monotonic(), offset

    def _clock_now(self, now: datetime) -> ClockNow:
        offset_s, sure = now.timestamp() - self._clock.monotonic(), self._clock.synchronised()
        return ClockNow(boot_id=self._boot_id, wall_s=now.timestamp(), offset_s=offset_s, synchronised=sure)

    async def _strange(self, whose: Iterable[Subject], now: datetime) -> tuple[Strange, ...]:
        """Quiets that called, and of which nobody said that all was well: what is usual is not learnt from them."""
        known = [await self._desk.store.find(subject=one, limit=_ALERTS) for one in whose]
        return tuple(
            Strange(raised=one.raised_at, until=one.resolved_at or now, real=one.verdict is Verdict.REAL)
            for one in chain.from_iterable(known)
            if one.kind is AlertKind.INACTIVITY and one.verdict not in _ALL_WAS_WELL
            if one.raised_at <= (one.resolved_at or now) <= now
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
        answered = await self._answered(subject, days, record, found, now)
        if answered is not None:
            found = quiet(record, learnt, per_month=share, answered_s=answered)
        if found.is_improbable and record.untold_min:
            others = await asyncio.to_thread(days.less_one, record)
            # In a thread: of thirty sensors it takes a server a fifth of a second.
            found = await asyncio.to_thread(quiet, record, learnt, per_month=share, answered_s=answered, others=others)
        plain = plain_rule(record, found, answered)
        self._standing[subject] = Standing(
            days=days, promise=promise, record=record, quiet=found, out=silent(days, record), plain=plain
        )
        await self._say_if_unheard(record, now)
        if promise.watched:
            await self._tell(subject, days, record, found, now, plain)

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
                since, noticed = record.instant(one.since_s), record.instant(one.from_s)
                await self._sensor_is_out(days, one.sensor, one.why, since, noticed)

    async def _sensor_is_out(self, days: Days, sensor: int, why: Why, since: datetime, known_at: datetime) -> None:
        """Once for each outage, however often it was resolved meanwhile."""
        identity, _, _ = days.sensors[sensor].name.rpartition("/")
        home = Subject(type=SubjectType.HOME, id=self._origin.home_id)
        known = await self._desk.store.newest(home, f"sensor:{identity}")
        if known is not None and known.raised_at >= known_at - timedelta(hours=1):
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

    async def _newest(self, subject: Subject, days: Days, condition: str, now: datetime) -> Alert | None:
        """Of a household, or of one of its people when they were watched alone: somebody may move in during a quiet."""
        each = [await self._desk.store.newest(one, condition) for one in _subjects(subject, days.household)]
        own = [one for one in each if one is not None and not self._is_ahead(one, now)]
        return max(own, key=lambda one: one.found_at, default=None)

    def _is_ahead(self, alert: Alert, now: datetime) -> bool:
        """Whether it was found or answered by a clock that was ahead: it tells of no quiet, then or later."""
        stamps = {(alert.id, at) for at in (alert.found_at, alert.resolved_at) if at is not None}
        self._ahead |= {(one, at) for one, at in stamps if at > now + timedelta(seconds=STEP_S)}
        return not self._ahead.isdisjoint(stamps)

    async def _answered(
        self, subject: Subject, days: Days, record: Record, found: Quiet, now: datetime
    ) -> float | None:
        """When somebody resolved this quiet: that the resident was seen to, seconds of the record's clock."""
        known = await self._newest(subject, days, QUIET_CONDITION, now)
        # Who tidies up the list in the evening has not seen to somebody who has been up since, and is quiet again.
        if known is None or known.resolved_at is None:
            return None
        if known.found_at <= record.instant(found.since_s):
            return None
        return record.home_s(known.resolved_at)

    async def _tell(
        self, subject: Subject, days: Days, record: Record, found: Quiet, now: datetime, plain: Plain | None
    ) -> None:
        since = record.instant(found.since_s)
        known = [await self._newest(subject, days, one, now) for one in (QUIET_CONDITION, ABSENCE_CONDITION)]
        still = [one for one in known if one is not None and one.found_at > since and _goes_on(one, found)]
        by_day = DAY_BEGINS <= now.astimezone(self._zone).time() < DAY_ENDS
        # Noticed by day, and nobody has it: who is out since earlier is called for no less than who left later.
        waits = found.is_out and not by_day and any((one.state, one.priority) == _CALLS_BY_DAY for one in still)
        improbable = found.is_improbable or (plain is not None and plain.calls)
        if (waits or (improbable and not still)) and days.learnt is not None:
            silence = Silence(
                subject=subject, at=now, quiet_min=found.quiet_min,
                unheard_min=found.unheard_min, where=found.where, clock=found.clock,
                usual_min=found.usual_min, evidence=found.evidence(days.learnt),
                instead="" if plain is None or found.is_improbable else plain.reason,
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


def _goes_on(alert: Alert, found: Quiet) -> bool:
    """Whether an alert about this quiet still stands. That somebody is away is known once a person has said so."""
    return alert.state is not State.RESOLVED or (found.is_out and alert.kind is AlertKind.ABSENCE)


def _subjects(subject: Subject, household: Household) -> list[Subject]:
    """Whom alerts about a household may be about: it, or one of its people from when they were watched alone."""
    people = [Subject(type=SubjectType.RESIDENT, id=one) for one in household.people]
    return [subject, *(one for one in people if one != subject)]
