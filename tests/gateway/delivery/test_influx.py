"""The InfluxDB sink against InfluxDB's own storage, and on the wire against VictoriaMetrics."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from device_drivers.nomenclature import Kind, Quantity
from gateway.delivery.influx import InfluxSink, nanoseconds, reading_point
from gateway.delivery.settings import InfluxSinkSettings
from gateway.delivery.store import ItemState
from tests.gateway.delivery.support import (
    RESIDENT,
    START,
    Bench,
    FastClock,
    alert,
    blood_pressure,
    reading,
    weight,
    wrap,
)
from tests.servers import InfluxServer, VictoriaServer


def sink_for(server: InfluxServer, **changes: Any) -> InfluxSink:
    given_settings = {
        "url": server.url,
        "token": SecretStr(server.token),
        "bucket": server.bucket,
        "org": "home",
        **changes,
    }
    return InfluxSink(InfluxSinkSettings(**given_settings), clock=FastClock())


@pytest.mark.servers
@pytest.mark.slow
class TestInfluxDb:
    async def test_every_value_is_there_once_at_its_own_time(self, influx_server: InfluxServer) -> None:
        bench = Bench(sink_for(influx_server, batch_size=20))
        documents = [blood_pressure(100.0 + number) for number in range(60)]
        for document in documents:
            await bench.store.put("influx", wrap(document))
        async with bench.running():
            await bench.drained()
        assert bench.states() == {ItemState.DELIVERED: 60}
        rows = influx_server.query("SELECT * FROM blood_pressure")
        told = {nanoseconds(document["effective"]["at"] or ""): document for document in documents}
        assert [row["time"] for row in rows] == sorted(told)
        for row in rows:
            values = {value["quantity"].replace("-", "_"): value["value"] for value in told[row["time"]]["values"]}
            assert {name: row[name] for name in values} == values
            assert row["resident"] == RESIDENT
            assert row["home"] == "home-1"
            assert row["gateway"] == "gateway-1"
            assert "5180400664" not in str(row)  # the device is a pseudonym

    async def test_lost_replies_make_no_second_point(self, influx_server: InfluxServer) -> None:
        influx_server.faults(drop=True)
        bench = Bench(sink_for(influx_server))
        for _ in range(30):
            await bench.store.put("influx", wrap(weight()))
        async with bench.running() as worker:
            await bench.until(lambda: bench.board.saw("red", "no answer"))
            assert bench.states() == {ItemState.QUEUED: 30}
            influx_server.faults()
            worker.resume()
            await bench.drained()
        assert influx_server.query("SELECT count(weight) FROM weight")[0]["count"] == 30

    async def test_a_refused_line_is_a_dead_letter_and_the_others_arrive(self, influx_server: InfluxServer) -> None:
        """A field that changes its type is a conflict that InfluxDB refuses with 400."""
        bench = Bench(sink_for(influx_server))
        await bench.store.put("influx", wrap(weight()))
        async with bench.running():
            await bench.drained()
        line = f"heart_rate,x=y flags=1i {nanoseconds(START.isoformat())}"  # types clash within a shard, that is a week
        url = f"{influx_server.query_url}/write"
        influx_server.client.post(url, params={"db": "home"}, content=line).raise_for_status()
        for number in range(40):
            flags = ["no-contact"] if number == 13 else []
            document = reading(Kind.HEART_RATE, {Quantity.HEART_RATE: 60.0 + number}, flags=flags)
            await bench.store.put("influx", wrap(document))
        async with bench.running():
            await bench.drained()
        assert bench.states() == {ItemState.DELIVERED: 40, ItemState.DEAD: 1}
        [(item, reason)] = await bench.store.dead_letters("influx")
        assert item.envelope["body"]["flags"] == ["no-contact"]
        assert reason.startswith("400")
        assert influx_server.query("SELECT count(heart_rate) FROM heart_rate")[0]["count"] >= 39

    async def test_a_wrong_token_is_said(self, influx_server: InfluxServer) -> None:
        bench = Bench(sink_for(influx_server, token=SecretStr("wrong-one")))
        await bench.store.put("influx", wrap(weight()))
        async with bench.running():
            await bench.until(lambda: bench.board.saw("red", "401"))
        assert bench.states() == {ItemState.QUEUED: 1}
        assert "wrong-one" not in str(bench.board.reports)

    async def test_a_wrong_bucket_is_said(self, influx_server: InfluxServer) -> None:
        bench = Bench(sink_for(influx_server, bucket="nowhere"))
        await bench.store.put("influx", wrap(weight()))
        async with bench.running():
            await bench.until(lambda: bench.board.saw("red", "404"))
        assert bench.states() == {ItemState.QUEUED: 1}

    async def test_alerts_only_when_wanted(self, influx_server: InfluxServer) -> None:
        off, on = Bench(sink_for(influx_server)), Bench(sink_for(influx_server, alerts=True))
        for bench in (off, on):
            await bench.store.put("influx", alert())
            async with bench.running():
                await bench.drained()
        assert off.states() == {ItemState.DROPPED: 1}
        assert on.states() == {ItemState.DELIVERED: 1}
        [row] = influx_server.query("SELECT * FROM alert")
        assert (row["kind"], row["state"], row["probability"]) == ("fall", "raised", 0.97)

    async def test_failed_measurements_stay_at_home(self, influx_server: InfluxServer) -> None:
        bench = Bench(sink_for(influx_server))
        await bench.store.put("influx", wrap(reading(Kind.BLOOD_PRESSURE, {})))
        async with bench.running():
            await bench.drained()
        assert bench.states() == {ItemState.DROPPED: 1}
        assert influx_server.query("SHOW MEASUREMENTS") == []


@pytest.mark.servers
@pytest.mark.slow
async def test_the_wire_to_victoria_metrics(victoria_server: VictoriaServer) -> None:
    bench = Bench(InfluxSink(InfluxSinkSettings(url=victoria_server.url, bucket="any"), clock=FastClock()))
    documents = [weight(60.0 + number / 4) for number in range(20)]
    for document in documents:
        await bench.store.put("influx", wrap(document, gateway="wire-test"))
    async with bench.running():
        await bench.drained()
    [series] = victoria_server.export('{__name__="weight_weight",gateway="wire-test"}')
    told = {
        nanoseconds(document["effective"]["at"] or "") // 10**6: document["values"][0]["value"]
        for document in documents
    }
    assert dict(zip(series["timestamps"], series["values"], strict=True)) == told


def test_nanoseconds_need_an_offset() -> None:
    assert nanoseconds("2026-03-01T08:00:00.123456+02:00") == 1772344800123456000
    with pytest.raises(ValueError, match="offset"):
        nanoseconds("2026-03-01T08:00:00")


@settings(max_examples=30)
@given(moment=st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_nanoseconds_are_exact(moment: datetime) -> None:
    assert nanoseconds(moment.isoformat()) % 1000 == 0
    assert abs(nanoseconds(moment.isoformat()) / 1e9 - moment.timestamp()) < 1e-3


def test_text_with_every_special_character_stays_one_tag() -> None:
    document = weight(flags=['a "b"', "c\nd", "e\\"])
    document["device"] = {**document["device"], "model": "x, y=z w"}
    line = reading_point(wrap(document)).to_line_protocol()
    assert "model=x\\,\\ y\\=z\\ w" in line
    assert line.count("weight=") == 1
