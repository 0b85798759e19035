"""Profiles of sensors behind a broker: how they are read, matched and checked, each fault in a sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from device_drivers.home_profiles import load_checked
from device_drivers.profile_check import check, check_files
from firmware_profiles import Field, Profile, ProfileError, TargetFields, load, read_file
from firmware_profiles.schema import ExpectedRadar, ExpectedReading

DOOR: Final = """
[[device]]
vendor = "Acme"
model = "Door 7"
kinds = ["room-state"]
zigbee_models = ["ACME-D7"]
driver = "mqtt"
record_identity = "device-time"
few_frames = "an example"
sources = ["the test"]

[device.pairing]
fi = ["Avaa ovi."]
sv = ["Öppna dörren."]
en = ["Open the door."]

[[device.field]]
path = "$.contact"
quantity = "opening-open"
inverted = true

[[device.frame]]
payload = '{"contact":false,"last_seen":"2026-02-11T06:01:02Z","mood":"fine"}'
reading = { opening-open = 1, time = "2026-02-11T06:01:02" }
source = "the test"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "acme.toml"
    file.write_text(text, encoding="utf-8")
    return file


def said(profile: Profile) -> list[str]:
    return [problem.text for problem in check(profile, drivers={"mqtt", "sig"})]


def shipped(identifier: str) -> Profile:
    found = load().get(identifier)
    assert found is not None
    return found


def test_a_new_device_is_a_file_and_no_code(tmp_path: Path) -> None:
    report = check_files([written(tmp_path, DOOR)], drivers={"mqtt"})
    assert [str(problem) for problem in report.problems] == []
    assert report.frames == 1
    catalogue = load_checked([tmp_path], drivers={"mqtt"})
    found = catalogue.of_zigbee("ACME-D7")
    assert (found is not None and found.id, catalogue.problems) == ("acme/door-7", ())


def test_the_row_that_says_most_of_a_model_has_it_and_the_generic_one_the_rest() -> None:
    catalogue = load()
    for model, identifier in (
        ("RTCGQ11LM", "aqara/rtcgq11lm"), ("E1525/E1745", "ikea/tradfri-motion-sensor"),
        ("ZY-M100-S_2", "tuya/zy-m100"), ("NOBODY-1", "generic/zigbee-sensor"), ("", "generic/zigbee-sensor"),
    ):  # fmt: skip
        found = catalogue.of_zigbee(model)
        assert found is not None
        assert found.id == identifier
    sensor = shipped("tuya/zy-m100")
    special = replace(sensor, id="acme/special", zigbee_models=("ZY-M100-S*",))
    assert replace(catalogue, profiles=(sensor, special)).of_zigbee("ZY-M100-S_2") == special
    assert replace(catalogue, profiles=(special, sensor)).of_zigbee("ZY-M100-24G") == sensor
    assert replace(catalogue, profiles=()).of_zigbee("ZY-M100-24G") is None


def test_no_advertisement_is_taken_for_a_sensor_behind_a_broker() -> None:
    assert load().match("RTCGQ11LM") is None
    assert load().match("*") is None
    assert load().match("") is None


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ('quantity = "opening-open"\n', "", "'quantity' is missing: write what it means, with one of quantity, radar"),
        ('inverted = true\n', 'inverted = true\nradar = "present"\n', "write what it means, with one of quantity"),
        ('inverted = true\n', 'invert = true\n', "unknown key 'invert': did you mean 'inverted'?"),
        ('inverted = true\n', 'inverted = "yes"\n', "inverted = 'yes' cannot be used: write true or false"),
        ('inverted = true\n', 'states = { open = 1 }\n', "open = 1 cannot be used: write true or false"),
        ('inverted = true\n', 'factor = "2"\n', "factor = '2' cannot be used: write a number"),
        ('path = "$.contact"\n', "", "'path' is missing: write a JSONPath"),
        ("payload = '{", "payload = '", "cannot be used: write it as it was published: this is no JSON"),
        ("payload = '", "hex = \"00\"\npayload = '", "leave hex out"),
        ("reading = {", 'radar = { falln = true }\nreading = {', "unknown key 'falln': did you mean 'fallen'?"),
        ("reading = {", 'radar = { targets = [[1, 2]] }\nreading = {', "write a list of [x, y, z] in m"),
        ("[[device.frame]]", '[device.targets]\npath = "$.t"\n[[device.frame]]', "'id' is missing"),
        (
            "[[device.frame]]",
            '[device.targets]\npath = "$.t"\nid = "i"\nx = "x"\ny = "y"\nunit_m = 0\n[[device.frame]]',
            "how many metres one is",
        ),
        ('driver = "mqtt"', 'driver = "mqtt"\nstamp = 5', "stamp = 5 cannot be used: write a JSONPath"),
    ],
)  # fmt: skip
def test_what_is_not_as_the_schema_says_is_refused(tmp_path: Path, was: str, becomes: str, words: str) -> None:
    assert was in DOOR
    with pytest.raises(ProfileError, match=re.escape(words)):
        read_file(written(tmp_path, DOOR.replace(was, becomes, 1)))


def test_a_payload_that_must_be_refused_need_not_be_json(tmp_path: Path) -> None:
    text = DOOR + '\n[[device.frame]]\npayload = "offline"\nerror = true\nsource = "same"\n'
    assert check_files([written(tmp_path, text)], drivers={"mqtt"}).good


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fields": ()}, "says nowhere what stands where in its payloads"),
        ({"fields": (Field(path="contact", quantity="opening-open"),)}, "'contact' is no JSONPath (RFC 9535)"),
        ({"stamp": "last_seen"}, "'last_seen' is no JSONPath"),
        ({"fields": (Field(path="$.c", quantity="opening"),)}, "there is no quantity 'opening'"),
        ({"fields": (Field(path="$.c", quantity="systolic"),)}, "is of a person, and not taken from a broker"),
        ({"kinds": ("room-state", "radar", "battery")}, "none of its fields gives radar"),
        ({"kinds": ("room-state",)}, "its fields give battery, which its kinds do not name"),
        ({"driver": "sig"}, "has fields of a payload, which 'sig' does not read: write driver = 'mqtt'"),
    ],
)
def test_rows_that_cannot_be_meant_are_said(changes: dict[str, object], words: str) -> None:
    found = said(replace(shipped("aqara/mccgq11lm"), **changes))  # type: ignore[arg-type]
    assert [text for text in found if words in text], found


@pytest.mark.parametrize(
    ("identifier", "number", "changes", "words"),
    [
        (
            "aqara/mccgq11lm", 2, {"reading": ExpectedReading(values={"opening-open": 1.0, "battery-level": 100.0})},
            "opening-open is 0.0, stated 1.0",
        ),
        ("aqara/mccgq11lm", 2, {"data": b'{"contact":"no","battery":100}'}, "$.contact is of another type"),
        ("aqara/mccgq11lm", 2, {"data": b'{"mood":"fine"}'}, "states a reading, but carries nothing to keep"),
        ("aqara/mccgq11lm", 2, {"data": b"["}, "is refused: it is not JSON"),
        ("aqara/mccgq11lm", 2, {"carrier": "characteristic"}, "no decoder for it"),
        ("vayyar/care", 3, {"radar": ExpectedRadar(fallen=False)}, "fallen is True, stated False"),
        ("vayyar/care", 3, {"radar": ExpectedRadar(fallen=True, present=True)}, "present is None, stated True"),
        (
            "vayyar/care", 1, {"radar": ExpectedRadar(present=True, targets=((1.0, 2.0, 3.0),))},
            "targets is [[0.11, 0.36, 1.31], [-0.33, 5.81, 0.09]], stated [[1.0, 2.0, 3.0]]",
        ),
        ("vayyar/care", 3, {"outcome": "nothing", "radar": None}, "states nothing to keep, but carries what a radar"),
    ],
)  # fmt: skip
def test_a_golden_payload_that_is_not_read_as_stated_is_found(
    identifier: str, number: int, changes: dict[str, object], words: str
) -> None:
    profile = shipped(identifier)
    frames = list(profile.frames)
    frames[number - 1] = replace(frames[number - 1], **changes)  # type: ignore[arg-type]
    found = said(replace(profile, frames=tuple(frames)))
    assert [text for text in found if words in text], found


def test_two_profiles_of_one_zigbee_model_are_said(tmp_path: Path) -> None:
    report = check_files([written(tmp_path, DOOR.replace("ACME-D7", "RTCGQ11LM"))], drivers={"mqtt"})
    assert ["claims the Zigbee model 'RTCGQ11LM'" in str(problem) for problem in report.problems] == [True]


def test_a_home_profile_with_a_path_that_is_none_is_not_used(tmp_path: Path) -> None:
    written(tmp_path, DOOR.replace("$.contact", "contact"))
    catalogue = load_checked([tmp_path], drivers={"mqtt"})
    assert catalogue.get("acme/door-7") is None
    assert "is NOT USED" in catalogue.problems[0]


def test_targets_of_a_profile_are_as_written() -> None:
    assert shipped("vayyar/care").targets == TargetFields(
        path="$.payload.trackerTargets[*]", id="id", x="xPosCm", y="yPosCm", z="zPosCm", unit_m=0.01
    )
