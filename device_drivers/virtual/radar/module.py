"""What every virtual radar module is: something that says bytes about a room and takes bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from device_drivers.virtual.radar.body import Body


class RadarModule(ABC):
    """One module at its place. No clock: it is asked `rate_hz` times a second.

    Attributes:
        baud: at which it speaks.
        noise_m: standard deviation of a distance, height or place that it gives.
        rate_hz: how often `says` is to be called.
    """

    baud: ClassVar[int]
    noise_m: ClassVar[float]
    rate_hz: float

    def __init__(self, *, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    @abstractmethod
    def boots(self) -> bytes:
        """What it says when it gets power; what it only keeps while it has some is forgotten."""

    @abstractmethod
    def says(self, now: float, bodies: Sequence[Body]) -> bytes:
        """What it sends at this moment: nothing, a frame, or several."""

    @abstractmethod
    def hears(self, data: bytes) -> bytes:
        """Bytes from the host, cut anywhere; gives what it answers. What is no command is ignored."""

    @abstractmethod
    def factory(self) -> None:
        """All settings as they left the maker."""
