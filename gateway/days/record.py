"""From what sensors said to the record that the analytics learn from. Pure.

A state is repeated every ten minutes so that a chart shows that the sensor lives. Repeats are no signs of life: what
counts is that something *becomes* so. Motion alone is told again because somebody moves again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.checkins import CheckIn
from analytics.activity.clocktime import local_s, transitions, utc_s
from analytics.activity.events import DAY_S, LIFE, Events, Kind, Sensor
from gateway.days.losses import unheard
from gateway.days.regular import by_the_clock
from gateway.days.sensors import tells_presence
from gateway.days.told import Told

DAYS: Final = 120  # habits half that old weigh a fourth; more is memory and time for nothing
# Somebody who sits still is lost by a presence sensor and seen again: nobody came in.
SEEN_AGAIN_S: Final = 30 * 60.0
LASTS_S: Final = 30 * 60.0  # of one motion


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange:
    """A quiet that called, of which nobody said that it was nothing: it is not what is usual.

    Attributes:
        raised: when it called, aware.
        until: until when it is so at the most: when it was answered, or now, aware.
        real: it was an emergency: what was before the call belongs to it, too.
    """

    raised: datetime
    until: datetime
    real: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """A home's record at one moment, as `analytics.activity` takes it.

    Attributes:
        events: of its sensors.
        now_s: this moment, seconds of `events.at_s`.
        today: local date of this moment.
        listening: minutes in which it was listened to, bool (events.days * 1440,).
        teaches: those from which what is usual is learnt, bool (events.days * 1440,).
        clock_changes: instants (UTC seconds) at which clocks were changed in it, and local time minus UTC around them.
        check_ins: how each sensor speaks by itself; None of those that do not, or are too new to know.
        word_min: minutes since each sensor's last word, news or not; infinity where there was none.
        lost: sensors that cannot be heard at this moment.
        deaf_since: when what carries the sensors was last heard, aware; None while some of them are.
        alive: signs of life, also of sensors where they stand no more, from which nothing is learnt.
    """

    events: Events
    now_s: float
    today: date
    listening: NDArray[np.bool_]
    teaches: NDArray[np.bool_]
    clock_changes: tuple[NDArray[np.float64], NDArray[np.float64]]
    check_ins: tuple[CheckIn | None, ...] = ()
    word_min: tuple[float, ...] = ()
    lost: frozenset[int] = frozenset()
    deaf_since: datetime | None = None
    alive: Events | None = None

    def instant(self, home_s: float) -> datetime:
        """When that was, aware: seconds of the home's clock and of the world's differ where clocks were changed."""
        at = utc_s(np.array([home_s]), *self.clock_changes, self.events.first_day)
        return datetime.fromtimestamp(float(at[0]), UTC)

    def home_s(self, at: datetime) -> float:
        """Seconds of `events.at_s` at a moment."""
        return float(local_s(np.array([at.timestamp()]), *self.clock_changes, self.events.first_day)[0])

    def wall(self, home_s: float) -> str:
        """What the clock on the wall showed, "09:12"."""
        at, (changes, offsets) = self.instant(home_s), self.clock_changes
        offset = float(offsets[int(np.searchsorted(changes, at.timestamp(), side="right"))])
        return f"{at + timedelta(seconds=offset):%H:%M}"

    @property
    def supervised(self) -> frozenset[int]:
        """Sensors that speak by themselves: whether they work is known from that."""
        return frozenset(index for index, usual in enumerate(self.check_ins) if usual is not None)

    @property
    def unsupervised(self) -> frozenset[int]:
        """Sensors that speak only when somebody moves: one that fails is missed late.

        But for the outer door's contact: were it doubted, whoever lies in the hall had gone out.
        """
        return frozenset(
            index
            for index, (sensor, usual) in enumerate(zip(self.events.sensors, self.check_ins, strict=False))
            if usual is None and sensor.kind in LIFE and sensor.kind is not Kind.DOOR
        )

    @property
    def untold_min(self) -> dict[int, float]:
        """For how long each sensor may have failed without its being known: since its last word where it checks in.

        Of one that speaks only when somebody moves it is infinity. The outer door's contact is none of them.
        """
        return {
            index: np.inf if usual is None else word_min
            for index, (sensor, usual, word_min) in enumerate(
                zip(self.events.sensors, self.check_ins, self.word_min, strict=False)
            )
            if sensor.kind in LIFE and sensor.kind is not Kind.DOOR
        }


def record_of(
    told: Told,
    sensors: Sequence[Sensor],
    spans: Sequence[tuple[datetime, datetime]],
    *,
    now: datetime,
    zone: tzinfo,
    strange: Sequence[Strange] = (),
    gone: frozenset[int] = frozenset(),
) -> Record:
    """What is known of a home now.

    Args:
        told: of its sensors, whatever its order.
        sensors: of `Told.sensor`.
        spans: in which it was listened to.
        now: aware; what sensors say of later moments is left out.
        zone: of the home.
        strange: quiets of which nothing is learnt, whatever came after the next sign of life.
        gone: sensors where they stand no more.
    """
    now_utc = now.timestamp()
    told = told.since(now_utc - DAYS * DAY_S)
    told = Told(**{name: getattr(told, name)[told.at_s <= now_utc] for name in ("at_s", "sensor", "state")})
    begin = float(told.at_s[0]) if len(told.at_s) else now_utc
    changes = transitions(zone, begin, now_utc)
    first_day = np.datetime64(datetime.fromtimestamp(begin, UTC).astimezone(zone).date(), "D")

    def local(at_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return local_s(at_s, *changes, first_day)

    now_s = float(local(np.array([now_utc]))[0])
    days = int(now_s // DAY_S) + 1
    heard = np.array([[a.timestamp(), b.timestamp()] for a, b in spans], np.float64).reshape(-1, 2)
    stands = _without(told, gone)
    missing = unheard(stands, sensors, heard, now_utc)
    losses = missing.losses
    # One that goes on is not over: it has no end.
    lost = Told().and_then(
        [(one.from_s, one.sensor, -1) for one in losses]
        + [(one.to_s, one.sensor, 1) for one in losses if one.to_s < now_utc]
    )
    order = np.argsort(lost.at_s, kind="stable")
    kept = _news(told, sensors)
    events = Events(
        first_day=first_day, days=days, sensors=tuple(sensors),
        at_s=np.maximum(local(told.at_s[kept]), 0.0), sensor=told.sensor[kept], on=told.state[kept] == 1,
        failed_at_s=np.maximum(local(lost.at_s[order]), 0.0), failed_sensor=lost.sensor[order],
        failed=lost.state[order] == -1,
    )  # fmt: skip
    listening = _listening(local(heard), days)
    # Before anything was said there was no sensor, or it is too long ago: not stillness, and half a first day is none.
    listening[: int(local(np.array([begin]))[0] // 60)] = False
    for begin_s, end_s in missing.deaf:
        first, last = (local(np.array([begin_s, end_s])) // 60).astype(np.int64).tolist()
        listening[max(0, first) : last] = False
    lively = events.at_s[events.of_kinds(*LIFE)[events.sensor]]
    teaches = listening.copy()
    for one in strange:
        begin, end = local(np.array([one.raised.timestamp(), one.until.timestamp()])).tolist()
        after = int(np.searchsorted(lively, begin))
        if one.real:
            begin = float(lively[after - 1]) + 60 if after else 0.0
        end = min(end, float(lively[after])) if after < len(lively) else end
        teaches[max(0, int(begin // 60)) : max(0, int(end // 60))] = False
    today = (first_day + np.timedelta64(days - 1, "D")).astype(object)
    teaches[: int(local(np.array([float(stands.at_s[0]) if len(stands.at_s) else now_utc]))[0] // 60)] = False
    alive = told.state >= 0
    words = [told.at_s[alive & (told.sensor == index)] for index in range(len(sensors))]
    return Record(
        events=_present(events, gone), now_s=now_s, today=today, listening=listening, teaches=teaches,
        clock_changes=changes, alive=events,
        check_ins=missing.check_ins,
        word_min=tuple((now_utc - float(one[-1])) / 60 if len(one) else np.inf for one in words),
        lost=frozenset(one.sensor for one in losses if one.to_s >= now_utc),
        deaf_since=next((datetime.fromtimestamp(one, UTC) for one, end in missing.deaf if end >= now_utc), None),
    )  # fmt: skip


def _without(told: Told, gone: frozenset[int]) -> Told:
    own = ~np.isin(told.sensor, list(gone))
    return Told(at_s=told.at_s[own], sensor=told.sensor[own], state=told.state[own])


def _present(events: Events, gone: frozenset[int]) -> Events:
    """What may be learnt from: nothing that sensors said where they stand no more."""
    if not gone:
        return events
    own = ~np.isin(events.sensor, list(gone))
    kinds = [Kind.UNKNOWN if index in gone else one.kind for index, one in enumerate(events.sensors)]
    return replace(
        events, at_s=events.at_s[own], sensor=events.sensor[own], on=events.on[own],
        sensors=tuple(replace(one, kind=kind) for one, kind in zip(events.sensors, kinds, strict=True)),
    )  # fmt: skip


def _news(told: Told, sensors: Sequence[Sensor]) -> NDArray[np.bool_]:
    """What became so, or is so again: bool (n,)."""
    kept = np.zeros(len(told.at_s), bool)
    presence = np.zeros(len(told.at_s), bool)
    for index, sensor in enumerate(sensors):
        own = np.flatnonzero((told.sensor == index) & (told.state >= 0))
        state = told.state[own]
        before = np.append(np.int8(-1), state[:-1])
        if sensor.kind is Kind.MOTION and not tells_presence(sensor):
            kept[own] = (state == 1) & ~_stuck(told.at_s[own], state, before) | (state == 0) & (before == 1)
        elif sensor.kind is Kind.MOTION:
            kept[own] = (state == 1) & (before != 1)
            presence[own] = kept[own] | (state == 0) & (before == 1)
        else:
            kept[own] = (state != before) & (before >= 0)
    # In the order of time: a presence that comes back where it went last, with nothing heard of anybody in between.
    moves = np.flatnonzero(kept | presence)
    same = np.append(False, told.sensor[moves][1:] == told.sensor[moves][:-1])
    soon = np.append(False, np.diff(told.at_s[moves]) < SEEN_AGAIN_S)
    kept[moves[same & soon & presence[moves] & (told.state[moves] == 1)]] = False
    return kept


def _stuck(at_s: NDArray[np.float64], state: NDArray[np.int8], before: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Motion that has lasted for long with no end: nobody moves without a pause, but a broken sensor does. bool (n,).

    One that never tells the end of a motion only tells beginnings, but for those that come by themselves.
    """
    if not (state == 0).any():
        return by_the_clock(at_s)
    begun = np.maximum.accumulate(np.where((state == 1) & (before != 1), at_s, -np.inf))
    return np.asarray(at_s - begun > LASTS_S)


def _listening(heard: NDArray[np.float64], days: int) -> NDArray[np.bool_]:
    """Minutes of the home's own days, bool (days * 1440,)."""
    found = np.zeros(days * 1440, bool)
    for begin, end in heard.tolist():
        found[max(0, int(begin // 60)) : max(0, int(end // 60) + 1)] = True
    return found
