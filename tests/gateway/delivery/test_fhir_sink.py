"""The FHIR sink and its worker against a real FHIR R4 server."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.delivery.fhir.sink import FhirSink
from gateway.delivery.settings import FhirSinkSettings
from gateway.delivery.store import ItemState
from tests.gateway.delivery.support import Bench, FastClock, blood_pressure, weight, wrap
from tests.servers import FhirServer

pytestmark = [pytest.mark.servers, pytest.mark.slow]


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
