"""When the resident went to bed and got up, from which rooms spoke when.

In each minute every room speaks or does not, and how likely it does by night and by day is counted for this home: a
minute in the kitchen says much, one in the bathroom little, for that is where one also goes by night. The night's rest
is the stretch whose minutes fit the night better than the day: the sum of logarithms of the two likelihoods is largest
(two change points of Bernoulli numbers, found as a maximum-sum stretch).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_DAY: Final = 1440
_HOUR: Final = 60
_EVENING_H: Final = 18  # where one looks for the night's rest …
_NOON_H: Final = 14  # … until
_ASLEEP_H: Final = (0, 5)  # nearly everybody is
_AWAKE_H: Final = (8, 20)
_PRIOR_MINUTES: Final = 1440.0  # of a room of which nothing is known …
_PRIOR_ASLEEP, _PRIOR_AWAKE = 0.002, 0.02  # … and how likely it speaks then
_MOST: Final = 3.0  # nats that one minute of one room may count
_OUT: Final = -0.3  # nats of a minute out of home: nobody is in bed
_REST_H: Final = 3.0  # less is a nap
# Later than usual, by one room's silence alone: its sensor may be out, nothing is known. Where it is by less, the
# others' word counts.
_ONE_ROOM_H: Final = 1.5
_MORNING_H: Final = 6  # from which on it is looked whether a room says anything until `_NOON_H`
_NEARLY_ALWAYS: Final = 0.9  # of the days


def weights(
    lively: NDArray[np.bool_], room_dark: NDArray[np.bool_], out: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much a minute in which a room spoke, and one in which it did not, is for rest: nats, float64 (rooms,) each.

    Args:
        lively: which rooms spoke, bool (rooms, minutes), whole days from midnight.
        room_dark: its sensor was out or missing, bool (rooms, minutes): it teaches nothing then.
        out: the resident was out of home, bool (minutes,).
    """
    hour = np.arange(lively.shape[1]) // _HOUR % 24
    asleep, awake = (
        _rate(lively, (hour >= first) & (hour < last) & ~out & ~room_dark, prior)
        for (first, last), prior in ((_ASLEEP_H, _PRIOR_ASLEEP), (_AWAKE_H, _PRIOR_AWAKE))
    )
    return np.clip(np.log(asleep / awake), -_MOST, _MOST), np.log((1 - asleep) / (1 - awake))


def rests(
    lively: NDArray[np.bool_], room_dark: NDArray[np.bool_], dark: NDArray[np.bool_], out: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hour of the clock at which each night's rest began (above 24 after midnight) and ended, float64 (days,) each.

    Of the day on which it ended; NaN for the first day, where it is dark, where there was no rest, and for a late end
    that hangs on the silence of a single room, or of a day on which one said nothing by then that nearly always does:
    its silence after its last word proves nothing. An end after which there was no sign of life on that day is none,
    for nobody was seen to rise: NaN too.

    Args:
        lively: which rooms spoke, bool (rooms, days * 1440).
        room_dark: its sensor was out or missing, bool (rooms, days * 1440): its silence says nothing.
        dark: of what happened nothing can be said, bool (minutes,).
        out: the resident was out of home, bool (minutes,).
    """
    spoke, silent = weights(lively, room_dark, out)
    each = spoke[:, None] * lively + silent[:, None] * ~(lively | room_dark)
    whole = np.where(out, _OUT, each.sum(axis=0))
    bed, rise = _stretches(whole, dark, np.arange(1, lively.shape[1] // _DAY))
    late = np.flatnonzero(rise > np.nanmedian(rise) + _ONE_ROOM_H) if (~np.isnan(rise)).any() else np.zeros(0, np.int64)
    surely = rise.copy()
    for room in range(len(lively) if len(late) else 0):
        _, without = _stretches(np.where(out, _OUT, whole - each[room]), dark, late)
        # Where the others tell of no rest at all (`without` is NaN) it hangs on that room, too.
        late_by = rise[late] - without[late]
        surely[late] = np.where(late_by <= _ONE_ROOM_H, np.minimum(surely[late], without[late]), np.nan)
    surely[late[_one_may_be_out(lively | room_dark)[late]]] = np.nan
    rise = surely
    return bed, np.where(np.round(rise * _HOUR) < _life_until(lively.any(axis=0) | out), rise, np.nan)


def _stretches(
    gain: NDArray[np.float64], dark: NDArray[np.bool_], which: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The best stretch of the nights that end on some days, hours of the clock, float64 (days,) each; NaN on others."""
    days = len(gain) // _DAY
    first = (which - 1) * _DAY + _EVENING_H * _HOUR
    rows = first[:, None] + np.arange((24 - _EVENING_H + _NOON_H) * _HOUR)
    sums = np.concatenate([np.zeros((len(which), 1)), np.cumsum(gain[rows], axis=1)], axis=1)
    end = (sums - np.minimum.accumulate(sums, axis=1)).argmax(axis=1)
    begin = np.where(np.arange(sums.shape[1]) <= end[:, None], sums, np.inf).argmin(axis=1)
    unknown = dark[rows].any(axis=1) | (end - begin < _REST_H * _HOUR)
    bed, rise = np.full(days, np.nan), np.full(days, np.nan)
    bed[which] = np.where(unknown, np.nan, _EVENING_H + begin / _HOUR)
    rise[which] = np.where(unknown, np.nan, _EVENING_H + end / _HOUR - 24)
    return bed, rise


def _one_may_be_out(spoke: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Days on which a room said nothing between six and two that nearly always does, bool (days,)."""
    rooms = spoke.reshape(len(spoke), -1, _DAY)
    said = rooms[:, :, _MORNING_H * _HOUR : _NOON_H * _HOUR].any(axis=2)
    return np.asarray((~said & (said.mean(axis=1, keepdims=True) >= _NEARLY_ALWAYS)).any(axis=0))


def _life_until(alive: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Minute of each day after its last sign of life, int64 (days,); 0 where there is none."""
    days = alive.reshape(-1, _DAY)
    return np.where(days.any(axis=1), _DAY - days[:, ::-1].argmax(axis=1), 0)


def _rate(lively: NDArray[np.bool_], counted: NDArray[np.bool_], prior: float) -> NDArray[np.float64]:
    spoke = (lively & counted).sum(axis=1) + prior * _PRIOR_MINUTES
    return np.asarray(spoke / (counted.sum(axis=1) + _PRIOR_MINUTES), np.float64)
