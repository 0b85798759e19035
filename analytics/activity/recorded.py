"""When a recorded home was listened to: where nothing at all stands for half a day, the record was not kept.

Sensors and meters speak, or fail, several times a day, also in an empty home. A gateway knows when it listened; of a
file only its lines tell. Such hours are neither stillness nor life.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S, Events

SILENT_S: Final = 12 * 3600.0


def recorded(events: Events) -> NDArray[np.bool_]:
    """Minutes in which the record was kept, bool (days * 1440,).

    Args:
        events: with everything that stands in the file, also of what is no sensor of movement.
    """
    told = np.sort(np.concatenate([[0.0], events.at_s, events.failed_at_s, [events.days * DAY_S]]))
    found = np.ones(events.days * 1440, bool)
    for before in np.flatnonzero(np.diff(told) >= SILENT_S).tolist():
        found[int(told[before] // 60) + 1 : int(told[before + 1] // 60)] = False
    return found
