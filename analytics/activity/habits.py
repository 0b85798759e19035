"""What is usual: how likely a sign of life comes in the next minute, by time of day, quiet so far, and place.

The hazard of each cell is events over minutes at risk, smoothed over neighbouring times and lengths, and drawn towards
what is known of a coarser cell the less was seen of its own: first of all times of day, then of all places. In the
direction of the quiet it is carried on: where no quiet was ever that long, it stays what it was for the longest ones
seen there. Counts of days add up, so that a day is learnt by adding it; older days weigh less by half each
`half_life_days`.

All arrays are of many homes at once: (homes, clock, quiet, place).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import PLACES, Place
from analytics.activity.minutes import NOWHERE

DAY: Final = 1440  # minutes
CLOCK: Final = 48  # half hours of the day
# Beginnings of the steps of a quiet, minutes: fine where most quiets end, an hour where few do.
EDGES: Final = (0, 2, 5, 10, 20, 30, 45, 60, 80, 100, 120, 150, 180, 220, 260, 300, 360, 420, 480)
QUIET: Final = len(EDGES) - 1  # the last step has no end
LONGEST: Final = EDGES[-1]
STEP_OF: Final = np.minimum(np.searchsorted(EDGES, np.arange(LONGEST + 1), side="right") - 1, QUIET - 1)
SURE: Final = 0.9  # of a minute; nobody is more regular than that
_AT_HOME: Final = [place for place in Place if place is not Place.OUT]
# One event in twenty hours where nothing at all was ever seen.
_PRIOR_EVENTS: Final = 0.05
_PRIOR_MINUTES: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HabitSettings:
    """How much is believed of how little. Chosen on June 2017 of one home, leaving one day out at a time.

    Attributes:
        clock_steps: smoothing over the time of day, half hours (standard deviation).
        quiet_steps: smoothing over the length of the quiet, steps of `EDGES`.
        clock_minutes: minutes at risk that a time of day must have for its own word to weigh as much as the prior.
        place_minutes: the same of a place at a time of day.
        carried: how far the prior of a longer quiet is what was found for the shorter one (0–1), in logarithms.
        place_forgotten: how far a place's peculiarity is forgotten from one step to the next (0–1), in logarithms.
        half_life_days: after so many days a day weighs half. June is too short to choose it.
    """

    clock_steps: float = 1.5
    quiet_steps: float = 0.7
    clock_minutes: float = 150.0
    place_minutes: float = 100.0
    carried: float = 0.3
    place_forgotten: float = 0.5
    half_life_days: float = 45.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """What was seen of each cell: minutes at risk and events, float32 (homes, CLOCK, QUIET, PLACES) each."""

    minutes: NDArray[np.float32]
    events: NDArray[np.float32]

    @classmethod
    def none(cls, homes: int) -> Counts:
        """Of homes of which nothing is known."""
        shape = (homes, CLOCK, QUIET, PLACES)
        return cls(minutes=np.zeros(shape, np.float32), events=np.zeros(shape, np.float32))

    def forget(self, days: float, half_life_days: float) -> Counts:
        """The same some days later."""
        weight = np.float32(0.5 ** (days / half_life_days))
        return Counts(minutes=self.minutes * weight, events=self.events * weight)

    def __add__(self, other: Counts) -> Counts:
        return Counts(minutes=self.minutes + other.minutes, events=self.events + other.events)


def count(
    expected: NDArray[np.bool_],
    since: NDArray[np.int64],
    place: NDArray[np.int8],
    clock: NDArray[np.int64],
    listening: NDArray[np.bool_] | None = None,
) -> Counts:
    """What minutes teach.

    Args:
        expected: a believed sensor spoke, bool (homes, minutes).
        since: minutes since the last such event at the beginning of the minute, int64 (homes, minutes).
        place: last known place at the beginning of the minute, int8 (homes, minutes); `NOWHERE` teaches nothing.
        clock: minute of the home's own day, int64 (minutes,); a change to summer time repeats or leaves out some.
        listening: minutes that count, bool (homes, minutes); all when None.
    """
    homes = len(expected)
    counted = place != NOWHERE if listening is None else listening & (place != NOWHERE)
    cells = CLOCK * QUIET * PLACES
    cell = clock // (DAY // CLOCK) * (QUIET * PLACES) + STEP_OF[np.minimum(since, LONGEST)] * PLACES + place
    cell = cell + (np.arange(homes) * cells)[:, None]
    shape = (homes, CLOCK, QUIET, PLACES)
    minutes = np.bincount(cell[counted], minlength=homes * cells)
    events = np.bincount(cell[counted & expected], minlength=homes * cells)
    return Counts(minutes=minutes.reshape(shape).astype(np.float32), events=events.reshape(shape).astype(np.float32))


def hazard(counts: Counts, settings: HabitSettings) -> NDArray[np.float32]:
    """Probability that a believed sensor speaks in the next minute, float32 (homes, CLOCK, QUIET, PLACES)."""
    over_clock, over_quiet = _around(settings.clock_steps), _along(settings.quiet_steps)
    minutes, events = (
        np.einsum("ij,hjkp,kl->hilp", over_clock, part, over_quiet, optimize=True)
        for part in (counts.minutes, counts.events)
    )
    width = np.float32(over_clock[0].sum())
    # Days away are long, and say nothing of how soon somebody at home is heard again.
    clock_minutes, clock_events = (part[:, :, :, _AT_HOME].sum(3) for part in (minutes, events))
    all_day = (clock_events.sum(1) / width + _PRIOR_EVENTS) / (clock_minutes.sum(1) / width + _PRIOR_MINUTES)
    found = np.empty(minutes.shape, np.float32)
    before: NDArray[np.float32] | None = None
    for step in range(QUIET):
        prior = np.broadcast_to(all_day[:, None, step], clock_minutes.shape[:2])
        if before is not None:
            prior = before**settings.carried * prior ** (1 - settings.carried)
        level = clock_events[:, :, step] + settings.clock_minutes * prior
        level = level / (clock_minutes[:, :, step] + settings.clock_minutes)
        own = np.broadcast_to(level[:, :, None], found[:, :, step].shape)
        if before is not None:
            own = own * (found[:, :, step - 1] / before[:, :, None]) ** (1 - settings.place_forgotten)
        found[:, :, step] = (events[:, :, step] + settings.place_minutes * own) / (
            minutes[:, :, step] + settings.place_minutes
        )
        before = level
    return np.asarray(np.minimum(found, np.float32(SURE)))


def either_clock(chance: NDArray[np.float32], late_h: float) -> NDArray[np.float32]:
    """Hazards of a resident who may live by the new clock or still by the old one: what is expected on both.

    Args:
        chance: of `hazard`, float32 (homes, CLOCK, QUIET, PLACES).
        late_h: how much later by the new clock the old one is: 1 in the week after clocks were put forward, -1 after
            they were put back (`clocktime.lag_h`).
    """
    return np.asarray(np.minimum(chance, np.roll(chance, round(late_h * CLOCK / 24), axis=1)))


def _around(deviation: float) -> NDArray[np.float32]:
    """Weights over the time of day, which has no end, float32 (CLOCK, CLOCK)."""
    apart = np.abs(np.arange(CLOCK)[:, None] - np.arange(CLOCK))
    apart = np.minimum(apart, CLOCK - apart)
    return np.asarray(np.exp(-0.5 * (apart / deviation) ** 2), np.float32)


def _along(deviation: float) -> NDArray[np.float32]:
    apart = np.arange(QUIET)[:, None] - np.arange(QUIET)
    return np.asarray(np.exp(-0.5 * (apart / deviation) ** 2), np.float32)
