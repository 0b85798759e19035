"""What the worker remembers of failures: in memory, on the monotonic clock, bounded.

Nothing of this is stored: a clock step can neither lose nor hold back an item, and after a restart everything is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from gateway.core.subject import Subject
from gateway.delivery.items import is_retraction, order_key
from gateway.delivery.store import Item

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0  # 86,400 readings of 72 h without upstream must be gone 8 min after its return
LONGEST_RETRY_AFTER_S: Final = 3600.0  # a receiver that asks for more is asked again then
SUBJECT_RETRY_S: Final = 900.0  # an unknown patient may be created meanwhile
MOST_TRIES: Final = 5
REFUSED_IN_ROW: Final = 10  # refusals with nothing accepted between: the receiver is at fault, not the items
RED_AFTER: Final = 3  # failed requests in a row: a single lost reply is no fault
MOST_TROUBLES: Final = 256  # items backing off on their own; above that, the worst-off wait no longer than the others


@dataclass(slots=True, kw_only=True)
class Trouble:
    """One item that failed on its own, while its neighbours may be fine."""

    item_id: int
    key: str  # order key: later items of the same device wait behind it
    due: float
    failures: int = 0
    refusals: int = 0
    alone: bool = False
    accepted_before: int = 0  # how many items of others had been accepted at the last counted failure


@dataclass(slots=True, kw_only=True)
class Stop:
    """A subject whom the receiver refuses or does not know."""

    words: str
    due: float | None  # None: until a person says so


@dataclass(slots=True)
class Retries:
    """Pause of the whole sink, troubles of single items, stops of subjects."""

    random: Random
    failures: int = 0  # requests in a row that failed as a whole
    words: str = ""
    paused_until: float = 0.0
    accepted: int = 0
    refused_in_row: int = 0  # items refused alone with nothing accepted between
    troubles: dict[int, Trouble] = field(default_factory=dict)
    stops: dict[Subject, Stop] = field(default_factory=dict)

    def backoff(self, failures: int) -> float:
        """Seconds to wait after the n-th failure: doubled each time, half of it random so that homes do not march."""
        longest: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))
        return longest * (0.5 + 0.5 * self.random.random())

    def pause(self, now: float, words: str, retry_after_s: float | None, *, serious: bool = False) -> None:
        """The request failed as a whole: leave the receiver alone for a while. `serious`: only a person can mend it."""
        self.failures = max(self.failures + 1, RED_AFTER if serious else 0)
        self.words = words
        wait = self.backoff(self.failures)
        if retry_after_s is not None:
            wait = max(wait, min(retry_after_s, LONGEST_RETRY_AFTER_S))
        self.paused_until = now + wait

    def went_well(self, accepted: int) -> None:
        """The receiver took a request."""
        self.failures = 0
        self.words = ""
        self.paused_until = 0.0
        self.accepted += accepted
        if accepted:
            self.refused_in_row = 0

    def trouble(self, item: Item, now: float) -> Trouble:
        """The memory of this item, new or old."""
        found = self.troubles.get(item.item_id)
        if found is None:
            if len(self.troubles) >= MOST_TROUBLES:
                del self.troubles[min(self.troubles, key=lambda other: self.troubles[other].due)]
            found = Trouble(item_id=item.item_id, key=order_key(item.envelope), due=now)
            self.troubles[item.item_id] = found
        return found

    def failed(self, item: Item, now: float, retry_after_s: float | None, *, own: bool = False) -> Trouble:
        """This item failed. Unless it is its `own` failure it counts only while others pass: else nobody knows."""
        trouble = self.trouble(item, now)
        if own or trouble.failures == 0 or self.accepted > trouble.accepted_before:
            trouble.failures += 1
            trouble.accepted_before = self.accepted
        trouble.due = now + max(self.backoff(trouble.failures), min(retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))
        return trouble

    def settled(self, item_ids: Iterable[int]) -> None:
        """These need no memory any more."""
        for item_id in item_ids:
            self.troubles.pop(item_id, None)

    def skip(self, now: float) -> list[int]:
        """Items that back off."""
        return [trouble.item_id for trouble in self.troubles.values() if trouble.due > now]

    def stopped(self, now: float) -> list[Subject]:
        """Subjects not to be sent for; those whose time has come get another chance."""
        for subject, stop in list(self.stops.items()):
            if stop.due is not None and stop.due <= now:
                del self.stops[subject]
        return list(self.stops)

    def next_batch(self, items: Sequence[Item], now: float) -> list[Item]:
        """What may go in one request: nothing overtakes an earlier item of its device.

        Suspects travel alone, and so does what takes a reading back: first there must be an answer on the reading.
        """
        held = {trouble.key: trouble.item_id for trouble in self.troubles.values() if trouble.due > now}
        free: list[Item] = []
        for item in items:
            key = order_key(item.envelope)
            if key in held and held[key] < item.item_id:
                continue
            trouble = self.troubles.get(item.item_id)
            if is_retraction(item.envelope) or (trouble is not None and trouble.alone):
                if free:
                    return free
                return [item]
            free.append(item)
        return free

    def next_due(self, after: float, now: float) -> float | None:
        """The first moment after `after` (when the queue was last looked at) at which something may be tried again."""
        if self.paused_until > now:
            return self.paused_until  # until then nothing is tried, whatever is due
        moments = [trouble.due for trouble in self.troubles.values()]
        moments += [stop.due for stop in self.stops.values() if stop.due is not None]
        moments.append(self.paused_until)
        return min((moment for moment in moments if moment > after), default=None)

    def forget(self) -> None:
        """A person mended something: everything is due."""
        self.failures = 0
        self.paused_until = 0.0
        self.stops.clear()
        for trouble in self.troubles.values():
            trouble.due = 0.0
