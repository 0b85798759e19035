"""Which sensors are to be believed when: silence of a broken sensor is not stillness of a person.

A sensor is out from the moment that its system reports it lost, or that it has been silent for twice its longest
ordinary silence (and a day at least) while others in the home kept moving; until it speaks again. Hours in which the
whole home is silent do not count: somebody is away, or the system was off. Everything here is
causal: nothing is out before it could have been known.

A sensor that was out stays on probation (`Outage.doubted_to_s`): one that fails tends to fail again. Its events are
signs of life as ever, but nothing is expected of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S, LIFE, Events, Kind

SILENT_S: Final = 86_400.0  # at least a day: everybody is away or ill in bed for one
TIMES: Final = 2.0  # its longest ordinary silence
EMPTY_S: Final = 12 * 3600.0  # nothing at all for longer than that: nobody is there, or the system is off
KNOWN_AFTER: Final = 20  # events; of a cupboard opened once a month nobody can say that it is late
OTHERS: Final = 20  # events of other motion sensors within that day: somebody is there
PROBATION_S: Final = 7 * 86_400.0
LONGER: Final = 1.25  # times its longest ordinary silence: worth a word, though too little to doubt the sensor


class Why(StrEnum):
    """How it was known."""

    REPORTED = "reported lost"
    SILENT = "silent for too long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A sensor that did not work, from when it was known until it spoke again (or the record ends).

    Attributes:
        again: it had been out in the week before.
    """

    sensor: int
    from_s: float
    to_s: float
    why: Why
    again: bool = False

    @property
    def doubted_to_s(self) -> float:
        """Until when nothing is expected of the sensor.

        A week more of one that fails again and again, or whose silence alone told of it: that it has failed once more
        would not be known for a day. Of any other as long again as it was out.
        """
        short = self.why is Why.REPORTED and not self.again
        return self.to_s + (min(PROBATION_S, self.to_s - self.from_s) if short else PROBATION_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A silence longer than any before of that sensor, while somebody moved elsewhere; seconds of `Events.at_s`.

    Attributes:
        times: how much longer: its length over that of the longest before.
    """

    sensor: int
    from_s: float
    to_s: float
    times: float


def outages(events: Events, *, end_s: float | None = None) -> list[Outage]:
    """All outages of motion sensors and contacts, in the order of time.

    Args:
        events: of one home.
        end_s: until when it was listened to, seconds of `events.at_s`; the end of its last day when None.

    Returns:
        Spans in seconds of `events.at_s`; two spans of one sensor do not overlap.
    """
    end_s = events.days * DAY_S if end_s is None else end_s
    found: list[Outage] = []
    moving = events.at_s[events.of_kinds(Kind.MOTION)[events.sensor] & events.on]
    heard = _Heard(events.at_s[events.of_kinds(*LIFE)[events.sensor]], end_s)
    for sensor, one in enumerate(events.sensors):
        if one.kind not in LIFE:
            continue
        spoke = events.at_s[events.sensor == sensor]
        reported = _reported(events, sensor, spoke, end_s)
        found += reported
        if len(spoke):
            found += _silent(sensor, spoke, heard, moving, reported, end_s)
    found.sort(key=lambda outage: (outage.from_s, outage.sensor))
    last: dict[int, float] = {}
    for number, out in enumerate(found):
        found[number] = replace(out, again=out.from_s - last.get(out.sensor, -np.inf) < PROBATION_S)
        last[out.sensor] = out.to_s
    return found


def _reported(events: Events, sensor: int, spoke: NDArray[np.float64], end_s: float) -> list[Outage]:
    own = events.failed_sensor == sensor
    found: list[Outage] = []
    for at, failed in zip(events.failed_at_s[own].tolist(), events.failed[own].tolist(), strict=True):
        if not failed or (found and at < found[-1].to_s):
            continue
        back = events.failed_at_s[own & ~events.failed & (events.failed_at_s > at)]
        again = spoke[np.searchsorted(spoke, at, side="right") :]
        until = min([end_s, *back[:1].tolist(), *again[:1].tolist()])
        found.append(Outage(sensor=sensor, from_s=at, to_s=until, why=Why.REPORTED))
    return found


def _silent(
    sensor: int,
    spoke: NDArray[np.float64],
    heard: _Heard,
    moving: NDArray[np.float64],
    known: Sequence[Outage],
    end_s: float,
) -> list[Outage]:
    """Silences that were far too long, judged by the ones before them."""
    begins, ends = spoke, np.append(spoke[1:], end_s)
    longest = 0.0
    found: list[Outage] = []
    for count, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True), 1):
        if end - begin <= longest or any(outage.from_s < end and begin < outage.to_s for outage in known):
            continue  # most silences are no longer than the longest so far, and change nothing
        late = heard.later(begin, max(SILENT_S, TIMES * longest))
        missed = _missed(moving, begin, late, end) if count >= KNOWN_AFTER and late < end else None
        if missed is not None:
            found.append(Outage(sensor=sensor, from_s=missed, to_s=end, why=Why.SILENT))
        else:
            longest = max(longest, heard.between(begin, end))
    return found


def _missed(moving: NDArray[np.float64], begin: float, late: float, end: float) -> float | None:
    """When somebody had moved about elsewhere for a day without it; None where nobody had: the home was empty."""
    own = moving[(moving > begin) & (moving < end)]
    last, first = own[OTHERS - 1 :], own[: max(0, len(own) - OTHERS + 1)]
    seen = np.maximum(last, late)
    seen = seen[(seen - first <= SILENT_S) & (seen < end)]
    return float(seen[0]) if len(seen) else None


class _Heard:
    """A clock that stands still while nothing at all is heard for longer than people sleep."""

    def __init__(self, at_s: NDArray[np.float64], end_s: float) -> None:
        self._at = np.concatenate([[0.0], at_s, [end_s]])
        self._run = np.concatenate([[0.0], np.cumsum(np.minimum(np.diff(self._at), EMPTY_S))])

    def between(self, begin: float, end: float) -> float:
        """Its seconds from one event to another."""
        first, last = np.interp([begin, end], self._at, self._run)
        return float(last - first)

    def later(self, begin: float, seconds: float) -> float:
        """When so many of its seconds have passed since an event; infinity where the record ends before."""
        run = float(np.interp(begin, self._at, self._run)) + seconds
        index = int(np.searchsorted(self._run, run))
        if index >= len(self._run):
            return float("inf")
        # Within a gap the clock runs at its beginning and stands still afterwards.
        return float(self._at[index - 1] + run - self._run[index - 1])


def silences(events: Events, known: Sequence[Outage], *, end_s: float | None = None) -> list[Silence]:
    """Silences of motion sensors that were longer than any before of that sensor, and are no outages.

    A sensor that speaks only when somebody moves may have failed in one and be back; or nobody was there. What is no
    longer than its longest ordinary silence leaves no trace at all.

    Args:
        events: of one home.
        known: its `outages`.
        end_s: as there.
    """
    end_s = events.days * DAY_S if end_s is None else end_s
    moving = events.of_kinds(Kind.MOTION)
    heard = _Heard(events.at_s[events.of_kinds(*LIFE)[events.sensor]], end_s)
    moved = events.at_s[moving[events.sensor] & events.on]
    found: list[Silence] = []
    for sensor in np.flatnonzero(moving).tolist():
        spoke, longest = events.at_s[events.sensor == sensor], 0.0
        for count, (begin, end) in enumerate(pairwise([*spoke.tolist(), end_s]), 1):
            if end - begin <= longest or any(
                one.sensor == sensor and one.from_s < end and begin < one.to_s for one in known
            ):
                continue
            lasted = heard.between(begin, end)
            others = np.searchsorted(moved, end) - np.searchsorted(moved, begin, side="right")
            if lasted > longest and count >= KNOWN_AFTER and others >= OTHERS:
                found.append(Silence(sensor=sensor, from_s=begin, to_s=end, times=lasted / longest))
            longest = max(longest, lasted)
    return sorted(found, key=lambda one: one.from_s)


def mask(spans: Sequence[Outage], minutes: int) -> NDArray[np.bool_]:
    """Minutes in which any of the spans was on, bool (minutes,)."""
    out = np.zeros(minutes, bool)
    for one in spans:
        out[int(one.from_s // 60) : int(one.to_s // 60) + 1] = True
    return out


def doubted(events: Events, spans: Sequence[Outage], minutes: int) -> NDArray[np.bool_]:
    """Which sensor is out or on probation in which minute, bool (sensors, minutes)."""
    found = np.zeros((len(events.sensors), minutes), bool)
    for one in spans:
        # The minute after: what became known within a minute counts from its end on.
        found[one.sensor, int(one.from_s // 60) + 1 : int(one.doubted_to_s // 60) + 1] = True
    return found
