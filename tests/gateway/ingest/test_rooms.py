"""Readings of rooms: kept, into the time series, and never into a health record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from device_drivers.decode import bthome
from device_drivers.nomenclature import Kind
from gateway.ingest.ingest import Ingest
from gateway.ingest.intake import Intake, Listener
from gateway.ingest.received import Received
from gateway.store.outgoing import SinkRoute
from gateway.store.undecodable import UndecodableFrames
from tests.gateway.ingest.conftest import AINO, ZONE, Gateway, known

SENSOR = known("sensor", "reception", 4)
ROUTES = (SinkRoute(name="fhir", takes_rooms=False), SinkRoute(name="influx", stream_period_s=0))
CLIMATE, STATE, WEIGHT = "4002CA0903BF13", "402101", "40065E1F"


def heard(gateway: Gateway, frame: str) -> list[Received]:
    return [gateway.received(SENSOR, one) for one in bthome.decode(bytes.fromhex(frame)).readings]


@pytest.fixture
def ingest(gateway: Gateway) -> Ingest:
    return Ingest(gateway.database, gateway.stamper, clock=gateway.clock, zone=ZONE, routes=ROUTES)


async def test_a_room_goes_into_the_time_series_only(gateway: Gateway, ingest: Ingest) -> None:
    await gateway.registry.assign(SENSOR.address, AINO, actor="t")
    for frame in (CLIMATE, STATE, WEIGHT):
        for received in heard(gateway, frame):
            await ingest.accept(received)
    assert [row.kind for row in await gateway.rows()] == [Kind.ROOM_CLIMATE, Kind.ROOM_STATE, Kind.WEIGHT]
    assert [item.envelope["body"]["kind"] for item in await gateway.outbox.queued("fhir", limit=9)] == ["weight"]
    to_series = [item.envelope["body"]["kind"] for item in await gateway.outbox.queued("influx", limit=9)]
    assert to_series == ["room-climate", "room-state", "weight"]


async def test_so_it_does_when_the_sensor_is_given_to_somebody_later(gateway: Gateway, ingest: Ingest) -> None:
    for frame in (CLIMATE, WEIGHT):
        await ingest.accept(heard(gateway, frame)[0])
    await gateway.registry.assign(SENSOR.address, AINO, actor="t", since=gateway.clock.wall() - timedelta(hours=1))
    await ingest.take_up(SENSOR.address)
    assert await gateway.queued("influx") == 2
    assert await gateway.queued("fhir") == 1


async def test_rooms_share_commits_and_a_weight_does_not_wait(gateway: Gateway, ingest: Ingest) -> None:
    await gateway.registry.assign(SENSOR.address, AINO, actor="t")

    async def unheeded(*_: object) -> None: ...

    frames = UndecodableFrames(gateway.database, gateway.stamper)
    intake = Intake(
        ingest=ingest, frames=frames, motion=lambda *_: None, press=unheeded, listener=Listener(), clock=gateway.clock
    )
    for frame in (CLIMATE, WEIGHT):
        await intake.reading(heard(gateway, frame)[0])
    assert [row.kind for row in await gateway.rows()] == [Kind.WEIGHT]
    await intake._flush()
    assert {row.kind for row in await gateway.rows()} == {Kind.WEIGHT, Kind.ROOM_CLIMATE}
