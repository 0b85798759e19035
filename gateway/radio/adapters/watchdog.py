"""When a radio that hears nothing is repaired, and when a person is told: a ladder, without any I/O.

What counts as hearing is an advertisement with content (`gateway.radio.advert.says_something`): a scan that has half
died goes on delivering empty ones. Data over connections shows that the adapter lives, not that its scan does: a strap
that streams must not hide that pendants go unheard. Where somebody else was heard before, or a device of ours only
advertises, the adapter is opened anew under the strap. That is a test as well: the strap, cut off, is heard within
seconds, or the scan is dead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from enum import IntEnum
from typing import Final

# In a lived-in home something advertises every few seconds. The adapter is opened anew within 90 s of silence, and a
# person can see it within 3 min.
SCAN_S: Final = 60.0
REOPEN_S: Final = 85.0
REPAIR_S: Final = 120.0
FAULT_S: Final = 150.0
AGAIN_FIRST_S: Final = 600.0  # after the fault was said, repairs go on, ever more rarely
AGAIN_LONGEST_S: Final = 3600.0
SCAN_AGAIN_LONGEST_S: Final = 600.0
LIVELY_S: Final = 600.0  # without a gap for this long: a sudden silence in such a home is no coincidence
CURED_S: Final = 30.0  # heard this soon after a repair: the repair has done it
BENIGN_S: Final = 600.0  # heard again this long after the last repair: there simply was nobody to hear
PATIENCE_LIMIT: Final = 512  # × 150 s = 21 h
# A home that relies on advertisements, such as a pendant's: × 85 s = 90 min between two tests of its scan.
RELIED_ON_LIMIT: Final = 64
OTHERS_S: Final = 600.0  # others were heard this shortly before the silence began: they have not all gone at once
TALKERS_LIMIT: Final = 16  # more than an adapter holds connections to, so one that is not connected is among them


class Rung(IntEnum):
    """What is done next."""

    SCAN = 1  # the scan is started anew
    REOPEN = 2  # the adapter is closed and opened: its controller is reset
    REPAIR = 3  # the host's hardest means, such as switching the adapter off and on; then as above
    FAULT = 4  # nothing has helped: a person is told


class Watchdog:
    """The ladder of one adapter. Times are monotonic seconds.

    In a home where often nothing advertises (a cuff and a scale, both asleep) silence is no fault. Each silence that
    ended long after the last repair doubles the patience before the next disruptive one; a repair that helped, or ten
    minutes without a gap, ends it.

    Attributes:
        held: the addresses that are connected to now. They cannot advertise.
        relied_on: a device of ours only advertises.
        fault: a person is to be told.
    """

    def __init__(self, now: float) -> None:
        self._heard = now
        self._alive = now
        self._busy_since = now
        self._scan_every = SCAN_S
        self._scanned = now
        self._done = Rung.SCAN
        self._acted = now
        self._again = AGAIN_FIRST_S
        self._patience = 1
        self._talkers: OrderedDict[str, float] = OrderedDict()  # who advertised last, and when
        self._cut: frozenset[str] = frozenset()  # who was connected when the adapter was closed: will advertise
        self._unproved = False
        self.held: Collection[str] = ()
        self.relied_on = False
        self.fault = False

    @property
    def silent_since(self) -> float:
        """The last advertisement with content, or the beginning."""
        return self._heard

    @property
    def lively(self) -> bool:
        """Before the silence there was none."""
        return self._heard - self._busy_since >= LIVELY_S

    def heard(self, now: float, address: str = "") -> bool:
        """An advertisement with content. True when this ends a fault."""
        gap, since_repair = now - self._heard, now - self._acted
        if gap >= SCAN_S:
            if self._done > Rung.SCAN and since_repair <= CURED_S:
                # Who advertises only because it was cut off shows that the scan is alive, not that it was dead.
                self._unproved = address in self._cut
                self._patience = self._longer() if self._unproved else 1
            elif self.fault and since_repair >= BENIGN_S and not self.lively:
                self._patience = self._longer()
            self._busy_since = now
        elif self._unproved and since_repair <= CURED_S and address not in self._cut:
            self._unproved, self._patience = False, 1
        self._heard = self._talkers[address] = now
        self._talkers.move_to_end(address)
        if len(self._talkers) > TALKERS_LIMIT:
            self._talkers.popitem(last=False)
        if self.lively:
            self._patience = 1
        healed, self.fault = self.fault, False
        self._scan_every, self._scanned = SCAN_S, now
        self._done, self._again = Rung.SCAN, AGAIN_FIRST_S
        return healed

    def alive(self, now: float) -> None:
        """Data came over a connection. Where nobody else was there to be heard, nothing is repaired away under it."""
        self._alive = now

    def _longer(self) -> int:
        return min(self._patience * 2, RELIED_ON_LIMIT if self.relied_on else PATIENCE_LIMIT)

    @property
    def _suspicious(self) -> bool:
        """That nothing is heard may be a fault although data flows."""
        return self.relied_on or any(
            self._heard - at <= OTHERS_S for address, at in self._talkers.items() if address not in self.held
        )

    def due(self) -> tuple[float, Rung]:
        """The next rung, and when."""
        scan = (self._scanned + self._scan_every, Rung.SCAN)
        return min(scan, self._next_repair())

    def _next_repair(self) -> tuple[float, Rung]:
        alive = self._heard if self._suspicious else self._alive
        since = max(self._heard, alive)
        patience = min(self._patience, RELIED_ON_LIMIT) if self.relied_on else self._patience
        match self._done:
            case Rung.SCAN:
                return since + REOPEN_S * patience, Rung.REOPEN
            case Rung.REOPEN:
                return since + REPAIR_S * patience, Rung.REPAIR
            case Rung.REPAIR if not self.fault:
                return since + FAULT_S * patience, Rung.FAULT
            case _:
                return max(self._acted, alive) + self._again, Rung.REPAIR

    def done(self, rung: Rung, now: float) -> None:
        """The rung was climbed."""
        if rung is Rung.SCAN:
            self._scanned = now
            self._scan_every = min(self._scan_every * 2, SCAN_AGAIN_LONGEST_S)
            return
        if rung is Rung.FAULT:
            self.fault = True
        else:
            self._acted = self._scanned = now  # opening the adapter starts its scan anew, too
            self._cut = frozenset(self.held) or self._cut
        if self.fault and rung is Rung.REPAIR:
            self._again = min(self._again * 2, AGAIN_LONGEST_S)
        self._done = rung
