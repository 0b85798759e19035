"""Payloads by the rows of a profile: what is told, what is not, and that nothing anybody publishes is an exception."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest

from device_drivers.errors import DecodeError
from device_drivers.nomenclature import QUANTITIES, Kind, Quantity
from device_drivers.payloads.document import LARGEST_PAYLOAD, document_of
from device_drivers.payloads.mapping import CLIMATE, STATES, PayloadMap, Told, compiled, kind_of
from firmware_profiles import Field, Profile, load

CATALOGUE: Final = load()
SENSORS: Final = [profile for profile in CATALOGUE.profiles if profile.fields]


def profile(identifier: str) -> Profile:
    found = CATALOGUE.get(identifier)
    assert found is not None
    return found


def told(identifier: str, payload: Any) -> Told:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return PayloadMap(profile(identifier)).tell(raw)


def values(what: Told) -> dict[str, float]:
    return {str(quantity): value for reading in what.readings for quantity, value in reading.values.items()}


@pytest.mark.parametrize(("contact", "open_"), [(False, 1.0), (True, 0.0)])
def test_a_contact_that_is_not_closed_is_something_open(contact: bool, open_: float) -> None:
    assert values(told("aqara/mccgq11lm", {"contact": contact})) == {"opening-open": open_}


def test_every_reading_has_the_whole_payload_with_what_nobody_knows() -> None:
    payload = b'{"occupancy":true,"battery":88,"of_next_year":{"a":[1]}}'
    what = told("aqara/rtcgq11lm", payload)
    assert [reading.kind for reading in what.readings] == [Kind.ROOM_STATE, Kind.BATTERY]
    assert {reading.raw for reading in what.readings} == {payload}
    assert what.strange == ()


@pytest.mark.parametrize("value", ["true", "on", 1, 0, 1.0, [True], {"state": True}, ""])
def test_a_state_that_is_no_longer_true_or_false_is_strange_and_tells_nothing(value: Any) -> None:
    what = told("aqara/rtcgq11lm", {"occupancy": value, "battery": 88})
    assert what.strange == ("$.occupancy",)
    assert values(what) == {"battery-level": 88.0}


@pytest.mark.parametrize("value", ["88", True, [88], {"percent": 88}, "100.00"])
def test_a_number_that_is_none_any_more_is_strange(value: Any) -> None:
    what = told("aqara/rtcgq11lm", {"occupancy": False, "battery": value})
    assert what.strange == ("$.battery",)
    assert values(what) == {"motion-detected": 0.0}


def test_what_is_null_is_not_told() -> None:
    what = told("aqara/rtcgq11lm", {"occupancy": None, "battery": None, "illuminance": None})
    assert (what.readings, what.strange, what.radar) == ((), (), None)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
def test_a_number_beyond_every_float_is_none(number: str) -> None:
    what = told("aqara/wsdcgq11lm", f'{{"temperature": {number}, "humidity": 40}}'.encode())
    assert what.strange == ("$.temperature",)
    assert values(what) == {"humidity": 40.0}


def test_the_first_of_several_names_counts() -> None:
    assert values(told("aqara/rtcgq11lm", {"illuminance": 9, "illuminance_lux": 7})) == {"illuminance": 7.0}
    assert values(told("aqara/rtcgq11lm", {"illuminance": 9, "illuminance_lux": None})) == {"illuminance": 9.0}


def test_a_flag_stands_on_every_reading_while_it_is_true() -> None:
    low = told("sonoff/snzb-04", {"contact": True, "battery": 4, "battery_low": True})
    assert [reading.flags for reading in low.readings] == [("battery-low",)] * 2
    assert [one.flags for one in told("sonoff/snzb-04", {"contact": True, "battery_low": False}).readings] == [()]


def test_words_that_mean_a_state_and_words_that_do_not() -> None:
    assert values(told("aqara/djt11lm", {"action": "tilt"})) == {"vibration-detected": 1.0}
    assert values(told("aqara/djt11lm", {"action": ""})) == {"vibration-detected": 0.0}
    unknown = told("aqara/djt11lm", {"action": "dance"})
    assert (unknown.readings, unknown.strange) == ((), ())


def test_what_a_state_says_beside_an_act_goes_before_it() -> None:
    assert values(told("aqara/djt11lm", {"action": "tilt", "vibration": False})) == {"vibration-detected": 0.0}


def test_factor_and_offset_bring_a_number_into_its_unit() -> None:
    row = Field(path="$.f", quantity="room-temperature", factor=5 / 9, offset=-160 / 9)
    fahrenheit = PayloadMap(replace(profile("aqara/wsdcgq11lm"), fields=(row,)))
    (reading,) = fahrenheit.tell(b'{"f": 68}').readings
    assert reading.values[Quantity.ROOM_TEMPERATURE] == pytest.approx(20.0)


def test_targets_are_metres_and_a_broken_one_is_left_out() -> None:
    target = {"id": 3, "xPosCm": -40, "yPosCm": 250, "zPosCm": 110}
    broken = [{**target, "xPosCm": "12"}, {**target, "zPosCm": 1e9}, {**target, "id": None}, "nobody", {"id": 4}]
    what = told("vayyar/care", {"payload": {"presenceDetected": True, "trackerTargets": [*broken, target]}})
    assert what.radar is not None
    assert what.radar.targets is not None
    assert what.radar.targets.positions.dtype == np.float32
    assert what.radar.targets.ids.tolist() == [3]
    assert what.radar.targets.positions.tolist() == [pytest.approx([-0.4, 2.5, 1.1])]
    assert what.strange == ("$.payload.trackerTargets[*]",)


def test_a_radar_says_of_falls_what_the_payload_says() -> None:
    for status, fallen in (("fall_detected", True), ("calling", True), ("finished", False)):
        frame = told("vayyar/care", {"payload": {"status": status}}).radar
        assert frame is not None
        assert (frame.fallen, frame.present, frame.targets) == (fallen, None, None)
    assert told("vayyar/care", {"payload": {"status": "rebooting"}}).radar is None
    assert told("vayyar/care", {"payload": {"status": True}}).radar is not None  # a bool is a state


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"[1]", "no JSON object"),
        (b"true", "no JSON object"),
        (b'"open"', "no JSON object"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff{}", "not JSON"),
        (b'{"battery": NaN}', "not JSON"),
        (b'{"battery": Infinity}', "not JSON"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "65536 at most"),
        (b'{"a":' + b"[" * 20_000, "not JSON"),
        (b'{"a":' + b"[" * 65 + b"]" * 65 + b"}", "deeper than 64"),
        (b'{"a":"' + b"x" * LARGEST_PAYLOAD + b'"}', "65536 at most"),
    ],
)
def test_what_is_no_document_is_refused_with_the_one_error(payload: bytes, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        PayloadMap(profile("aqara/rtcgq11lm")).tell(payload)


def test_what_is_just_large_and_deep_enough_is_read() -> None:
    assert document_of(b'{"a":' + b"[" * 62 + b"]" * 62 + b"}")
    assert document_of(b'"' + b"x" * (LARGEST_PAYLOAD - 2) + b'"')


@pytest.mark.parametrize("path", ["", "occupancy", "$.a[", "$..[?", "$[?@.a ==]", "$.a | $.b"])
def test_a_path_that_is_none_is_refused_in_a_sentence(path: str) -> None:
    with pytest.raises(DecodeError, match="no JSONPath"):
        compiled(path)


def test_only_what_a_room_tells_is_taken_from_a_broker() -> None:
    with pytest.raises(DecodeError, match="of a person"):
        kind_of(Field(path="$.weight", quantity="weight"))
    with pytest.raises(DecodeError, match="no quantity 'wieght'"):
        kind_of(Field(path="$.weight", quantity="wieght"))
    rooms = {quantity for quantity, code in QUANTITIES.items() if code.mdc is None and code.display.endswith("room")}
    assert rooms <= CLIMATE | STATES
    assert not {quantity for quantity in CLIMATE | STATES if QUANTITIES[quantity].mdc or QUANTITIES[quantity].loinc}


def mangled(payload: bytes, chance: random.Random) -> bytes:
    """A payload that somebody damaged, cut, or wrote otherwise."""
    match chance.randrange(4):
        case 0:
            at = chance.randrange(len(payload))
            return payload[:at] + bytes([chance.randrange(256)]) + payload[at + 1 :]
        case 1:
            return payload[: chance.randrange(len(payload))]
        case 2:
            return bytes(chance.randrange(256) for _ in range(chance.randrange(40)))
    document = json.loads(payload)
    odd: list[Any] = [None, True, "", "x", -1, 1e300, 10**40, [], [[]], {}, {"": 0}, [{"id": 1}], "2026-13-40T99:00Z"]
    for key in list(document):
        if chance.random() < 0.5:
            document[key] = chance.choice(odd)
    return json.dumps(document).encode()


@pytest.mark.parametrize("sensor", SENSORS, ids=lambda one: one.id)
def test_damaged_payloads_give_what_they_say_or_are_refused(sensor: Profile) -> None:
    chance = random.Random(sensor.id)
    reader = PayloadMap(sensor)
    read = 0
    for _ in range(500):
        payload = mangled(chance.choice(sensor.frames).data, chance)
        try:
            what = reader.tell(payload)
        except DecodeError:
            continue
        read += 1
        for reading in what.readings:
            assert reading.raw == payload
            assert all(np.isfinite(value) for value in reading.values.values())
            assert reading.kind is not Kind.ROOM_STATE or set(reading.values.values()) <= {0.0, 1.0}
    assert read > 100
