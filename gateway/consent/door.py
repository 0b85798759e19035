"""The door of a sink: for each item, at the moment of sending, is there consent that covers it?

A consent covers what was received from its begin on. Clocks may be wrong, so times are compared only where both were
read from a synchronised clock (or the begin was given by a person). Otherwise the order of commits has decided already:
what was queued before a consent is withheld by the grant itself, and what is queued after it is covered.

What takes a reading back is not asked for: it holds no measurement, goes to none but those that have the reading or may
have it, and whoever withdrew a consent must not be left with somebody else's values in their record.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.consent import Consent, ConsentStore, Word
from gateway.core.subject import Subject
from gateway.delivery.items import data_type_of, is_retraction, received_at_of, subject_of
from gateway.delivery.store import Item


class ConsentDoor:
    """Asks the consents on record. Keeps nothing: an answer holds for the request that is sent next, and no longer."""

    def __init__(self, consents: ConsentStore) -> None:
        self._consents = consents

    async def allows(self, item: Item) -> Consent:
        """GRANTED: may leave now. NEVER: no consent, or a later one: wait. WITHDRAWN: must not leave."""
        return (await self.ask([item]))[0]

    async def ask(self, items: Sequence[Item]) -> list[Consent]:
        """One answer per item, in order; each subject, recipient and data type is asked once."""
        answers: dict[tuple[Subject, str, str], Word] = {}
        result: list[Consent] = []
        for item in items:
            if is_retraction(item.envelope):
                result.append(Consent.GRANTED)
                continue
            key = (subject_of(item.envelope), item.sink, data_type_of(item.envelope))
            if key not in answers:
                answers[key] = await self._consents.word(*key)
            result.append(_covers(answers[key], item))
        return result


def _covers(word: Word, item: Item) -> Consent:
    received_at = received_at_of(item.envelope)
    if word.consent is Consent.GRANTED and word.begin is not None and received_at is not None:
        return Consent.GRANTED if received_at >= word.begin else Consent.NEVER
    return word.consent
