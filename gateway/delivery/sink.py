"""What a sink is to the worker: it sends, and tells for each item what the receiver said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.delivery.store import Item


class Ruling(StrEnum):
    """The receiver's word on one item, split by what the worker does."""

    ACCEPTED = "accepted"  # it has it: settle
    NOT_CARRIED = "not-carried"  # this sink takes no such thing: settle
    REFUSED = "refused"  # 400, 422: alone once more, then dead letter
    CONFLICT = "conflict"  # 409, 412 that searching did not solve: a few tries more, then dead letter
    UNAUTHORISED = "unauthorised"  # 401: read the credentials again once, then tell a person
    FORBIDDEN = "forbidden"  # 403: stop for this subject, tell a person
    NO_PATIENT = "no-patient"  # the receiver does not know the subject: stop for it, ask again later
    BUSY = "busy"  # 429, 5xx, not reachable: it has not got it, back off
    UNKNOWN = "unknown"  # no answer: it may have it; search before sending again


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A ruling with its words.

    Attributes:
        words: the receipt of an accepted item (such as "Observation/17"), else the reason. Never personal data.
        retry_after_s: how long the receiver wants to be left alone.
        whole: the answer is about the request, not about this item.
        spoke: the receiver itself answered (an HTTP status), it was not merely out of reach.
    """

    ruling: Ruling
    words: str
    retry_after_s: float | None = None
    whole: bool = False
    spoke: bool = False


class Sink(Protocol):
    """One receiver."""

    @property
    def name(self) -> str:
        """Name in the settings; also the recipient of consents and the key of its outbox."""
        ...

    @property
    def address(self) -> str:
        """For a person: "FHIR server https://…", without credentials."""
        ...

    @property
    def batch_size(self) -> int:
        """The most items for one request."""
        ...

    async def send(self, items: Sequence[Item], *, in_doubt: Collection[int]) -> list[Answer]:
        """Send, and return one answer per item, in order. Raises nothing but cancellation.

        An item may take an earlier one back (`is_retraction`): what was sent of that reading and subject is marked as
        wrong or removed. It comes alone, after the answer on the earlier one, and may come twice.

        Args:
            items: at most `batch_size`; their consent has just been asked.
            in_doubt: ids of items that the receiver may already have: searched first.
        """
        ...

    def refresh(self) -> None:
        """Read the credentials again and forget what was learnt about the receiver."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
