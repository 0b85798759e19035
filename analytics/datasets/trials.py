"""What every loader gives: one recorded trial of one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class DatasetError(Exception):
    """The recordings cannot be used: one sentence that says what was expected and where."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """One trial.

    Attributes:
        subject: the person, by file or folder ("SA01"): the group of every split.
        name: the trial's own name ("F05_SA03_R02"), once for a subject and position.
        activity: the scripted activity ("F05", "D11", "backwardFall").
        fall: whether it is a staged fall.
        position: where it was worn ("waist").
        elder: whether the person belongs to the older group.
        rate_hz: samples a second, the mean of this trial.
        samples: float32 (n, 3), g.
    """

    subject: str
    name: str
    activity: str
    fall: bool
    position: str
    elder: bool
    rate_hz: float
    samples: NDArray[np.float32]
