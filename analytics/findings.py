"""The word that leaves this package."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a detector noticed in one stream.

    Attributes:
        kind: "fall" for now.
        stream: row of the stream in the arrays handed in.
        probability: calibrated probability in [0, 1].
        at_s: the moment it happened (for a fall the impact), seconds on the stream's own time line.
        decided_s: the moment it was decided, same time line; `decided_s - at_s` is the delay.
        evidence: first and last sample index (half open) on the stream's own time line, at the detector's rate.
    """

    kind: str
    stream: int
    probability: float
    at_s: float
    decided_s: float
    evidence: tuple[int, int]
