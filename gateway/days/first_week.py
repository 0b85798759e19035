"""Until a week is known nothing is improbable: a plain rule stands in, and is said as such. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Final

import numpy as np

from analytics.activity.events import DAY_S
from gateway.days.quiet import Quiet
from gateway.days.record import Record

FEWEST_DAYS: Final = 7  # whole ones: fewer tell nothing of how high the statistic goes
DAY_MIN: Final = 12 * 60
NIGHT_MIN: Final = 14 * 60  # who sleeps long, in a home with no sensor in the bedroom
OUT_MIN: Final = 24 * 60
# Twelve hours from then on are over at midnight: no night is in them.
_MORNING: Final = (time(6), time(12))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The rule that stands in.

    Attributes:
        known: days that are known.
        after_min: minutes without a sign of life after which it calls.
        calls: they have passed.
    """

    known: int
    after_min: int
    calls: bool

    @property
    def words(self) -> str:
        """For whoever watches."""
        return (
            f"The days are not known yet ({self.known} of {FEWEST_DAYS}): until then {DAY_MIN // 60} h without a sign "
            f"of life call at the latest, {NIGHT_MIN // 60} h where a night may be in them, {OUT_MIN // 60} h "
            "out of home."
        )

    @property
    def reason(self) -> str:
        """For whoever is called."""
        return f"what is usual is not known yet ({self.known} of {FEWEST_DAYS} days), so {self.after_min // 60} h call"


def known_days(record: Record) -> int:
    """Whole days before today on which there was a sign of life: days of silence make nothing known."""
    days = np.unique((record.events.at_s // DAY_S).astype(np.int64))
    return max(0, int((days < int(record.now_s // DAY_S)).sum()) - 1)  # the first one is not whole


def plain_rule(record: Record, found: Quiet, answered_s: float | None = None) -> Plain | None:
    """What stands in for what is usual; None when a week is known.

    Args:
        record: of the household.
        found: the quiet that goes on.
        answered_s: when somebody was last seen to in it, seconds of the record's own clock.
    """
    known = known_days(record)
    if known >= FEWEST_DAYS:
        return None
    since_s, clock = found.since_s, found.clock
    if answered_s is not None and answered_s > found.since_s:
        since_s, clock = answered_s, record.wall(answered_s)
    # What nobody listened to was no silence.
    waited = int(record.listening[max(0, int(since_s // 60) + 1) : int(record.now_s // 60)].sum())
    if found.is_out and found.door_is_known:
        after = OUT_MIN
    else:
        after = DAY_MIN if _MORNING[0] <= time.fromisoformat(clock) <= _MORNING[1] else NIGHT_MIN
    return Plain(known=known, after_min=after, calls=waited >= after)
