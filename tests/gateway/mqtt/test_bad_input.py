"""Nonsense, changed payloads, strangers and names: counted, named once, never an exception and never a fall."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import StoreError
from gateway.core.health import Colour
from gateway.mqtt.sensors import SENSORS_LIMIT
from gateway.mqtt.status import AGAIN_S
from gateway.radio.contracts import Severity
from tests.gateway.mqtt.home import (
    ADDRESS,
    HALL,
    VAYYAR,
    Home,
    broker,
    home,
    iso,
    listed,
    live,
)
from tests.virtual_time import VirtualClock, run_virtual


def test_a_bridge_that_does_not_run_is_said(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        house.listener._status.connected()
        await house.hear("zigbee2mqtt/bridge/state", '{"state":"offline"}', retained=True)
        away = house.part
        await house.hear("zigbee2mqtt/bridge/state", "online", retained=True)
        assert (away.colour, house.part.colour) == (Colour.AMBER, Colour.GREEN)
        assert "zigbee2mqtt does not run" in away.reason

    live(tmp_path, story)


def test_a_payload_whose_form_changed_is_counted_kept_and_named_once_an_hour(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        house.listener._status.connected()
        for n in range(3):
            await house.hear("zigbee2mqtt/hall", {"contact": "open", "battery": 71 + n})
        assert house.counts["strange"] == 3
        assert [set(state) for state in await house.states()] == [{"battery-level"}] * 3
        assert house.intake.undecodable_frames == {HALL: 3}
        told = [words for _, words, severity in house.words.said if severity is Severity.FAULT]
        assert len(told) == 2  # ours, with what to do; and that frames are not understood, by the intake
        strange = house.part.colour
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        assert (strange, house.part.colour) == (Colour.AMBER, Colour.GREEN)
        await house.hear("zigbee2mqtt/hall", {"contact": "open"})
        assert len(house.words.said) == 2
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        await house.clock.sleep(AGAIN_S)
        await house.hear("zigbee2mqtt/hall", {"contact": "open"})
        assert len(house.words.said) == 3

    live(tmp_path, story)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff\xfe", b"{", b"[]", b"true", b'"open"', b'{"contact":NaN}', b'{"a":"' + b"x" * 200_000 + b'"}'],
)
def test_what_is_no_state_is_counted_and_nothing_else_happens(tmp_path: Path, payload: bytes) -> None:
    async def story(house: Home) -> None:
        await house.hear("zigbee2mqtt/hall", payload)
        assert await house.rows() == []
        assert house.counts["undecodable"] == (payload != b"")  # nothing: how a retained message is deleted
        assert all(len(one.raw) <= 4096 for one in house.intake._strange)
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        assert len(await house.rows()) == 1

    live(tmp_path, story)


@pytest.mark.parametrize("listing", [b"", b"5", b"{", b"[[]]", b'[{"ieee_address":"0x1"}]', b"\xff"])
def test_a_list_that_is_none_is_counted_and_the_next_one_taken(tmp_path: Path, listing: bytes) -> None:
    async def main() -> None:
        async with home(tmp_path, VirtualClock()) as house:
            await house.assign()
            await house.hear("zigbee2mqtt/bridge/devices", listing, retained=True)
            await house.hear("zigbee2mqtt/hall", {"contact": False})
            assert await house.rows() == []
            await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", "MCCGQ11LM")), retained=True)
            await house.hear("zigbee2mqtt/hall", {"contact": False})
            assert len(await house.rows()) == 1

    run_virtual(main)


def test_lamps_groups_commands_and_other_topics_are_nothing(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for topic in (
            "zigbee2mqtt/hall/set", "zigbee2mqtt/hall/get", "zigbee2mqtt/all_lamps", "zigbee2mqtt/hall/contact",
            "zigbee2mqtt/bridge/logging", "zigbee2mqtt", "other/hall", "", "zigbee2mqtt/", "/devices//events",
        ):  # fmt: skip
            await house.hear(topic, {"contact": False})
        assert await house.rows() == []
        assert [sensor.identity for sensor in house.listener.heard()] == []

    live(tmp_path, story)


def test_whose_it_is_cannot_be_read_and_the_message_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(house: Home) -> None:
        asked = house.registry.assigned
        refusals = 3

        async def assigned(device: str | None = None, *, only_open: bool = True) -> Any:
            nonlocal refusals
            refusals -= 1
            if refusals >= 0:
                raise StoreError("the store is away")
            return await asked(device, only_open=only_open)

        monkeypatch.setattr(house.registry, "assigned", assigned)
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        assert refusals < 0
        assert len(await house.rows()) == 1
        assert house.counts["given-up"] == 0

    live(tmp_path, story)


def test_strangers_are_forgotten_before_ours(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        for n in range(SENSORS_LIMIT + 50):
            await house.hear(f"zigbee2mqtt/0x{n:016x}", {"contact": False})
        heard = house.listener.heard()
        assert len(heard) == SENSORS_LIMIT
        assert heard[-1].identity == HALL

    live(tmp_path, story)


def test_no_name_that_people_gave_is_said_or_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def story(house: Home) -> None:
        await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "Aino Virtanen", "MCCGQ11LM")), retained=True)
        for payload in ({"contact": "x"}, {"contact": False, "last_seen": iso(9e6)}, "{"):
            await house.hear("zigbee2mqtt/Aino Virtanen", payload)
        await house.hear("zigbee2mqtt/Aino Virtanen/availability", "offline")
        house.listener._report()
        said = json.dumps([house.words.said, house.part.reason])
        assert "Virtanen" not in said
        assert HALL in said

    live(tmp_path, story)
    printed = capsys.readouterr()
    assert "Virtanen" not in printed.out + printed.err


def test_nothing_that_is_published_is_an_exception_or_a_fall(tmp_path: Path) -> None:
    chance = random.Random(5)
    topics = [
        "zigbee2mqtt/hall", "zigbee2mqtt/hall/availability", "zigbee2mqtt/bridge/devices", "zigbee2mqtt/bridge/state",
        "/devices/id_A1/events", "ha/binary_sensor/fp2_bath_presence_sensor_1/state", "zigbee2mqtt/" + ADDRESS,
    ]  # fmt: skip
    odd: list[Any] = [None, True, 5, -1e300, "", "on", "offline", [], {}, [{}], {"contact": []}, {"payload": "x"}]
    odd += [{"payload": {"trackerTargets": value}} for value in odd]
    stamps: list[Any] = [None, {}, [], -1, 1e300, "x", "9999-12-31T23:59:59Z"]
    odd += [{"contact": False, "last_seen": stamp} for stamp in stamps]

    async def story(house: Home) -> None:
        await house.assign(VAYYAR, "bathroom")
        for _ in range(1500):
            payload: Any = json.dumps(chance.choice(odd)).encode()
            if chance.random() < 0.3:
                payload = bytes(chance.randrange(256) for _ in range(chance.randrange(30)))
            await house.hear(
                chance.choice(topics), payload, retained=chance.random() < 0.2, again=chance.random() < 0.2
            )
        assert not any(frame.fallen for _, frame, _ in house.radar)

    live(tmp_path, story)


def test_two_brokers_have_parts_of_their_own() -> None:
    assert broker(name="a") != broker(name="b")
    assert "secret-of-the-broker" not in repr(broker(password="secret-of-the-broker"))


def test_what_comes_before_the_list_waits_for_it_and_keeps_its_order(tmp_path: Path) -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with home(tmp_path, clock) as house:
            await house.assign()
            arrive = house.listener._arrived
            for n in range(3):
                arrive("zigbee2mqtt/hall", json.dumps({"contact": n % 2 == 1}).encode(), 1, False, False, n)
            await clock.sleep(2)
            assert len(house.listener._inbox) == 3
            arrive("zigbee2mqtt/hall", b'{"contact":true}', 1, False, False, 3)
            arrive("zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", "MCCGQ11LM")).encode(), 0, True, False, 0)
            await house.settle()
            assert [state["opening-open"] for state in await house.states()] == [1.0, 0.0, 1.0, 0.0]

    run_virtual(main)


def test_a_list_that_never_comes_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async def main() -> None:
        clock = VirtualClock()
        async with home(tmp_path, clock) as house:
            await house.assign()
            began = clock.monotonic()
            await house.hear("zigbee2mqtt/hall", {"contact": False})
            assert 4.9 < clock.monotonic() - began < 6
            await house.hear("zigbee2mqtt/hall", {"contact": False})
            assert clock.monotonic() - began < 6
            assert house.counts["not-a-sensor"] == 2

    run_virtual(main)
