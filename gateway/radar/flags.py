"""A module's own word that somebody fell, of modules that tell no more: one witness, and what follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analytics.findings import FALL, NO_RECOVERY, Seen
from device_drivers.radar_frame import RadarFrame

# Nobody has published how often these modules are right. Even odds say so, and call a nurse all the same.
PROBABILITY: Final = 0.5
RECOVERY_S: Final = 30.0
HEARD_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """A fall, or that nobody is known to be up after it.

    Attributes:
        at: when the module said so; of "no-recovery" thirty seconds later (monotonic, s).
    """

    kind: str
    at: float
    seen: Seen | None = None


class FallFlag:
    """Of one module. Up is who moves after the module has taken its word back."""

    def __init__(self) -> None:
        self._fallen = False
        self._since: float | None = None  # of the fall that is watched
        self._up = False
        self._heard_at = float("-inf")
        self._found: list[Flagged] = []

    def feed(self, frame: RadarFrame, at: float) -> None:
        """What it said."""
        self._heard_at = at
        if frame.fallen is not None:
            if frame.fallen and not self._fallen:
                self._found.append(Flagged(kind=FALL, at=at))
                if self._since is None:
                    self._since, self._up = at, False
            self._fallen = frame.fallen
        if frame.moving and not self._fallen and self._since is not None:
            self._up = True

    def tick(self, now: float) -> list[Flagged]:
        """What was found since the last tick."""
        if self._since is not None and now - self._since >= RECOVERY_S:
            if not self._up:
                seen = Seen.DOWN if now - self._heard_at <= HEARD_S else Seen.UNHEARD
                self._found.append(Flagged(kind=NO_RECOVERY, at=self._since + RECOVERY_S, seen=seen))
            self._since = None
        found, self._found = self._found, []
        return found
