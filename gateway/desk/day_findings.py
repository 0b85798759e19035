"""From what a day's watch found to what the desk is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from gateway.core.subject import Subject
from gateway.desk.events import Alert, AlertKind, Evidence, Priority
from gateway.desk.machine import Report

QUIET_CONDITION: Final = "inactivity"
ABSENCE_CONDITION: Final = "absence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A quiet that is not like the others.

    Attributes:
        subject: whom it is about.
        at: now, aware.
        quiet_min: minutes since the last sign of life.
        unheard_min: how many of them nobody listened to.
        where: the room of it ("in the kitchen").
        clock: when it was, by the clock on the wall ("09:12").
        usual_min: minutes within which 95 of 100 such quiets end; None where that is longer than was waited.
        evidence: what the finding rests on.
        instead: why it is told where what is usual is not known yet; else empty.
    """

    subject: Subject
    at: datetime
    quiet_min: int
    unheard_min: int
    where: str
    clock: str
    usual_min: int | None
    evidence: Mapping[str, Any]
    instead: str = ""


def quiet_report(found: Silence) -> Report:
    """Nothing has been heard of somebody at home for far longer than is usual."""
    said = f"No sign of life for {duration(found.quiet_min)}, last {found.where} at {found.clock}"
    if found.unheard_min:
        said += f" (nothing was listened to for {duration(found.unheard_min)} of it)"
    return _report(found, AlertKind.INACTIVITY, Priority.HIGH, said + _usual(found, "such quiets"))


def absence_report(found: Silence, *, certain: bool, by_day: bool) -> Report:
    """Somebody left the home and is not back for far longer than is usual. By night that is as urgent as a quiet.

    Args:
        found: since they left.
        by_day: it is noticed by day, when people are out.
        certain: the outer door moved. Without a contact there, who was last seen at the entrance may also lie there.
    """
    out = f"Not back for {duration(found.quiet_min)}"
    said = f", left at {found.clock}" if certain else f", or lying in the hall: last seen there at {found.clock}"
    priority = Priority.MEDIUM if certain and by_day else Priority.HIGH
    return _report(found, AlertKind.ABSENCE, priority, out + said + _usual(found, "outings"))


def _usual(found: Silence, what: str) -> str:
    if found.instead:
        return f"; {found.instead}"
    return "" if found.usual_min is None else f"; 95 of 100 {what} end within {duration(found.usual_min)}"


def heard_again_report(alert: Alert, *, at: datetime, where: str) -> Report:
    """A sign of life came after such an alert, which nobody has answered. It stays: a person must say that all is well.

    Args:
        alert: that one.
        at: when it came, aware.
        where: the room ("in the kitchen").
    """
    return Report(
        subject=alert.subject,
        kind=alert.kind,
        condition=alert.condition,
        priority=Priority.LOW,
        probability=None,
        summary=f"A sign of life again {where}",
        device_identity=None,
        at=at,
        episode=alert.id,
        addendum=True,
    )


def change_report(*, subject: Subject, what: str, words: str, at: datetime) -> Report:
    """Something about somebody's days is not as it was since yesterday or the day before.

    Args:
        subject: whose days.
        what: the condition: each has an alert of its own ("rising later").
        words: a sentence with the numbers behind it.
        at: now, aware.
    """
    return Report(
        subject=subject,
        kind=AlertKind.CHANGE,
        condition=what,
        priority=Priority.MEDIUM,
        probability=None,
        summary=words,
        device_identity=None,
        at=at,
    )


def week_report(
    *, subject: Subject, week: date, words: Sequence[str], evidence: Mapping[str, Any], at: datetime
) -> Report:
    """The week's summary, where something changes slowly.

    Args:
        subject: whose week.
        week: its Monday; each week's summary is an alert of its own.
        words: each change.
        evidence: all of it, and what was unusual of single days.
        at: now, aware.
    """
    text = json.dumps(evidence, allow_nan=False, separators=(",", ":"))
    return Report(
        subject=subject,
        kind=AlertKind.CHANGE,
        condition=week_condition(week),
        priority=Priority.LOW,
        probability=None,
        summary=f"This week: {'; '.join(words)}",
        device_identity=None,
        at=at,
        evidence=(Evidence(name="week", media_type="application/json", content=text),),
    )


def week_condition(week: date) -> str:
    """Of the summary of the week that began on this Monday."""
    return f"week of {week}"


def _report(found: Silence, kind: AlertKind, priority: Priority, summary: str) -> Report:
    text = json.dumps(found.evidence, allow_nan=False, separators=(",", ":"))
    return Report(
        subject=found.subject,
        kind=kind,
        condition=QUIET_CONDITION if kind is AlertKind.INACTIVITY else ABSENCE_CONDITION,
        priority=priority,
        probability=None,
        summary=summary,
        device_identity=None,
        at=found.at,
        evidence=(Evidence(name="quiet", media_type="application/json", content=text),),
    )


def duration(minutes: int) -> str:
    """Minutes in words: "50 min", "3 h 40 min", "2 days 4 h"."""
    hours, rest = divmod(max(0, minutes), 60)
    days, over = divmod(hours, 24)
    if days:
        return f"{days} day{'' if days == 1 else 's'}" + (f" {over} h" if over else "")
    if not hours:
        return f"{rest} min"
    return f"{hours} h" + (f" {rest} min" if rest else "")
