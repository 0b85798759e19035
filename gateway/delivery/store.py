"""What delivery needs of a store.

Retry times are kept in memory on the monotonic clock, never as wall time in the store: a clock step can neither lose an
item nor hold it back, and after a restart everything that waits is due at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.core.envelope import Envelope
from gateway.core.subject import Subject


class ItemState(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"
    DEAD = "dead"  # the receiver refuses it for good; a person was told
    WITHHELD = "withheld"  # no consent so far
    DROPPED = "dropped"  # consent was withdrawn, or this sink takes no such thing: the reason says which


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One envelope on its way to one sink. `item_id` orders the queue."""

    item_id: int
    sink: str
    envelope: Envelope
    attempts: int


class OutboxStore(Protocol):
    """One queue per sink. An item is written in the same transaction as the thing it carries."""

    async def queued(
        self, sink: str, *, limit: int, skip: Sequence[int] = (), skip_subjects: Sequence[Subject] = ()
    ) -> list[Item]:
        """Items that wait, alerts before readings, then oldest first.

        `skip` are those backing off (a few hundred at most), `skip_subjects` those whom the receiver refuses for now.
        """
        ...

    async def settle(
        self, sink: str, outcomes: Sequence[tuple[int, ItemState, str | None]], *, tried: Sequence[tuple[int, str]] = ()
    ) -> None:
        """Commit what the receiver said: (item_id, new state, receipt or reason), and failed tries (item_id, error).

        A failed try adds one to the item's `attempts`; an item may be in both. All in one transaction; settling an item
        again as it already is changes nothing.
        """
        ...

    async def release(self, sink: str, *, subject_type: str, subject_id: str, since: str | None) -> int:
        """Consent came: withheld items of the subject received at or after `since` (ISO 8601) wait again; how many."""
        ...

    async def drop(self, sink: str, *, subject_type: str, subject_id: str) -> int:
        """Consent went: queued and withheld items of the subject are dropped. Returns how many.

        Not those that take a reading back: they need no consent.
        """
        ...

    async def counts(self, sink: str) -> Mapping[ItemState, int]:
        """How many items are in each state."""
        ...

    async def dead_letters(self, sink: str, *, limit: int = 100) -> list[tuple[Item, str]]:
        """Items the receiver refused, with its reason, newest first."""
        ...
