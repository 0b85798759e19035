"""What a home that is listened to needs: its habits as learnt until now, and how improbable its running quiet is.

The same counts and the same statistic as `course` replays them by; here for one home, at one moment, with the minutes
in which nobody listened left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity import minutes as cut
from analytics.activity.caution import DOUBTED_MIN, HELD_MIN, HELD_SUSPECTED_MIN, careful_h
from analytics.activity.company import shared
from analytics.activity.events import LIFE, Events, Place
from analytics.activity.habits import DAY, LONGEST, STEP_OF, Counts, HabitSettings, hazard
from analytics.activity.inactivity import elapsed_min, undisturbed, unseen
from analytics.activity.outages import Outage, outages
from analytics.activity.past import Past
from analytics.activity.unlike import unlike

USUAL: Final = 0.95  # of all quiets of that place and time have ended by then
_FEWEST_DAYS: Final = 7  # fewer tell nothing of how high the statistic goes
_CLOCK: Final = DAY // 48


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Habits:
    """What is usual in a home as some of its sensors tell it.

    Attributes:
        until: the local date before which it was learnt, datetime64[D].
        days: whole days it was learnt from.
        doubted: sensors of which nothing is expected.
        hazard: see `habits.hazard`, float32 (1, CLOCK, QUIET, PLACES).
    """

    until: np.datetime64
    days: int
    doubted: frozenset[int]
    hazard: NDArray[np.float32]

    def only(self, learnt: Habits) -> int:
        """The one sensor that is doubted here and not there."""
        (sensor,) = self.doubted - learnt.doubted
        return sensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learnt(Habits):
    """What is known of a home, by the sensors that are believed now.

    Attributes:
        outages: of its sensors, also those that are over.
        suspected: sensors that are silent, and missed more than ever.
        taught: minutes that it was learnt from, bool (days * 1440,): of a quiet that was none of the habits only what
            came before it was so improbable that it would have called whatever was promised (`past.STRANGE_H`).
        ended: minute in which each quiet of the past ended, int64 (quiets,), from the record's first midnight.
        peaks_h: how high the statistic was in it, judged by the other days, hours, float64 (quiets,).
        hours: how long that past was listened to.
        unlike: whether the week before today was not like the others.
        whole: while sensors are doubted, how high it was as all of them had it until the first of these failed, and for
            how many hours; None while all are believed.
    """

    outages: tuple[Outage, ...]
    suspected: frozenset[int]
    taught: NDArray[np.bool_]
    ended: NDArray[np.int64]
    peaks_h: NDArray[np.float64]
    hours: float
    unlike: bool = False
    whole: tuple[NDArray[np.float64], float] | None = None

    def threshold_h(self, per_month: float, *, clock_changed: bool = False) -> float:
        """At which a quiet calls, see `caution.careful_h`."""
        return careful_h(per_month, (self.peaks_h, self.hours), self.whole, careful=self.unlike or clock_changed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Running:
    """The quiet that goes on.

    Attributes:
        since: minute (index into those that were handed in) of the last sign of life; -1 before all of them.
        comes: how likely a sign of life was in each minute after it, or after an answer, float64 (minutes,).
        heard: whether that minute was listened to, bool (minutes,).
        place: where the resident was last.
        odds_h: the statistic at the end of each minute after it, or after an answer, hours, float64 (minutes,).
        usual_min: minutes by which `USUAL` of such quiets have ended; None where that is more than was waited.
    """

    since: int
    place: Place
    comes: NDArray[np.float64]
    heard: NDArray[np.bool_]
    odds_h: NDArray[np.float64]
    usual_min: int | None

    @property
    def now_h(self) -> float:
        """The statistic at this moment."""
        return self.ago_h(0)

    def ago_h(self, minutes: int) -> float:
        """The statistic some minutes ago."""
        return float(self.odds_h[-1 - minutes]) if len(self.odds_h) > minutes else 0.0


def learn(
    events: Events,
    now_s: float,
    listening: NDArray[np.bool_],
    settings: HabitSettings | None = None,
    *,
    teaches: NDArray[np.bool_] | None = None,
    known: Learnt | None = None,
    alive: Collection[int] = (),
) -> Learnt:
    """Everything that a record teaches, the whole days before today.

    Args:
        events: of one home; `days` counts today too.
        now_s: this moment, in seconds of `events.at_s`.
        listening: minutes in which the home was heard, bool (days * 1440,).
        settings: how much is believed of how little.
        teaches: minutes that are learnt from, bool (days * 1440,); all that were heard when None.
        known: of earlier today: where the same sensors are doubted, only their outages are looked at anew.
        alive: sensors of which it is known otherwise whether they work.
    """
    settings = settings or HabitSettings()
    spans = tuple(outages(events, end_s=now_s, alive=alive))
    silent = outages(events, end_s=now_s, times=1.0, alive=alive)
    suspected = frozenset(one.sensor for one in silent if one.to_s >= now_s)
    lively = events.of_kinds(*LIFE)
    doubted = frozenset(one.sensor for one in spans if lively[one.sensor] and one.doubted_to_s > now_s)
    days = int(now_s // (DAY * 60))
    until = events.first_day + np.timedelta64(days, "D")
    # The record's beginning moves on, by days where nothing was heard in them: days are counted from it.
    if known is not None and (known.until, known.days, known.doubted) == (until, days, doubted):
        return replace(known, outages=spans, suspected=suspected)
    # The quiet that went on at midnight teaches nothing yet: it would make itself usual.
    told = events.at_s[lively[events.sensor] & (events.at_s < days * DAY * 60)]
    teaches = (listening if teaches is None else teaches).copy()
    teaches[int(told[-1] // 60) + 1 if len(told) else 0 : days * DAY] = False
    past = Past.of(events, days, doubted, teaches)
    found = past.peaks(settings)
    if found.strange.any():
        past = past.without(found.strange)
        found = past.peaks(settings)
    return Learnt(
        until=until, days=days, outages=spans, suspected=suspected, doubted=doubted, hazard=_hazard(past, settings),
        taught=past.listening, ended=found.ended, peaks_h=found.heights_h, hours=found.hours,
        unlike=_unlike(events, spans, past, listening),
        whole=whole_past(events, spans, doubted, days, past.listening, settings),
    )  # fmt: skip


def _unlike(events: Events, spans: Sequence[Outage], past: Past, listening: NDArray[np.bool_]) -> bool:
    guests = shared([events], [spans])[0, : past.days]
    return bool(unlike(past.place, listening[: past.days * DAY], guests)[-1])


def less_one(
    events: Events,
    now_s: float,
    learnt: Learnt,
    untold: Collection[int],
    settings: HabitSettings | None = None,
) -> tuple[Habits, ...]:
    """The same record as if one more sensor had failed, for each that may have without its being known; see `caution`.

    Args:
        events: of one home.
        now_s: this moment, in seconds of `events.at_s`.
        learnt: from it.
        untold: these sensors.
        settings: how much is believed of how little.
    """
    settings = settings or HabitSettings()
    days = int(now_s // (DAY * 60))
    found = []
    for one in sorted(set(untold) - learnt.doubted):
        doubted = learnt.doubted | {one}
        usual = _hazard(Past.of(events, days, doubted, learnt.taught), settings)
        until = events.first_day + np.timedelta64(days, "D")
        found.append(Habits(until=until, days=days, doubted=doubted, hazard=usual))
    return tuple(found)


def as_if_failed(found: Running, other: Running, minutes: float) -> Running:
    """The same quiet, had a sensor failed so many minutes ago.

    Args:
        found: as all sensors that are believed tell it.
        other: as they do without that sensor (`less_one`).
        minutes: since its last word, which showed that it lived.
    """
    last = int(min(max(minutes, 0.0), len(found.comes)))
    before = len(found.comes) - last
    comes = np.concatenate([found.comes[:before], other.comes[before:]])
    return replace(other, comes=comes, odds_h=undisturbed(comes, found.heard))


def holds_back(
    found: Running,
    threshold_h: float,
    others: Iterable[Running],
    *,
    doubted: bool,
    suspected: Iterable[Running] = (),
    doubted_h: float = 0.0,
) -> tuple[float, float] | None:
    """What holds back a quiet that would call; see `caution`.

    Args:
        found: the quiet as all sensors that are believed tell it.
        threshold_h: at which it calls.
        others: the same quiet had each sensor failed since its last word; looked at only where it would call.
        doubted: whether some sensor is.
        suspected: those of `others` whose sensor is missed more than ever.
        doubted_h: the threshold were one more sensor doubted.

    Returns:
        A statistic that is not high enough yet, and how high it must be, hours; None where nothing holds it back.
    """
    above = int((found.odds_h >= threshold_h).sum())  # it never falls while it is quiet
    if not above:
        return None
    if doubted and above <= DOUBTED_MIN:
        return found.ago_h(DOUBTED_MIN), threshold_h
    for each, level_h, longest in ((suspected, doubted_h, HELD_SUSPECTED_MIN), (others, threshold_h, HELD_MIN)):
        lowest = min((one.now_h for one in each), default=level_h) if above <= longest else level_h
        if lowest < level_h:
            return lowest, level_h
    return None


def _hazard(past: Past, settings: HabitSettings) -> NDArray[np.float32]:
    counts = Counts.none(1)
    for day in range(past.days):
        counts = counts.forget(1, settings.half_life_days) + past.counts(day * DAY, (day + 1) * DAY)
    return hazard(counts, settings)


def whole_past(
    events: Events,
    spans: Sequence[Outage],
    doubted: frozenset[int],
    days: int,
    listening: NDArray[np.bool_],
    settings: HabitSettings,
) -> tuple[NDArray[np.float64], float] | None:
    """`Learnt.whole` of the first `days` of a record, with the sensors that are doubted after them."""
    if not doubted:
        return None
    last = {one.sensor: one.from_s for one in spans}  # in the order of time: of each sensor its last outage
    until = min(days, int(min(last[one] for one in doubted) // (DAY * 60)))
    return Past.of(events, until, frozenset(), listening).peaks(settings).known


def running(
    events: Events,
    minutes: int,
    learnt: Habits,
    clock: NDArray[np.int64],
    listening: NDArray[np.bool_],
    *,
    not_before: int = -1,
) -> Running:
    """The quiet at the end of the last of some minutes.

    Args:
        events: of some days; `at_s` counts from the first of the minutes and leaves none out or twice, whatever the
            clock on the wall did.
        minutes: how many.
        learnt: of that home.
        clock: minute of the home's own day, int64 (minutes,).
        listening: whether the home was heard, bool (at least minutes,): what was not counts for nothing, neither for
            stillness nor for life.
        not_before: a minute in which somebody answered for the resident: what is improbable is counted from there.
    """
    seen = cut.minutes(events, minutes, learnt.doubted)
    alive = np.flatnonzero(seen.life)
    last = int(alive[-1]) if len(alive) else -1
    begin = max(last, not_before)
    since = cut.since(seen.expected)
    place = cut.where(seen.place)
    where = Place(int(place[last])) if last >= 0 else Place.OTHER
    waited = (int(since[last]) if last >= 0 else 0) + np.arange(minutes - last - 1)
    heard = listening[last + 1 : minutes]
    back = np.flatnonzero(heard[1:] & ~heard[:-1]) + 1  # the first minute after each gap, as `step` has it
    if len(back):
        usual = elapsed_min(learnt.hazard)[0, clock[last + 1 :][back] // _CLOCK, where]
        for at, elapsed in zip(back.tolist(), usual.tolist(), strict=True):
            waited[at:] = min(elapsed, int(waited[at]) // 2) + np.arange(len(waited) - at)
    comes = learnt.hazard[0, clock[last + 1 : minutes] // _CLOCK, STEP_OF[np.minimum(waited, LONGEST)], where]
    if len(back):
        absent = learnt.hazard[0, clock[last + 1 : minutes] // _CLOCK, STEP_OF[np.minimum(waited, LONGEST)], Place.OUT]
        gone = unseen(seen.life, listening[:minutes])[last + 1 :]
        comes = np.where(gone, np.minimum(comes, absent), comes)
    comes = comes.astype(np.float64)
    ended = np.flatnonzero(np.cumprod(1.0 - comes) <= 1 - USUAL)
    counted, heard = comes[begin - last :], listening[begin + 1 : minutes]
    return Running(
        since=last, place=where, comes=counted, heard=heard, odds_h=undisturbed(counted, heard),
        usual_min=int(ended[0]) + 1 if len(ended) else None,
    )  # fmt: skip
