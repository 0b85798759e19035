"""Which sensors are to be believed when: silence of a broken sensor is not stillness of a person.

A sensor is out from the moment that its system reports it lost, or that it is missed much more than it ever was
(`missed`: its silence, weighed by what others said meanwhile); until it speaks again. Hours in which the whole home is
silent do not count: somebody is asleep or away, or the system was off. Everything here is causal: nothing is out
before it could have been known.

A sensor that was out stays on probation (`Outage.doubted_to_s`): one that fails tends to fail again. Its events are
signs of life as ever, but nothing is expected of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S, LIFE, Events, Kind, Place
from analytics.activity.missed import SLOT_S, SLOTS, TIMES, missed, runs

_MATES: Final = 3.0  # who does not go to the kitchen opens no fridge there: what else is missed there speaks for it
_OTHERS: Final = 0.35  # of its longest: that a second room is missed so much tells of a person who stays in one …
_TOGETHER: Final = 24  # … if both fell silent within twelve hours
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


def outages(
    events: Events, *, end_s: float | None = None, times: float = TIMES, alive: Collection[int] = ()
) -> list[Outage]:
    """All outages of motion sensors and contacts, in the order of time.

    Args:
        events: of one home.
        end_s: until when it was listened to, seconds of `events.at_s`; the end of its last day when None.
        times: as much as ever it must be missed to be out; at `LONGER` it may be.
        alive: sensors of which it is known otherwise whether they work: their silence is none.

    Returns:
        Spans in seconds of `events.at_s`; two spans of one sensor do not overlap.
    """
    events, end_s = (events, events.days * DAY_S) if end_s is None else (events.before(end_s), end_s)
    found = _reported_all(events, end_s)
    found += [
        Outage(sensor=one.sensor, from_s=one.known_s, to_s=one.to_s, why=Why.SILENT, since_s=one.from_s)
        for one in _strange(events, found, end_s, times, alive)
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


def _strange(
    events: Events, reported: Sequence[Outage], end_s: float, times: float, alive: Collection[int] = ()
) -> list[_Strange]:
    own = np.array([one for one in np.flatnonzero(events.of_kinds(*LIFE)).tolist() if one not in alive], np.int64)
    if not len(own) or not events.days:
        return []
    spans = [[one for one in reported if one.sensor == sensor] for sensor in own.tolist()]
    path, began = missed(events, own, np.stack([_slots(one, events.days) for one in spans]))
    each = [
        runs(path[row], events.at_s[events.sensor == sensor], end_s, [(one.from_s, one.to_s) for one in spans[row]])
        for row, sensor in enumerate(own.tolist())
    ]
    over = path / np.maximum(np.stack([usual for _, usual in each]), 1e-9)
    places = np.array([events.sensors[sensor].place for sensor in own.tolist()])
    moving = events.of_kinds(Kind.MOTION)[own]
    found: list[_Strange] = []
    for row, sensor in enumerate(own.tolist()):
        mates = (places == places[row]) & (places != Place.OTHER)
        mates[row] = False
        for one in each[row][0]:
            at = slice(one.first, one.last)
            # What was past its own longest before is broken itself, or not used any more, and says nothing.
            fresh = over[:, one.first - 1] <= 1
            own_path = path[row, at] - one.before
            alone = own_path - _MATES * path[mates & fresh, at].sum(axis=0)
            others = over[:, at] > _OTHERS
            others &= (began[:, at] >= one.first - _TOGETHER) & (moving & ~mates)[:, None]
            others[row] = False
            height = np.where(others.any(axis=0), 0.0, alone) / one.longest
            height[SLOTS:] = own_path[SLOTS:] / one.longest  # a day later, whatever else is missed
            if height.max(initial=0.0) <= 1:
                continue
            known = np.flatnonzero(height > times)[:1]
            known_s = SLOT_S * float(one.first + 1 + known[0]) if len(known) else None
            found.append(
                _Strange(sensor=sensor, from_s=one.from_s, to_s=one.to_s, times=float(height.max()), known_s=known_s)
            )
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
