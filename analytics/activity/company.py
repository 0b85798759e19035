"""Is there somebody else in the home: days as lively as two people, on which rooms speak at once more than usual.

One person is in one room, and in two of them within a minute only on the way. Two people move about twice as much, and
in two rooms at once. How much of either is usual depends on the home (how the sensors see each other's rooms), so a day
is compared with the home's own weeks before. Nothing is said of who it is or how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S, Events, Kind
from analytics.activity.habits import DAY
from analytics.activity.outages import Outage

BY_DAY_H: Final = (8, 22)
BASE_DAYS: Final = 28
ENOUGH_DAYS: Final = 7
# Of both together, in usual deviations. Chosen on made-up guests and residents.
MORE: Final = 2.5
_LEAST_SPREAD: Final = 1.0
_KINDS: Final = 4  # of days, by which sensors are out; each costs as much as all days


def shared(homes: Sequence[Events], spans: Sequence[Sequence[Outage]]) -> NDArray[np.bool_]:
    """Days of homes with more people than usual, bool (homes, days).

    On a day on which a sensor is out, as the others have it, and had it in the weeks before: two people before one
    sensor less are not as lively.

    Args:
        homes: of equally many days.
        spans: `outages` of each.
    """
    found = company(np.stack([lively(home) for home in homes]))
    for row, (home, known) in enumerate(zip(homes, spans, strict=True)):
        moves = home.of_kinds(Kind.MOTION)
        out = np.zeros((len(home.sensors), home.days), bool)
        for one in known:
            out[one.sensor, int(one.from_s // DAY_S) : int(one.to_s // DAY_S) + 1] = moves[one.sensor]
        some, often = out.any(axis=0), np.asarray(out.any(axis=1))
        kinds = np.unique(out[:, some], axis=1).T
        if len(kinds) > _KINDS:  # many that fail now and then: all of them are left out at once
            out[:, some] = often[:, None]
            kinds = often[None, :]
        for missing in kinds:
            days = (out == missing[:, None]).all(axis=0)
            found[row, days] = company(lively(home, missing)[None])[0, days]
    return found


def lively(events: Events, missing: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Minutes of each day in which anything moved, and in which movement began in two rooms, float64 (days, 2).

    Args:
        events: of one home.
        missing: sensors that do not count, bool (sensors,).
    """
    moves = events.of_kinds(Kind.MOTION)
    if missing is not None:
        moves &= ~missing
    begins = moves[events.sensor] & events.on
    places = np.array([one.place for one in events.sensors], np.int64)
    minute = (events.at_s[begins] // 60).astype(np.int64)
    rooms = np.zeros((int(places.max()) + 1, events.days * DAY), bool)
    rooms[places[events.sensor[begins]], minute] = True
    clock = np.arange(events.days * DAY) % DAY // 60
    number = np.where((clock >= BY_DAY_H[0]) & (clock < BY_DAY_H[1]), rooms.sum(axis=0), 0).reshape(-1, DAY)
    return np.stack([(number > least).sum(axis=1) for least in (0, 1)], axis=1).astype(np.float64)


def company(number: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Days with more people than usual, bool (homes, days); the first week nobody can say.

    Args:
        number: of `lively`, float64 (homes, days, 2); NaN where not known.
    """
    stable = 2 * np.sqrt(number + 0.375)
    found = np.zeros(number.shape[:2], bool)
    for day in range(ENOUGH_DAYS, number.shape[1]):
        # Days of company are not what is usual.
        past = slice(max(0, day - BASE_DAYS), day)
        own = np.where(found[:, past, None], np.nan, stable[:, past])
        enough = (~np.isnan(own).any(axis=2)).sum(axis=1) >= ENOUGH_DAYS
        own = own[enough]
        middle = np.nanmedian(own, axis=1)
        spread = np.maximum(_LEAST_SPREAD, 1.4826 * np.nanmedian(np.abs(own - middle[:, None]), axis=1))
        off = (stable[enough, day] - middle) / spread
        found[enough, day] = (off.sum(axis=1) / np.sqrt(2) > MORE) & (off[:, 0] > MORE / 2)
    return found
