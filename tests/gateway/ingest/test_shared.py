"""A device that several residents use: decided by the band, asked of a person, delivered when somebody has said."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Reading
from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.bands import MEMORY_DAYS
from gateway.ingest.decisions import Decisions
from gateway.ingest.ingest import Duplicate, Outcome, Stored, Unassigned
from gateway.store import weighings
from gateway.store.readings import Readings
from tests.gateway.ingest.conftest import AINO, CUFF, ROUTES, Gateway, device_time, known, pressure, weight
from tests.gateway.ingest.scales import REFERENCES, apart, changed_places

BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")
BATHROOM = known("bathroom", "reception", 7)  # a scale without a clock
CLOCKED = known("clocked", "device-time", 8)
LOCAL = datetime(2026, 3, 1, 9, 59)  # noqa: DTZ001  # a device's clock has no zone
HOUR = timedelta(hours=1)


@pytest.fixture
async def decisions(gateway: Gateway) -> Decisions:
    await gateway.registry.add_resident("Bertta", actor="t", resident_id=BERTTA.id)
    return Decisions(gateway.database, gateway.stamper, routes=ROUTES)


async def share(gateway: Gateway, device: str, **weights: float) -> None:
    for subject in (AINO, BERTTA):
        reference = {"weight": weights[subject.id]} if subject.id in weights else None
        await gateway.registry.assign(device, subject, actor="t", shared=True, reference=reference)


async def weigh(gateway: Gateway, kilograms: float) -> Outcome:
    gateway.clock.step(timedelta(hours=1))
    return await gateway.ingest.accept(gateway.received(BATHROOM, weight(kilograms)))


def composition(at: datetime | None, kilograms: float | None = None, fat: float = 30.0) -> Reading:
    values = {Quantity.BODY_FAT: fat} | ({} if kilograms is None else {Quantity.WEIGHT: kilograms})
    time = None if at is None else device_time(at)
    return Reading(kind=Kind.BODY_COMPOSITION, values=values, time=time, raw=b"\x02", source="2a9c")


def weight_at(at: datetime, kilograms: float) -> Reading:
    time = device_time(at)
    return Reading(kind=Kind.WEIGHT, values={Quantity.WEIGHT: kilograms}, time=time, raw=b"\x01", source="2a9d")


async def whose(gateway: Gateway) -> list[str | None]:
    return [None if row.subject is None else row.subject.id for row in await Readings(gateway.database).after()]


@pytest.mark.slow
async def test_sixty_days_through_ingest_and_store(gateway: Gateway, decisions: Decisions) -> None:
    """Row 8 of the issue: one seed, the real way; nobody ever answers."""
    story = apart(11)
    begin = gateway.clock.wall()
    await share(gateway, BATHROOM.address, aino=story.references["a"], bertta=story.references["b"])
    names = {"a": AINO.id, "b": BERTTA.id, "visitor": None}
    right = 0
    for step in story.steps:
        gateway.clock.step(begin + timedelta(seconds=step.at_s - REFERENCES) - gateway.clock.wall())
        await gateway.ingest.accept(gateway.received(BATHROOM, weight(step.kilograms)))
    found = await whose(gateway)
    for step, one in zip(story.steps, found, strict=True):
        assert one in (None, names[step.who]), step
        right += one is not None
    residents = sum(step.who != "visitor" for step in story.steps)
    assert right / residents >= 0.9
    assert await gateway.queued() == right
    assert await decisions.count() == len(story.steps) - right


async def test_the_first_readings_are_asked_of_a_person(gateway: Gateway, decisions: Decisions) -> None:
    await share(gateway, BATHROOM.address)
    first = await weigh(gateway, 70.0)
    assert isinstance(first, Unassigned)
    assert first.asked
    assert first.sentence == (
        "bathroom AA:00:00:00:00:07: 2 of those who share the scale have not been weighed so far, or too long ago. "
        "'huoma readings unassigned' lists what a person has to say."
    )
    await weigh(gateway, 90.0)
    await weigh(gateway, 70.3)
    newest, berttas, ainos = await decisions.offered()
    assert newest.candidates == (AINO.id, BERTTA.id)
    assert await decisions.assign(ainos.reading.id, AINO, actor="teppo") == 1
    # Now both are known, and the third is plainly Aino's.
    assert await decisions.assign(berttas.reading.id, BERTTA, actor="teppo") == 2
    assert await whose(gateway) == ["aino", "bertta", "aino"]
    assert await decisions.count() == 0
    bodies = [item.envelope["body"] for item in await gateway.outbox.queued("fhir", limit=9)]
    assert [(body["subject"]["id"], body["values"][0]["value"]) for body in bodies] == [
        ("aino", 70.0),
        ("bertta", 90.0),
        ("aino", 70.3),
    ]
    assert isinstance(await weigh(gateway, 89.5), Stored)
    audited = [(row.action, row.actor) for row in await gateway.registry.audit(limit=2)]
    assert audited == [("reading.assign", "teppo")] * 2


async def test_a_technician_gives_the_weights_at_the_assignment(gateway: Gateway, decisions: Decisions) -> None:
    await share(gateway, BATHROOM.address, aino=70.2, bertta=85.0)
    assert isinstance(await weigh(gateway, 70.6), Stored)
    assert isinstance(await weigh(gateway, 85.3), Stored)
    assert isinstance(await weigh(gateway, 77.0), Unassigned)
    assert await whose(gateway) == ["aino", "bertta", None]
    (offered,) = await decisions.offered()
    assert offered.why == "it is near to nobody's weight of late: a visitor, or a change"
    assert offered.bands["aino"].centre_kg == pytest.approx(70.4, abs=0.01)


async def test_a_visitor_is_asked_about_once(gateway: Gateway, decisions: Decisions) -> None:
    await share(gateway, CLOCKED.address, aino=70.2, bertta=85.0)
    received = gateway.received(CLOCKED, weight_at(LOCAL, 77.0))
    await gateway.ingest.accept(received)
    await gateway.ingest.accept(gateway.received(CLOCKED, composition(LOCAL)))
    assert await decisions.count() == 2
    (composed, weighed) = await decisions.offered()
    await decisions.dismiss(weighed.reading.id, actor="nurse")
    assert await decisions.count() == 0  # the body composition is of the same visitor
    assert await gateway.ingest.accept(received) == Duplicate(seq=1)
    assert await gateway.ingest.take_up(CLOCKED.address) == 0
    assert await whose(gateway) == [None, None]
    assert composed.reading.kind == "body-composition"
    # A slip of the finger: it was Bertta after all.
    assert await decisions.reassign(weighed.reading.id, BERTTA, actor="nurse") == 2
    assert await whose(gateway) == ["bertta", "bertta"]
    assert await gateway.queued() == 2


@pytest.mark.parametrize("composition_first", [False, True])
async def test_body_composition_goes_with_its_weight(
    gateway: Gateway, decisions: Decisions, composition_first: bool
) -> None:
    await share(gateway, CLOCKED.address, aino=70.2, bertta=85.0)
    parts = [weight_at(LOCAL, 70.0), composition(LOCAL)]
    for part in reversed(parts) if composition_first else parts:
        await gateway.ingest.accept(gateway.received(CLOCKED, part))
    assert await whose(gateway) == ["aino", "aino"]
    assert await gateway.queued() == 2
    # An undecided one waits for its weight, and a person decides both at once.
    later = LOCAL + timedelta(seconds=30)
    for part in (weight_at(later, 77.0), composition(later, fat=31.0)):
        await gateway.ingest.accept(gateway.received(CLOCKED, part))
    assert await decisions.count() == 2
    offered = (await decisions.offered())[0]
    await decisions.assign(offered.reading.id, BERTTA, actor="nurse")
    assert await whose(gateway) == ["aino", "aino", "bertta", "bertta"]


async def test_a_weight_within_the_composition_counts(gateway: Gateway, decisions: Decisions) -> None:
    await share(gateway, CLOCKED.address, aino=70.2, bertta=85.0)
    outcome = await gateway.ingest.accept(gateway.received(CLOCKED, composition(LOCAL, 84.8)))
    assert isinstance(outcome, Stored)
    assert outcome.document["subject"]["id"] == "bertta"


async def test_equal_stamps_of_a_clock_that_fell_back_link_nothing(gateway: Gateway, decisions: Decisions) -> None:
    await share(gateway, CLOCKED.address, aino=70.2, bertta=85.0)
    stamp = datetime(2010, 1, 1)  # noqa: DTZ001
    for kilograms in (70.0, 85.2):
        clock = gateway.offset((stamp - LOCAL).total_seconds())
        await gateway.ingest.accept(gateway.received(CLOCKED, weight_at(stamp, kilograms), clock))
    outcome = await gateway.ingest.accept(gateway.received(CLOCKED, composition(stamp)))
    assert isinstance(outcome, Unassigned)


async def test_a_shared_cuff_is_always_asked(gateway: Gateway, decisions: Decisions) -> None:
    """Blood pressure tells nobody apart."""
    await gateway.registry.unassign(CUFF.address, actor="t")
    await share(gateway, CUFF.address)
    gateway.clock.step(HOUR)
    received = gateway.received(CUFF, pressure(gateway.clock.wall().replace(tzinfo=None) + 2 * HOUR))
    later = dataclasses.replace(received, received_monotonic=received.received_monotonic + HOUR.total_seconds())
    await gateway.ingest.accept(later)
    (offered,) = await decisions.offered()
    assert offered.why == "2 residents share the device, and a blood-pressure tells nobody apart"
    assert offered.bands == {}
    await decisions.assign(offered.reading.id, BERTTA, actor="nurse")
    assert await whose(gateway) == ["bertta"]


async def test_a_slot_goes_before_the_band_and_no_slot_leaves_it_to_the_band(
    gateway: Gateway, decisions: Decisions
) -> None:
    await share(gateway, CLOCKED.address, aino=70.2, bertta=85.0)
    await gateway.registry.assign(CLOCKED.address, BERTTA, actor="t", user_slot=2)
    by_button = Reading(
        kind=Kind.WEIGHT, values={Quantity.WEIGHT: 70.1}, time=device_time(LOCAL), user_slot=2, raw=b"1", source="2a9d"
    )
    await gateway.ingest.accept(gateway.received(CLOCKED, by_button))
    await gateway.ingest.accept(gateway.received(CLOCKED, weight_at(LOCAL, 70.1)))
    assert await whose(gateway) == ["bertta", "aino"]


async def test_what_was_measured_at_an_unknown_time_is_asked(gateway: Gateway, decisions: Decisions) -> None:
    await share(gateway, BATHROOM.address, aino=70.2, bertta=85.0)
    gateway.clock.is_synchronised = False
    assert isinstance(await weigh(gateway, 70.2), Unassigned)
    gateway.clock.is_synchronised = True
    assert isinstance(await weigh(gateway, 70.2), Stored)


async def test_a_failed_measurement_of_a_shared_device_is_kept_and_not_asked_about(
    gateway: Gateway, decisions: Decisions
) -> None:
    await share(gateway, BATHROOM.address, aino=70.2, bertta=85.0)
    failed = Reading(kind=Kind.WEIGHT, values={}, raw=b"\xff", source="2a9d")
    assert isinstance(await gateway.ingest.accept(gateway.received(BATHROOM, failed)), Unassigned)
    assert await decisions.count() == 0


async def test_refusals(gateway: Gateway, decisions: Decisions) -> None:
    with pytest.raises(Conflict, match="belongs to Aino alone: assign it to them as shared first"):
        await gateway.registry.assign(CUFF.address, BERTTA, actor="t", shared=True)
    with pytest.raises(Invalid, match="by buttons is not shared"):
        await gateway.registry.assign(CLOCKED.address, BERTTA, actor="t", shared=True, user_slot=1)
    with pytest.raises(NotFound, match="no reading nonsense"):
        await decisions.assign("nonsense", AINO, actor="t")
    await share(gateway, BATHROOM.address)
    await weigh(gateway, 70.0)
    (offered,) = await decisions.offered()
    with pytest.raises(NotFound, match="no resident nobody"):
        await decisions.assign(offered.reading.id, Subject(type=SubjectType.RESIDENT, id="nobody"), actor="t")
    with pytest.raises(Conflict, match="nobody's already"):
        await decisions.reassign(offered.reading.id, None, actor="t")
    await decisions.assign(offered.reading.id, AINO, actor="t")
    with pytest.raises(Conflict, match="Aino's already: to correct that, reassign it"):
        await decisions.assign(offered.reading.id, BERTTA, actor="t")
    with pytest.raises(Conflict, match="to take it back, reassign it to nobody"):
        await decisions.dismiss(offered.reading.id, actor="t")
    with pytest.raises(Conflict, match="theirs already"):
        await decisions.reassign(offered.reading.id, AINO, actor="t")


async def test_pages(gateway: Gateway, decisions: Decisions) -> None:
    await share(gateway, BATHROOM.address)
    for number in range(5):
        await weigh(gateway, 60.0 + number)
    first = await decisions.offered(limit=2)
    rest = await decisions.offered(before_seq=first[-1].reading.seq)
    assert [one.reading.values["weight"] for one in (*first, *rest)] == [64.0, 63.0, 62.0, 61.0, 60.0]


async def test_assigning_to_one_ends_the_sharing_and_sharing_begins_with_the_owner(
    gateway: Gateway, decisions: Decisions
) -> None:
    await gateway.registry.assign(CUFF.address, AINO, actor="t", shared=True)
    await gateway.registry.assign(CUFF.address, BERTTA, actor="t", shared=True)
    await gateway.registry.assign(CUFF.address, BERTTA, actor="t", shared=True, reference={"weight": 80.0})
    assert [one.subject.id for one in await gateway.registry.assigned(CUFF.address)] == ["aino", "bertta"]
    assert await gateway.registry.who_has(CUFF.address) is None
    await gateway.registry.assign(CUFF.address, BERTTA, actor="t")
    (only,) = await gateway.registry.assigned(CUFF.address)
    assert (only.subject, only.shared) == (BERTTA, False)
    assert await gateway.registry.who_has(CUFF.address) == BERTTA


@pytest.mark.slow
async def test_who_crossed_is_told_apart_only_after_a_person_said_however_long_ago_that_was(
    gateway: Gateway, decisions: Decisions
) -> None:
    """240 days, three weighings a day each, nobody answers: what shows the crossing is no longer looked at one day."""
    story = changed_places(240, a_day=3)
    begin = gateway.clock.wall()
    await share(gateway, BATHROOM.address, aino=story.references["a"], bertta=story.references["b"])
    for step in story.steps:
        gateway.clock.step(begin + timedelta(seconds=step.at_s - REFERENCES) - gateway.clock.wall())
        await gateway.ingest.accept(gateway.received(BATHROOM, weight(step.kilograms)))
    names = {"a": AINO.id, "b": BERTTA.id}
    rows = await gateway.database.read(lambda c: list(c.execute("SELECT subject_id FROM readings ORDER BY seq")))
    found = [one for (one,) in rows]
    assert [step for step, one in zip(story.steps, found, strict=True) if one not in (None, names[step.who])] == []
    assert any(found)


async def test_what_a_person_said_is_out_of_date_after_the_days_that_are_looked_at(
    gateway: Gateway, decisions: Decisions
) -> None:
    await share(gateway, BATHROOM.address, aino=70.0, bertta=80.0)
    for _ in range(MEMORY_DAYS // 5 - 1):
        gateway.clock.step(timedelta(days=5))
        for kilograms in (70.0, 80.0):
            assert isinstance(await weigh(gateway, kilograms), Stored)
    gateway.clock.step(timedelta(days=5))
    assert isinstance(await weigh(gateway, 70.0), Unassigned)
    assert isinstance(await weigh(gateway, 80.0), Unassigned)
    second, first = await decisions.offered()
    assert first.why.startswith("2 of those who share the scale")
    await decisions.assign(first.reading.id, AINO, actor="nurse")
    await decisions.assign(second.reading.id, BERTTA, actor="nurse")
    assert isinstance(await weigh(gateway, 70.2), Stored)


async def test_where_there_is_too_much_to_look_at_nobody_is_known(
    gateway: Gateway, decisions: Decisions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighings, "MOST", 5)
    await share(gateway, BATHROOM.address, aino=70.0, bertta=80.0)
    for _ in range(5):
        await weigh(gateway, 75.0)
    assert isinstance(await weigh(gateway, 70.0), Unassigned)
    assert (await decisions.offered())[0].why.startswith("2 of those who share the scale")
