"""The FHIR sink and its worker against a real FHIR R4 server."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from device_drivers.nomenclature import Kind, Quantity
from gateway.consent import Consent
from gateway.delivery.fhir.sink import FhirSink
from gateway.delivery.settings import FhirSinkSettings
from gateway.delivery.store import ItemState
from tests.gateway.delivery.phd_profile import problems
from tests.gateway.delivery.support import (
    OTHER,
    RESIDENT,
    START,
    Bench,
    FastClock,
    alert,
    blood_pressure,
    missing,
    reading,
    resident,
    weight,
    wrap,
)
from tests.servers import FhirServer

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PROFILE_OF = {
    "85354-9": "blood-pressure",
    "29463-7": "weight",
    "8867-4": "heart-rate",
    "2708-6": "oxygen-saturation",
    "8310-5": "body-temperature",
}


def sink_for(server: FhirServer, **changes: Any) -> FhirSink:
    settings = {"url": server.url, "token": SecretStr(server.token), "create_patients": True, **changes}
    return FhirSink(FhirSinkSettings(**settings), clock=FastClock())


def identifiers(observations: list[dict[str, Any]]) -> Counter[str]:
    return Counter(observation["identifier"][0]["value"] for observation in observations)


async def test_a_blood_pressure_arrives_as_one_observation(fhir_server: FhirServer) -> None:
    bench = Bench(sink_for(fhir_server))
    item = await bench.store.put("fhir", wrap(blood_pressure(131.0)))
    async with bench.running():
        await bench.drained()
    state, receipt, attempts = bench.store.state("fhir", item)
    assert state is ItemState.DELIVERED
    assert receipt is not None
    assert receipt.startswith("Observation/")
    assert attempts == 0
    [observation] = fhir_server.search("Observation")
    parts = {
        part["code"]["coding"][0]["code"]: (part["valueQuantity"]["value"], part["valueQuantity"]["code"])
        for part in observation["component"]
    }
    assert parts == {
        "8480-6": (131.0, "mm[Hg]"),
        "8462-4": (82.0, "mm[Hg]"),
        "8478-0": (98.0, "mm[Hg]"),
        "8867-4": (67.0, "/min"),
    }


@pytest.mark.parametrize("rate", [0.1, 0.3])
async def test_lost_replies_make_no_duplicate_and_lose_nothing(fhir_server: FhirServer, rate: float) -> None:
    fhir_server.faults(dropRate=rate, dropBeforeRate=0.05, failRate=0.05, seed=7)
    bench = Bench(sink_for(fhir_server, batch_size=5))
    for number in range(200):
        await bench.store.put("fhir", wrap(weight(60.0 + number / 10)))
    async with bench.running():
        await bench.drained()
    dropped = fhir_server.counts()["dropped"]
    found = identifiers(fhir_server.search("Observation?_count=1000"))
    assert dropped > 200 / 5 * rate / 3, "the fault did not bite"
    assert len(found) == 200
    assert set(found.values()) == {1}
    assert bench.states() == {ItemState.DELIVERED: 200}


async def test_eight_senders_and_a_third_of_the_replies_lost(fhir_server: FhirServer) -> None:
    """R6. `HUOMA_R6_READINGS=10000` for the full count."""
    count = int(os.environ.get("HUOMA_R6_READINGS", "400"))
    fhir_server.faults(dropRate=0.3, seed=11)
    benches = [Bench(sink_for(fhir_server, batch_size=10), seed=seed) for seed in range(8)]
    for number in range(count):
        bench = benches[number % 8]
        await bench.store.put("fhir", wrap(weight(60.0 + number / 1000), gateway=f"gateway-{number % 8}"))
    async with contextlib.AsyncExitStack() as stack:
        for bench in benches:
            await stack.enter_async_context(bench.running())
        for bench in benches:
            await bench.drained(seconds=250)
    found = identifiers(fhir_server.search(f"Observation?_count={count * 2}"))
    assert fhir_server.counts()["dropped"] > count / 10 / 8
    assert len(found) == count
    assert set(found.values()) == {1}


async def test_a_lost_reply_is_searched_for_before_anything_is_sent_again(fhir_server: FhirServer) -> None:
    bench = Bench(sink_for(fhir_server))
    first = await bench.store.put("fhir", wrap(weight()))
    async with bench.running() as worker:
        await bench.until(lambda: bench.states() == {ItemState.DELIVERED: 1})
        fhir_server.faults(dropRate=1.0)
        await bench.store.put("fhir", wrap(weight()))
        worker.notify()
        await bench.drained()
    counts = fhir_server.counts()
    assert (counts["writes"], counts["searches"]) == (1, 1), "sent again, or not searched for"
    assert bench.store.state("fhir", first + 1)[1].startswith("Observation/")


async def test_every_kind_and_oddity_is_base_r4(fhir_server: FhirServer) -> None:
    corrected = {"at": START.isoformat(), "source": "device-corrected", "uncertainty_s": 1.0, "offset_s": 600.5}
    unknown = {"at": None, "source": "unknown", "uncertainty_s": None, "offset_s": None}
    documents = [
        blood_pressure(effective=corrected, flags=["irregular-pulse"], doubtful=["systolic"], may_repeat=True),
        blood_pressure(missing=[missing(Quantity.SPO2, "reserved")], simulated=True),
        reading(Kind.WEIGHT, {Quantity.WEIGHT: 71.0, Quantity.BMI: 24.0, Quantity.HEIGHT: 172.0}),
        reading(Kind.HEART_RATE, {Quantity.HEART_RATE: 72.0}),
        reading(Kind.OXYGEN_SATURATION, {Quantity.SPO2: 96.0, Quantity.OXIMETER_PULSE_RATE: 64.0}),
        reading(Kind.BODY_TEMPERATURE, {Quantity.TEMPERATURE: 36.9}, effective=unknown),
    ]
    bench = Bench(sink_for(fhir_server))
    for document in documents:
        await bench.store.put("fhir", wrap(document))
    async with bench.running():
        await bench.drained()
    assert bench.states() == {ItemState.DELIVERED: len(documents)}
    stored = fhir_server.search("Observation?_count=100")
    assert len(stored) == len(documents) + 1
    for observation in stored:
        names = [coding["code"] for coding in observation["code"]["coding"]]
        assert problems("time-stamp" if "67975" in names else PROFILE_OF[names[0]], observation) == []
    assert len(fhir_server.search("Device")) == 2  # one cuff, one gateway
    assert len(fhir_server.search("Patient")) == 1


async def test_failed_measurements_and_alerts_stay_at_home(fhir_server: FhirServer) -> None:
    bench = Bench(sink_for(fhir_server))
    failed = await bench.store.put("fhir", wrap(reading(Kind.BLOOD_PRESSURE, {})))
    fallen = await bench.store.put("fhir", alert())
    async with bench.running():
        await bench.drained()
    assert fhir_server.counts()["requests"] == 0
    assert bench.store.state("fhir", failed)[0] is ItemState.DROPPED
    assert "failed" in bench.store.state("fhir", failed)[1]
    assert bench.store.state("fhir", fallen)[0] is ItemState.DROPPED


async def test_a_room_has_no_health_record(fhir_server: FhirServer) -> None:
    bench = Bench(sink_for(fhir_server))
    item = await bench.store.put("fhir", wrap(weight(subject={"type": "room", "id": "room-1"})))
    async with bench.running():
        await bench.drained()
    assert bench.store.state("fhir", item)[0] is ItemState.DROPPED
    assert fhir_server.search("Observation") == []


async def test_two_gateways_one_record_one_observation(fhir_server: FhirServer) -> None:
    documents = [weight(60.0 + number) for number in range(40)]
    benches = [Bench(sink_for(fhir_server, batch_size=7), seed=seed) for seed in (1, 2)]
    for number, bench in enumerate(benches):
        for document in documents:
            await bench.store.put("fhir", wrap(document, gateway=f"gateway-{number}"))
    async with benches[0].running(), benches[1].running():
        for bench in benches:
            await bench.drained()
    found = identifiers(fhir_server.search("Observation?_count=1000"))
    assert len(found) == 40
    assert set(found.values()) == {1}
    assert all(bench.states() == {ItemState.DELIVERED: 40} for bench in benches)


@pytest.mark.parametrize(("create_with", "duplicates"), [("conditional", True), ("put", False)])
async def test_a_racy_server_needs_put(fhir_server: FhirServer, create_with: str, *, duplicates: bool) -> None:
    """Conditional creates race on real servers (HAPI #3141): choosing the id ourselves leaves nothing to race for."""
    fhir_server.faults(racy=True)
    documents = [weight(60.0 + number) for number in range(30)]
    settings = {"create_with": create_with, "batch_size": 1}
    benches = [Bench(sink_for(fhir_server, **settings), seed=seed) for seed in (1, 2)]
    for number, bench in enumerate(benches):
        for document in documents:
            await bench.store.put("fhir", wrap(document, gateway=f"gateway-{number}"))
    async with benches[0].running(), benches[1].running():
        for bench in benches:
            await bench.drained()
    found = identifiers(fhir_server.search("Observation?_count=1000"))
    assert len(found) == 30
    assert (max(found.values()) > 1) is duplicates
    assert all(bench.states() == {ItemState.DELIVERED: 30} for bench in benches)


async def test_poison_blocks_nobody_and_a_person_is_told(fhir_server: FhirServer) -> None:
    fhir_server.faults(refuseValue="666.6")
    bench = Bench(sink_for(fhir_server))
    for number in range(120):
        await bench.store.put("fhir", wrap(weight(666.6 if number == 17 else 60.0 + number / 10)))
    async with bench.running():
        await bench.drained()
        await bench.until(lambda: bench.board.saw("amber", "1 refused for good"))
    assert bench.states() == {ItemState.DELIVERED: 119, ItemState.DEAD: 1}
    [(item, reason)] = await bench.store.dead_letters("fhir")
    assert item.envelope["body"]["values"][0]["value"] == 666.6
    assert reason.startswith("422")
    assert 1 <= item.attempts <= 5


async def test_an_item_that_breaks_the_server_blocks_nobody(fhir_server: FhirServer) -> None:
    fhir_server.faults(breakValue="666.6")
    bench = Bench(sink_for(fhir_server, batch_size=5))
    for number in range(60):
        device = {**weight()["device"], "identity": f"serial:x:{number % 7}"}
        await bench.store.put("fhir", wrap(weight(666.6 if number == 17 else 60.0 + number / 10, device=device)))
    async with bench.running():
        await bench.until(lambda: bench.states().get(ItemState.DELIVERED, 0) >= 51)
    assert bench.store.state("fhir", 18)[0] in (ItemState.QUEUED, ItemState.DEAD)


async def test_a_damaged_document_is_a_dead_letter(fhir_server: FhirServer) -> None:
    bench = Bench(sink_for(fhir_server))
    envelope = wrap(weight())
    del envelope["body"]["values"][0]["ucum"]
    subjectless = wrap(weight())
    del subjectless["body"]["subject"]
    for broken in (envelope, subjectless, wrap(weight())):
        await bench.store.put("fhir", broken)
    async with bench.running():
        await bench.drained()
    assert bench.states() == {ItemState.DELIVERED: 1, ItemState.DEAD: 2}


async def test_a_wrong_token_is_said_and_nothing_is_lost(fhir_server: FhirServer) -> None:
    bench = Bench(sink_for(fhir_server, token=SecretStr("wrong")))
    for _ in range(3):
        await bench.store.put("fhir", wrap(weight()))
    async with bench.running():
        await bench.until(lambda: bench.board.saw("red", "401"))
    assert bench.states() == {ItemState.QUEUED: 3}
    colour, reason = bench.board.last
    assert colour == "red"
    assert fhir_server.url in reason
    assert "3 waiting" in reason
    assert "token" in reason
    assert "wrong" not in reason


async def test_a_renewed_token_file_heals_by_itself(fhir_server: FhirServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("outdated\n")
    bench = Bench(sink_for(fhir_server, token=None, token_file=file))
    await bench.store.put("fhir", wrap(weight()))
    async with bench.running():
        await bench.until(lambda: bench.board.saw("red", "401"))
        file.write_text(fhir_server.token + "\n")
        await bench.drained()
        await bench.until(lambda: bench.board.last[0] == "green")


async def test_forbidden_for_one_resident_stops_only_that_one(fhir_server: FhirServer) -> None:
    patient = fhir_server.create({"resourceType": "Patient"}).json()["id"]
    fhir_server.faults(forbidSubject=f"Patient/{patient}")
    bench = Bench(sink_for(fhir_server, patients={RESIDENT: f"Patient/{patient}"}))
    for subject in (RESIDENT, OTHER, RESIDENT, OTHER):
        await bench.store.put("fhir", wrap(weight(subject={"type": "resident", "id": subject})))
    async with bench.running() as worker:
        await bench.until(lambda: bench.board.saw("amber", "403"))
        assert bench.states() == {ItemState.DELIVERED: 2, ItemState.QUEUED: 2}
        assert "1 resident" in bench.board.last[1]
        assert RESIDENT not in bench.board.last[1]
        before = fhir_server.counts()["requests"]
        await bench.store.put("fhir", wrap(weight()))
        worker.notify()
        await asyncio.sleep(0.1)
        assert fhir_server.counts()["requests"] == before
        fhir_server.faults()
        worker.resume()
        await bench.drained()


async def test_an_unknown_patient_waits_until_there_is_one(fhir_server: FhirServer) -> None:
    bench = Bench(sink_for(fhir_server, create_patients=False))
    await bench.store.put("fhir", wrap(weight()))
    async with bench.running() as worker:
        await bench.until(lambda: bench.board.saw("amber", "knows no patient"))
        identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{RESIDENT}"}
        fhir_server.create({"resourceType": "Patient", "identifier": [identifier]})
        worker.resume()
        await bench.drained()
    [observation] = fhir_server.search("Observation")
    [patient] = fhir_server.search("Patient")
    assert observation["subject"]["reference"] == f"Patient/{patient['id']}"


@pytest.mark.parametrize(("status", "words"), [(429, "429"), (503, "503"), (500, "500")])
async def test_a_busy_server_is_left_alone_then_gets_everything(
    fhir_server: FhirServer, status: int, words: str
) -> None:
    fhir_server.faults(status=status)
    bench = Bench(sink_for(fhir_server))
    for _ in range(5):
        await bench.store.put("fhir", wrap(weight()))
    async with bench.running() as worker:
        await bench.until(lambda: bench.board.saw("red", words))
        assert bench.states() == {ItemState.QUEUED: 5}
        fhir_server.faults()
        worker.resume()
        await bench.drained()
        await bench.until(lambda: bench.board.last[0] == "green")
    assert set(identifiers(fhir_server.search("Observation")).values()) == {1}


async def test_retry_after_is_honoured(fhir_server: FhirServer) -> None:
    fhir_server.faults(status=429, retryAfter=1000)  # 20 s of the fast clock
    bench = Bench(sink_for(fhir_server))
    await bench.store.put("fhir", wrap(weight()))
    async with bench.running():
        await bench.until(lambda: fhir_server.counts()["requests"] > 0)
        await asyncio.sleep(0.3)  # without the header: half a dozen tries
    assert fhir_server.counts()["requests"] == 1


async def test_a_server_that_refuses_everything_kills_nothing(fhir_server: FhirServer) -> None:
    fhir_server.faults(status=400, method="POST")
    bench = Bench(sink_for(fhir_server))
    for _ in range(60):
        await bench.store.put("fhir", wrap(weight()))
    async with bench.running() as worker:
        await bench.until(lambda: bench.board.saw("amber", "400") or bench.board.saw("red", "400"))
        await asyncio.sleep(0.3)
        assert bench.states().get(ItemState.DEAD, 0) <= 10
        assert bench.states().get(ItemState.QUEUED, 0) >= 50
        fhir_server.faults()
        worker.resume()
        await bench.drained()


async def test_no_consent_no_byte(fhir_server: FhirServer) -> None:
    bench = Bench(sink_for(fhir_server))
    bench.consents.say(Consent.NEVER)
    bench.consents.say(Consent.WITHDRAWN, subject=OTHER)
    waits = await bench.store.put("fhir", wrap(weight()))
    gone = await bench.store.put("fhir", wrap(weight(subject={"type": "resident", "id": OTHER})))
    async with bench.running() as worker:
        await bench.drained()
        assert fhir_server.counts()["bytes"] == fhir_server.counts()["requests"] == 0
        assert bench.store.state("fhir", waits)[0] is ItemState.WITHHELD
        assert bench.store.state("fhir", gone)[0] is ItemState.DROPPED
        bench.consents.say(Consent.GRANTED)
        assert await worker.granted(resident(), since=START.isoformat()) == 1
        await bench.drained()
    assert len(fhir_server.search("Observation")) == 1


async def test_after_a_withdrawal_not_one_further_byte_leaves(fhir_server: FhirServer) -> None:
    fhir_server.faults(delayMs=15)
    bench = Bench(sink_for(fhir_server, batch_size=1))
    for number in range(50):
        await bench.store.put("fhir", wrap(weight(60.0 + number)))
    async with bench.running() as worker:
        await bench.until(lambda: bench.states().get(ItemState.DELIVERED, 0) >= 5)
        bench.consents.say(Consent.WITHDRAWN)
        await worker.revoke(resident())
        told = fhir_server.counts()["bytes"]
        await bench.drained()
        await asyncio.sleep(0.1)
        assert fhir_server.counts()["bytes"] == told
    assert bench.states()[ItemState.DROPPED] >= 40


async def test_no_secret_and_no_person_in_words(fhir_server: FhirServer) -> None:
    sink = sink_for(fhir_server, token=SecretStr("very-secret"))
    assert "very-secret" not in repr(sink) + str(vars(sink)) + sink.address
