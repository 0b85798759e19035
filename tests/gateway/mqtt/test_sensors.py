"""What sensors behind a broker say, once and about whom: repeats, moments, whose, out of reach, radars."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.health import Colour
from gateway.radio.contracts import Severity
from tests.gateway.mqtt.home import (
    ADDRESS,
    AINO,
    FP2,
    HALL,
    VAYYAR,
    Home,
    home,
    iso,
    listed,
    live,
)
from tests.virtual_time import EPOCH, VirtualClock, run_virtual


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
            assert await house.states() == [{"presence-detected": 1.0}, {"illuminance": 43.0}]
            await house.hear("ha/binary_sensor/fp2_bath_presence_sensor_1/state", "unavailable")
            assert house.listener.heard()[0].state == "offline"
            assert [row.flags for row in await house.rows()] == [(), (), ("offline",)]

    run_virtual(main)
