"""Several devices see one fall: their witnesses become one episode, whose probability is that of all of them.

The first witness is an episode at once: nobody waits for a second. Another device that tells of an impact at most
`TOGETHER_S` from that of the first is a witness of the same episode, in whatever order they arrive; an impact that is
later is a new episode, and a new page. Who falls in one room and who wears a sensor in another are two episodes.

Odds are multiplied: each kind of device adds what it knows beyond the prior (log odds against it). That is calibrated
when the kinds err independently of each other; devices of one kind do not, so of each kind the surest counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from analytics.findings import FALL, NO_RECOVERY

# Of what a detector thinks of telling, so much is a fall: what it says is more than this, or it is no witness.
PRIOR: Final = 0.1
MOST_SURE: Final = 0.99  # no detector is certain, and no two are
# Both see the fall 0–8 s apart (a slow one has begun seconds before it ends), their clocks differ by two at most.
TOGETHER_S: Final = 10.0
KEPT_S: Final = 120.0  # a witness that comes later is of no use to anybody: it is a new page


class Kind(StrEnum):
    """Of device: those of one kind err alike."""

    WORN = "worn"
    RADAR = "radar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What one device says of one fall.

    Attributes:
        device: which.
        kind: of device.
        finding: "fall" or "no-recovery".
        at_s: when the body came down, s on a time line that all devices share; of "no-recovery" that of its fall.
        probability: 0–1, calibrated.
        room: where, as far as that is known.
        resident: who, as far as that is known. Of a radar None, unless only one person lives there.
    """

    device: str
    kind: Kind
    finding: str = FALL
    at_s: float
    probability: float
    room: str | None = None
    resident: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One fall, as all of its witnesses tell it.

    Attributes:
        number: of the episode; a page belongs to one.
        at_s: the impact of its first witness.
        witnesses: of each device and finding the surest.
        room: as the first that knew it says.
        resident: as the first that knew it says.
        first: what the first witness knew, a resident or a room: whom the page is about. It stays, so that there is
            one alert, also when a second witness knows better.
        probability: of all of them.
        not_up: one of them says that nobody got up.
    """

    number: int
    at_s: float
    witnesses: tuple[Witness, ...]
    room: str | None
    resident: str | None
    first: Witness
    probability: float
    not_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """What a witness comes to: `page` where the episode is new, else it raises the one that was told."""

    page: bool
    episode: Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The episodes of a home that are still new enough."""

    episodes: tuple[Episode, ...] = ()
    numbered: int = 0


def combined(probabilities: Iterable[float], prior: float = PRIOR) -> float:
    """Of independent witnesses: log odds against the prior, summed; at most MOST_SURE.

    One that is no surer than the prior takes nothing away: silence is not asked here. Nothing of nobody: the prior.
    """
    base = _logit(prior)
    known = [max(_logit(one) - base, 0.0) for one in probabilities]
    return min(1.0 / (1.0 + math.exp(-(base + sum(known)))), MOST_SURE)


def witnessed(state: State, witness: Witness) -> tuple[State, Fused]:
    """One more witness, and what is to be told now.

    Raises:
        ValueError: a probability outside 0–1, a time that is no number, another finding.
    """
    if not 0.0 <= witness.probability <= 1.0 or not math.isfinite(witness.at_s):
        raise ValueError("a witness needs a probability of 0–1 and a time")
    if witness.finding not in (FALL, NO_RECOVERY):
        raise ValueError(f"{witness.finding!r} is neither a fall nor what follows one")
    near = [one for one in state.episodes if _same(one, witness)]
    if near:
        known = min(near, key=lambda one: abs(one.at_s - witness.at_s))
        episode = _joined(known, witness)
        kept = tuple(episode if one is known else one for one in state.episodes)
        return replace(state, episodes=kept), Fused(page=False, episode=episode)
    episode = Episode(
        number=state.numbered + 1, at_s=witness.at_s, witnesses=(witness,), room=witness.room,
        resident=witness.resident, first=witness, probability=combined([witness.probability]),
        not_up=witness.finding == NO_RECOVERY,
    )  # fmt: skip
    newest = max([one.at_s for one in state.episodes] + [witness.at_s])
    kept = tuple(one for one in state.episodes if newest - one.at_s <= KEPT_S)
    return State(episodes=(*kept, episode), numbered=episode.number), Fused(page=True, episode=episode)


def _same(episode: Episode, witness: Witness) -> bool:
    """Near in time, and nothing that is known of where and who contradicts."""
    near = abs(episode.at_s - witness.at_s) <= TOGETHER_S
    here = None in (episode.room, witness.room) or episode.room == witness.room
    them = None in (episode.resident, witness.resident) or episode.resident == witness.resident
    return near and here and them


def _joined(episode: Episode, witness: Witness) -> Episode:
    others = tuple(
        one for one in episode.witnesses if (one.device, one.finding) != (witness.device, witness.finding)
    )  # fmt: skip
    before = [one for one in episode.witnesses if one not in others]
    surest = max([*before, witness], key=lambda one: one.probability)
    witnesses = (*others, surest)
    best: dict[Kind, float] = {}
    for one in witnesses:
        best[one.kind] = max(best.get(one.kind, 0.0), one.probability)
    return replace(
        episode, witnesses=witnesses, room=episode.room if episode.room is not None else witness.room,
        resident=episode.resident if episode.resident is not None else witness.resident,
        probability=combined(best.values()), not_up=episode.not_up or witness.finding == NO_RECOVERY,
    )  # fmt: skip


def _logit(probability: float) -> float:
    held = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(held / (1 - held))
