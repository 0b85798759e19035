"""From what sensors said to the record that the analytics learn from. Pure.

A state is repeated every ten minutes so that a chart shows that the sensor lives. Repeats are no signs of life: what
counts is that something *becomes* so. Motion alone is told again because somebody moves again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.clocktime import local_s, transitions
from analytics.activity.events import DAY_S, Events, Kind, Sensor
from gateway.days.sensors import tells_presence

DAYS: Final = 120  # habits half that old weigh a fourth; more is memory and time for nothing
# Somebody who sits still is lost by a presence sensor and seen again: nobody came in.
SEEN_AGAIN_S: Final = 30 * 60.0
LASTS_S: Final = 30 * 60.0  # of one motion
# A sensor that repeats its state every ten minutes, nights too: it was never silent for longer but once a week.
MISSED_S: Final = 45 * 60.0
_REPEATS: Final = 100  # silences that were listened to
_REPEATED_DAYS: Final = 2.0
BLIP_S: Final = 30 * 60.0  # out of reach for less than that, and back: its word counts as ever
AT_ONCE_S: Final = 10 * 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """Everything that sensors said, in any order.

    Attributes:
        at_s: instants, seconds since 1970 (UTC), float64 (n,).
        sensor: index of the sensor, int16 (n,).
        state: 1 is so, 0 is not so, -1 cannot be reached, int8 (n,).
    """

    at_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    sensor: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    state: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))

    def and_then(self, rows: Sequence[tuple[float, int, int]]) -> Told:
        """With some more: (at_s, sensor, state) each."""
        if not rows:
            return self
        at_s, sensor, state = zip(*rows, strict=True)
        return Told(
            at_s=np.append(self.at_s, np.array(at_s, np.float64)),
            sensor=np.append(self.sensor, np.array(sensor, np.int16)),
            state=np.append(self.state, np.array(state, np.int8)),
        )

    def since(self, utc_s: float) -> Told:
        """Without what is older, in the order of time."""
        order = np.argsort(self.at_s, kind="stable")
        order = order[self.at_s[order] >= utc_s]
        return Told(at_s=self.at_s[order], sensor=self.sensor[order], state=self.state[order])


@dataclass(frozen=True, slots=True)
class _Loss:
    """A sensor that could not be heard, UTC seconds."""

    sensor: int
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """A home's record at one moment, as `analytics.activity` takes it.

    Attributes:
        events: of its sensors.
        now_s: this moment, seconds of `events.at_s`.
        today: local date of this moment.
        listening: minutes in which it was listened to, bool (events.days * 1440,).
        clock_changes: instants (UTC seconds) at which clocks were changed in it, and local time minus UTC around them.
    """

    events: Events
    now_s: float
    today: date
    listening: NDArray[np.bool_]
    clock_changes: tuple[NDArray[np.float64], NDArray[np.float64]]


def record_of(
    told: Told,
    sensors: Sequence[Sensor],
    spans: Sequence[tuple[datetime, datetime]],
    *,
    now: datetime,
    zone: tzinfo,
    emergencies: Sequence[tuple[datetime, datetime]] = (),
) -> Record:
    """What is known of a home now.

    Args:
        told: of its sensors, whatever its order.
        sensors: of `Told.sensor`.
        spans: in which it was listened to.
        now: aware; what sensors say of later moments is left out.
        zone: of the home.
        emergencies: real ones, from the alert until it was resolved: nothing is learnt from the quiet before them.
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
    losses, deaf = _together(_losses(told, len(sensors), heard, now_utc), len(sensors))
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
    for begin_s, end_s in deaf:
        first, last = (local(np.array([begin_s, end_s])) // 60).astype(np.int64).tolist()
        listening[max(0, first) : last] = False
    for raised, resolved in emergencies:
        begin, end = local(np.array([raised.timestamp(), resolved.timestamp()])).tolist()
        last = int(np.searchsorted(events.at_s, begin)) - 1
        first = int(events.at_s[last] // 60) + 1 if last >= 0 else 0
        listening[first : max(0, int(end // 60))] = False
    today = (first_day + np.timedelta64(days - 1, "D")).astype(object)
    return Record(events=events, now_s=now_s, today=today, listening=listening, clock_changes=changes)


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

    One that never tells the end of a motion only tells beginnings.
    """
    if not (state == 0).any():
        return np.zeros(len(state), bool)
    begun = np.maximum.accumulate(np.where((state == 1) & (before != 1), at_s, -np.inf))
    return np.asarray(at_s - begun > LASTS_S)


def _losses(told: Told, sensors: int, heard: NDArray[np.float64], now_utc: float) -> list[_Loss]:
    """When each sensor was lost: as it is told, or by states that were to be repeated and were not."""
    found: list[_Loss] = []
    merged = _merged(heard)
    for index in range(sensors):
        own = told.sensor == index
        at, gone = told.at_s[own], told.state[own] < 0
        ends = np.append(at, now_utc)
        for begin in np.flatnonzero(gone & ~np.append(False, gone[:-1])).tolist():
            back = np.flatnonzero(~gone[begin:])
            end = float(at[begin + back[0]]) if len(back) else now_utc
            if not len(back) or end - float(at[begin]) >= BLIP_S:
                found.append(_Loss(index, float(at[begin]), end))
        silent, listened = np.diff(ends), np.diff(_listened(ends, merged))
        whole = listened > 0.99 * silent
        usual = silent[:-1][whole[:-1]]
        days = float(usual.sum()) / DAY_S
        if len(usual) < _REPEATS or days < _REPEATED_DAYS or (usual > MISSED_S).sum() > 1 + days / 7:
            continue
        found += [
            _Loss(index, float(at[one]) + MISSED_S, float(ends[one + 1]))
            for one in np.flatnonzero(whole & (silent > MISSED_S) & ~gone).tolist()
        ]
    return found


def _together(losses: Sequence[_Loss], sensors: int) -> tuple[list[_Loss], list[tuple[float, float]]]:
    """Sensors that are lost at once are not broken: what carries them is. The others, and when nobody was heard."""
    kept: list[_Loss] = []
    deaf: list[tuple[float, float]] = []
    waiting = sorted(losses, key=lambda one: one.from_s)
    while waiting:
        first = waiting[0]
        group = [one for one in waiting if one.from_s - first.from_s <= AT_ONCE_S]
        waiting = waiting[len(group) :]
        if len({one.sensor for one in group}) >= max(3, (sensors + 1) // 2):
            deaf.append((first.from_s, min(one.to_s for one in group)))
        else:
            kept += group
    return kept, deaf


def _merged(heard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spans without overlaps, ascending, float64 (n, 2)."""
    found: list[list[float]] = []
    for begin, end in sorted(heard.tolist()):
        if found and begin <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([begin, end])
    return np.array(found, np.float64).reshape(-1, 2)


def _listened(at_s: NDArray[np.float64], merged: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds that were listened to until each instant; none where no span is known."""
    if not len(merged):
        return np.zeros(len(at_s))
    run = np.concatenate([[0.0], np.cumsum(merged[:, 1] - merged[:, 0])])
    return np.asarray(np.interp(at_s, merged.reshape(-1), np.stack([run[:-1], run[1:]], axis=1).reshape(-1)))


def _listening(heard: NDArray[np.float64], days: int) -> NDArray[np.bool_]:
    """Minutes of the home's own days, bool (days * 1440,)."""
    found = np.zeros(days * 1440, bool)
    for begin, end in heard.tolist():
        found[max(0, int(begin // 60)) : max(0, int(end // 60) + 1)] = True
    return found
