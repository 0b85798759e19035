"""What a module that only says "fallen" and "somebody is there" tells of a day, as such modules are told to do."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.scenes.days import CARER, DAY_S, PERSON, Day
from analytics.datasets.scenes.draws import Draw

RATE_HZ: Final = 2.0
FRAMES: Final = int(DAY_S * RATE_HZ)


class FlagSensing:
    """One module; how good it is, is drawn once."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._draw = Draw("flag", rng)
        self._sees, self._sees_who_sits = self._draw("sensitivity"), self._draw("sits_sensitivity")
        self._false_a_day = self._draw("false_a_day")

    def tells(self, day: Day) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Fallen and present, int8 (FRAMES,) each, two words a second."""
        rng = self._rng
        fallen, present = np.zeros(FRAMES, np.int8), np.zeros(FRAMES, np.int8)
        for body in (*day.bodies[PERSON], *day.bodies[CARER]):
            present[int(body.first / 10 * RATE_HZ) : int((body.first + len(body.top)) / 10 * RATE_HZ)] = 1
        for fall in day.falls:
            if rng.random() < (self._sees_who_sits if fall.kind.endswith("-sits") else self._sees):
                fallen[int((fall.impact_s + self._draw("delay")) * RATE_HZ) : int(fall.up_s * RATE_HZ)] = 1
        there = np.flatnonzero(present)
        for at in rng.choice(there, rng.poisson(self._false_a_day)).tolist() if len(there) else []:
            fallen[at : at + int(self._draw("stuck_for") * RATE_HZ)] = 1
        return fallen, present
