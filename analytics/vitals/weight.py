"""Weight that rises faster than a body can grow: water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.findings import Judgement, Level, Standing
from analytics.vitals.measured import EXACT, Bools, Measured, named

# Within three days nobody gains a tenth of the body's weight of water whom the rule has not told of before: it is
# somebody else on the scale, a dog, or a suitcase.
OTHER_SHARE: Final = 0.10
OWN_DAYS: Final = 14  # what the resident weighs is the median of so many days before
OWN_LEAST: Final = 3  # readings; with fewer there is nothing to compare with
CLEARED_SHARE: Final = 0.5  # of the limit: a gain below it is over


@dataclass(frozen=True, slots=True, kw_only=True)
class GainLimits:
    """How much in how many days.

    Source: more than 2 kg in three days in heart failure: ESC 2021 (Eur Heart J 2021;42:3599) with the self-care paper
    of its Heart Failure Association (Eur J Heart Fail 2021;23:157), Käypä hoito *Sydämen vajaatoiminta*.
    """

    kg: float = 2.0
    days: int = 3


def of_somebody_else(measured: Measured) -> Bools:
    """(n,), which usable weights are more than a tenth away from what the resident weighed in the two weeks before.

    The median of all weights of that time, those too that were found to be somebody else's: who really weighs so much
    less (after a stay in hospital, say) is known again once half of them say so.
    """
    others = np.zeros(len(measured), dtype=np.bool_)
    usable = measured.where(measured.usable)
    weights, day = measured.values[usable, 0], measured.day[usable]
    for number, one in enumerate(usable):
        before = weights[:number][day[:number] >= day[number] - OWN_DAYS]
        if len(before) >= OWN_LEAST:
            own = float(np.median(before))
            others[one] = abs(weights[number] - own) > OTHER_SHARE * own + EXACT
    return others


def gain(measured: Measured, today: int, limits: GainLimits) -> Judgement:
    """The newest day's weight (the median of a day counts) against the lowest of the days before it.

    A gain must be *more* than the limit.
    """
    own = measured.where(measured.usable & ~of_somebody_else(measured) & (measured.day <= today))
    days = np.unique(measured.day[own])
    if len(days) == 0 or days[-1] < today - limits.days:
        return Judgement(standing=Standing.UNKNOWN)
    earlier = days[(days < days[-1]) & (days >= days[-1] - limits.days)]
    if len(earlier) == 0:
        return Judgement(standing=Standing.UNKNOWN)
    groups = {int(day): own[measured.day[own] == day] for day in (*earlier, days[-1])}
    kilos = {day: float(np.median(measured.values[group, 0])) for day, group in groups.items()}
    last = int(days[-1])
    lowest = min((int(day) for day in earlier), key=lambda day: kilos[day])
    gained = kilos[last] - kilos[lowest]
    standing = Standing.WITHIN if gained <= CLEARED_SHARE * limits.kg + EXACT else Standing.BETWEEN
    if gained > limits.kg + EXACT:
        standing = Standing.BEYOND
    return Judgement(
        standing=standing,
        evidence=named(groups[lowest], groups[last]),
        figures={"gain": gained, "weight": kilos[last], "days": float(last - lowest)},
        # The weight and not the gain: the days that it is compared with move on.
        levels={"weight": Level(kilos[last], limits.kg)},
    )
