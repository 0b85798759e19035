"""A resident's days: what is watched, what is usual, and what each promise means."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from datetime import date
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from analytics.activity.clocktime import change_words
from analytics.activity.events import Kind
from analytics.activity.habits import DAY
from analytics.activity.named import deaf_words
from analytics.activity.running import Learnt
from api.http.auth import NURSES, Principal
from api.http.services import Given, Services
from gateway.core.errors import NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.days.quiet import called
from gateway.days.record import Record
from gateway.days.review import WEEK, Reviewed
from gateway.days.reviewer import week_of
from gateway.days.standing import Standing, long_silences
from gateway.days.tuning import choices

MUTE_DAYS = 4  # by then it is known which sensors speak by themselves
Nurse = Annotated[Principal, Depends(NURSES)]


class SensorView(BaseModel):
    """One sensor that tells of the day."""

    device_identity: str
    what: str = Field(description='"the motion sensor in the bedroom"')
    out: bool = Field(description="silent for too long or out of reach: nothing is expected of it")
    missed_after_min: int | None = Field(
        description="it speaks by itself, and silent for longer it is out. Null: it speaks only when somebody moves or "
        "is too new to know, and that it failed is noticed when others have spoken for long enough without it"
    )


class QuietView(BaseModel):
    """The quiet that goes on."""

    minutes: int = Field(description="since the last sign of life")
    last: str = Field(description='where that was: "in the kitchen"; "at the door": out of home')
    at: str = Field(description="when, by the clock on the wall")
    usual_min: int | None = Field(description="95 of 100 such quiets end within so many minutes; null: a longer time")
    odds_h: float = Field(description="how improbable it is; an alert from threshold_h on")
    threshold_h: float


class ChoiceView(BaseModel):
    """What one promise means."""

    per_month: float = Field(description="false alerts in 30 days")
    threshold_h: float
    last_month: int = Field(description="alerts that there would have been in the last 30 days")
    delay_h: float | None = Field(description="mean hours until an alert, had nothing been heard any more")
    night_delay_h: float | None = Field(description="of nights")


class DaysView(BaseModel):
    """Of one resident, or of all who share rooms."""

    shared_with: int = Field(description="other residents whose movements cannot be told from this one's")
    watched: bool
    per_month: float
    days_learnt: int
    sensors: list[SensorView]
    quiet: QuietView | None = Field(description="null where no sensor of movement is theirs, and just after a start")
    curve: list[ChoiceView] = Field(description="empty in the first week")
    remarks: list[str]


class ChangeView(BaseModel):
    """Something that is not as it was."""

    what: str
    day: date = Field(description="on which it was noticed")
    words: str


class OddPartView(BaseModel):
    """A day that was unlike others."""

    day: date
    share: float = Field(description="of this home's own days that were as unusual")
    words: list[str] = Field(description="what made it, the most unusual first")


class WeekView(BaseModel):
    """The seven days before today."""

    sudden: list[ChangeView]
    slow: list[ChangeView]
    unusual: list[OddPartView]
    remarks: list[str]


class Promise(BaseModel):
    """What is to hold from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    watched: bool | None = Field(default=None, description="whether anything unusual of these days calls anybody")
    per_month: float | None = Field(default=None, strict=True, description="false alerts that are accepted in 30 days")


def day_routes() -> APIRouter:
    """Routes of residents' days."""
    router = APIRouter(tags=["residents"])

    @router.get("/residents/{resident_id}/days")
    async def days(resident_id: str, services: Given, caller: Nurse) -> DaysView:
        """How a resident's days are watched, how quiet it is, and what each promise would have meant."""
        resident = await services.acts.registry.resident(resident_id)
        found = _standing(services, resident.id)
        await services.audit.note(caller.name, "days.read", resident.id)
        return await asyncio.to_thread(_view, found)

    @router.get("/residents/{resident_id}/week")
    async def week(resident_id: str, services: Given, caller: Nurse) -> WeekView:
        """The seven days before today: what changed, suddenly or slowly, and what was unusual of single days."""
        resident = await services.acts.registry.resident(resident_id)
        found = _standing(services, resident.id)
        await services.audit.note(caller.name, "week.read", resident.id)
        return await asyncio.to_thread(_week, found)

    @router.put("/residents/{resident_id}/days", status_code=204)
    async def promise(resident_id: str, body: Promise, services: Given, caller: Nurse) -> None:
        """How sparing the alerts about a resident's days are meant to be. Holds from the next minute on."""
        resident = await services.acts.registry.resident(resident_id)
        subject, people = Subject(type=SubjectType.RESIDENT, id=resident.id), [resident.id]
        if services.days is not None:
            household = _standing(services, resident.id).days.household
            subject, people = household.subject, list(household.people)
        known = await services.promises.of(subject, people)
        given = {name: value for name, value in body.model_dump().items() if value is not None}
        await services.promises.make(subject, replace(known, **given), actor=caller.name)

    return router


def _standing(services: Services, resident_id: str) -> Standing:
    if services.days is None:
        raise NotFound("Days are watched while the gateway runs: start it first ('huoma run').")
    found = services.days.of(resident_id)
    if found is None:
        raise NotFound("The gateway has just started and has not looked at this resident's days yet: ask in a minute.")
    return found


def _view(found: Standing) -> DaysView:
    days, record, quiet = found.days, found.record, found.quiet
    learnt = days.learnt
    doubted = frozenset[int]() if learnt is None else learnt.doubted
    return DaysView(
        shared_with=max(0, len(days.household.people) - 1),
        watched=found.promise.watched,
        per_month=found.promise.per_month,
        days_learnt=_known(found),
        sensors=[
            SensorView(
                device_identity=one.name.rpartition("/")[0], what=called(one), out=index in doubted,
                missed_after_min=_missed_after_min(record, index),
            )
            for index, one in enumerate(days.sensors)
            if index not in days.gone
        ],
        quiet=None
        if quiet is None
        else QuietView(
            minutes=quiet.quiet_min, last=quiet.where, at=quiet.clock, usual_min=quiet.usual_min,
            odds_h=quiet.odds_h, threshold_h=quiet.threshold_h,
        ),
        curve=[] if record is None or learnt is None or not len(learnt.peaks_h) else _curve(found, record, learnt),
        remarks=_remarks(found),
    )  # fmt: skip


def _known(found: Standing) -> int:
    learnt = 0 if found.days.learnt is None else found.days.learnt.days
    return learnt if found.plain is None else min(learnt, found.plain.known)


def _curve(found: Standing, record: Record, learnt: Learnt) -> list[ChoiceView]:
    known = choices(record, learnt, found.promise.per_month, found.days.less_one(record))
    return [ChoiceView(**asdict(one)) for one in known]


def _missed_after_min(record: Record | None, sensor: int) -> int | None:
    # A sensor that has just come up is not in the record yet.
    known = None if record is None or sensor >= len(record.check_ins) else record.check_ins[sensor]
    return None if known is None else round(known.missed_s / 60)


def _week(found: Standing) -> WeekView:
    if found.record is None:
        return WeekView(sudden=[], slow=[], unusual=[], remarks=_remarks(found))
    today = int(found.record.now_s // 86_400)
    week = week_of(Reviewed(found.record), found.promise.per_month, today)
    heard = found.record.listening[max(0, today - WEEK) * DAY : today * DAY]
    first = found.record.events.first_day + np.timedelta64(max(0, today - WEEK), "D")
    deaf = [words[0].upper() + words[1:] + "." for words in deaf_words(heard, first)]
    company = [f"More people than usual were there on {', '.join(str(day) for day in week.company)}."]
    silent = long_silences(found.days, found.record, max(0, today - WEEK) * 86_400.0)
    return WeekView(
        sudden=[ChangeView(**asdict(one)) for one in week.sudden],
        slow=[ChangeView(**asdict(one)) for one in week.slow],
        unusual=[OddPartView(day=one.day, share=one.share, words=list(one.words)) for one in week.odd],
        remarks=deaf + silent + (company if week.company else []) + _remarks(found),
    )


def _remarks(found: Standing) -> list[str]:
    if found.record is None or found.days.learnt is None:
        return ["No sensor of movement is theirs: assign one with its placement, such as bedroom."]
    said = []
    if found.plain is not None:
        said.append(found.plain.words)
    elif found.days.learnt.days < 14:
        said.append(
            f"Only {found.days.learnt.days} days are known: what is usual is learnt in two weeks. Until then a quiet "
            "is noticed late."
        )
    if len(found.days.household.people) > 1:
        said.append("Several residents share these rooms: who moved nobody can tell.")
    if found.out:
        said.append(f"Nothing is expected of {', '.join(found.out)}.")
    mute = [
        called(one)
        for index, one in enumerate(found.days.sensors)
        if one.kind is Kind.MOTION
        and index not in found.days.gone
        and found.days.learnt.days >= MUTE_DAYS
        and _missed_after_min(found.record, index) is None
    ]
    if mute:
        said.append(
            f"{', '.join(mute).capitalize()}: heard only when somebody moves. That one failed is noticed after "
            "hours in a room that is used often, after days in others, so a quiet that would not call had one just "
            "failed is held back: better is a sensor that checks in each hour."
        )
    return said + [words[0].upper() + words[1:] + "." for words in change_words(*found.record.clock_changes)]
