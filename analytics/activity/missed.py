"""How much each sensor is missed while it is silent: its silence, weighed by what the others said meanwhile.

A living room that says nothing for five hours of an afternoon in which somebody comes and goes elsewhere is stranger
than one that says nothing all night. Each half hour in which another sensor spoke and this one did not counts by how
usual it is that this one speaks then: -log(1 - p), where p is the share of earlier days on which it did, among those
on which others did at that hour. Half hours in which nobody else was heard count for nothing: of stillness, an absence
and a gateway that is off no sensor's silence is evidence. Half hours are no independent draws, so what the sum means
is told by the sensor's own past (`outages`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S, Events

SLOT_S: Final = 1800.0
SLOTS: Final = 48  # a day
HALF_LIFE_DAYS: Final = 28.0  # a room that is used less and less is missed less and less
_NEVER: Final = 0.1  # of one day: how often a sensor is taken to speak at an hour of which nothing is known
_MOST: Final = 0.95  # nobody comes for certain
TIMES: Final = 1.75  # as much as in the longest ordinary silence: the sensor is out
KNOWN_AFTER: Final = 20  # words; of a cupboard opened once a month nobody can say that it is late
KNOWN_DAYS: Final = 14  # since its first word: what is usual at each hour
_AGAIN_S: Final = 14 * DAY_S  # a second silence like that within a fortnight is more likely a new habit


def missed(
    events: Events, own: NDArray[np.intp], lost: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How much each sensor is missed at the end of each half hour: 0 in one in which it spoke.

    Args:
        events: of one home.
        own: sensors that tell of somebody, indices (n,).
        lost: half hours in which each is known to be lost, from which nothing is learnt, bool (n, days * SLOTS).

    Returns:
        The sum since its last word, and the half hour of that (-1: none), (n, days * SLOTS). They depend on nothing
        that is later.
    """
    spoke = np.zeros((len(events.sensors), events.days * SLOTS), bool)
    within = events.at_s < events.days * DAY_S
    spoke[events.sensor[within], (events.at_s[within] // SLOT_S).astype(np.int64)] = True
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
    path = sums - np.maximum.accumulate(np.where(spoke, sums, 0.0), axis=1)
    return path, np.maximum.accumulate(np.where(spoke, np.arange(spoke.shape[1]), -1), axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A silence in which a sensor was missed more than in any before.

    Attributes:
        from_s, to_s: from its last word to the next one, or the end of the record.
        first, last: half hours of it: [first, last).
        before: how much it was missed already when it began: not 0 where it begins with the end of a reported loss.
        longest: how much it was missed, ordinarily, until then.
    """

    from_s: float
    to_s: float
    first: int
    last: int
    before: float
    longest: float


def runs(
    path: NDArray[np.float64], words: NDArray[np.float64], end_s: float, lost: Sequence[tuple[float, float]]
) -> tuple[list[Run], NDArray[np.float64]]:
    """The silences of one sensor in which it was missed more than ever before, in the order of time.

    A silence of more than `TIMES` as much is none of its ordinary ones; but a second one within a fortnight that ended
    by the sensor's own word makes them longer, or a new habit would be a broken sensor every day. In the first
    fortnight, when batteries and reach go wrong, no single one makes them longer by more than that either.

    Args:
        path: how much it is missed, of `missed`, float64 (slots,).
        words: when it spoke, seconds, ascending, float64 (n,).
        end_s: of the record.
        lost: spans in which it was known to be lost: of these silences what comes after them counts.

    Returns:
        And the longest ordinary one until each half hour, float64 (slots,); infinity while that is not known.
    """
    if not len(words):
        return [], np.full(len(path), np.inf)
    begins = np.union1d(words, [one for _, one in lost if words[0] < one < end_s])
    ends = np.append(begins[1:], end_s)
    slots = (np.stack([begins, ends]) // SLOT_S).astype(np.int64)
    spoke = np.isin(begins, words)
    usual, early, longest, before = np.full(len(path), np.inf), [0.0, 0.0], 0.0, -np.inf
    found: list[Run] = []
    for index in np.flatnonzero(slots[1] - slots[0] > 1).tolist():  # in any other nothing was missed
        begin, end = float(begins[index]), float(ends[index])
        first, last = int(slots[0, index]) + 1, int(slots[1, index])
        already = 0.0 if spoke[index] else float(path[first - 1])
        height = float(path[last - 1]) - already
        known = index + 1 >= KNOWN_AFTER and begin - words[0] >= KNOWN_DAYS * DAY_S and longest > 0
        if (known and height <= longest) or any(one < end and begin < other for one, other in lost):
            continue
        if not known:
            early = sorted([*early, height])[-2:]
            longest = min(early[1], TIMES * early[0])
            continue
        usual[first:] = longest
        found.append(Run(from_s=begin, to_s=end, first=first, last=last, before=already, longest=longest))
        if height <= TIMES * longest:
            longest = height
        elif end < end_s:
            longest = min(height, TIMES * longest) if begin - before < _AGAIN_S else longest
            before = begin
        usual[last:] = longest
    return found, usual
