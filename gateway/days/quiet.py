"""A household's days at one moment: the quiet that goes on, against what was promised. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import numpy as np

from analytics.activity.caution import DOUBTED
from analytics.activity.clocktime import lag_h
from analytics.activity.events import Kind, Place, Sensor
from analytics.activity.habits import DAY, either_clock
from analytics.activity.running import Habits, Learnt, Running, as_if_failed, holds_back, running
from analytics.activity.unlike import WEEK
from gateway.days.record import Record
from gateway.days.sensors import tells_presence

WHERE: Final = {
    Place.BEDROOM: "in the bedroom",
    Place.LIVING: "in the living room",
    Place.KITCHEN: "in the kitchen",
    Place.BATHROOM: "in the bathroom",
    Place.ENTRANCE: "in the hall",
    Place.OTHER: "at home",
    Place.OUT: "at the door",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """How long it has been quiet, and how improbable that is.

    Attributes:
        quiet_min: minutes since the last sign of life, or since it was listened to.
        unheard_min: how many of them nobody listened to.
        since_s: its moment, seconds of the record's own clock; negative where nothing was ever heard.
        clock: that moment by the clock on the wall, "09:12".
        place: where the resident was last.
        door_is_known: the outer door has a contact that is believed.
        odds_h: the statistic now, hours; as if one more sensor had failed, where that holds the quiet back.
        threshold_h: from which on it is an alert, hours; what else is asked of it, where that holds it back.
        usual_min: minutes within which 95 of 100 such quiets end; None where that is longer than was waited.
    """

    quiet_min: int
    unheard_min: int
    since_s: float
    clock: str
    place: Place
    door_is_known: bool
    odds_h: float
    threshold_h: float
    usual_min: int | None

    @property
    def is_improbable(self) -> bool:
        """By what was promised."""
        return self.odds_h >= self.threshold_h

    @property
    def is_out(self) -> bool:
        """Nobody is at home, as far as the door tells."""
        return self.place is Place.OUT

    @property
    def where(self) -> str:
        """In words: "in the kitchen"."""
        return WHERE[self.place]

    def evidence(self, learnt: Learnt) -> dict[str, Any]:
        """What a nurse, and who looks for mistakes, may want to know. No name, no sensor's number."""
        return {
            "quiet_min": self.quiet_min,
            "unheard_min": self.unheard_min,
            "last": self.where,
            "at": self.clock,
            "usual_min": self.usual_min,
            "odds_h": round(self.odds_h, 1),
            "threshold_h": round(self.threshold_h, 1),
            "days_learnt": learnt.days,
            "sensors_out": len(learnt.doubted),
        }


def quiet(record: Record, learnt: Learnt, *, per_month: float, answered_s: float | None = None,
          others: Sequence[Habits] = ()) -> Quiet:  # fmt: skip
    """The quiet at this moment.

    Args:
        record: of the household.
        learnt: from it.
        per_month: false alerts that are accepted in thirty days.
        answered_s: when somebody last said what such an alert was, seconds of the record's own clock: the resident was
            seen to then.
        others: of `running.less_one`: what were not improbable had one sensor failed after its last word is held back
            for a while.
    """
    minutes = int(record.now_s // 60)
    lately_h = lag_h(*record.clock_changes, record.events.first_day, record.events.days)[-1 - WEEK :]
    late_h = float(lately_h[-1])
    clock = np.arange(minutes) % DAY
    alive = record.events if record.alive is None else record.alive
    not_before = -1 if answered_s is None else min(int(answered_s // 60), minutes - 1)

    def by(one: Habits) -> Running:
        usual = either_clock(one.hazard, late_h) if late_h else one.hazard
        own = replace(one, hazard=usual)
        return running(alive, minutes, own, clock, record.listening, not_before=not_before)

    found = by(learnt)
    changed = bool(lately_h.any())
    odds_h, threshold_h = found.now_h, learnt.threshold_h(per_month, clock_changed=changed)
    failed = [as_if_failed(found, by(one), record.untold_min[one.only(learnt)]) for one in others]
    suspected = [other for one, other in zip(others, failed, strict=True) if one.only(learnt) in learnt.suspected]
    held = holds_back(
        found, threshold_h, failed, doubted=bool(learnt.doubted), suspected=suspected,
        doubted_h=learnt.threshold_h(per_month * DOUBTED, clock_changed=changed),
    )  # fmt: skip
    if held is not None:
        odds_h, threshold_h = held
    since_s = found.since * 60.0 if found.since >= 0 else -1.0
    lasted = record.instant(minutes * 60.0) - record.instant((found.since + 1) * 60.0)
    return Quiet(
        quiet_min=round(lasted / timedelta(minutes=1)),
        unheard_min=int((~record.listening[found.since + 1 : minutes]).sum()) if found.since >= 0 else 0,
        since_s=since_s,
        clock=record.wall(max(found.since, 0) * 60.0),
        place=found.place,
        door_is_known=any(
            one.kind is Kind.DOOR and index not in learnt.doubted for index, one in enumerate(record.events.sensors)
        ),
        odds_h=odds_h,
        threshold_h=threshold_h,
        usual_min=found.usual_min,
    )


def called(sensor: Sensor) -> str:
    """For a person: "the motion sensor in the bedroom"."""
    if sensor.kind is Kind.DOOR:
        return "the contact of the outer door"
    what = (
        "the presence sensor"
        if tells_presence(sensor)
        else "the motion sensor"
        if sensor.kind is Kind.MOTION
        else "the contact"
    )
    return f"{what} {WHERE[sensor.place]}" if sensor.place is not Place.OTHER else f"{what} of another room"
