"""Which open alert a finding belongs to, and how sure its witnesses are together.

A fall that a wearable and a radar see is one fall. The wearable knows whose it is, the radar where it was: whichever is
told first is announced at once, the other joins it. Two wearables are two people, and so are two rooms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import prod
from typing import Final

from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import Alert, AlertKind

WORN: Final = "worn"  # kinds of devices
RADAR: Final = "radar"
# Witnesses of one fall tell of it at most 8 s apart by what they call its moment: a strap means the impact, a radar the
# moment the body was down, a cheap module the moment it was sure. Two clocks of one gateway add nothing.
FUSED_S: Final = 10.0
# Of the moments that any witness looks at closely, about one in ten is a fall in the recordings that the detectors were
# calibrated on. What several say is counted from there; a finding below it would speak against the fall, and does not.
PRIOR: Final = 0.1
_CERTAIN: Final = 0.999  # no witness is: its odds stay finite
_FUSED: Final = frozenset({AlertKind.FALL, AlertKind.NO_RECOVERY})
_NARROW: Final = (SubjectType.RESIDENT, SubjectType.ROOM, SubjectType.HOME)


def together(probabilities: Iterable[float]) -> float | None:
    """How likely it is by what witnesses that err independently say: their odds multiplied, the prior counted once.

    Never less than the surest of them; None without any.
    """
    given = tuple(probabilities)
    if len(given) < 2:
        return given[0] if given else None
    before = PRIOR / (1 - PRIOR)
    odds = before * prod(max(1.0, _odds(one) / before) for one in given)
    return max(*given, odds / (1 + odds))


def _odds(probability: float) -> float:
    return min(probability, _CERTAIN) / (1 - min(probability, _CERTAIN))


def narrower(known: Subject, other: Subject) -> Subject:
    """Of both the one that says more about who it is."""
    return min(known, other, key=lambda one: _NARROW.index(one.type))


def may_be_one(alert: Alert, *, subject: Subject, kind: AlertKind, condition: str, at: datetime, witness: str) -> bool:
    """Whether a finding may be of the same fall as the alert, although it is about another subject."""
    if alert.condition != condition or not {alert.kind, kind} <= _FUSED:
        return False
    if RADAR not in {witness, *dict(alert.witnessed)}:  # two that are worn are two people
        return False
    # That nobody got up moves the newest finding on; a radar may tell later still of how it began.
    moments = (alert.found_at, alert.raised_at) if witness == RADAR else (alert.found_at,)
    return _overlap(alert.subject, subject) and any(abs((at - one).total_seconds()) <= FUSED_S for one in moments)


def nearest(alerts: Sequence[Alert], at: datetime) -> Alert | None:
    """The one whose newest finding was nearest to that moment."""
    return min(alerts, key=lambda one: abs((at - one.found_at).total_seconds()), default=None)


def _overlap(one: Subject, other: Subject) -> bool:
    """A room may hold anybody; a strap without an owner is not the strap of somebody."""
    return one.type is not other.type and SubjectType.ROOM in (one.type, other.type)
