"""The door of a sink: for each item, at the moment of sending, is there consent?"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.consent import Consent, ConsentStore
from gateway.core.subject import Subject
from gateway.delivery.items import data_type_of, subject_of
from gateway.delivery.store import Item


class ConsentDoor:
    """Asks the consents on record. Keeps nothing: an answer holds for the request that is sent next, and no longer."""

    def __init__(self, consents: ConsentStore) -> None:
        self._consents = consents

    async def allows(self, item: Item) -> Consent:
        """GRANTED: may leave now. NEVER: wait. WITHDRAWN: must not leave."""
        return (await self.ask([item]))[0]

    async def ask(self, items: Sequence[Item]) -> list[Consent]:
        """One answer per item, in order; each subject, recipient and data type is asked once."""
        answers: dict[tuple[Subject, str, str], Consent] = {}
        result: list[Consent] = []
        for item in items:
            key = (subject_of(item.envelope), item.sink, data_type_of(item.envelope))
            if key not in answers:
                answers[key] = await self._consents.state(*key)
            result.append(answers[key])
        return result
