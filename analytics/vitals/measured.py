"""The measurements of one quantity that rules look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DAY_S: Final = 86_400.0
# Limits are meant to the last digit that a device shows; sums of such numbers in binary are off by less than this.
EXACT: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Measurements in any order, failed and doubtful ones too.

    Attributes:
        values: (n, k), NaN where there is no number. In the units of the nomenclature.
        at_s: (n,), moments in seconds on any one time line.
        day: (n,), the local calendar day of each moment, counted in days: of the resident, so that a night on which the
            clocks change has no effect.
        usable: (n,), False for what no rule may count: failed, doubtful, a test, of another user.
    """

    values: Floats
    at_s: Floats
    day: Ints
    usable: Bools

    def __len__(self) -> int:
        return len(self.at_s)

    @classmethod
    def nothing(cls, columns: int) -> Self:
        """None at all."""
        return cls(
            values=np.empty((0, columns)),
            at_s=np.empty(0),
            day=np.empty(0, dtype=np.int64),
            usable=np.empty(0, dtype=np.bool_),
        )

    def where(self, chosen: Bools) -> Ints:
        """Indices of the chosen usable ones with all their values, by time."""
        found = np.flatnonzero(chosen & self.usable & np.isfinite(self.values).all(axis=1))
        return found[np.argsort(self.at_s[found], kind="stable")].astype(np.int64)


def last_two(measured: Measured, now_s: float, *, within_s: float, apart_s: float) -> list[int]:
    """Indices of the newest of that time, and the one before it that is another measurement; by time.

    Neither is longer ago than `within_s`; what is nearer to one another than `apart_s` is one measurement.
    """
    age = now_s - measured.at_s
    found = measured.where((age >= 0) & (age < within_s))
    if len(found) == 0:
        return []
    last = int(found[-1])
    before = found[measured.at_s[found] <= measured.at_s[last] - apart_s]
    return [*(int(one) for one in before[-1:]), last]


def named(*groups: Ints) -> tuple[int, ...]:
    """Indices as evidence."""
    return tuple(int(one) for one in np.unique(np.concatenate(groups)))
