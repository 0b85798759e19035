"""The words that leave this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FALL: Final = "fall"
NO_RECOVERY: Final = "no-recovery"
_EXACT: Final = 1e-6  # sums of decimal numbers in binary are off by less


class Seen(StrEnum):
    """What was seen of a person who is not known to be up."""

    DOWN = "down"  # the trunk was not upright
    NO_WALKING = "no-walking"  # heard, but posture tells nothing there
    UNHEARD = "unheard"  # strap off, link lost: not known at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a detector noticed in one stream.

    Attributes:
        kind: "fall", or "no-recovery": not up 30 s after one.
        stream: row of the stream in the arrays handed in.
        probability: calibrated probability in [0, 1]; of "no-recovery" that of its fall.
        at_s: the moment it happened (the impact of the fall, also of "no-recovery"), seconds on the stream's own time
            line; negative where the stream was begun anew since.
        decided_s: the moment it was decided, same time line; `decided_s - at_s` is the delay.
        evidence: first and last sample index (half open) on the stream's own time line, at the detector's rate.
        seen: of "no-recovery" what was seen at the end.
    """

    kind: str
    stream: int
    probability: float
    at_s: float
    decided_s: float
    evidence: tuple[int, int]
    seen: Seen | None = None


class Standing(StrEnum):
    """Where what was measured stands to a limit."""

    UNKNOWN = "unknown"  # too little was measured to say
    WITHIN = "within"  # clearly: what was beyond is over
    BETWEEN = "between"  # neither: it stays as it was
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True)
class Level:
    """How bad it is in one way: more is worse, and `step` more than what was told is told anew."""

    at: float
    step: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a rule says of one resident's measurements.

    Attributes:
        evidence: indices of the readings behind it, in the arrays handed in, ascending.
        figures: what was compared, by name, in the unit of the quantity.
        levels: how bad it is, by name; none where a rule knows no worse.
    """

    standing: Standing
    evidence: tuple[int, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)


# How bad it was when that was last told, by name of the level; None: nothing is beyond its limit.
Told = Mapping[str, float] | None


def crossed(told: Told, judgement: Judgement) -> bool:
    """Whether it is to be told: a limit is newly crossed, or it is worse by a step than what was told."""
    if told is None:
        return judgement.standing is Standing.BEYOND
    # Also between: who puts on less each day than the limit, and goes on, is not on the way back.
    return judgement.standing in (Standing.BEYOND, Standing.BETWEEN) and any(
        name in told and level.at >= told[name] + level.step - _EXACT for name, level in judgement.levels.items()
    )


def told_from(told: Told, judgement: Judgement, *, now: bool) -> Told:
    """What counts as told from here on. With `now` it was told, else it was not."""
    if judgement.standing is Standing.WITHIN or (told is None and not now):
        return None
    if judgement.standing is Standing.UNKNOWN or (judgement.standing is Standing.BETWEEN and not now):
        return told
    levels, before = {name: level.at for name, level in judgement.levels.items()}, told or {}
    if now:
        return {name: max(at, before.get(name, at)) for name, at in levels.items()}
    return levels | dict(before)
