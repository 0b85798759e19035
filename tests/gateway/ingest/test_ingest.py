"""From a reception to committed rows and letters."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta

import pytest

from device_drivers.nomenclature import Kind, Quantity
from gateway.core.errors import StoreError
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.ingest import Duplicate, Ingest, Stored, Unassigned
from gateway.store.readings import Readings
from tests.gateway.ingest.conftest import (
    AINO,
    CUFF,
    SCALE,
    STRAP,
    ZONE,
    Gateway,
    failed_pressure,
    heart_rate,
    known,
    pressure,
    weight,
)

LOCAL = datetime(2026, 3, 1, 9, 59)  # noqa: DTZ001  # a device's clock has no zone; a minute before the virtual now
DAY = timedelta(days=1)


async def stored(gateway: Gateway, received: object) -> Stored:
    outcome = await gateway.ingest.accept(received)  # type: ignore[arg-type]
    assert isinstance(outcome, Stored)
    return outcome


class TestIdentity:
    """Row 4 of the issue: 3, 1, 1, 2."""

    async def test_three_equal_weights_on_three_mornings_from_a_scale_without_a_clock(self, gateway: Gateway) -> None:
        for _ in range(3):
            await stored(gateway, gateway.received(SCALE, weight(70.5)))
            gateway.clock.step(DAY)
        assert [row.values for row in await gateway.rows()] == [{"weight": 70.5}] * 3
        assert await gateway.queued() == 3

    async def test_a_stored_record_sent_again_after_a_clock_reset(self, gateway: Gateway) -> None:
        first = await stored(gateway, gateway.received(CUFF, pressure(LOCAL), gateway.offset(2.0)))
        gateway.clock.step(DAY)
        for offset in (-10 * 365 * 86400.0, 2.0, 3600.0):
            again = gateway.received(CUFF, pressure(LOCAL), gateway.offset(offset))
            assert await gateway.ingest.accept(again) == Duplicate(seq=first.seq)
        (row,) = await gateway.rows()
        assert row.effective_at == datetime.fromisoformat("2026-03-01T07:59:00+00:00")
        assert await gateway.queued() == 1

    async def test_the_same_record_through_two_gateways(self, gateway: Gateway, neighbour: Gateway) -> None:
        one = await stored(gateway, gateway.received(CUFF, pressure(LOCAL), gateway.offset(2.0)))
        other = await stored(neighbour, neighbour.received(CUFF, pressure(LOCAL), neighbour.offset(-5.0)))
        assert one.document["id"] == other.document["id"]
        letters = [(await it.outbox.queued("fhir", limit=9))[0].envelope for it in (gateway, neighbour)]
        assert letters[0]["message_id"] == letters[1]["message_id"]
        assert letters[0]["gateway_id"] != letters[1]["gateway_id"]

    async def test_two_equal_heart_rate_notifications(self, gateway: Gateway) -> None:
        """Even at one and the same reading of the clock."""
        batch = [gateway.received(STRAP, heart_rate(72.0)), gateway.received(STRAP, heart_rate(72.0))]
        for outcome in await gateway.ingest.accept_many(batch):
            assert isinstance(outcome, Stored)
        rows = await gateway.rows()
        assert [row.values for row in rows] == [{"heart-rate": 72.0}] * 2
        assert len({row.id for row in rows}) == 2

    async def test_the_same_record_twice_in_one_transaction(self, gateway: Gateway) -> None:
        batch = [gateway.received(CUFF, pressure(LOCAL)) for _ in range(2)]
        first, second = await gateway.ingest.accept_many(batch)
        assert isinstance(first, Stored)
        assert second == Duplicate(seq=first.seq)

    async def test_twenty_senders_of_one_record_at_once(self, gateway: Gateway) -> None:
        outcomes = await asyncio.gather(
            *(gateway.ingest.accept(gateway.received(CUFF, pressure(LOCAL))) for _ in range(20))
        )
        assert sum(isinstance(outcome, Stored) for outcome in outcomes) == 1
        assert await gateway.queued() == 1


async def test_everything_that_is_known_is_kept(gateway: Gateway) -> None:
    reading = pressure(
        LOCAL, flags=("irregular-pulse",), user_slot=1, sequence=9, series={"rr": (0.8, 0.81)}, raw=b"\x1e\x78",
    )  # fmt: skip
    outcome = await stored(gateway, gateway.received(CUFF, reading, gateway.offset(7200.0)))
    (row,) = await gateway.rows()
    assert row.values == {"systolic": 120.0, "diastolic": 80.0, "pulse-rate": 64.0}
    assert (row.flags, row.user_slot, row.series) == (("irregular-pulse",), 1, {"rr": (0.8, 0.81)})
    assert (row.device_time, row.effective_source, row.offset_s) == ("2026-03-01T09:59:00", "device-corrected", 7200.0)
    raw = await gateway.database.read(lambda c: c.execute("SELECT raw, boot_id, gateway_id FROM readings").fetchone())
    assert raw == (b"\x1e\x78", "boot-1", "gw-1")
    document = outcome.document
    assert document["subject"] == {"type": "resident", "id": "aino"}
    assert document["code"]["loinc"] == "85354-9"
    systolic = {"quantity": "systolic", "value": 120.0, "ucum": "mm[Hg]", "mdc": 150021, "loinc": "8480-6"}
    assert document["values"][0] == {**systolic, "display": "Systolic blood pressure"}
    assert document["device"]["serial"] == "cuff-1"
    assert document["effective"]["at"] == "2026-03-01T07:59:00.000+02:00"
    (letter,) = await gateway.outbox.queued("fhir", limit=9)
    assert letter.envelope["body"] == document


async def test_a_failed_measurement_is_stored_and_not_delivered(gateway: Gateway) -> None:
    assert (await stored(gateway, gateway.received(CUFF, failed_pressure(LOCAL)))).document["failed"]
    without_diastolic = pressure(LOCAL, values={Quantity.SYSTOLIC: 120.0})
    assert (await stored(gateway, gateway.received(CUFF, without_diastolic))).document["failed"]
    assert [row.failed for row in await gateway.rows()] == [True, True]
    assert await gateway.queued() == 0
    assert gateway.ingest.counts == {"stored": 2, "failed": 2, "duplicate": 0, "unassigned": 0}


async def test_the_pressure_of_a_deflating_cuff_is_never_delivered(gateway: Gateway) -> None:
    reading = pressure(LOCAL, kind=Kind.CUFF_PRESSURE, values={Quantity.CUFF_PRESSURE: 150.0})
    await stored(gateway, gateway.received(CUFF, reading))
    assert await gateway.queued() == 0


async def test_what_nobody_alive_shows_is_kept_marked_and_delivered(gateway: Gateway) -> None:
    outcome = await stored(gateway, gateway.received(CUFF, pressure(LOCAL, systolic=301.0)))
    assert outcome.document["doubtful"] == ["systolic"]
    assert (await gateway.rows())[0].values["systolic"] == 301.0
    assert await gateway.queued() == 1


async def test_only_sinks_that_take_readings_get_them(gateway: Gateway) -> None:
    await stored(gateway, gateway.received(CUFF, pressure(LOCAL)))
    assert [await gateway.queued(sink) for sink in ("fhir", "influx", "hub")] == [1, 1, 0]


async def test_a_stream_is_kept_whole_and_thinned_for_the_sinks_that_want_it_thin(gateway: Gateway) -> None:
    batch = []
    for second in range(150):
        one = gateway.received(STRAP, heart_rate(60.0 + second % 5))
        batch.append(type(one)(**{**{name: getattr(one, name) for name in one.__slots__},
                                  "received_monotonic": one.received_monotonic + second}))  # fmt: skip
    await gateway.ingest.accept_many(batch)
    assert len(await gateway.rows()) == 150
    assert [await gateway.queued(sink) for sink in ("fhir", "influx")] == [3, 150]


class TestWho:
    async def test_a_device_of_nobody_is_refused_in_words_and_kept(self, gateway: Gateway) -> None:
        stranger = known("cuff", "device-time", 9)
        outcome = await gateway.ingest.accept(gateway.received(stranger, pressure(LOCAL)))
        assert isinstance(outcome, Unassigned)
        assert outcome.sentence == (
            "cuff AA:00:00:00:00:09 belonged to nobody when it measured: "
            "'huoma device assign' with the time from which on says whose it was."
        )
        assert await gateway.rows() == []
        assert await gateway.queued() == 0
        assert gateway.ingest.counts["unassigned"] == 1

    async def test_it_is_taken_up_when_it_is_sent_again_after_the_assignment(self, gateway: Gateway) -> None:
        stranger = known("cuff", "device-time", 9)
        received = gateway.received(stranger, pressure(LOCAL))
        refused = await gateway.ingest.accept(received)
        assert isinstance(refused, Unassigned)
        assert await gateway.ingest.accept(received) == refused
        await gateway.registry.assign(stranger.address, AINO, actor="t", since=gateway.clock.wall() - DAY)
        taken = await stored(gateway, received)
        assert taken.seq == refused.seq
        assert await gateway.ingest.accept(received) == Duplicate(seq=taken.seq)
        assert await gateway.queued() == 1

    async def test_what_was_sent_only_once_is_taken_up_when_somebody_says_whose_it_was(self, gateway: Gateway) -> None:
        stranger = known("cuff", "device-time", 9)
        await gateway.ingest.accept(gateway.received(stranger, pressure(LOCAL)))
        await gateway.ingest.accept(gateway.received(stranger, failed_pressure(LOCAL)))
        await gateway.ingest.accept(gateway.received(stranger, pressure(LOCAL - 3 * DAY)))
        assert await gateway.ingest.take_up(stranger.address) == 0
        await gateway.registry.assign(stranger.address, AINO, actor="t", since=gateway.clock.wall() - DAY)
        assert await gateway.ingest.take_up(stranger.address) == 2  # not that of three days ago
        assert [(row.seq, row.failed) for row in await gateway.rows()] == [(1, False), (2, True)]
        (item,) = await gateway.outbox.queued("fhir", limit=9)
        assert item.envelope["body"]["subject"] == {"type": "resident", "id": "aino"}
        assert await gateway.ingest.take_up(stranger.address) == 0
        assert await gateway.ingest.accept(gateway.received(stranger, pressure(LOCAL))) == Duplicate(seq=1)
        assert await Readings(gateway.database).unassigned() == {stranger.identity: 1}

    async def test_the_next_reading_of_the_device_brings_the_others_along(self, gateway: Gateway) -> None:
        stranger = known("scale", "reception", 9)
        for kilograms in (70.0, 71.0):
            assert isinstance(await gateway.ingest.accept(gateway.received(stranger, weight(kilograms))), Unassigned)
        await gateway.registry.assign(stranger.identity, AINO, actor="t", since=gateway.clock.wall() - DAY)
        await stored(gateway, gateway.received(stranger, weight(72.0)))
        assert [row.values["weight"] for row in await gateway.rows()] == [70.0, 71.0, 72.0]
        assert await gateway.queued() == 3

    async def test_a_scale_assigned_from_now_on_gives_nobody_what_it_weighed_before(self, gateway: Gateway) -> None:
        stranger = known("scale", "reception", 9)
        received = gateway.received(stranger, weight(70.0))
        early = dataclasses.replace(received, received_monotonic=received.received_monotonic - 600)
        assert isinstance(await gateway.ingest.accept(early), Unassigned)
        await gateway.registry.assign(stranger.identity, AINO, actor="t")
        assert await gateway.ingest.take_up(stranger.identity) == 0

    async def test_a_record_of_before_the_assignment_is_not_guessed(self, gateway: Gateway) -> None:
        old = pressure(LOCAL - 2 * DAY)
        assert isinstance(await gateway.ingest.accept(gateway.received(CUFF, old, gateway.offset(0.0))), Unassigned)

    async def test_each_record_goes_to_whom_the_device_was_assigned_then(self, gateway: Gateway) -> None:
        bertta = Subject(type=SubjectType.RESIDENT, id="bertta")
        await gateway.registry.add_resident("Bertta", actor="t", resident_id="bertta")
        gateway.clock.step(timedelta(hours=5))  # the boot is the same, so only a real wait counts
        await gateway.registry.assign(CUFF.address, AINO, actor="t", since=gateway.clock.wall() - 3 * DAY)
        await gateway.registry.assign(CUFF.address, bertta, actor="t", since=gateway.clock.wall() - DAY)
        local = gateway.clock.wall().astimezone(ZONE).replace(tzinfo=None)
        subjects = []
        for days in (2.0, 0.5, 0.0, 4.0):
            reading = pressure(local - timedelta(days=days))
            outcome = await gateway.ingest.accept(gateway.received(CUFF, reading, gateway.offset(0.0)))
            subjects.append(outcome.document["subject"]["id"] if isinstance(outcome, Stored) else None)
        assert subjects == ["aino", "bertta", "bertta", None]

    async def test_user_slots(self, gateway: Gateway) -> None:
        await gateway.registry.unassign(CUFF.address, actor="t")
        await gateway.registry.assign(CUFF.address, AINO, actor="t", user_slot=2)
        local = LOCAL + timedelta(seconds=62)  # surely after the change
        mine = await gateway.ingest.accept(gateway.received(CUFF, pressure(local, user_slot=2)))
        guest = await gateway.ingest.accept(gateway.received(CUFF, pressure(local, user_slot=1)))
        assert isinstance(mine, Stored)
        assert isinstance(guest, Unassigned)
        assert "(user 1)" in guest.sentence


async def test_an_unsynchronised_clock_is_flagged_and_loses_nothing(gateway: Gateway) -> None:
    gateway.clock.step(timedelta(days=-20_500))
    gateway.clock.is_synchronised = False
    outcome = await stored(gateway, gateway.received(SCALE, weight(70.0)))
    assert outcome.document["clock_synchronised"] is False
    assert outcome.document["doubtful"] == ["gateway-clock-unsynchronised"]
    assert (await gateway.rows())[0].synchronised is False


async def test_clock_measurements_become_the_series_of_the_device(gateway: Gateway) -> None:
    await stored(gateway, gateway.received(CUFF, pressure(LOCAL), gateway.offset(12.0)))
    gateway.clock.step(DAY)
    await gateway.ingest.accept(gateway.received(CUFF, pressure(LOCAL), gateway.offset(14.0)))
    assert [one.offset_s for one in await gateway.registry.clock_offsets(CUFF.identity)] == [12.0, 14.0]


async def test_a_crash_inside_stores_neither_row_nor_letter(gateway: Gateway) -> None:
    def fault(point: str) -> None:
        if point == "ingest.inside":
            raise StoreError("cut")

    crashing = Ingest(gateway.database, gateway.stamper, clock=gateway.clock, zone=ZONE, fault=fault)
    with pytest.raises(StoreError):
        await crashing.accept(gateway.received(CUFF, pressure(LOCAL)))
    assert await gateway.rows() == []
    assert await gateway.queued() == 0
    await stored(gateway, gateway.received(CUFF, pressure(LOCAL)))
