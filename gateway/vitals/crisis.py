"""One very high blood pressure: somebody is asked to have it repeated, or the nurses are called.

The resident has no screen. Who is asked is named in the resident's plan (`crisis-ask`); the request is an alert of its
own, `pressure-repeat`, addressed to that person and called like any other. Within 15 minutes a usable reading comes
that is below the limits: the request is closed as not confirmed, with both readings. One comes that is as high, or
none: the nurses are called by a second alert, `pressure-crisis`. That somebody acknowledged the request changes nothing
of this: to have heard of it is not to have measured.

What is under way is the open requests in the desk's store and the readings in ours. So a restart goes on where it was,
and doing a reading again that has been done changes nothing: an alert names the readings it rests on.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from device_drivers.nomenclature import Kind
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Subject
from gateway.desk.events import Alert, AlertKind, Priority, State, Verdict
from gateway.desk.machine import GATEWAY, Report
from gateway.desk.service import Desk
from gateway.store.readings import ReadingRow, Readings
from gateway.vitals.crisis_words import CrisisWords
from gateway.vitals.heights import (
    REPEATS,
    Height,
    as_high_near,
    clock_is_behind,
    height_of,
    long_past,
    measured_after,
    soon_after,
)
from gateway.vitals.plan import VitalPlan
from gateway.vitals.rules import Rule
from gateway.vitals.usable import is_number, may_be_resent, measured_at
from gateway.vitals.words import ids_of, readings_of

PART: Final = "pressure-repeats"
REPEAT_CONDITION: Final = "pressure-repeat"
LATE_CONDITION: Final = "pressure-late"
# Two as high, of this night or this day, are looked into at once. Of longer ago it is for whoever comes to see first.
CONFIRMED_LATE: Final = timedelta(hours=12)
REPEAT_S: Final = 900.0  # 15 min: five of rest, which both guidelines want, and the way to the cuff
_CLOCK_SET_S: Final = 60.0  # a request from further ahead than this: the clock was set back, nobody knows how long ago
_OPEN: Final = 1000  # alerts looked through: more than a home can have
# After a start what is in the store is looked at first: a repeat is heeded before its time is said to be over.
_READINGS_FIRST_S: Final = 3.0
_LOOK_EVERY_S: Final = 5.0  # while a request is open: a person may have closed it, a clock may have been set
_VERY_HIGH: Final = (Height.HIGH, Height.IRREGULAR)
_LATEST: Final = 20  # readings among which a repeat is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A very high reading, and whom it is about."""

    subject: Subject
    row: ReadingRow
    plan: VitalPlan


class Crises:
    """Called with each reading about a resident, once or again, in the order of commits.

    Their time is kept by a part of its own (`run`): whatever is wrong with a reading, nobody waits for it in vain.
    """

    def __init__(
        self, *, desk: Desk, readings: Readings, clock: Clock, words: CrisisWords, health: HealthBoard
    ) -> None:
        self._desk = desk
        self._readings = readings
        self._clock = clock
        self._words = words
        self._health = health
        self._asked = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()  # a repeat and the end of its time
        self._requests: dict[str, float] = {}  # open requests, and when they were first seen here, monotonic
        self._begun_here: set[str] = set()  # of these, those of which that is when they began

    async def run(self) -> None:
        """Until cancelled: calls the nurses when a request has had its time."""
        await self._clock.sleep(_READINGS_FIRST_S)
        known = False
        while True:
            try:
                if not known:
                    await self._begin()
                    known = True
                async with self._one_at_a_time:
                    await self._check()
            except (StoreError, Conflict) as error:
                self._health.report(PART, Colour.RED, f"Requests to repeat a pressure are not watched: {error}")
                await self._clock.sleep(1.0)
                continue
            number = len(self._requests)
            self._health.report(PART, Colour.GREEN, f"{number} request{'' if number == 1 else 's'} under way.")
            self._asked.clear()
            if self._requests:
                await self._clock.sleep(_LOOK_EVERY_S)
            else:
                await self._asked.wait()

    async def _begin(self) -> None:
        """Requests that are under way."""
        for alert in await self._desk.open_alerts(limit=_OPEN):
            if alert.condition == REPEAT_CONDITION:
                self._requests.setdefault(alert.id, self._clock.monotonic())

    async def heed(self, row: ReadingRow, plan: VitalPlan, *, moved: bool = False) -> None:
        """A reading that is now the resident's. With `moved` it was not when it came.

        Raises StoreError, Conflict: tell it again.
        """
        kind = height_of(row, plan)
        if row.subject is None or kind is Height.UNUSABLE:
            return
        async with self._one_at_a_time:
            await self._heed(row.subject, row, kind, plan, moved=moved)

    async def _heed(self, subject: Subject, row: ReadingRow, kind: Height, plan: VitalPlan, *, moved: bool) -> None:
        request = await self._desk.store.open_episode(subject, REPEAT_CONDITION)
        first = None if request is None else await self._first(request)
        if request is not None and first is not None:
            if row.id == first.id or may_be_resent(row, first):
                return
            if measured_after(row, first):
                if kind is not Height.IRREGULAR:
                    await self._repeated(request, first, row, kind)
                return
        if kind in _VERY_HIGH and plan.crisis:
            await self._begun(_Case(subject=subject, row=row, plan=plan), moved=moved)

    async def of_somebody(self, row: ReadingRow, home: Subject) -> None:
        """A reading of a cuff of this home of which it is not known so far whose it is: nobody's plan is asked."""
        if height_of(row, VitalPlan()) not in _VERY_HIGH:
            return
        past = long_past(row, row.received_at)
        if past is None:
            await self._page(home, [row], self._words.of_somebody(row))
        else:
            await self._late(home, row, past)

    async def _check(self) -> None:
        """Requests whose time is over."""
        for alert_id, seen in list(self._requests.items()):
            alert = await self._desk.store.load(alert_id)
            if alert is None or alert.state is State.RESOLVED:
                self._over(alert_id)
            elif self._waited_s(alert, seen) >= REPEAT_S:
                await self._not_repeated(alert)

    async def taken_away(self, row: ReadingRow, subject: Subject) -> None:
        """The reading turned out not to be this resident's."""
        async with self._one_at_a_time:
            await self._taken_away(row, subject)

    async def _taken_away(self, row: ReadingRow, subject: Subject) -> None:
        for alert in await self._desk.open_alerts(limit=_OPEN):
            if alert.subject != subject or alert.kind is not AlertKind.VITAL_SIGN:
                continue
            named = ids_of(await self._desk.store.evidence(alert.id))
            if alert.condition == REPEAT_CONDITION and named[:1] == [row.id]:
                await self._close(alert, Verdict.NOT_CONFIRMED, self._words.not_theirs())
            elif row.id in named:
                await self._desk.report(
                    Report(
                        subject=subject, kind=AlertKind.VITAL_SIGN, condition=alert.condition, priority=Priority.LOW,
                        probability=None, summary=self._words.not_theirs(), device_identity=row.device_identity,
                        at=self._clock.wall(), episode=alert.id, lasting=True,
                    )
                )  # fmt: skip

    async def _begun(self, case: _Case, *, moved: bool) -> None:
        row = case.row
        page = await self._desk.store.open_episode(case.subject, Rule.PRESSURE_CRISIS)
        if await self._names(page, [row]):
            return
        now = self._clock.wall()
        known_since = now if moved else row.received_at
        newest = await self._newest(case.subject)
        past = long_past(row, known_since)
        again = None if past is None else as_high_near(row, newest, case.plan)
        behind = past is not None and not moved and clock_is_behind(row, newest)
        confirmed = again is not None and past is not None and (behind or now - past <= CONFIRMED_LATE)
        if behind:
            past = None
        after = self._next(case, newest)
        below = after is not None and height_of(after, case.plan) is Height.BELOW
        if after is not None and below and (past is None or soon_after(after, row)):
            await self._already_below(case, after)
        elif again is not None and confirmed:
            pair = [again, row] if measured_after(row, again) else [row, again]
            await self._page(case.subject, pair, self._words.as_high(*pair))
        elif past is not None:
            await self._late(case.subject, row, past)
        elif after is not None and not below:
            await self._page(case.subject, [row, after], self._words.as_high(row, after))
        elif (now - known_since).total_seconds() > REPEAT_S:
            await self._page(case.subject, [row], self._words.unattended(row))
        elif case.plan.crisis_ask is None or (page is not None and page.state is State.RAISED):
            await self._page(case.subject, [row], self._words.nobody_named(row))
        else:
            await self._ask(case, case.plan.crisis_ask)

    async def _ask(self, case: _Case, whom: str) -> None:
        now = self._clock.wall()
        summary = self._words.request(case.row, whom, until=now + timedelta(seconds=REPEAT_S))
        alert = await self._report(
            case.subject, REPEAT_CONDITION, Priority.HIGH, summary, [case.row], addressee=whom
        )  # fmt: skip
        if alert.witnesses == 1:  # else one of before a restart goes on
            self._begun_here.add(alert.id)
        self._requests.setdefault(alert.id, self._clock.monotonic())
        self._asked.set()

    async def _repeated(self, request: Alert, first: ReadingRow, row: ReadingRow, kind: Height) -> None:
        high = kind is Height.HIGH
        summary = self._words.as_high(first, row) if high else self._words.below(first, row)
        if high:
            await self._page(request.subject, [first, row], summary)
        # The second reading goes with the request too; a witness of low priority calls nobody.
        await self._report(request.subject, REPEAT_CONDITION, Priority.LOW, summary, [row], lasting=True)
        await self._close(request, Verdict.INFORMATION if high else Verdict.NOT_CONFIRMED, summary)

    async def _not_repeated(self, request: Alert) -> None:
        """The time is over. What was measured meanwhile and is of no use is told."""
        first = await self._first(request)
        summary, rows = self._words.damaged(), []
        if first is not None:
            newest = await self._newest(request.subject)
            unusable = [row for row in newest if row.received_at > first.received_at and not is_number(row)]
            summary, rows = self._words.not_repeated(first, len(unusable)), [first, *unusable]
        await self._page(request.subject, rows, summary)
        await self._close(request, Verdict.INFORMATION, summary)

    async def _already_below(self, case: _Case, row: ReadingRow) -> None:
        """It came together with its repeat: nobody need do anything, and both are kept."""
        summary = self._words.below(case.row, row)
        alert = await self._report(case.subject, REPEAT_CONDITION, Priority.LOW, summary, [case.row, row])
        await self._close(alert, Verdict.NOT_CONFIRMED, summary)

    async def _late(self, subject: Subject, row: ReadingRow, at: datetime) -> None:
        await self._report(subject, LATE_CONDITION, Priority.MEDIUM, self._words.late(row, at), [row], lasting=True)

    async def _page(self, subject: Subject, rows: list[ReadingRow], summary: str) -> None:
        page = await self._desk.store.open_episode(subject, Rule.PRESSURE_CRISIS)
        if not rows or not await self._names(page, rows):
            await self._report(subject, Rule.PRESSURE_CRISIS, Priority.HIGH, summary, rows)

    async def _names(self, alert: Alert | None, rows: list[ReadingRow]) -> bool:
        """Whether the alert rests on all of these already: they are looked at once more, after a restart."""
        return alert is not None and {row.id for row in rows} <= set(ids_of(await self._desk.store.evidence(alert.id)))

    async def _report(
        self,
        subject: Subject,
        condition: str,
        priority: Priority,
        summary: str,
        rows: list[ReadingRow],
        *,
        addressee: str | None = None,
        lasting: bool = False,
    ) -> Alert:
        return await self._desk.report(
            Report(
                subject=subject, kind=AlertKind.VITAL_SIGN, condition=condition, priority=priority, probability=None,
                summary=summary, device_identity=rows[-1].device_identity if rows else None, at=self._clock.wall(),
                evidence=readings_of(rows), lasting=lasting, addressee=addressee,
            )
        )  # fmt: skip

    async def _close(self, alert: Alert, verdict: Verdict, note: str) -> None:
        with suppress(Conflict):  # a person has closed it meanwhile
            await self._desk.resolve(alert.id, GATEWAY, verdict, note)
        self._over(alert.id)

    def _over(self, alert_id: str) -> None:
        self._requests.pop(alert_id, None)
        self._begun_here.discard(alert_id)

    async def _first(self, request: Alert) -> ReadingRow | None:
        """The reading that the request is about."""
        named = ids_of(await self._desk.store.evidence(request.id))
        return await self._readings.one(named[0]) if named else None

    def _next(self, case: _Case, newest: list[ReadingRow]) -> ReadingRow | None:
        """The first usable reading after it that is in the store already; none where its own time is unknown."""
        later = [
            row
            for row in newest
            if height_of(row, case.plan) in REPEATS
            and measured_after(row, case.row)
            and not may_be_resent(row, case.row)
        ]
        return min(later, key=lambda row: (measured_at(row) or row.received_at, row.seq), default=None)

    async def _newest(self, subject: Subject) -> list[ReadingRow]:
        return await self._readings.newest(subject.id, Kind.BLOOD_PRESSURE, limit=_LATEST)

    def _waited_s(self, request: Alert, seen: float) -> float:
        """By the clock that does not jump. What began before a restart: by the wall clock, and never less than that.

        A wall clock that was set back meanwhile says nothing, and then it has been long enough.
        """
        here = self._clock.monotonic() - seen
        if request.id in self._begun_here:
            return here
        by_wall = (self._clock.wall() - request.raised_at).total_seconds()
        return REPEAT_S if by_wall < -_CLOCK_SET_S else max(by_wall, here)
