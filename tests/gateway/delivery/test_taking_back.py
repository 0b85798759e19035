"""Taking a reading back at real receivers: marked in the record, gone from the series, nothing else touched."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.consent import Consent
from gateway.consent.door import ConsentDoor
from gateway.core.envelope import Envelope
from gateway.delivery.fhir.sink import FhirSink
from gateway.delivery.influx import InfluxSink, deletion, nanoseconds
from gateway.delivery.settings import FhirSinkSettings, InfluxSinkSettings
from gateway.delivery.sink import Ruling
from gateway.delivery.store import Item, ItemState
from tests.gateway.delivery.support import (
    OTHER,
    RESIDENT,
    Bench,
    FastClock,
    MemoryConsents,
    blood_pressure,
    retraction,
    weight,
    wrap,
)
from tests.servers import FhirServer, InfluxServer, VictoriaServer

BERTTA = {"type": "resident", "id": OTHER}


def fhir(server: FhirServer, **changes: Any) -> FhirSink:
    settings = {"url": server.url, "token": SecretStr(server.token), "create_patients": True, **changes}
    return FhirSink(FhirSinkSettings(**settings), clock=FastClock())


def influx(server: InfluxServer | VictoriaServer, **changes: Any) -> InfluxSink:
    token = server.token if isinstance(server, InfluxServer) else "-"
    settings = {"url": server.url, "token": SecretStr(token), "bucket": "home", "org": "home", **changes}
    return InfluxSink(InfluxSinkSettings(**settings), clock=FastClock())


def item(number: int, envelope: Envelope) -> Item:
    return Item(item_id=number, sink="fhir", envelope=envelope, attempts=0)


async def moved(bench: Bench, envelope: Envelope, to: dict[str, str] = BERTTA) -> Envelope:
    """What ingest queues when a reading is somebody else's: the retraction, then the reading."""
    await bench.store.put(bench.sink.name, retraction(envelope))
    again = wrap({**envelope["body"], "subject": to, "revision": 1})  # type: ignore[typeddict-item]
    await bench.store.put(bench.sink.name, again)
    return again


def by_status(server: FhirServer) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in server.search("Observation?_count=1000"):
        found.setdefault(one["status"], []).append(one)
    return found


@pytest.mark.servers
@pytest.mark.slow
class TestHealthRecord:
    @pytest.mark.parametrize("create_with", ["conditional", "put"])
    async def test_marked_as_entered_in_error_and_given_to_the_other(
        self, fhir_server: FhirServer, create_with: str
    ) -> None:
        bench = Bench(fhir(fhir_server, create_with=create_with))
        wrong, right = wrap(blood_pressure(131.0)), wrap(blood_pressure(118.0))
        for envelope in (wrong, right):
            await bench.store.put("fhir", envelope)
        await moved(bench, wrong)
        async with bench.running():
            await bench.drained()
        assert bench.states() == {ItemState.DELIVERED: 4}
        patients = {one["identifier"][0]["value"]: f"Patient/{one['id']}" for one in fhir_server.search("Patient")}
        found = by_status(fhir_server)
        (marked,) = found["entered-in-error"]
        assert marked["subject"]["reference"] == patients[f"urn:uuid:{RESIDENT}"]
        assert marked["component"][0]["valueQuantity"]["value"] == 131.0
        whose = {(one["subject"]["reference"], one["component"][0]["valueQuantity"]["value"]) for one in found["final"]}
        assert whose == {(patients[f"urn:uuid:{RESIDENT}"], 118.0), (patients[f"urn:uuid:{OTHER}"], 131.0)}

    async def test_the_time_stamp_of_a_corrected_clock_goes_with_it(self, fhir_server: FhirServer) -> None:
        bench = Bench(fhir(fhir_server))
        effective = {
            "at": "2026-03-01T08:00:00+00:00",
            "source": "device-corrected",
            "uncertainty_s": 1.0,
            "offset_s": 60,
        }
        envelope = wrap(weight(effective=effective))
        await bench.store.put("fhir", envelope)
        await bench.store.put("fhir", retraction(envelope))
        async with bench.running():
            await bench.drained()
        assert [len(found) for found in by_status(fhir_server).values()] == [2]
        assert set(by_status(fhir_server)) == {"entered-in-error"}

    async def test_given_back_to_the_first_it_counts_again(self, fhir_server: FhirServer) -> None:
        bench = Bench(fhir(fhir_server))
        envelope = wrap(weight(70.0))
        await bench.store.put("fhir", envelope)
        again = await moved(bench, envelope)
        await bench.store.put("fhir", retraction(again))
        back = {**envelope["body"], "revision": 2}
        await bench.store.put("fhir", wrap(back))  # type: ignore[arg-type]
        async with bench.running():
            await bench.drained()
        assert {status: len(found) for status, found in by_status(fhir_server).items()} == {
            "entered-in-error": 2,
            "final": 1,
        }

    @pytest.mark.parametrize("rate", [0.15, 0.35])
    async def test_lost_replies_leave_nothing_wrong_and_nothing_twice(
        self, fhir_server: FhirServer, rate: float
    ) -> None:
        fhir_server.faults(dropRate=rate, dropBeforeRate=0.05, failRate=0.05, seed=11)
        bench = Bench(fhir(fhir_server, batch_size=5))
        for number in range(40):
            envelope = wrap(weight(60.0 + number / 10))
            await bench.store.put("fhir", envelope)
            if number % 2:
                await moved(bench, envelope)
        async with bench.running():
            await bench.drained()
        assert fhir_server.counts()["dropped"] > 5, "the fault did not bite"
        fhir_server.faults()
        found = {status: len(some) for status, some in by_status(fhir_server).items()}
        assert found == {"entered-in-error": 20, "final": 40}
        assert bench.states() == {ItemState.DELIVERED: 80}

    async def test_what_is_not_there_needs_no_marking_and_twice_is_once(self, fhir_server: FhirServer) -> None:
        sink = fhir(fhir_server)
        envelope = wrap(weight())
        (never,) = await sink.send([item(1, retraction(envelope))], in_doubt=())
        assert (never.ruling, never.words) == (Ruling.ACCEPTED, "it was not there")
        await sink.send([item(2, envelope)], in_doubt=())
        for _ in range(2):
            (answer,) = await sink.send([item(3, retraction(envelope))], in_doubt=())
            assert answer.ruling is Ruling.ACCEPTED
        (marked,) = by_status(fhir_server)["entered-in-error"]
        assert marked["meta"]["versionId"] == fhir_server.search("Observation")[0]["meta"]["versionId"]
        await sink.aclose()

    async def test_found_by_its_receipt_where_the_search_lags_behind(self, fhir_server: FhirServer) -> None:
        sink = fhir(fhir_server)
        envelope, neighbour = wrap(weight()), wrap(weight())
        receipts = [(await sink.send([item(1, one)], in_doubt=()))[0].words for one in (envelope, neighbour)]
        fhir_server.faults(emptySearch=True)
        (answer,) = await sink.send([item(2, retraction(envelope, fhir=receipts[1]))], in_doubt=())
        assert answer.words == "it was not there"  # that is somebody else's Observation
        (answer,) = await sink.send([item(2, retraction(envelope, fhir=receipts[0]))], in_doubt=())
        assert answer.words == f"{receipts[0]} entered-in-error"
        await sink.aclose()

    async def test_no_right_to_change_is_said(self, fhir_server: FhirServer) -> None:
        bench = Bench(fhir(fhir_server))
        envelope = wrap(weight())
        await bench.store.put("fhir", envelope)
        async with bench.running():
            await bench.drained()
        fhir_server.faults(status=403, method="PUT")
        await bench.store.put("fhir", retraction(envelope))
        bench = Bench(fhir(fhir_server), store=bench.store)
        async with bench.running():
            await bench.until(lambda: bench.board.saw("amber", "taking a reading back: does not permit it"))
        assert bench.states() == {ItemState.DELIVERED: 1, ItemState.QUEUED: 1}

    async def test_nothing_is_sent_behind_an_item_whose_fate_is_not_known(self, fhir_server: FhirServer) -> None:
        fhir_server.faults(dropRate=1.0)
        sink = fhir(fhir_server)
        envelope = wrap(weight())
        answers = await sink.send([item(1, envelope), item(2, retraction(envelope)), item(3, envelope)], in_doubt=())
        assert [answer.ruling for answer in answers] == [Ruling.UNKNOWN, Ruling.BUSY, Ruling.BUSY]
        await sink.aclose()

    async def test_a_room_has_no_record(self, fhir_server: FhirServer) -> None:
        sink = fhir(fhir_server)
        envelope = wrap(weight(subject={"type": "room", "id": "kitchen"}))
        (answer,) = await sink.send([item(1, retraction(envelope))], in_doubt=())
        assert answer.ruling is Ruling.NOT_CARRIED
        await sink.aclose()

    async def test_a_damaged_one_is_a_dead_letter(self, fhir_server: FhirServer) -> None:
        sink = fhir(fhir_server)
        envelope = retraction(wrap(weight()))
        envelope["body"].pop("receipts")
        (answer,) = await sink.send([item(1, envelope)], in_doubt=())
        assert answer.ruling is Ruling.REFUSED
        await sink.aclose()


@pytest.mark.servers
@pytest.mark.slow
class TestTimeSeries:
    async def test_the_point_is_gone_and_the_others_stay(self, influx_server: InfluxServer) -> None:
        bench = Bench(influx(influx_server))
        envelopes = [wrap(weight(60.0 + number)) for number in range(3)]
        for envelope in envelopes:
            await bench.store.put("influx", envelope)
        await moved(bench, envelopes[1])
        async with bench.running():
            await bench.drained()
        rows = {(row["resident"], row["weight"]) for row in influx_server.query("SELECT * FROM weight")}
        assert rows == {(RESIDENT, 60.0), (RESIDENT, 62.0), (OTHER, 61.0)}

    async def test_given_back_it_is_there_again(self, influx_server: InfluxServer) -> None:
        bench = Bench(influx(influx_server))
        envelope = wrap(weight(70.0))
        await bench.store.put("influx", envelope)
        again = await moved(bench, envelope)
        await bench.store.put("influx", retraction(again))
        await bench.store.put("influx", wrap(envelope["body"]))  # type: ignore[arg-type]
        async with bench.running():
            await bench.drained()
        rows = [(row["resident"], row["weight"]) for row in influx_server.query("SELECT * FROM weight")]
        assert rows == [(RESIDENT, 70.0)]

    async def test_a_server_that_deletes_nothing_gets_a_mark(self, influx_server: InfluxServer) -> None:
        influx_server.faults(deletes=False)
        bench = Bench(influx(influx_server))
        envelope = wrap(weight(70.0))
        await bench.store.put("influx", envelope)
        await bench.store.put("influx", retraction(envelope))
        async with bench.running():
            await bench.drained()
        (row,) = influx_server.query("SELECT * FROM weight")
        assert (row["weight"], row["retracted"]) == (70.0, True)

    async def test_victoria_metrics_gets_a_mark(self, victoria_server: VictoriaServer) -> None:
        bench = Bench(influx(victoria_server))
        envelope = wrap(weight(70.0, subject={"type": "resident", "id": "of-the-retraction-test"}))
        await bench.store.put("influx", envelope)
        await bench.store.put("influx", retraction(envelope))
        async with bench.running():
            await bench.drained()
        assert bench.states() == {ItemState.DELIVERED: 2}
        values = victoria_server.export('weight_weight{resident="of-the-retraction-test"}')
        (mark,) = victoria_server.export('weight_retracted{resident="of-the-retraction-test"}')
        assert mark["values"] == [1]
        assert mark["timestamps"] == values[0]["timestamps"]

    async def test_a_wrong_token_is_said(self, influx_server: InfluxServer) -> None:
        sink = influx(influx_server, token=SecretStr("wrong-token"))
        (answer,) = await sink.send([item(1, retraction(wrap(weight())))], in_doubt=())
        assert answer.ruling is Ruling.UNAUTHORISED
        await sink.aclose()


def test_what_is_deleted_is_one_point_of_one_series() -> None:
    document = weight(subject={"type": "resident", "id": 'a"b\\c'})
    document["effective"] = {**document["effective"], "at": "2026-03-01T08:00:00.123+00:00"}
    start, stop, predicate = deletion(retraction(wrap(document)))
    assert (start, stop) == ("2026-03-01T08:00:00.123000000Z", "2026-03-01T08:00:00.123000001Z")
    assert predicate.startswith('_measurement="weight" AND resident="a\\"b\\\\c" AND device="')
    unknown = {**document, "effective": {**document["effective"], "at": None}}
    start, _, _ = deletion(retraction(wrap(unknown)))  # type: ignore[arg-type]
    assert nanoseconds(start.replace("Z", "+00:00")) == nanoseconds(document["received_at"])


async def test_the_door_asks_nobody_about_a_retraction() -> None:
    consents = MemoryConsents(default=Consent.WITHDRAWN)
    door = ConsentDoor(consents)
    envelope = wrap(weight())
    items = [item(1, envelope), item(2, retraction(envelope))]
    assert await door.ask(items) == [Consent.WITHDRAWN, Consent.GRANTED]
    assert await asyncio.wait_for(door.allows(items[1]), 1) is Consent.GRANTED
