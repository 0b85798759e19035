"""When a device is tried again: exponential pauses with jitter, one series per device, and a budget per hour."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Final

AFTER_SESSION_S: Final = 1.0  # it may call again at once: with the record that was measured meanwhile
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 300.0  # a cuff calls for a minute after each measurement: the next one is tried in any case
STALE_BOND_S: Final = 3600.0  # no retry will mend it, a technician will; once an hour in case somebody did
SUSPECTED_S: Final = 300.0  # perhaps it was only the batteries
EMPTY_LONGEST_S: Final = 30.0  # a session without a reading is no fault, but no reason to hurry either
# Each connection costs the device some battery, and the others air time. Those that brought something are free.
BUDGET: Final = 60
BUDGET_S: Final = 3600.0


@dataclass(slots=True, kw_only=True)
class Rest:
    """One device's pauses. `until` is monotonic."""

    until: float = 0.0
    failures: int = 0
    empty: int = 0
    fruitless: deque[float] = field(default_factory=lambda: deque(maxlen=BUDGET))  # when; the oldest are forgotten

    def resting(self, now: float) -> bool:
        return now < self.until

    def succeeded(self, now: float, rng: random.Random, *, readings: int) -> None:
        """A session ran to its end."""
        self.failures = 0
        self.empty = 0 if readings else self.empty + 1
        pause = min(AFTER_SESSION_S * 2 ** min(max(self.empty - 1, 0), 10), EMPTY_LONGEST_S)
        self._pause(now, pause, rng, fruitless=not readings)

    def failed(self, now: float, rng: random.Random, *, brought: bool = False, longest_s: float | None = None) -> float:
        """It broke off; the pause until the next attempt. One that had `brought` something begins the series anew.

        `longest_s` shortens the pauses while somebody is waiting; the budget goes on.
        """
        self.failures = 1 if brought else self.failures + 1
        pause = min(FIRST_PAUSE_S * 2 ** min(self.failures - 1, 10), longest_s or LONGEST_PAUSE_S)
        return self._pause(now, pause, rng, fruitless=not brought)

    def stale(self, now: float, rng: random.Random, *, suspected: bool = False) -> None:
        """The bond is gone, or may be."""
        self.failures += 1
        self._pause(now, SUSPECTED_S if suspected else STALE_BOND_S, rng, fruitless=True)

    def forget(self) -> None:
        """A technician did something: try at once."""
        self.until, self.failures, self.empty = 0.0, 0, 0
        self.fruitless.clear()

    def _pause(self, now: float, seconds: float, rng: random.Random, *, fruitless: bool) -> float:
        pause = seconds * rng.uniform(0.75, 1.25)
        if fruitless:
            self.fruitless.append(now)
            if len(self.fruitless) == BUDGET:
                pause = max(pause, self.fruitless[0] + BUDGET_S - now)
        self.until = now + pause
        return pause
