"""When it was, of words that were stamped while the gateway's clock was ahead. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.store.room_states import StateRow

STEP_S: Final = 600.0  # a clock that was ahead by less hides nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockNow:
    """The gateway's clocks at this moment.

    Attributes:
        boot_id: of this boot; "unknown" where there is none.
        wall_s: seconds since 1970.
        offset_s: of the wall clock from the monotonic one.
        synchronised: whether the wall clock is.
    """

    boot_id: str
    wall_s: float
    offset_s: float
    synchronised: bool


@dataclass(slots=True)
class Stamps:
    """By which clock some words were stamped, one entry a word."""

    boots: dict[str, int] = field(default_factory=dict)
    seq: list[int] = field(default_factory=list)
    boot: list[int] = field(default_factory=list)
    offset_s: list[float] = field(default_factory=list)
    synchronised: list[bool] = field(default_factory=list)

    def add(self, row: StateRow) -> None:
        """One more."""
        self.seq.append(row.seq)
        self.boot.append(self.boots.setdefault(row.boot_id, len(self.boots)))
        self.offset_s.append(row.offset_s)
        self.synchronised.append(row.synchronised)


def set_right(at_s: NDArray[np.float64], stamps: Stamps, now: ClockNow) -> NDArray[np.float64]:
    """When each was, by the clock as it is now; nothing becomes later.

    Within a boot the monotonic clock tells by how much the wall clock was set back since. What was told in a boot is of
    no later moment than the first word of a later one whose clock was synchronised: only such a clock is believed, for
    one that is behind for a while would make everything old.

    Args:
        at_s: as they were stamped, seconds since 1970, float64 (n,).
        stamps: of them.
        now: this moment.
    """
    found = at_s.copy()
    seq, boot = np.array(stamps.seq, np.int64), np.array(stamps.boot, np.int64)
    offset, sure = np.array(stamps.offset_s), np.array(stamps.synchronised, bool)
    names = list(stamps.boots)
    last = [int(seq[boot == number].max()) for number in range(len(names))]
    bound = now.wall_s if now.synchronised else np.inf
    for number in sorted(range(len(names)), key=lambda one: last[one], reverse=True):
        own = np.flatnonzero(boot == number)
        own = own[np.argsort(seq[own])]
        known = own[sure[own]]
        if names[number] != "unknown" and (names[number] == now.boot_id or len(known)):
            true = now.offset_s if names[number] == now.boot_id else offset[known[-1]]
            back = true - offset[own]
            found[own] += np.where(back < -STEP_S, back, 0.0)
        if names[number] != now.boot_id:
            found[own] = np.minimum(found[own], bound)
        if len(known):
            bound = min(bound, float(found[known[0]]))
    return found
