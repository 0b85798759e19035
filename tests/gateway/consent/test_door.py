"""The door of consent: asked at the moment of sending, once per person, recipient and type."""

from __future__ import annotations

from gateway.consent import Consent
from gateway.consent.door import ConsentDoor
from gateway.core.envelope import Envelope
from gateway.delivery.store import Item
from tests.gateway.delivery.support import OTHER, MemoryConsents, alert, blood_pressure, weight, wrap


def item(envelope: Envelope, sink: str = "fhir") -> Item:
    return Item(item_id=1, sink=sink, envelope=envelope, attempts=0)


async def test_three_answers() -> None:
    consents = MemoryConsents(default=Consent.NEVER)
    door = ConsentDoor(consents)
    assert await door.allows(item(wrap(weight()))) is Consent.NEVER
    consents.say(Consent.GRANTED)
    assert await door.allows(item(wrap(weight()))) is Consent.GRANTED
    consents.say(Consent.WITHDRAWN)
    assert await door.allows(item(wrap(weight()))) is Consent.WITHDRAWN


async def test_per_person_recipient_and_type() -> None:
    consents = MemoryConsents(default=Consent.NEVER)
    consents.say(Consent.GRANTED, data_type="weight")
    consents.say(Consent.GRANTED, recipient="influx", data_type="alert")
    other = wrap(weight(subject={"type": "resident", "id": OTHER}))
    asked = [
        item(wrap(weight())),
        item(wrap(blood_pressure())),
        item(other),
        item(wrap(weight()), "influx"),
        item(alert(), "influx"),
        item(alert(), "fhir"),
    ]
    granted, never = Consent.GRANTED, Consent.NEVER
    assert await ConsentDoor(consents).ask(asked) == [granted, never, never, never, granted, never]


async def test_nothing_is_remembered_between_requests_and_nothing_asked_twice_within() -> None:
    consents = MemoryConsents()
    door = ConsentDoor(consents)
    assert await door.ask([item(wrap(weight())) for _ in range(10)]) == [Consent.GRANTED] * 10
    assert consents.asked == 1
    consents.say(Consent.WITHDRAWN)
    assert await door.ask([item(wrap(weight()))]) == [Consent.WITHDRAWN]
