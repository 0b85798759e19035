"""Where and when a row was made: the columns that every table carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.core.clock import Clock
from gateway.core.subject import Origin

STAMP_COLUMNS: Final = "organisation_id, home_id, gateway_id, boot_id, monotonic_s, wall, synchronised"
STAMP_MARKS: Final = "?, ?, ?, ?, ?, ?, ?"

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def utc_text(at: datetime) -> str:
    """ISO 8601 in UTC with microseconds always written: texts sort as the times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def read_boot_id() -> str:
    """The kernel's name for this boot; "unknown" where there is none (monotonic times are then never compared)."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One moment on this gateway, by all three of its clocks."""

    origin: Origin
    boot_id: str
    monotonic_s: float
    wall: datetime
    synchronised: bool

    def row(self) -> tuple[str, str, str, str, float, str, int]:
        """The values of `STAMP_COLUMNS`."""
        return (
            self.origin.organisation_id,
            self.origin.home_id,
            self.origin.gateway_id,
            self.boot_id,
            self.monotonic_s,
            utc_text(self.wall),
            int(self.synchronised),
        )


class Stamper:
    """Makes stamps. Call it in the event loop, never in the store's thread: a clock may belong to the loop."""

    def __init__(self, origin: Origin, clock: Clock, *, boot_id: str) -> None:
        self.origin = origin
        self.boot_id = boot_id
        self._clock = clock

    def now(self) -> Stamp:
        """This moment."""
        return self.at(self._clock.wall(), self._clock.monotonic(), synchronised=self._clock.synchronised())

    def at(self, wall: datetime, monotonic_s: float, *, synchronised: bool) -> Stamp:
        """Another moment of this boot, such as that of a reception."""
        return Stamp(
            origin=self.origin, boot_id=self.boot_id, monotonic_s=monotonic_s, wall=wall, synchronised=synchronised
        )
