"""Between a broker and the store, without a broker: what waits, what is given up, what is said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.ingest.received import Received
from gateway.mqtt.contracts import Arrived, HomeAssistant, Topics
from gateway.mqtt.inbox import Inbox
from gateway.mqtt.reasons import sentence
from gateway.mqtt.status import RED_AFTER_S, Status, Trouble
from tests.gateway.mqtt.home import Home, arrived, broker, home, listed
from tests.virtual_time import VirtualClock, run_virtual

ADDRESS: Final = "0x00158d00018255df"


def test_beyond_its_limit_the_inbox_drops_what_waits_for_no_word() -> None:
    inbox = Inbox(limit=3)
    first, second, third = (arrived(qos=qos, number=n) for n, qos in enumerate((1, 0, 1)))
    for one in (first, second, third):
        inbox.put(one)
    fourth = arrived(qos=1, number=4)
    inbox.put(fourth)
    assert (len(inbox), inbox.dropped, inbox.left) == (3, 1, 0)
    inbox.put(arrived(qos=0, number=5))
    assert (len(inbox), inbox.dropped, inbox.left) == (3, 2, 0)
    inbox.put(arrived(qos=1, number=6))
    assert (len(inbox), inbox.dropped, inbox.left) == (3, 2, 1)  # the broker sends it again

    async def main() -> list[Arrived]:
        return await inbox.some()

    assert [one.number for one in run_virtual(main)] == [0, 2, 4]
    inbox.done([first, third])
    assert run_virtual(main) == [fourth]


def test_what_the_store_does_not_take_waits_and_is_committed_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, VirtualClock(), running=False) as house:
            await house.assign()
            await house.registry.residents()
            refusals = 5
            commit = house.listener._commit

            async def refusing(batch: Sequence[Received]) -> None:
                nonlocal refusals
                refusals -= 1
                if refusals >= 0:
                    raise StoreError("no room")
                await commit(batch)

            house.listener._commit = refusing
            await _with_understanding(house)
            assert await house.states() == [{"opening-open": 1.0}]
            assert refusals == -1

    run_virtual(main)


async def _with_understanding(house: Home) -> None:
    import asyncio

    async with asyncio.TaskGroup() as group:
        task = group.create_task(house.listener._understand())
        await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", "MCCGQ11LM")), retained=True)
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        task.cancel()


def test_a_message_that_makes_the_part_fail_is_given_up_and_what_came_before_it_is_kept(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, VirtualClock(), running=False) as house:
            await house.assign()
            (source, *_) = house.listener._sources
            take = source.take

            async def failing(arrived: Arrived) -> list[Received]:
                if b"boom" in arrived.payload:
                    raise RuntimeError("a defect of ours")
                return await take(arrived)

            source.take = failing  # type: ignore[method-assign]
            house.listener._arrived(
                "zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", "MCCGQ11LM")).encode(), 1, True, False, 1
            )
            house.listener._arrived("zigbee2mqtt/hall", b'{"contact":false}', 1, False, False, 2)
            house.listener._arrived("zigbee2mqtt/hall", b'{"boom":1}', 1, False, False, 3)
            house.listener._arrived("zigbee2mqtt/hall", b'{"contact":true}', 1, False, False, 4)
            with pytest.raises(RuntimeError):
                await house.listener._understand()
            import asyncio

            async with asyncio.TaskGroup() as group:  # the supervisor starts it again
                task = group.create_task(house.listener._understand())
                await house.settle()
                task.cancel()
            assert [state["opening-open"] for state in await house.states()] == [1.0, 0.0]
            assert house.counts["given-up"] == 1

    run_virtual(main)


def test_a_broker_that_stays_away_is_amber_and_then_red() -> None:
    health = HealthBoard()
    status = Status("home", health)
    status.report(0.0)
    assert health.parts()["mqtt:home"].colour is Colour.AMBER
    assert status.lost("No connection.", 10.0)
    assert not status.lost("No connection.", 20.0)
    status.report(10 + RED_AFTER_S - 1)
    assert health.parts()["mqtt:home"].colour is Colour.AMBER
    status.report(10 + RED_AFTER_S)
    assert health.parts()["mqtt:home"].colour is Colour.RED
    assert status.connected()
    assert not status.connected()
    status.report(400.0)
    assert health.parts()["mqtt:home"].colour is Colour.GREEN


def test_topics_that_the_broker_refuses_are_named() -> None:
    health = HealthBoard()
    status = Status("home", health)
    status.connected()
    status.refused(["zigbee2mqtt/#"])
    status.report(0.0)
    told = health.parts()["mqtt:home"]
    assert (told.colour, "zigbee2mqtt/#: allow its user to read" in told.reason) == (Colour.AMBER, True)
    status.refused([])
    status.report(0.0)
    assert health.parts()["mqtt:home"].colour is Colour.GREEN


def test_three_troubles_are_named_and_the_others_counted() -> None:
    health = HealthBoard()
    status = Status("home", health)
    status.connected()
    for n in range(5):
        assert status.begin(f"eui64:{n}", f"Model {n}", Trouble.OFFLINE, 0.0) is not None
        assert status.begin(f"eui64:{n}", f"Model {n}", Trouble.OFFLINE, 0.0) is None
    status.report(0.0)
    reason = health.parts()["mqtt:home"].reason
    assert "Model 2:" in reason
    assert "Model 3:" not in reason
    assert reason.endswith("There are 2 more.")
    for n in range(1000):  # bounded
        status.begin(f"eui64:x{n}", "X", Trouble.OFFLINE, 0.0)
    assert len(status._now) <= 256
    assert len(status._said) <= 512


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("[Errno 111] Connection refused", "nobody listens there"),
        ("timed out", "does not answer"),
        ("[Errno -2] Name or service not known", "its name is not known"),
        ("[Errno 113] No route to host", "cannot be reached"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "mqtt.ca_file"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] Hostname mismatch, certificate is not valid for 'x'", "another name"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "does not speak TLS here"),
        ("[code:134] Bad user name or password", "mqtt.password_file"),
        ("[code:135] Not authorized", "mqtt.password_file"),
        ("[code:7] Unexpected disconnection", "is the broker running?"),
    ],
)
def test_why_there_is_no_connection_says_what_to_do(why: str, advice: str) -> None:
    said = sentence(broker(8883, username="huoma", password="a-password-of-the-broker"), why)
    assert said.startswith("No connection to the broker at 127.0.0.1:8883, so what its sensors say is not heard: ")
    assert advice in said
    assert "a-password" not in said
    assert ".." not in said
    assert "?." not in said


@pytest.mark.parametrize(
    "changes",
    [
        {"topics": (Topics(filter="/d/+/e", profile="vayyar/cara"),)},
        {"topics": (Topics(filter="/d/+/e", profile="polar/h10"),)},  # a profile, and none that reads payloads
        {"home_assistant": HomeAssistant(prefix="ha", devices={"fp2": "aqara/fp9"})},
    ],
)
def test_a_profile_that_there_is_not_is_said_and_silences_no_other(tmp_path: Path, changes: dict[str, Any]) -> None:
    async def main() -> None:
        async with home(tmp_path, VirtualClock(), settings=broker(**changes)) as house:
            await house.assign()
            house.listener._status.connected()
            await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", "MCCGQ11LM")), retained=True)
            await house.hear("zigbee2mqtt/hall", {"contact": False})
            assert house.part.colour is Colour.AMBER
            assert "is not heard, for there is no such profile" in house.part.reason
            assert await house.states() == [{"opening-open": 1.0}]

    run_virtual(main)


def test_while_zigbee2mqtt_is_away_nothing_is_heard_and_after_five_minutes_somebody_is_called() -> None:
    health = HealthBoard()
    status = Status("home", health)
    heard = [status.is_hearing]
    status.connected()
    heard.append(status.is_hearing)
    status.bridge(away=True)
    heard.append(status.is_hearing)
    seen = []
    for at in (0.0, RED_AFTER_S - 1, RED_AFTER_S):
        status.report(at)
        seen.append(health.parts()["mqtt:home"].colour)
    assert status.is_connected
    assert seen == [Colour.AMBER, Colour.AMBER, Colour.RED]
    status.bridge(away=False)
    status.report(RED_AFTER_S + 1)
    heard.append(status.is_hearing)
    assert heard == [False, True, False, True]
    assert health.parts()["mqtt:home"].colour is Colour.GREEN
    status.bridge(away=True)
    status.report(RED_AFTER_S + 2)
    assert health.parts()["mqtt:home"].colour is Colour.AMBER, "another time: its five minutes begin anew"
