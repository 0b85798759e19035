"""What goes wrong on a serial line, between what a module says and what its host hears."""

from __future__ import annotations

from typing import Final

import numpy as np

GARBAGE_BYTES: Final = 400
FLOOD_FRAMES: Final = 100
HALVES: Final = 5
_OTHER_BAUD: Final = {115200: 9600, 256000: 115200, 921600: 115200}


class Faults:
    """The faults of one line.

    Attributes:
        silent: nothing is said.
        wrong_baud: at which speed the host listens whatever it says, as with a module that was set to another one.
    """

    def __init__(self, *, seed: int, baud: int) -> None:
        self._rng = np.random.default_rng((seed, 1))
        self._baud = baud
        self.silent = False
        self.wrong_baud: int | None = None
        self._garbage = 0
        self._halves = 0
        self._copies = 0

    def garbage(self) -> None:
        """Noise, once."""
        self._garbage = GARBAGE_BYTES

    def half(self) -> None:
        """Of the next frames only a piece arrives."""
        self._halves = HALVES

    def flood(self) -> None:
        """The next frame comes very often."""
        self._copies = FLOOD_FRAMES

    def other_baud(self) -> None:
        """The module and its host disagree from now on."""
        self.wrong_baud = _OTHER_BAUD.get(self._baud, 9600)

    def right_baud(self) -> None:
        """They agree again, as far as the host says."""
        self.wrong_baud = None

    def apply(self, said: bytes) -> bytes:
        """What leaves the module."""
        if self.silent:
            return b""
        if said and self._halves:
            self._halves -= 1
            said = said[: int(self._rng.integers(1, max(2, len(said))))]
        if said and self._copies:
            said, self._copies = said * self._copies, 0
        noise, self._garbage = self._rng.bytes(self._garbage), 0
        return noise + said
