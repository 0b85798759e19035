"""The word that leaves this package."""

from __future__ import annotations

from dataclasses import dataclass
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
