"""When whole days are looked at: nights when people are up, days when they are over, weeks on Monday morning."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from gateway.core.clock import Clock
from gateway.core.subject import Subject
from gateway.days.record import Record
from gateway.days.review import DAILY, NIGHTLY, WEEK, Change, OddPart, Reviewed
from gateway.desk.day_findings import change_report, week_condition, week_report
from gateway.desk.service import Desk

NIGHT_KNOWN_H: Final = 14.1  # whoever sleeps longer than that is noticed otherwise
DAY_KNOWN_H: Final = 7.1
SUMMARY_H: Final = 8.1
SUMMARY_WEEKDAY: Final = 0  # Monday
BEFORE_DAYS: Final = 2  # that are looked at again


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The seven days before today."""

    sudden: tuple[Change, ...]
    slow: tuple[Change, ...]
    odd: tuple[OddPart, ...]
    company: tuple[date, ...]  # more people than usual: what another may have done is not counted


class Reviewer:
    """Of all households of a gateway. What it has told is in the desk's store: a restart tells nothing twice."""

    def __init__(self, *, desk: Desk, clock: Clock, zone: tzinfo) -> None:
        self._desk = desk
        self._clock = clock
        self._zone = zone
        self._done: dict[Subject, set[tuple[str, date]]] = {}  # of today

    async def look(self, subject: Subject, record: Record, per_month: float, now: datetime) -> None:
        """What is due is looked at and told. Raises StoreError, Conflict: look again."""
        today, hour = int(record.now_s // 86_400), record.now_s % 86_400 / 3600
        done = {one for one in self._done.get(subject, set()) if one[1] == record.today}
        due = [
            name
            for name, from_h in (("days", DAY_KNOWN_H), ("week", SUMMARY_H), ("nights", NIGHT_KNOWN_H))
            if hour >= from_h and (name, record.today) not in done
        ]
        self._done[subject] = done
        if not due:
            return
        reviewed = await asyncio.to_thread(Reviewed, record)
        for name in due:
            if name == "week":
                await self._summary(subject, reviewed, per_month, record)
            else:
                kinds, last = (NIGHTLY, today) if name == "nights" else (DAILY, today - 1)
                # The days before, too: the gateway may have been off when they were due.
                for day in range(last - BEFORE_DAYS, last + 1):
                    await self._tell(subject, reviewed.abrupt(kinds, per_month, day), now)
            done.add((name, record.today))

    async def _tell(self, subject: Subject, found: Sequence[Change], now: datetime) -> None:
        for one in found:
            if not await self._told_since(subject, one.what, one.day):
                await self._desk.report(change_report(subject=subject, what=one.what, words=one.words, at=now))

    async def _summary(self, subject: Subject, reviewed: Reviewed, per_month: float, record: Record) -> None:
        """Of the week before the last Monday, on that day or as soon as the gateway runs again."""
        monday = record.today - timedelta(days=(record.today.weekday() - SUMMARY_WEEKDAY) % WEEK)
        begin = monday - timedelta(days=WEEK)
        if await self._desk.store.newest(subject, week_condition(begin)) is not None:
            return
        until = int(record.now_s // 86_400) - (record.today - monday).days
        week = await asyncio.to_thread(week_of, reviewed, per_month, until)
        if week.slow:
            content = {
                "slow": [{"what": one.what, "day": str(one.day)} for one in week.slow],
                "unusual": [{"day": str(one.day), "what": list(one.words)} for one in week.odd],
            }
            said = [f"{one.words} (noticed {one.day:%d.%m.})" for one in week.slow]
            at = self._clock.wall()
            await self._desk.report(week_report(subject=subject, week=begin, words=said, evidence=content, at=at))

    async def _told_since(self, subject: Subject, condition: str, day: date) -> bool:
        known = await self._desk.store.newest(subject, condition)
        return known is not None and known.found_at.astimezone(self._zone).date() >= day


def week_of(reviewed: Reviewed, per_month: float, today: int) -> Week:
    """Everything of the seven days before today, an index into the record's days."""
    sudden = [
        one for day in range(max(0, today - WEEK), today) for one in reviewed.abrupt([*NIGHTLY, *DAILY], per_month, day)
    ]
    return Week(
        sudden=tuple(sudden),
        slow=tuple(reviewed.slow(per_month, today)),
        odd=tuple(reviewed.odd(today)),
        company=tuple(reviewed.company(today)),
    )
