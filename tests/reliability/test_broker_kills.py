"""A real broker killed again and again under a publisher; nothing is lost that the broker itself had not lost.

The broker writes down each change at once, the publisher sends again what it has no receipt for, the gateway gives its
word after the commit. Between a receipt and the write the broker has a moment in which a kill costs it a message, of
one session and not of another: so what reached the gateway is compared with the store, and what reached a second
subscriber with what reached the gateway, which may differ by those few.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Final

import paho.mqtt.client as paho
import pytest

from gateway.core.clock import SystemClock
from tests.brokers import Mosquitto, mosquitto, publish, stop
from tests.gateway.mqtt.home import Home, broker, home, listed
from tests.reliability.home import full

KILLS: Final = 50 if full() else 5
RECOVERED_S: Final = 5.0
EVERY_S: Final = 0.02
TOPIC: Final = "zigbee2mqtt/hall"
STEP_S: Final = 61  # a climate is kept once a minute
HISTORY: Final = timedelta(days=10)


class _Synchronised(SystemClock):
    def synchronised(self) -> bool:
        return True


class Witness:
    """What the broker handed to somebody else."""

    def __init__(self, server: Mosquitto) -> None:
        self.numbers: set[int] = set()
        self._client = server.publisher("witness")
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos=1)
        self._client.subscribe(TOPIC, qos=1)

    def _on_message(self, _client: Any, _userdata: Any, message: paho.MQTTMessage) -> None:
        self.numbers.add(json.loads(message.payload)["n"])

    def stop(self) -> None:
        stop(self._client)


class Publisher(threading.Thread):
    """A temperature each 20 ms, QoS 1, over every outage."""

    def __init__(self, server: Mosquitto) -> None:
        super().__init__(daemon=True)
        self.client = server.publisher("zigbee2mqtt")
        self.client.on_publish = lambda _client, _userdata, mid, *_: self.receipts.add(mid)
        self.receipts: set[int] = set()
        self.sent: list[int] = []
        self.over = threading.Event()
        self._began = _Synchronised().wall() - HISTORY

    def run(self) -> None:
        while not self.over.wait(EVERY_S):
            n = len(self.sent)
            seen = (self._began + timedelta(seconds=n * STEP_S)).isoformat()
            payload = json.dumps({"n": n, "temperature": n / 100, "last_seen": seen})
            self.sent.append(self.client.publish(TOPIC, payload, qos=1).mid)

    def receipted(self) -> set[int]:
        return {n for n, mid in enumerate(self.sent) if mid in self.receipts}

    def finish(self) -> None:
        self.over.set()
        self.join(10)


def is_connected(house: Home) -> bool:
    return house.listener.is_connected


async def until(so: Callable[[], bool], seconds: float) -> float:
    began = perf_counter()
    async with asyncio.timeout(seconds):
        while not so():  # noqa: ASYNC110  # what it waits for has no event: another process
            await asyncio.sleep(0.005)
    return perf_counter() - began


def tapped(house: Home) -> set[int]:
    """What the broker has handed to the gateway, from now on."""
    reached: set[int] = set()
    arrived = house.listener._arrived

    def tap(topic: str, payload: bytes, qos: int, retained: bool, again: bool, number: int) -> None:
        if topic == TOPIC:
            reached.add(json.loads(payload)["n"])
        arrived(topic, payload, qos, retained, again, number)

    house.listener._arrived = tap  # type: ignore[method-assign]
    assert house.listener._client is not None
    house.listener._client._arrived = tap  # the next one is given the other
    return reached


async def numbers(house: Home) -> Counter[int]:
    """Which were stored, how often."""
    rows = await house.database.read(
        lambda c: c.execute("SELECT json_extract(\"values\", '$.room-temperature') FROM readings").fetchall()
    )
    return Counter(round(float(row[0] or 0.0) * 100) for row in rows)


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.timeout(1800 if full() else 120)
async def test_a_broker_that_is_killed_again_and_again(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chance = Random(23)
    back_s: list[float] = []
    named = 0
    with mosquitto(tmp_path / "broker") as server:
        settings = broker(server.port, home_assistant=None, topics=())
        publisher, witness = Publisher(server), Witness(server)
        publish(
            publisher.client,
            "zigbee2mqtt/bridge/devices",
            listed(("0x00158d00018255df", "hall", "WSDCGQ11LM")),
            retain=True,
        )
        async with home(tmp_path, _Synchronised(), settings=settings, only_understand=False) as house:
            await house.assign()
            await until(lambda: is_connected(house), 10)
            reached = tapped(house)
            publisher.start()
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0.1, 0.6))
                await until(publisher.client.is_connected, 10)
                server.kill()
                await until(lambda: not is_connected(house), 5)
                named += "so what its sensors say is not heard" in house.part.reason
                await asyncio.sleep(chance.uniform(0.0, 3.0) if full() else chance.uniform(0.0, 0.5))
                await asyncio.to_thread(server.start)
                back_s.append(await until(lambda: is_connected(house), 20))
            publisher.finish()
            await until(lambda: publisher.receipted() == set(range(len(publisher.sent))), 30)
            stored: Counter[int] = Counter()
            for _ in range(200):
                stored = await numbers(house)
                if stored.keys() >= reached | witness.numbers:
                    break
                await asyncio.sleep(0.05)
            counts = dict(house.counts)
            dropped = house.listener._inbox.dropped
        stop(publisher.client)
        witness.stop()
    accepted = publisher.receipted()
    figures = {
        "kills": KILLS, "published": len(publisher.sent), "accepted": len(accepted), "stored": len(stored),
        "broker lost": len(accepted - reached), "of another": len(accepted - witness.numbers),
        "lost": len(reached - stored.keys()),
        "twice": sum(count > 1 for count in stored.values()), "back s": f"{max(back_s):.2f} at most", **counts,
    }  # fmt: skip
    print(f"Broker kills: {figures}")
    record_property("broker_kills", figures)
    assert max(back_s) <= RECOVERED_S
    assert named == KILLS
    assert len(accepted) > 5 * KILLS
    assert reached - stored.keys() == set()
    assert accepted - stored.keys() == accepted - reached
    assert len(witness.numbers - reached) <= max(1, KILLS // 10)  # a session that was not kept loses dozens
    assert max(stored.values()) == 1
    assert dropped == 0
