"""What bridges say of themselves: zigbee2mqtt's list and availability, Home Assistant's states, moments."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from device_drivers.errors import DecodeError
from device_drivers.payloads.home_assistant import Entity, entity_of, state_of
from device_drivers.payloads.stamps import device_time, moment_of
from device_drivers.payloads.zigbee2mqtt import available, by_address, devices_of


def row(**changes: Any) -> dict[str, Any]:
    """As zigbee2mqtt documents it: Koenkk/zigbee2mqtt.io, docs/guide/usage/mqtt_topics_and_messages.md."""
    definition = {
        "model": "MCCGQ11LM", "vendor": "Aqara", "description": "Door & window",
        "exposes": [{"property": "contact", "type": "binary"}], "options": [],
    }  # fmt: skip
    return {
        "ieee_address": "0x00158D00018255dF", "type": "EndDevice", "network_address": 29159, "supported": True,
        "friendly_name": "kitchen/door", "definition": definition, "power_source": "Battery", **changes,
    }  # fmt: skip


def test_a_device_is_known_by_its_address_in_lower_case() -> None:
    found = devices_of(json.dumps([row()]).encode())
    device = found["kitchen/door"]
    assert (device.identity, device.model, device.vendor, device.senses) == (
        "eui64:00158d00018255df", "MCCGQ11LM", "Aqara", True,
    )  # fmt: skip


def test_a_lamp_senses_nothing_and_what_is_not_supported_may() -> None:
    lamp = row(friendly_name="lamp", definition={"model": "LED1624G9", "exposes": [{"type": "light"}]})
    strange = row(friendly_name="new", definition=None, model_id="lumi.new", manufacturer="LUMI")
    found = devices_of(json.dumps([lamp, strange]).encode())
    assert not found["lamp"].senses
    assert (found["new"].model, found["new"].vendor, found["new"].senses) == ("lumi.new", "LUMI", True)


@pytest.mark.parametrize(
    "broken",
    [
        {"ieee_address": "0x12345678"}, {"ieee_address": None}, {"ieee_address": 5}, {"friendly_name": ""},
        {"friendly_name": None}, {"friendly_name": ["a"]}, {"type": "Coordinator"},
    ],
)  # fmt: skip
def test_a_row_that_is_none_is_left_out_and_hides_no_other(broken: dict[str, Any]) -> None:
    listed = json.dumps([row(**broken), 5, None, [], row(friendly_name="good")]).encode()
    assert list(devices_of(listed)) == ["good"]


@pytest.mark.parametrize("definition", [5, "x", [], {"exposes": 5}, {"exposes": [5, None]}, {"model": {}, "vendor": 1}])
def test_a_definition_that_is_none_leaves_the_device(definition: Any) -> None:
    (device,) = devices_of(json.dumps([row(definition=definition)]).encode()).values()
    assert device.model is None


@pytest.mark.parametrize("payload", [b"{}", b"5", b"", b"[", b"null", b"\xff"])
def test_no_list_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        devices_of(payload)


def test_a_device_without_a_name_is_its_address() -> None:
    device = by_address("0x00158D00018255DF")
    assert device is not None
    assert device.identity == "eui64:00158d00018255df"
    assert by_address("0x00158d00018255") is None
    assert by_address("hall") is None


@pytest.mark.parametrize(
    ("payload", "so"),
    [(b"online", True), (b"offline", False), (b'{"state":"online"}', True), (b' {"state": "offline"} ', False)],
)
def test_availability_comes_bare_and_as_json(payload: bytes, so: bool) -> None:
    assert available(payload) is so


@pytest.mark.parametrize("payload", [b"", b"on", b"{", b'{"state":null}', b'{"state":5}', b"[]", b'"online"', b"\xff"])
def test_no_availability_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        available(payload)


def test_the_topics_of_entities() -> None:
    assert entity_of("ha", "ha/binary_sensor/bath_fp2/state") == Entity(domain="binary_sensor", object_id="bath_fp2")
    for other in (
        "ha/light/lamp/state", "ha/binary_sensor/x/last_changed", "ha/binary_sensor/state", "hax/sensor/a/state",
        "ha/sensor/a/b/state", "sensor/a/state",
    ):  # fmt: skip
        assert entity_of("ha", other) is None


@pytest.mark.parametrize(
    ("payload", "state", "reachable"),
    [
        (b"on", True, True), (b"off", False, True), (b'"on"', True, True), (b"21.5", 21.5, True),
        (b"unavailable", None, False), (b"unknown", None, True), (b"", None, True), (b"closed", "closed", True),
    ],
)  # fmt: skip
def test_states_of_home_assistant(payload: bytes, state: Any, reachable: bool) -> None:
    assert state_of(payload) == (state, reachable)


@pytest.mark.parametrize("payload", [b"\xff", b'"on', b"x" * 2000])
def test_no_state_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        state_of(payload)


@pytest.mark.parametrize(
    "value",
    ["2026-02-11T06:12:31Z", "2026-02-11T08:12:31.000+02:00", 1770790351000, 1770790351000.0, " 2026-02-11T06:12:31Z "],
)
def test_moments_in_every_form_of_last_seen(value: Any) -> None:
    assert moment_of(value) == datetime(2026, 2, 11, 6, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        None, True, "", "N/A", "2026-02-11T06:12:31", "11.2.2026", 0, 1770790351, -1, 10**30, 1e300, float("inf"),
        float("nan"), [], {}, "0001-01-01T00:00:00+14:00",
    ],
)  # fmt: skip
def test_no_moment_is_none_at_all(value: Any) -> None:
    assert moment_of(value) is None


def test_a_moment_is_told_as_a_device_in_the_home_would() -> None:
    summer = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)
    assert device_time(summer, ZoneInfo("Europe/Helsinki")).text() == "2026-07-02T00:30:00"
