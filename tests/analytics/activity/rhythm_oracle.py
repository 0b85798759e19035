"""IS, IV, RA once more, slowly, as the papers print them: sums over hours, one at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def stability(hours: Sequence[float]) -> float:
    """IS = n Σ_h (x̄_h − x̄)² / (p Σ_i (x_i − x̄)²), Witting 1990; each hour as often as known when some are not."""
    known = [(index % 24, x) for index, x in enumerate(hours) if not math.isnan(x)]
    if not known:
        return math.nan
    n = len(known)
    mean = math.fsum(x for _, x in known) / n
    total = math.fsum((x - mean) ** 2 for _, x in known)
    if len(hours) == n:
        p = 24
        profile = [math.fsum(hours[h::24]) / len(hours[h::24]) for h in range(p)]
        between = n * math.fsum((x - mean) ** 2 for x in profile) / p
    else:
        between = 0.0
        for h in range(24):
            own = [x for hour, x in known if hour == h]
            if own:
                between += len(own) * (math.fsum(own) / len(own) - mean) ** 2
    return between / total if total > 0 else math.nan


def variability(hours: Sequence[float]) -> float:
    """IV = n Σ_i (x_i − x_{i−1})² / ((n − 1) Σ_i (x_i − x̄)²), Witting 1990."""
    known = [x for x in hours if not math.isnan(x)]
    pairs = [(before, after) for before, after in pairwise(hours) if not (math.isnan(before) or math.isnan(after))]
    if not pairs:
        return math.nan
    mean = math.fsum(known) / len(known)
    total = math.fsum((x - mean) ** 2 for x in known)
    steps = math.fsum((after - before) ** 2 for before, after in pairs)
    return len(known) * steps / (len(pairs) * total) if total > 0 else math.nan


def amplitude(hours: Sequence[float]) -> float:
    """RA = (M10 − L5) / (M10 + L5) of the mean profile, Van Someren 1999."""
    profile = []
    for h in range(24):
        own = [x for x in hours[h::24] if not math.isnan(x)]
        if not own:
            return math.nan
        profile.append(math.fsum(own) / len(own))
    most = max(math.fsum(profile[(begin + k) % 24] for k in range(10)) / 10 for begin in range(24))
    least = min(math.fsum(profile[(begin + k) % 24] for k in range(5)) / 5 for begin in range(24))
    return (most - least) / (most + least) if most + least > 0 else math.nan
