"""What sensors behind a broker say, once and about whom: repeats, moments, whose, out of reach, nonsense."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.core.errors import StoreError
from gateway.core.health import Colour
from gateway.mqtt.sensors import SENSORS_LIMIT
from gateway.mqtt.status import AGAIN_S
from gateway.radio.contracts import Severity
from tests.gateway.mqtt.home import AINO, EPOCH, HALL, Home, VirtualClock, broker, home, iso, listed
from tests.virtual_time import run_virtual

ADDRESS: Final = "0x00158d00018255df"
VAYYAR: Final = "serial:vayyar:id_A1"
FP2: Final = "serial:home-assistant:fp2_bath"
Story = Callable[[Home], Awaitable[None]]


def live(tmp_path: Path, story: Story, *, model: str = "MCCGQ11LM", assigned: bool = True) -> None:
    """A home with one sensor in the hall."""

    async def main() -> None:
        async with home(tmp_path, VirtualClock()) as house:
            if assigned:
                await house.assign()
            await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "hall", model)), retained=True)
            await story(house)

    run_virtual(main)


def test_a_state_that_is_said_each_minute_is_one_reading_until_a_chart_should_see_that_the_sensor_lives(
    tmp_path: Path,
) -> None:
    async def story(house: Home) -> None:
        for _ in range(9):
            await house.hear("zigbee2mqtt/hall", {"contact": False})
            await house.clock.sleep(60)
        assert await house.states() == [{"opening-open": 1.0}]
        assert house.counts["repeated"] == 8
        await house.clock.sleep(60)
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        assert len(await house.states()) == 2
        await house.hear("zigbee2mqtt/hall", {"contact": True})
        assert (await house.states())[-1] == {"opening-open": 0.0}

    live(tmp_path, story)


def test_a_message_that_is_sent_again_is_one_reading(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for contact, number in ((False, 71), (True, 72)):
            await house.hear("zigbee2mqtt/hall", {"contact": contact}, number=number)
        for contact, number in ((False, 71), (True, 72)):  # the broker did not hear our word, or forgot it
            await house.hear("zigbee2mqtt/hall", {"contact": contact}, number=number, again=True)
        assert await house.states() == [{"opening-open": 1.0}, {"opening-open": 0.0}]
        assert house.counts["again"] == 2
        await house.hear("zigbee2mqtt/hall", {"contact": False}, number=71)  # a number comes round
        assert len(await house.states()) == 3

    live(tmp_path, story)


def test_what_a_publisher_sends_again_is_known_by_its_moment(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        told = [{"contact": n % 2 == 0, "last_seen": iso(n - 60)} for n in range(4)]
        for payload in (*told, *told):
            await house.hear("zigbee2mqtt/hall", payload)
        assert [state["opening-open"] for state in await house.states()] == [0.0, 1.0, 0.0, 1.0]
        assert house.counts["repeated"] == 4

    live(tmp_path, story)


def test_what_was_committed_before_a_restart_is_not_stored_again(tmp_path: Path) -> None:
    payload = {"contact": False, "last_seen": iso(-5)}
    for _ in range(2):
        live(tmp_path, lambda house: house.hear("zigbee2mqtt/hall", payload, again=True))

    async def story(house: Home) -> None:
        assert [dict(row.values) for row in await house.rows()] == [{"opening-open": 1.0}]

    live(tmp_path, story)


def test_what_a_broker_kept_is_known_and_no_news_of_now(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await house.hear("zigbee2mqtt/hall", {"contact": False, "battery": 9}, retained=True)
        assert await house.rows() == []
        assert house.counts["known"] == 1
        (sensor,) = house.listener.heard()
        assert sensor.last_state == "opening-open 1, battery-level 9"
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        assert len(await house.rows()) == 1

    live(tmp_path, story)


def test_what_a_broker_kept_with_its_moment_is_of_that_moment_and_comes_once(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for _ in range(3):  # each time we connect
            await house.hear("zigbee2mqtt/hall", {"contact": False, "last_seen": iso(-7200)}, retained=True)
        (row,) = await house.rows()
        assert (row.effective_at, row.effective_source) == (EPOCH - timedelta(hours=2), "device")
        assert row.identity_rule == "device-time"
        await house.hear("zigbee2mqtt/hall", {"contact": True, "last_seen": iso(-9000)}, retained=True)
        assert len(await house.rows()) == 1

    live(tmp_path, story)


def test_late_messages_have_their_own_times_and_none_is_thinned_away(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for n in range(6):  # what a broker kept for us in half an hour, all at once
            payload = {"temperature": 20 + n / 10, "last_seen": iso(-1800 + n * 300)}
            await house.hear("zigbee2mqtt/hall", payload)
        rows = await house.rows()
        assert [row.effective_at for row in rows] == [EPOCH - timedelta(seconds=1800 - n * 300) for n in range(6)]

    live(tmp_path, story, model="WSDCGQ11LM")


@pytest.mark.parametrize(
    ("stamp", "count", "advice"),
    [
        (iso(600), "future", "set the clock of the machine that zigbee2mqtt runs on"),
        ("2099-01-01T00:00:00Z", "future", "set the clock"),
        ("yesterday", "no-moment", "choose ISO_8601"),
        (12345, "no-moment", "choose ISO_8601"),
    ],
)
def test_a_moment_that_cannot_be_costs_the_moment_and_is_named_once(
    tmp_path: Path, stamp: Any, count: str, advice: str
) -> None:
    async def story(house: Home) -> None:
        for contact in (False, True, False):
            await house.hear("zigbee2mqtt/hall", {"contact": contact, "last_seen": stamp})
        rows = await house.rows()
        assert len(rows) == 3
        assert all(abs((row.effective_at - EPOCH).total_seconds()) < 10 for row in rows if row.effective_at)
        assert {row.effective_source for row in rows} == {"reception"}
        assert house.counts[count] == 3
        ((address, words, severity),) = house.words.said
        assert (address, severity) == (HALL, Severity.FAULT)
        assert advice in words

    live(tmp_path, story)


def test_a_moment_before_the_last_one_is_counted_and_the_reception_counts(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await house.hear("zigbee2mqtt/hall", {"contact": False, "last_seen": iso(-10)})
        await house.hear("zigbee2mqtt/hall", {"contact": True, "last_seen": iso(-3600)})
        first, second = await house.rows()
        assert (first.effective_source, second.effective_source) == ("device", "reception")
        assert house.counts["unordered"] == 1
        await house.hear("zigbee2mqtt/hall", {"contact": False, "last_seen": iso(0)})
        house.listener._report()
        assert house.part.colour is not Colour.RED
        assert "wrong order" not in house.part.reason  # it mended itself

    live(tmp_path, story)


def test_late_messages_in_a_mixed_order_are_all_kept(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for n in (0, 1, 5, 2, 3, 4, 6, 7):
            await house.hear("zigbee2mqtt/hall", {"temperature": 20 + n / 10, "last_seen": iso(-7200 + n * 300)})
        assert [round(state["room-temperature"] * 10) - 200 for state in await house.states()] == [
            0,
            1,
            5,
            2,
            3,
            4,
            6,
            7,
        ]
        assert house.counts["unordered"] == 3

    live(tmp_path, story, model="WSDCGQ11LM")


def test_a_door_that_opens_closes_and_opens_within_a_second_ends_open(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for n, contact in enumerate((False, True, False)):
            await house.hear("zigbee2mqtt/hall", {"contact": contact, "last_seen": iso(-5 + n / 10)})
        assert [state["opening-open"] for state in await house.states()] == [1.0, 0.0, 1.0]

    live(tmp_path, story)


def test_a_sensor_that_is_nobodys_is_listed_named_once_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        for contact in (False, True, False):
            await house.hear("zigbee2mqtt/hall", {"contact": contact, "battery": 71})
        assert await house.database.read(lambda c: c.execute("SELECT count(*) FROM readings").fetchall()) == [(0,)]
        assert house.counts["unassigned"] == 3
        ((_, words, severity),) = house.words.said
        assert severity is Severity.INFORMATION
        assert f"'huoma device assign {HALL} --resident NAME --placement ROOM'" in words
        (sensor,) = house.listener.heard()
        assert (sensor.identity, sensor.name, sensor.model) == (HALL, "hall", "Aqara MCCGQ11LM")
        assert sensor.last_state == "opening-open 1, battery-level 71"
        await house.assign()
        await house.hear("zigbee2mqtt/hall", {"contact": True})
        assert await house.states() == [{"opening-open": 0.0}]

    live(tmp_path, story, assigned=False)


def test_another_name_is_the_same_sensor_and_its_placement_stays(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        await house.hear("zigbee2mqtt/bridge/devices", listed((ADDRESS, "Aino's door", "MCCGQ11LM")), retained=True)
        await house.hear("zigbee2mqtt/Aino's door", {"contact": True})
        assert {row.device_identity for row in await house.rows()} == {HALL}
        (assignment,) = await house.registry.assigned(HALL)
        assert (assignment.subject, assignment.placement) == (AINO, "hall")

    live(tmp_path, story)


def test_a_sensor_without_a_name_is_known_before_the_list_comes(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, VirtualClock()) as house:
            await house.assign()
            await house.hear(f"zigbee2mqtt/{ADDRESS}", {"contact": False})
            assert await house.states() == [{"opening-open": 1.0}]

    run_virtual(main)


def test_a_sensor_out_of_reach_is_a_gap_and_named_not_stillness(tmp_path: Path) -> None:
    async def story(house: Home) -> None:
        house.listener._status.connected()
        await house.hear("zigbee2mqtt/hall", {"contact": False})
        for payload in ("offline", '{"state":"offline"}'):
            await house.hear("zigbee2mqtt/hall/availability", payload, retained=True)
        _, gap = await house.rows()
        assert (gap.failed, gap.flags, dict(gap.missing)) == (True, ("offline",), {"opening-open": "not-a-number"})
        house.listener._report()
        ((_, words, severity),) = house.words.said
        assert (house.listener.heard()[0].state, severity) == ("offline", Severity.FAULT)
        assert "its silence means nothing" in words
        assert "its silence means nothing" in house.part.reason
        await house.hear("zigbee2mqtt/hall/availability", "online", retained=True)
        await house.hear("zigbee2mqtt/hall", {"contact": False})  # the same as before the gap, and news after it
        assert [row.failed for row in await house.rows()] == [False, True, False]
        house.listener._report()
        assert "silence" not in house.part.reason

    live(tmp_path, story)


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


def test_a_radar_is_handed_on_live_and_never_from_what_a_broker_kept(tmp_path: Path) -> None:
    fall = {"type": 5, "payload": {"status": "fall_detected", "timestamp": 0}}

    async def main() -> None:
        clock = VirtualClock()
        async with home(tmp_path, clock) as house:
            fall["payload"] = {"status": "fall_detected", "timestamp": EPOCH.timestamp() * 1000 - 30_000}
            await house.hear("/devices/id_A1/events", fall)
            assert house.radar == []  # nobody's: never a fall
            await house.assign(VAYYAR, "bathroom")
            await house.hear("/devices/id_A1/events", {**fall, "n": 1}, retained=True)
            assert house.radar == []
            now = clock.monotonic()
            await house.hear("/devices/id_A1/events", {**fall, "n": 2})
            ((device, frame, at),) = house.radar
            assert (device.identity, device.model, frame.fallen) == (VAYYAR, "Care", True)
            assert at == pytest.approx(now - 30, abs=0.1)  # when it happened, by our clock
            await house.hear("/devices/id_A1/events", {**fall, "n": 2})
            assert len(house.radar) == 1
            for payload in (b"{", b"[1]", b'{"payload":{"status":"fall"}}', b'{"payload":{"status":5}}'):
                await house.hear("/devices/id_A1/events", payload)
            assert len(house.radar) == 1

    run_virtual(main)


def test_a_presence_sensor_of_home_assistant_is_a_radar_and_its_light_a_reading(tmp_path: Path) -> None:
    async def main() -> None:
        async with home(tmp_path, VirtualClock()) as house:
            await house.assign(FP2, "bathroom")
            await house.hear("ha/binary_sensor/fp2_bath_presence_sensor_1/state", "on", retained=True)
            assert house.radar == []
            await house.hear("ha/binary_sensor/fp2_bath_presence_sensor_1/state", "on")
            await house.hear("ha/sensor/fp2_bath_light_sensor_light_level/state", "43")
            await house.hear("ha/binary_sensor/fp2_bathtub/state", "on")  # another device
            await house.hear("ha/binary_sensor/fp2_bath_presence_sensor_1/state", "unknown")
            assert [frame.present for _, frame, _ in house.radar] == [True]
            assert await house.states() == [{"illuminance": 43.0}]
            await house.hear("ha/binary_sensor/fp2_bath_presence_sensor_1/state", "unavailable")
            assert house.listener.heard()[0].state == "offline"

    run_virtual(main)


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
