"""Words that come as regularly as a clock: a sensor says so that it lives, and nobody moved. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S

FEWEST: Final = 20  # longest silences; each night has some eight of 55 minutes
SAME: Final = 0.01  # of their length, to either side: people do not keep still so evenly
LEAST_S: Final = 600.0


def by_the_clock(at_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which words of a sensor came by themselves, bool (n,).

    Its longest silences, but for one and one more a week, are all of one length then. A word that ends one of these is
    no news, nor is one that is due so long after such a word, whatever else was said in between.

    Args:
        at_s: of words that all say the same, ascending, seconds, float64 (n,).
    """
    found = np.zeros(len(at_s), bool)
    silent = np.diff(at_s)
    more = 1 + int((at_s[-1] - at_s[0]) / DAY_S / 7) if len(at_s) else 0
    longest = np.sort(silent)[::-1][more : more + FEWEST]
    if len(longest) < FEWEST:
        return found
    period = float(np.median(longest))
    near = SAME * period
    if period < LEAST_S or np.abs(longest - period).max() > near:
        return found
    for begin in (np.flatnonzero(np.abs(silent - period) <= near) + 1).tolist():
        word = begin
        while not found[word]:
            found[word] = True
            due = float(at_s[word]) + period
            after = int(np.searchsorted(at_s, due))
            word = min((one for one in (after - 1, after) if one < len(at_s)), key=lambda one: abs(at_s[one] - due))
            if abs(float(at_s[word]) - due) > near:
                break
    return found
