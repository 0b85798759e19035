"""How improbable a running quiet is: the Shiryaev–Roberts statistic of "from some minute on nothing can be heard".

In a minute in which a sign of life comes with probability p and none came, the odds that it cannot come any more grow:
R ← (R + dt) / (1 − p); any sign of life puts R back to 0. As long as all is well, R − t is a martingale when p is
right, so the mean time from one false alert to the next is the threshold of R, which is why R is in hours: a threshold
of 720 h promises one false alert a month. No other statistic waits for less time on average under that promise as it
grows (Pollak 1985). What p leaves out, the calibration on the resident's own past puts right (`promise.py`).

Sources: Shiryaev, Theory of Probability and its Applications 1963, 8:22–46; Roberts, Technometrics 1966, 8:411–430;
Pollak, Annals of Statistics 1985, 13:206–227. In the place of fixed alert lines as of Cuddihy et al., Engineering in
Medicine and Biology 2007, or Weisenberg et al. 2008.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import Place
from analytics.activity.habits import CLOCK, DAY, EDGES, LONGEST, STEP_OF
from analytics.activity.minutes import NOWHERE

MINUTE_H: Final = 1 / 60
LEFT_MIN: Final = 12 * 60  # not listened to: whoever was at home may have gone out since
OUT_H: Final = (7, 22)  # hours in which people go out
MOST_H: Final = 1e12  # beyond any promise; keeps days of silence from overflowing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quiet:
    """What is carried from minute to minute, of many homes.

    Attributes:
        since: minutes since the last expected event, int64 (homes,).
        place: where the resident was last, int8 (homes,).
        odds_h: the statistic, hours, float64 (homes,).
    """

    since: NDArray[np.int64]
    place: NDArray[np.int8]
    odds_h: NDArray[np.float64]

    @classmethod
    def begin(cls, homes: int) -> Quiet:
        """Of homes that are listened to from now on."""
        return cls(since=np.zeros(homes, np.int64), place=np.full(homes, Place.OTHER, np.int8), odds_h=np.zeros(homes))


def step(
    state: Quiet,
    hazard: NDArray[np.float32],
    life: NDArray[np.bool_],
    expected: NDArray[np.bool_],
    place: NDArray[np.int8],
    clock: NDArray[np.int64],
    listening: NDArray[np.bool_] | None = None,
    unseen: NDArray[np.bool_] | None = None,
) -> tuple[Quiet, NDArray[np.float64]]:
    """The statistic over some more minutes. Cutting the stream elsewhere changes nothing.

    Args:
        state: as of the minute before; not changed.
        hazard: of `habits.hazard`, float32 (homes, CLOCK, QUIET, PLACES).
        life: any sensor spoke, bool (homes, minutes).
        expected: a believed one did, bool (homes, minutes).
        place: where its last event was, int8 (homes, minutes), `NOWHERE` where nothing told.
        clock: minute of the day, int64 (minutes,), or (homes, minutes) where they differ.
        listening: whether the home was heard at all, bool (homes, minutes); None is always. Of a minute that was not
            listened to neither stillness nor life is known: the quiet before it goes on, and it counts for nothing.
            After such minutes it is taken to have been quiet for as long as usual at that hour (`elapsed_min`), and for
            no more than half of the time since anything was heard.
        unseen: whether the resident may be out though the door said nothing (`unseen`), bool (homes, minutes): no more
            is expected then than of somebody who is. None is never.

    Returns:
        The state after the last minute, and the statistic at each minute's end, hours, float64 (homes, minutes).
    """
    homes, minutes = life.shape
    rows = np.arange(homes)
    since, where, odds = state.since, state.place, state.odds_h
    half_hour = np.broadcast_to(clock // (DAY // CLOCK), (homes, minutes))
    told = place != NOWHERE
    path = np.empty((homes, minutes))
    elapsed = None if listening is None or listening.all() else elapsed_min(hazard)
    for minute in range(minutes):
        if listening is not None and elapsed is not None and minute:
            back = listening[:, minute] & ~listening[:, minute - 1]
            since = np.where(back, np.minimum(elapsed[rows, half_hour[:, minute], where], since // 2), since)
        comes = hazard[rows, half_hour[:, minute], STEP_OF[np.minimum(since, LONGEST)], where]
        if unseen is not None:
            absent = hazard[rows, half_hour[:, minute], STEP_OF[np.minimum(since, LONGEST)], Place.OUT]
            comes = np.where(unseen[:, minute], np.minimum(comes, absent), comes)
        grown = np.minimum((odds + MINUTE_H) / (1.0 - comes.astype(np.float64)), MOST_H)
        odds = grown if listening is None else np.where(listening[:, minute], grown, odds)
        odds = np.where(life[:, minute], 0.0, odds)
        since = np.where(expected[:, minute], 0, since + 1)
        where = np.where(told[:, minute], place[:, minute], where)
        path[:, minute] = odds
    return Quiet(since=since, place=where, odds_h=odds), path


def unseen(life: NDArray[np.bool_], listening: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Minutes by day after `LEFT_MIN` and more that nobody listened to, until the next sign of life, bool (…, minutes).

    Args:
        life: any sensor spoke, bool (…, minutes).
        listening: whether the home was heard, bool (…, minutes); from a midnight on.
    """
    index = np.broadcast_to(np.arange(life.shape[-1]), life.shape)
    heard, alive = (np.maximum.accumulate(np.where(one, index, -1), axis=-1) for one in (listening, life))
    deaf = index - heard >= LEFT_MIN
    by_day = (np.arange(life.shape[-1]) % DAY >= OUT_H[0] * 60) & (np.arange(life.shape[-1]) % DAY < OUT_H[1] * 60)
    return np.asarray(listening & by_day & (np.maximum.accumulate(np.where(deaf, index, -1), axis=-1) > alive))


def elapsed_min(hazard: NDArray[np.float32]) -> NDArray[np.int64]:
    """For how long it usually has been quiet at a moment of which nothing else is known, minutes.

    Half of the minutes of a home's quiets are later in them, were the hazard as it is at that hour: the long ones take
    most of the time, and whoever is taken to have moved just now would be expected too soon.

    Args:
        hazard: of `habits.hazard`, float32 (homes, CLOCK, QUIET, PLACES).

    Returns:
        int64 (homes, CLOCK, PLACES).
    """
    stays = 1.0 - hazard.astype(np.float64)
    reached = np.cumprod(stays ** np.diff(EDGES)[:, None], axis=2)
    begins = np.concatenate([np.ones_like(reached[:, :, :1]), reached[:, :, :-1]], axis=2)
    spent = (begins - reached) / np.maximum(hazard, 1e-9)
    spent[:, :, -1] = begins[:, :, -1] / np.maximum(hazard[:, :, -1], 1e-9)  # the last step has no end
    late = np.cumsum(spent, axis=2) >= 0.5 * spent.sum(axis=2, keepdims=True)
    return np.asarray(np.array(EDGES)[late.argmax(axis=2)], np.int64)


def undisturbed(comes: NDArray[np.float64], heard: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The statistic at the end of each minute of one quiet that begins at 0: `step` without anything in it.

    Args:
        comes: how likely a sign of life was in each minute, below 1, float64 (minutes,).
        heard: whether it was listened to, bool (minutes,).

    Returns:
        Hours, float64 (minutes,).
    """
    if not heard.all():
        own = np.concatenate([[0.0], undisturbed(comes[heard], heard[heard])])
        return own[np.cumsum(heard)]
    none = np.cumprod(1.0 - comes)
    grown = MINUTE_H * np.cumsum(np.concatenate([[1.0], none[:-1]]))[: len(none)]
    return np.asarray(grown / np.maximum(none, grown / MOST_H), np.float64)


def raised(before_h: NDArray[np.float64], path_h: NDArray[np.float64], threshold_h: float) -> NDArray[np.bool_]:
    """The minutes in which a quiet became improbable, bool (homes, minutes): one for each quiet at most.

    Args:
        before_h: the statistic before the first minute, float64 (homes,): `Quiet.odds_h` handed to `step`.
        path_h: what `step` returned.
        threshold_h: hours.
    """
    above = path_h >= threshold_h
    earlier = np.concatenate([(before_h >= threshold_h)[:, None], above[:, :-1]], axis=1)
    return np.asarray(above & ~earlier)
