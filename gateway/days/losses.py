"""When sensors could not be heard: as it was told, or by words that were due and did not come. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.checkins import CheckIn, check_in
from analytics.activity.events import Kind, Sensor
from gateway.days.regular import by_the_clock
from gateway.days.sensors import tells_presence
from gateway.days.told import Told

BLIP_S: Final = 30 * 60.0  # out of reach for less than that, and back: its word counts as ever
WITH_IT_S: Final = 75 * 60.0  # sensors that check in each hour are lost, and are back, each at its own minute


@dataclass(frozen=True, slots=True)
class Loss:
    """A sensor that could not be heard, UTC seconds."""

    sensor: int
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """What could not be heard of a home.

    Attributes:
        losses: of single sensors.
        deaf: when nothing at all was, or no sensor of movement: nobody listened, whatever the gateway did; UTC seconds.
        check_ins: how each sensor speaks by itself; None of those that do not, or are too new to know.
    """

    losses: tuple[Loss, ...]
    deaf: tuple[tuple[float, float], ...]
    check_ins: tuple[CheckIn | None, ...]


def unheard(told: Told, sensors: Sequence[Sensor], heard: NDArray[np.float64], now_utc: float) -> Unheard:
    """When sensors were lost, and when what carries them was: then they are not broken, and what was lost is let go.

    Args:
        told: what they said, in the order of time.
        sensors: of `Told.sensor`.
        heard: spans in which the gateway listened, UTC seconds, float64 (n, 2).
        now_utc: this moment.
    """
    merged = _merged(heard)
    words: list[_Words] = [_Words.of(told, index, sensor, now_utc) for index, sensor in enumerate(sensors)]
    silences = [one.silences(merged) for one in words]
    check_ins = [check_in(*one.known) for one in silences]
    losses = [loss for index, one in enumerate(words) for loss in one.reported(index)]
    for index, (usual, one) in enumerate(zip(check_ins, silences, strict=True)):
        if usual is not None:
            losses += [Loss(index, begin + usual.missed_s, end) for begin, end in one.longer(usual.missed_s)]
    moving = [index for index, one in enumerate(sensors) if one.kind is Kind.MOTION]
    deaf: list[tuple[float, float]] = []
    if sum(one is not None for one in check_ins) > 1:
        # All sensors as one: of many that speak each hour, each at its own minute, a word is missed much sooner.
        joint = _Words.joined(words).silences(merged)
        together = check_in(*joint.known)
        deaf += [] if together is None else joint.longer(together.missed_s)
    if len(moving) > 1:
        deaf += _all_lost(losses, moving)
    return Unheard(
        losses=tuple(left for one in losses for left in _left(one, deaf)), deaf=tuple(sorted(deaf)),
        check_ins=tuple(check_ins),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Silences:
    """From each word of a sensor to the next one, the last until now: arrays (n,)."""

    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    listened: NDArray[np.bool_]
    by_itself: NDArray[np.bool_]

    @property
    def known(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """How long those were that a word ended, and whether it was no news."""
        own = self.listened[:-1]
        return (self.end - self.begin)[:-1][own], self.by_itself[:-1][own]

    def longer(self, seconds: float) -> list[tuple[float, float]]:
        """Those of them, from their beginning on."""
        own = self.listened & (self.end - self.begin > seconds)
        return list(zip(self.begin[own].tolist(), self.end[own].tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Words:
    """Of one sensor: when, what, and which only said once more what was so; arrays (n,)."""

    at_s: NDArray[np.float64]
    state: NDArray[np.int8]
    by_itself: NDArray[np.bool_]
    now: float

    @classmethod
    def of(cls, told: Told, index: int, sensor: Sensor, now: float) -> _Words:
        own = told.sensor == index
        at_s, state = told.at_s[own], told.state[own]
        by_itself = np.append(False, state[1:] == state[:-1])[: len(state)]
        if sensor.kind is Kind.MOTION and not tells_presence(sensor):
            # Motion is told again because somebody moves again, unless it is as regular as a clock.
            by_itself &= (state == 0) if (state == 0).any() else _regular(at_s, state)
        return cls(at_s=at_s, state=state, by_itself=by_itself, now=now)

    @classmethod
    def joined(cls, words: Sequence[_Words]) -> _Words:
        """Of all sensors; that one cannot be reached is no word of its own."""
        said = [one.state >= 0 for one in words]
        at_s = np.concatenate([one.at_s[own] for one, own in zip(words, said, strict=True)])
        state = np.concatenate([one.state[own] for one, own in zip(words, said, strict=True)])
        by_itself = np.concatenate([one.by_itself[own] for one, own in zip(words, said, strict=True)])
        order = np.argsort(at_s, kind="stable")
        return cls(at_s=at_s[order], state=state[order], by_itself=by_itself[order], now=words[0].now)

    def silences(self, merged: NDArray[np.float64]) -> _Silences:
        ends = np.append(self.at_s, self.now)
        listened = np.diff(_listened(ends, merged)) > 0.99 * np.diff(ends)
        return _Silences(
            begin=ends[:-1], end=ends[1:], listened=listened & (self.state >= 0),
            by_itself=np.append(self.by_itself, False)[1:],
        )  # fmt: skip

    def reported(self, index: int) -> list[Loss]:
        """When it was told to be out of reach for longer than a moment."""
        gone, found = self.state < 0, []
        for begin in np.flatnonzero(gone & ~np.append(False, gone[:-1])).tolist():
            back = np.flatnonzero(~gone[begin:])
            end = float(self.at_s[begin + back[0]]) if len(back) else self.now
            if not len(back) or end - float(self.at_s[begin]) >= BLIP_S:
                found.append(Loss(index, float(self.at_s[begin]), end))
        return found


def _regular(at_s: NDArray[np.float64], state: NDArray[np.int8]) -> NDArray[np.bool_]:
    found = np.zeros(len(state), bool)
    found[state >= 0] = by_the_clock(at_s[state >= 0])
    return found


def _all_lost(losses: Sequence[Loss], moving: Sequence[int]) -> list[tuple[float, float]]:
    """When every sensor of movement was lost at once."""
    steps = sorted(
        (at, number, one.sensor)
        for one in losses
        if one.sensor in moving
        for at, number in ((one.from_s, 1), (one.to_s, -1))
    )
    found, lost, begin = [], dict.fromkeys(moving, 0), 0.0
    for at, number, sensor in steps:
        before = all(lost.values())
        lost[sensor] += number
        if all(lost.values()) and not before:
            begin = at
        elif before and not all(lost.values()) and at > begin:
            found.append((begin, at))
    return found


def _left(loss: Loss, deaf: Sequence[tuple[float, float]]) -> list[Loss]:
    """What is left of a loss that what carries the sensors explains: it was lost with it, or comes back later."""
    for begin, end in deaf:
        if begin - WITH_IT_S <= loss.from_s < end:
            later = end + WITH_IT_S
            return [Loss(loss.sensor, later, loss.to_s)] if loss.to_s > later else []
    return [loss]


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
