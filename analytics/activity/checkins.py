"""Sensors that speak also when nobody moves: one that has missed its words is lost, long before stillness could tell.

Most battery sensors say each hour or so that they live, with the state they had before: an Aqara motion sensor every 55
minutes (times of day in zigbee2mqtt issue 827), one of eWeLink each hour. How often each does is learnt from its own
words, so no model needs to be known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S

LEAST_S: Final = 45 * 60.0  # missed no sooner: one that speaks every ten minutes may be unheard for three words
TIMES: Final = 2.5  # its usual longest silence: one word may be lost on the air
LONGEST_S: Final = 2.5 * 3600.0  # who is usually silent for longer does not speak by itself at all hours
_FEWEST: Final = 40  # silences that were listened to …
_DAYS: Final = 2.0  # … and how long they are together: whatever is not said for two nights is not said by itself
_OWN_SHARE: Final = 0.5  # of its long silences end by a word that is no news: people do not end them


@dataclass(frozen=True, slots=True)
class CheckIn:
    """How one sensor speaks by itself.

    Attributes:
        usual_s: its longest silence but for one, and one more a week.
        missed_s: silent for longer, it is lost.
    """

    usual_s: float
    missed_s: float


def check_in(silent_s: NDArray[np.float64], by_itself: NDArray[np.bool_]) -> CheckIn | None:
    """How often a sensor speaks by itself; None of one that does not, or is too new to know.

    Args:
        silent_s: its silences, each from a word to the next one, all of them listened to, float64 (n,).
        by_itself: whether that next word only said once more what was so, bool (n,).
    """
    days = float(silent_s.sum()) / DAY_S
    if len(silent_s) < _FEWEST or days < _DAYS:
        return None
    more = 1 + int(days / 7)
    usual = float(np.sort(silent_s)[-1 - more])
    if usual > LONGEST_S or by_itself[silent_s >= usual / 2].mean() < _OWN_SHARE:
        return None
    return CheckIn(usual_s=usual, missed_s=max(LEAST_S, TIMES * usual))
