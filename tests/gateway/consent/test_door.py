"""The door of consent: asked at the moment of sending, once per person, recipient and type."""

from __future__ import annotations

from datetime import timedelta

from gateway.consent import Consent
from gateway.consent.door import ConsentDoor
from gateway.core.envelope import Envelope
from gateway.delivery.store import Item
from tests.gateway.delivery.support import OTHER, START, MemoryConsents, alert, blood_pressure, weight, wrap


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


async def test_what_came_before_the_consent_began_waits() -> None:
    consents = MemoryConsents(begin=START)
    door = ConsentDoor(consents)
    before, at = (START - timedelta(seconds=1)).isoformat(), START.isoformat()
    early = item(wrap(weight(received_at=before)))
    assert await door.ask([early, item(wrap(weight(received_at=at)))]) == [Consent.NEVER, Consent.GRANTED]
    consents.say(Consent.WITHDRAWN)
    assert await door.allows(early) is Consent.WITHDRAWN


async def test_clocks_that_cannot_be_compared_decide_nothing() -> None:
    """The grant has withheld what was queued before it: see `tests/gateway/store/test_consents.py`."""
    before = (START - timedelta(days=20000)).isoformat()
    unsynchronised = item(wrap(weight(received_at=before, clock_synchronised=False)))
    assert await ConsentDoor(MemoryConsents(begin=START)).allows(unsynchronised) is Consent.GRANTED
    assert await ConsentDoor(MemoryConsents(begin=None)).allows(item(wrap(weight(received_at=before)))) is (
        Consent.GRANTED
    )
    assert await ConsentDoor(MemoryConsents(begin=START)).allows(item(alert())) is Consent.GRANTED
