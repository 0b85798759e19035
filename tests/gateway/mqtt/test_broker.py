"""With a real broker: retained and late messages, our word for each, TLS, passwords, and a broker that is gone."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from gateway.core.clock import SystemClock
from gateway.core.health import Colour
from gateway.mqtt.client import BrokerClient
from tests.brokers import mosquitto, publish, stop
from tests.gateway.delivery.test_tls import certificate
from tests.gateway.mqtt.home import Home, broker, home, listed
from tests.servers import free_port

pytestmark = [pytest.mark.servers, pytest.mark.slow]

ADDRESS: Final = "0x00158d00018255df"
DEVICES: Final = listed((ADDRESS, "hall", "MCCGQ11LM"))
PASSWORD: Final = "correct-horse-battery-staple"
WAIT_S: Final = 40.0  # of a machine that does much else


async def until(so: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_S):
        while True:
            told = so()
            if told if isinstance(told, bool) else await told:
                return
            await asyncio.sleep(0.01)


def connected(house: Home) -> Callable[[], bool]:
    return lambda: "mqtt:home" in house.health.parts() and house.part.reason.startswith("Connected")


def stored(house: Home, count: int) -> Callable[[], Awaitable[bool]]:
    async def so() -> bool:
        return len(await house.rows()) >= count

    return so


async def test_from_a_published_message_to_a_reading_of_a_resident(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as server:
        publisher = server.publisher()
        publish(publisher, "zigbee2mqtt/bridge/devices", DEVICES, retain=True)
        async with home(tmp_path, SystemClock(), settings=broker(server.port), only_understand=False) as house:
            await house.assign()
            await until(connected(house))
            for n, qos in enumerate((0, 1, 2)):
                publish(publisher, "zigbee2mqtt/hall", json.dumps({"contact": n % 2 == 1}), qos=qos)
            await until(stored(house, 3))
            assert [state["opening-open"] for state in await house.states()] == [1.0, 0.0, 1.0]
            assert house.part.colour is Colour.GREEN
        stop(publisher)


async def test_what_comes_while_the_gateway_is_away_waits_for_it_and_comes_once(tmp_path: Path) -> None:
    clock = _Synchronised()
    with mosquitto(tmp_path / "broker") as server:
        publisher = server.publisher()
        publish(publisher, "zigbee2mqtt/bridge/devices", DEVICES, retain=True)
        settings = broker(server.port)
        async with home(tmp_path, clock, settings=settings, only_understand=False) as house:
            await house.assign()
            await until(connected(house))
        began = clock.wall() - timedelta(minutes=10)
        for n in range(40):  # more than a broker sends at once
            seen = (began + timedelta(seconds=n)).isoformat()
            publish(publisher, "zigbee2mqtt/hall", json.dumps({"contact": n % 2 == 0, "last_seen": seen}))
        async with home(tmp_path, clock, settings=settings, only_understand=False) as house:
            await until(stored(house, 40))
            rows = await house.rows()
            assert [row.values["opening-open"] for row in rows] == [float(n % 2) for n in range(40)]
            assert {row.effective_source for row in rows} == {"device"}
        async with home(tmp_path, clock, settings=settings, only_understand=False) as house:
            await until(connected(house))
            await asyncio.sleep(0.3)
            assert len(await house.rows()) == 40
            assert house.counts["again"] == house.counts["repeated"] == 0  # it had our word for each of them
        stop(publisher)


async def test_a_message_is_the_brokers_until_its_reading_is_committed(tmp_path: Path) -> None:
    clock = _Synchronised()
    with mosquitto(tmp_path / "broker") as server:
        publisher = server.publisher()
        publish(publisher, "zigbee2mqtt/bridge/devices", DEVICES, retain=True)
        settings = broker(server.port)
        async with home(tmp_path, clock, settings=settings, only_understand=False) as house:
            await house.assign()
            await until(connected(house))
            taken = asyncio.Event()

            async def never(_batch: object) -> None:
                taken.set()
                await asyncio.Event().wait()  # the power goes while it is being committed

            house.listener._commit = never
            seen = (clock.wall() - timedelta(seconds=9)).isoformat()
            publish(publisher, "zigbee2mqtt/hall", json.dumps({"contact": False, "last_seen": seen}))
            async with asyncio.timeout(WAIT_S):
                await taken.wait()
            assert await house.rows() == []
        async with home(tmp_path, clock, settings=settings, only_understand=False) as house:
            await until(stored(house, 1))
            assert await house.states() == [{"opening-open": 1.0}]
        stop(publisher)


async def test_more_than_the_inbox_holds_is_asked_for_again(tmp_path: Path) -> None:
    clock = _Synchronised()
    with mosquitto(tmp_path / "broker") as server:
        publisher = server.publisher()
        publish(publisher, "zigbee2mqtt/bridge/devices", DEVICES, retain=True)
        async with home(tmp_path, clock, settings=broker(server.port), only_understand=False) as house:
            await house.assign()
            await until(connected(house))
            house.listener._inbox._limit = 5
            commit, gate = house.listener._commit, asyncio.Event()

            async def gated(batch: object) -> None:
                await gate.wait()
                await commit(batch)  # type: ignore[arg-type]

            house.listener._commit = gated
            for n in range(15):
                seen = (clock.wall() - timedelta(minutes=9, seconds=-n)).isoformat()
                publish(publisher, "zigbee2mqtt/hall", json.dumps({"contact": n % 2 == 0, "last_seen": seen}))
            await until(lambda: house.listener._inbox.left > 0)
            gate.set()
            await until(stored(house, 15))
            assert len(await house.rows()) == 15
            assert house.listener._inbox.dropped == 0
        stop(publisher)


async def test_tls_and_a_password(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, valid=timedelta(days=1))
    with mosquitto(tmp_path / "broker", tls=(cert, key), users={"huoma": PASSWORD}) as server:
        good = broker(server.port, tls=True, ca_file=cert, username="huoma", password=PASSWORD)
        async with home(tmp_path / "good", SystemClock(), settings=good, only_understand=False) as house:
            await until(connected(house))


# A handshake that fails leaves paho's socket to the garbage collector, which closes it at once.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"password": "a-wrong-password-of-32-characters"}, "mqtt.username and mqtt.password_file"),
        ({"username": None, "password": None}, "mqtt.username and mqtt.password_file"),
        ({"ca_file": None}, "mqtt.ca_file"),
        ({"host": "localhost"}, "its certificate bears another name"),
        ({"tls": False}, "it does not answer: is its machine switched on? Look at mqtt.host, mqtt.port and mqtt.tls"),
    ],
)
async def test_what_is_wrong_with_the_connection_is_named_without_the_password(
    tmp_path: Path, changes: dict[str, object], advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cert, key = certificate(tmp_path, valid=timedelta(days=1))
    with mosquitto(tmp_path / "broker", tls=(cert, key), users={"huoma": PASSWORD}) as server:
        given: dict[str, object] = {"tls": True, "ca_file": cert, "username": "huoma", "password": PASSWORD, **changes}
        async with home(tmp_path, SystemClock(), settings=broker(server.port, **given), only_understand=False) as house:
            await until(lambda: "mqtt:home" in house.health.parts() and "No connection" in house.part.reason)
            assert advice in house.part.reason
            assert house.part.colour is Colour.AMBER
        printed = capsys.readouterr()
        for secret in (PASSWORD, "a-wrong-password-of-32-characters"):
            assert secret not in printed.out + printed.err + house.part.reason


async def test_an_address_where_nobody_listens_and_one_that_never_answers(tmp_path: Path) -> None:
    async with home(tmp_path / "a", SystemClock(), settings=broker(free_port()), only_understand=False) as house:
        await until(lambda: "mqtt:home" in house.health.parts() and "nobody listens there" in house.part.reason)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        silent = broker(deaf.getsockname()[1])
        async with home(tmp_path / "b", SystemClock(), settings=silent, only_understand=False) as house:
            await until(lambda: "mqtt:home" in house.health.parts() and "No connection" in house.part.reason)


async def test_a_subscription_that_is_refused_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mosquitto(tmp_path / "broker") as server:
        subscribe = BrokerClient.subscribe

        async def refusing(client: BrokerClient, topic: str, qos: int = 0) -> tuple[int, ...]:
            await subscribe(client, topic, qos=qos)
            return (0x80 if topic == "zigbee2mqtt/#" else qos,)

        monkeypatch.setattr(BrokerClient, "subscribe", refusing)
        async with home(tmp_path, SystemClock(), settings=broker(server.port), only_understand=False) as house:
            await until(lambda: house.listener.is_connected)
            assert "lets us not hear zigbee2mqtt/#:" in house.part.reason


async def test_the_sensors_are_named_while_they_are_gone(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as server:
        async with home(tmp_path, SystemClock(), settings=broker(server.port), only_understand=False) as house:
            await until(connected(house))
            server.kill()
            await until(lambda: "is not heard" in house.part.reason)
            assert house.part.colour is Colour.AMBER
            server.start()
            await until(connected(house))


class _Synchronised(SystemClock):
    def synchronised(self) -> bool:
        return True
