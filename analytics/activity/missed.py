"""How much each sensor is missed while it is silent: its silence, weighed by what the others said meanwhile.

A living room that says nothing for five hours of an afternoon in which somebody comes and goes elsewhere is stranger
than one that says nothing all night. Each half hour in which another sensor spoke and this one did not counts by how
usual it is that this one speaks then: -log(1 - p), where p is the share of earlier days on which it did, among those
on which others did at that hour. Half hours in which nobody else was heard count for nothing: of stillness, an absence
and a gateway that is off no sensor's silence is evidence. Half hours are no independent draws, so what the sum means
is told by the sensor's own past (`outages`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import Events

SLOT_S: Final = 1800.0
SLOTS: Final = 48  # a day
HALF_LIFE_DAYS: Final = 28.0  # a room that is used less and less is missed less and less
_NEVER: Final = 0.1  # of one day: how often a sensor is taken to speak at an hour of which nothing is known
_MOST: Final = 0.95  # nobody comes for certain


def missed(events: Events, own: NDArray[np.intp], lost: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much each sensor is missed at the end of each half hour: 0 in one in which it spoke.

    Args:
        events: of one home.
        own: sensors that tell of somebody, indices (n,).
        lost: half hours in which each is known to be lost, from which nothing is learnt, bool (n, days * SLOTS).

    Returns:
        The sum since its last word, float64 (n, days * SLOTS). It depends on nothing that is later.
    """
    spoke = np.zeros((len(events.sensors), events.days * SLOTS), bool)
    spoke[events.sensor, (events.at_s // SLOT_S).astype(np.int64)] = True
    spoke = spoke[own]
    others = spoke.sum(axis=0) > spoke  # at least one of the others
    known = (others & ~lost).reshape(-1, events.days, SLOTS)
    each = np.stack([known, known & spoke.reshape(known.shape)]).astype(np.float64)
    before, past = np.empty_like(each), np.zeros_like(each[:, :, 0])
    for day in range(events.days):
        before[:, :, day] = past
        past = (past + each[:, :, day]) * 0.5 ** (1 / HALF_LIFE_DAYS)
    days, usual = (np.roll(before, 1, axis=3) + 2.0 * before + np.roll(before, -1, axis=3)) / 4.0  # no clockwork
    comes = np.minimum((usual + _NEVER) / (days + 1.0), _MOST).reshape(spoke.shape)
    sums = np.cumsum(np.where(others & ~spoke, -np.log1p(-comes), 0.0), axis=1)
    return sums - np.maximum.accumulate(np.where(spoke, sums, 0.0), axis=1)
