"""The home's own clock: from instants (UTC) to the seconds of `Events`, days of 24 hours all of them.

The wall clock of a country with summer time has a day of 23 hours and one of 25. Arrays of days do not. The home's own
clock is the wall clock except around a change, where it runs on instead of jumping:

- **the missing hour** (spring): in the hour before the change it runs at double speed. Where 03:00 becomes 04:00, the
  hour from 02:00 fills 02:00 to 04:00. No minute is empty, so none is read as stillness that was not there.
- **the repeated hour** (autumn): while the hour is there for the first and for the second time it runs at half speed.
  Where 04:00 becomes 03:00, both hours together fill 03:00 to 04:00. No event is lost or comes before an earlier one.

It ascends always and is continuous. A night's rest from 22:30 to 07:00 of the wall clock is one of eight hours and a
half as ever, which is what habits are learnt in; on that one night a quiet in the doubled hour counts twice, one in the
repeated hours half.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
from numpy.typing import NDArray

_DAY_S: Final = 86_400
_HOUR_S: Final = 3600.0
_FAR_S: Final = 1e9  # thirty years: the clock runs on straight beyond the last change
ADAPTS_DAYS: Final = 7  # until nobody lives by the old clock any more


def local_s(
    utc_s: NDArray[np.float64],
    transitions_utc_s: NDArray[np.float64],
    offsets_s: NDArray[np.float64],
    first_midnight_local: np.datetime64,
) -> NDArray[np.float64]:
    """Seconds of the home's own clock since midnight of a local date, float64, of the shape of `utc_s`.

    Args:
        utc_s: instants, seconds since 1970 (UTC), float64 of any shape; NaN stays NaN.
        transitions_utc_s: instants at which the wall clock is put forward or back, float64 (n,), ascending.
        offsets_s: local time minus UTC before the first, between two, and after the last, seconds, float64 (n + 1,).
        first_midnight_local: the local date at whose midnight the home's clock is 0, datetime64[D].

    Raises:
        ValueError: not one offset more than transitions, or two changes so close that one begins within the other.
    """
    if len(offsets_s) != len(transitions_utc_s) + 1:
        raise ValueError(f"{len(transitions_utc_s)} changes of the clock need one offset more, not {len(offsets_s)}.")
    jump = np.diff(offsets_s)
    begins, ends = _bends(transitions_utc_s, offsets_s)
    if (begins[1:] < ends[:-1]).any() or (np.diff(transitions_utc_s) <= 0).any():
        raise ValueError("changes of the clock must ascend, and be further apart than they are long.")
    after = np.searchsorted(transitions_utc_s, utc_s, side="right")
    found = utc_s + offsets_s[after]
    for begin, end, before, speed in zip(begins, ends, offsets_s, np.where(jump > 0, 2.0, 0.5), strict=False):
        found = np.where((utc_s >= begin) & (utc_s < end), begin + before + speed * (utc_s - begin), found)
    midnight = first_midnight_local.astype("datetime64[D]").astype(np.int64) * _DAY_S
    return np.asarray(found - midnight, np.float64)


def utc_s(
    home_s: NDArray[np.float64],
    transitions_utc_s: NDArray[np.float64],
    offsets_s: NDArray[np.float64],
    first_midnight_local: np.datetime64,
) -> NDArray[np.float64]:
    """The instants that `local_s` puts there: its inverse, with the same arguments and errors."""
    bends = np.sort(np.concatenate(_bends(transitions_utc_s, offsets_s)))
    midnight = first_midnight_local.astype("datetime64[D]").astype(np.int64) * _DAY_S
    known = np.concatenate([[midnight - _FAR_S], bends, [midnight + _FAR_S]])
    own = local_s(known, transitions_utc_s, offsets_s, first_midnight_local)
    return np.asarray(np.interp(home_s, own, known), np.float64)


def _bends(
    transitions_utc_s: NDArray[np.float64], offsets_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When the home's clock begins to run at another speed, and when it ends to."""
    jump = np.diff(offsets_s)
    return transitions_utc_s - np.abs(jump), transitions_utc_s + np.maximum(-jump, 0.0)


def transitions(zone: dt.tzinfo, from_utc_s: float, to_utc_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When a zone's clocks are changed between two instants, and its offsets, as `local_s` takes them.

    The reach is a day wider on both sides, so that a change just outside bends the clock inside too. Of several changes
    within one day only the last is found.
    """
    first, last = int(from_utc_s) - _DAY_S, int(to_utc_s) + _DAY_S
    at, offsets = [], [_offset(zone, first)]
    for begin in range(first, last, _DAY_S):
        low, high = begin, min(begin + _DAY_S, last)
        until = _offset(zone, high)
        if until == offsets[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if _offset(zone, middle) == until else (middle, high)
        at.append(float(high))
        offsets.append(until)
    return np.array(at, np.float64), np.array(offsets, np.float64)


def lag_h(
    transitions_utc_s: NDArray[np.float64], offsets_s: NDArray[np.float64], first_day: np.datetime64, days: int
) -> NDArray[np.float64]:
    """How much later by the new clock somebody may still live on each day, hours, float64 (days,).

    1 in the week that begins with summer time, -1 in the one that begins with its end, 0 on all others.
    """
    found = np.zeros(days)
    for at, before, after in zip(transitions_utc_s, offsets_s[:-1], offsets_s[1:], strict=True):
        date = np.datetime64(int(at + before), "s").astype("datetime64[D]")
        day = int((date - first_day) / np.timedelta64(1, "D"))
        found[max(day, 0) : max(day + ADAPTS_DAYS, 0)] = (after - before) / _HOUR_S
    return found


def change_words(transitions_utc_s: NDArray[np.float64], offsets_s: NDArray[np.float64]) -> list[str]:
    """Each change of the clock in words, by the wall clock: "clocks were put forward from 03:00 to 04:00 on …"."""
    found = []
    for at, before, after in zip(transitions_utc_s, offsets_s[:-1], offsets_s[1:], strict=True):
        old, new = (np.datetime64(int(at + offset), "s") for offset in (before, after))
        way = "forward" if after > before else "back"
        found.append(f"clocks were put {way} from {_clock(old)} to {_clock(new)} on {old.astype('datetime64[D]')}")
    return found


def _clock(at: np.datetime64) -> str:
    return str(at)[11:16]


def _offset(zone: dt.tzinfo, utc_s: int) -> float:
    offset = dt.datetime.fromtimestamp(utc_s, dt.UTC).astimezone(zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()
