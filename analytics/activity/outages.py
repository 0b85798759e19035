"""Which sensors are to be believed when: silence of a broken sensor is not stillness of a person.

A sensor is out from the moment that its system reports it lost, or that it is missed twice as much as it ever was
(`missed`: its silence, weighed by what others said meanwhile); until it speaks again. Hours in which the whole home is
silent do not count: somebody is asleep or away, or the system was off. Everything here is causal: nothing is out
before it could have been known.

A sensor that was out stays on probation (`Outage.doubted_to_s`): one that fails tends to fail again. Its events are
signs of life as ever, but nothing is expected of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S, LIFE, Events, Kind, Place
from analytics.activity.missed import SLOT_S, SLOTS, missed

TIMES: Final = 1.75  # as much as it was missed in its longest ordinary silence
_MATES: Final = 3.0
KNOWN_AFTER: Final = 20  # words; of a cupboard opened once a month nobody can say that it is late
KNOWN_DAYS: Final = 14  # since its first word: what is usual at each hour
PROBATION_S: Final = 7 * 86_400.0
LONGER: Final = 1.5  # worth a word, though too little to doubt the sensor


class Why(StrEnum):
    """How it was known."""

    REPORTED = "reported lost"
    SILENT = "silent for too long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A sensor that did not work, from when it was known until it spoke again (or the record ends).

    Attributes:
        since_s: its last word before; of one that was reported, when that was.
        again: it had been out in the week before.
    """

    sensor: int
    from_s: float
    to_s: float
    why: Why
    since_s: float
    again: bool = False

    @property
    def doubted_to_s(self) -> float:
        """Until when nothing is expected of the sensor: as long again as it was out, a week if it fails once more."""
        return self.to_s + (PROBATION_S if self.again else min(PROBATION_S, self.to_s - self.since_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A silence in which a sensor was missed more than ever before; seconds of `Events.at_s`.

    Attributes:
        times: how much more.
    """

    sensor: int
    from_s: float
    to_s: float
    times: float


def outages(events: Events, *, end_s: float | None = None, times: float = TIMES) -> list[Outage]:
    """All outages of motion sensors and contacts, in the order of time.

    Args:
        events: of one home.
        end_s: until when it was listened to, seconds of `events.at_s`; the end of its last day when None.
        times: as much as ever it must be missed to be out; at `LONGER` it may be.

    Returns:
        Spans in seconds of `events.at_s`; two spans of one sensor do not overlap.
    """
    events, end_s = (events, events.days * DAY_S) if end_s is None else (events.before(end_s), end_s)
    found = _reported_all(events, end_s)
    found += [
        Outage(sensor=one.sensor, from_s=one.known_s, to_s=one.to_s, why=Why.SILENT, since_s=one.from_s)
        for one in _strange(events, found, end_s, times)
        if one.known_s is not None
    ]
    found.sort(key=lambda outage: (outage.from_s, outage.sensor))
    last: dict[int, float] = {}
    for number, out in enumerate(found):
        found[number] = replace(out, again=out.from_s - last.get(out.sensor, -np.inf) < PROBATION_S)
        last[out.sensor] = out.to_s
    return found


def _reported_all(events: Events, end_s: float) -> list[Outage]:
    found: list[Outage] = []
    for sensor, one in enumerate(events.sensors):
        if one.kind in LIFE:
            found += _reported(events, sensor, events.at_s[events.sensor == sensor], end_s)
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
        found.append(Outage(sensor=sensor, from_s=at, to_s=until, why=Why.REPORTED, since_s=at))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Strange:
    """A silence in which a sensor was missed more than ever before, and when that was enough."""

    sensor: int
    from_s: float
    to_s: float
    times: float
    known_s: float | None


def _strange(events: Events, reported: Sequence[Outage], end_s: float, times: float) -> list[_Strange]:
    own = np.flatnonzero(events.of_kinds(*LIFE))
    lost = np.stack([_slots([one for one in reported if one.sensor == sensor], events.days) for sensor in own.tolist()])
    # Who does not go to the kitchen opens no fridge there: what else is missed in a room speaks for its sensor. That
    # one fails just when nobody goes there is much less likely than either.
    places = np.array([events.sensors[sensor].place for sensor in own.tolist()])
    mates = (places[:, None] == places) & ~np.eye(len(own), dtype=bool) & (places != Place.OTHER)
    path = missed(events, own, lost)
    alone = path - _MATES * (mates @ path)
    found: list[_Strange] = []
    for row, sensor in enumerate(own.tolist()):
        words = events.at_s[events.sensor == sensor]
        ends = np.append(words[1:], end_s)[: len(words)]
        slots = (np.stack([words, ends]) // SLOT_S).astype(np.int64)
        longest = 0.0
        for index in np.flatnonzero(slots[1] - slots[0] > 1).tolist():  # in any other nothing was missed
            begin, end = float(words[index]), float(ends[index])
            first, last = int(slots[0, index]) + 1, int(slots[1, index])
            height = float(path[row, last - 1])
            if height <= longest or any(
                one.sensor == sensor and one.from_s < end and begin < one.to_s for one in reported
            ):
                continue
            known = index + 1 >= KNOWN_AFTER and begin - words[0] >= KNOWN_DAYS * DAY_S and longest > 0
            over = alone[row, first:last] / longest if known else np.zeros(1)
            highest = float(over.max())
            if highest > 1:
                at = np.flatnonzero(over > times)[:1]
                known_s = SLOT_S * float(first + 1 + at[0]) if len(at) else None
                found.append(_Strange(sensor=sensor, from_s=begin, to_s=end, times=highest, known_s=known_s))
            if highest <= TIMES:
                longest = height
    return found


def _slots(spans: Sequence[Outage], days: int) -> NDArray[np.bool_]:
    """Half hours in which any of the spans was on, bool (days * SLOTS,)."""
    found = np.zeros(days * SLOTS, bool)
    for one in spans:
        found[int(one.from_s // SLOT_S) : int(one.to_s // SLOT_S) + 1] = True
    return found


def silences(events: Events, known: Sequence[Outage], *, end_s: float | None = None) -> list[Silence]:
    """Silences in which a motion sensor was missed more than in any before, and which are no outages.

    A sensor that speaks only when somebody moves may have failed in one and be back; or nobody was there. One that is
    missed no more than ever leaves no trace at all.

    Args:
        events: of one home.
        known: its `outages`.
        end_s: as there.
    """
    events, end_s = (events, events.days * DAY_S) if end_s is None else (events.before(end_s), end_s)
    moving = events.of_kinds(Kind.MOTION)
    found = [
        Silence(sensor=one.sensor, from_s=one.from_s, to_s=one.to_s, times=one.times)
        for one in _strange(events, [one for one in known if one.why is Why.REPORTED], end_s, TIMES)
        if moving[one.sensor] and one.known_s is None
    ]
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
