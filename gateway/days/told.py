"""Everything that the sensors of a home said, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """Everything that sensors said, in any order.

    Attributes:
        at_s: instants, seconds since 1970 (UTC), float64 (n,).
        sensor: index of the sensor, int16 (n,).
        state: 1 is so, 0 is not so, -1 cannot be reached, int8 (n,).
    """

    at_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    sensor: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    state: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))

    def and_then(self, rows: Sequence[tuple[float, int, int]]) -> Told:
        """With some more: (at_s, sensor, state) each."""
        if not rows:
            return self
        at_s, sensor, state = zip(*rows, strict=True)
        return Told(
            at_s=np.append(self.at_s, np.array(at_s, np.float64)),
            sensor=np.append(self.sensor, np.array(sensor, np.int16)),
            state=np.append(self.state, np.array(state, np.int8)),
        )

    def since(self, utc_s: float) -> Told:
        """Without what is older, in the order of time."""
        order = np.argsort(self.at_s, kind="stable")
        order = order[self.at_s[order] >= utc_s]
        return Told(at_s=self.at_s[order], sensor=self.sensor[order], state=self.state[order])
