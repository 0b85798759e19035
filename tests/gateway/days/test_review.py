"""Days that are not as they were: told once, by day, in words with numbers; weeks on Monday morning."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pytest

from analytics.activity.caution import LESS
from analytics.activity.habits import DAY
from analytics.datasets.made_up_home import Habit, made_up
from gateway.days.record import Record
from gateway.days.review import DAILY, NIGHTLY, Reviewed
from gateway.days.reviewer import Reviewer, week_of
from gateway.desk.events import Alert, AlertKind, Priority
from gateway.desk.service import Desk
from tests.gateway.days.home import AINO, ORIGIN, ZONE
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.virtual_time import VirtualClock, run_virtual

DAYS: Final = 70
FIRST: Final = date(2026, 1, 5)  # a Monday
USUAL: Final = Habit(rises=7.0, rises_spread=0.3, bathroom_by_night=1.0, every_min=8.0)
TODAY: Final = DAYS - 1  # the last day


def record(hour: float, *changed: Habit, days: int = DAYS) -> Record:
    """The last days are as these habits have it; now is an hour of the last one."""
    habits = [USUAL] * (days - len(changed)) + list(changed)
    events = made_up(days, seed=5, habits=habits, first_day=str(FIRST))
    now_s = ((days - 1) * 24 + hour) * 3600
    told = events.at_s <= now_s
    events = replace(events, at_s=events.at_s[told], sensor=events.sensor[told], on=events.on[told])
    return Record(
        events=events,
        now_s=now_s,
        today=FIRST + timedelta(days=days - 1),
        listening=np.ones(days * DAY, bool),
        teaches=np.ones(days * DAY, bool),
        clock_changes=(np.zeros(0), np.zeros(1)),
    )


SLEEPS_IN: Final = replace(USUAL, rises=11.0)
WANDERS: Final = replace(USUAL, wanders=4.0)
OFTEN: Final = replace(USUAL, bathroom_by_night=7.0)
NO_KITCHEN: Final = replace(USUAL, kitchen=0.02)


@pytest.mark.parametrize(
    ("changed", "kinds", "day", "words"),
    [
        (SLEEPS_IN, NIGHTLY, TODAY, "Rose at 07:06 and 1"),
        (WANDERS, NIGHTLY, TODAY, "Walked about by night for "),
        (OFTEN, NIGHTLY, TODAY, "Went to the bathroom "),
        (NO_KITCHEN, DAILY, TODAY - 1, "Went to the kitchen "),
    ],
)
def test_what_changed_from_one_day_to_the_next(changed: Habit, kinds: Any, day: int, words: str) -> None:
    days = [changed] if kinds is NIGHTLY else [changed, USUAL]
    found = Reviewed(record(15.0, *days)).abrupt(kinds, 2.0, day)
    assert any(one.words.startswith(words) and "; usually " in one.words for one in found), found
    assert {one.day for one in found} == {FIRST + timedelta(days=day)}


def test_as_ever_is_nothing() -> None:
    reviewed = Reviewed(record(15.0))
    assert reviewed.abrupt(NIGHTLY, 0.5, TODAY) == []
    assert reviewed.abrupt(DAILY, 0.5, TODAY - 1) == []


def test_in_a_week_that_was_not_like_the_others_less_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def spied(per_month: float, *_: object) -> float:
        asked.append(per_month)
        return 1e9

    monkeypatch.setattr("gateway.days.review.budget.threshold", spied)
    usual = record(15.0)
    listening = usual.listening.copy()
    listening[(TODAY - 3) * DAY : (TODAY - 3) * DAY + 300] = False
    for one in (usual, replace(usual, listening=listening, teaches=listening)):
        assert Reviewed(one).abrupt(NIGHTLY, 1.0, TODAY) == []
    assert asked[3:] == [LESS * share for share in asked[:3]]


def test_what_is_still_to_come_is_not_stillness() -> None:
    """At half past two in the night nobody has failed to get up, and nobody has left the kitchen out."""
    reviewed = Reviewed(record(2.5))
    assert reviewed.abrupt([*NIGHTLY, *DAILY], 8.0, TODAY) == []


def silent_since(known: Record, day: int, hour: float) -> Record:
    """Nothing was heard any more, with all sensors well."""
    heard = known.events.at_s < (24 * day + hour) * 3600
    events = known.events
    return replace(
        known, events=replace(events, at_s=events.at_s[heard], sensor=events.sensor[heard], on=events.on[heard])
    )


def test_who_never_rose_is_not_said_to_have_risen_late_nor_to_have_kept_out_of_the_kitchen() -> None:
    """That nothing is heard calls by itself, as a quiet; these words would have a carer look for somebody who is up."""
    reviewed = Reviewed(silent_since(record(15.0), TODAY - 1, 21.75))
    assert reviewed.abrupt(NIGHTLY, 8.0, TODAY) == []
    reviewed = Reviewed(silent_since(record(7.5), TODAY - 2, 21.75))
    assert reviewed.abrupt([*NIGHTLY, *DAILY], 8.0, TODAY - 1) == []


def told(*looks: tuple[datetime, Record], restart: bool = False) -> list[Alert]:
    """What the desk has after some looks."""

    async def main() -> list[Alert]:
        clock = VirtualClock()
        desk = Desk(store=MemoryAlertStore(), clock=clock, origin=ORIGIN)
        reviewer = Reviewer(desk=desk, clock=clock, zone=ZONE)
        for now, known in looks:
            if restart:
                reviewer = Reviewer(desk=desk, clock=clock, zone=ZONE)
            await reviewer.look(AINO, known, 2.0, now)
            await asyncio.sleep(60)
        return await desk.store.find()

    found: list[Alert] = run_virtual(main)
    return found


def at(hour: float, day: int = TODAY) -> datetime:
    local = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), ZONE) + timedelta(hours=hour)
    return local.astimezone(UTC)


@pytest.mark.parametrize("restart", [False, True])
def test_it_is_told_when_people_are_up_and_once(restart: bool) -> None:
    early, late = record(9.0, SLEEPS_IN), record(15.0, SLEEPS_IN)
    found = told((at(9.0), early), (at(15.0), late), (at(16.0), late), restart=restart)
    assert [(one.kind, one.priority, one.condition, one.witnesses) for one in found] == [
        (AlertKind.CHANGE, Priority.MEDIUM, "rising later", 1)
    ]
    assert found[0].raised_at == at(15.0)


def fading(weeks: int) -> list[Habit]:
    """A tenth less of everything each week."""
    return [replace(USUAL, every_min=USUAL.every_min / 0.9 ** (day / 7)) for day in range(7 * weeks)]


def test_what_changes_slowly_is_in_the_summary_of_monday_morning() -> None:
    # Nine weeks of which the last seven fade; the noticing is somewhere in the last, or it is not there.
    summaries = []
    for weeks in range(4, 9):
        days = 7 * (weeks + 8) + 1  # the last day is a Monday
        known = record(8.5, *fading(weeks), USUAL, days=days)
        found = told((at(7.5, days - 1), known), (at(8.5, days - 1), known), (at(9.0, days - 1), known))
        summaries += [one for one in found if one.condition.startswith("week of ")]
    assert summaries
    assert {one.priority for one in summaries} == {Priority.LOW}
    assert all(one.summary.startswith("This week: ") and " less than " in one.summary for one in summaries)


def summaries_of(*looks: tuple[datetime, Record]) -> list[Alert]:
    return [one for one in told(*looks) if one.condition.startswith("week of ")]


def test_a_monday_on_which_the_gateway_was_off_is_made_up_for_once() -> None:
    """What it would have told on Monday it tells on Tuesday, and on no day twice."""
    told_late: list[str] = []
    for weeks in range(4, 9):
        days = 7 * (weeks + 8) + 1
        monday = record(8.5, *fading(weeks), USUAL, days=days)
        tuesday = record(8.5, *fading(weeks), USUAL, USUAL, days=days + 1)
        on_time = [one.condition for one in summaries_of((at(8.5, days - 1), monday), (at(8.5, days), tuesday))]
        assert len(on_time) <= 1
        again = told((at(8.5, days - 1), monday), (at(9.5, days - 1), monday), restart=True)
        assert {one.witnesses for one in again} <= {1}
        late = [one.condition for one in summaries_of((at(8.5, days), tuesday), (at(9.5, days), tuesday))]
        assert len(late) <= 1
        told_late += late
        week = FIRST + timedelta(days=days - 1 - 7)
        assert {*on_time, *late} <= {f"week of {week}"}, "each week has an alert of its own"
    assert told_late


def test_a_change_of_yesterday_that_nobody_looked_at_is_told_today() -> None:
    """The gateway was off when the first late morning was due; the second one is no longer new."""
    known = record(15.0, SLEEPS_IN, SLEEPS_IN)
    assert [one.condition for one in told((at(15.0), known))] == ["rising later"]
    on_time = record(15.0, SLEEPS_IN, days=DAYS - 1)
    assert len(told((at(15.0, TODAY - 1), on_time), (at(15.0), known))) == 1


def test_the_week_names_days_unlike_others() -> None:
    strange = replace(USUAL, rises=11.0, kitchen=0.02, wanders=4.0, outings=0.0)
    reviewed = Reviewed(record(9.0, strange, USUAL, USUAL))
    week = week_of(reviewed, 2.0, TODAY)
    assert FIRST + timedelta(days=TODAY - 2) in [one.day for one in week.odd]
    assert all(len(one.words) == 3 and one.share <= 0.05 for one in week.odd)


@pytest.mark.parametrize("days", [1, 2, 3, 8, 15, 29])
def test_of_a_new_home_little_is_said(days: int) -> None:
    known = record(15.0, days=days)
    week = week_of(Reviewed(known), 2.0, days - 1)
    assert (week.sudden, week.slow) == ((), ())
    assert told((at(15.0, days - 1), known)) == []
