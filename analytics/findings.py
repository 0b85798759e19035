"""The words that leave this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

FALL: Final = "fall"
NO_RECOVERY: Final = "no-recovery"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a rule says of one resident's measurements.

    Attributes:
        evidence: indices of the readings behind it, in the arrays handed in, ascending.
        figures: what was compared, by name, in the unit of the quantity.
    """

    standing: Standing
    evidence: tuple[int, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


def crossed(beyond: bool, standing: Standing) -> tuple[bool, bool]:
    """Whether a limit is newly crossed, and whether it counts as crossed from now on, given whether it did before."""
    match standing:
        case Standing.BEYOND:
            return not beyond, True
        case Standing.WITHIN:
            return False, False
        case _:
            return False, beyond
