"""Profiles from files: what is read, what is refused and in which words, who matches whom."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from firmware_profiles import PACKAGED, ProfileError, Quirks, load, read_file

CUFF = """
[[device]]
vendor = "A&D"
model = "UA-651BLE"
kinds = ["blood-pressure"]
name = "A&D_UA-651BLE_*"
services = ["1810"]
driver = "sig"
record_identity = "device-time"
sources = ["the test"]

[device.quirks]
settle_ms = 40
clock = "2a08"

[device.pairing]
fi = ["Mittaa."]
sv = ["Mät."]
en = ["Measure."]

[[device.frame]]
characteristic = "2A35"
hex = "167d0050006600e10701100c273640000000"
reading = { systolic = 125, diastolic = 80, mean-arterial = 102, pulse-rate = 64, time = "2017-01-16T12:39:54" }
source = "HEADS-project/ThingML-BLE"

[[device.frame]]
characteristic = "00002A35-0000-1000-8000-00805F9B34FB"
hex = "16 ff07ff07ff07 e107010e162c04 ff07 0000"
failed = true
reading = { time = "2017-01-14T22:44:04" }
source = "same"
"""


def write(folder: Path, text: str, name: str = "vendor.toml") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ProfileError) as refused:
        read_file(write(tmp_path, text))
    return str(refused.value)


def test_a_profile_as_written(tmp_path: Path) -> None:
    (profile,) = read_file(write(tmp_path, CUFF))
    assert profile.id == "a-and-d/ua-651ble"
    assert (profile.vendor, profile.model, profile.kinds) == ("A&D", "UA-651BLE", ("blood-pressure",))
    assert (profile.driver, profile.record_identity, profile.generic) == ("sig", "device-time", False)
    assert profile.quirks == Quirks(settle_ms=40, clock="2a08")
    assert dict(profile.pairing) == {"fi": ("Mittaa.",), "sv": ("Mät.",), "en": ("Measure.",)}
    good, failed = profile.frames
    assert (good.characteristic, good.outcome, failed.characteristic, failed.outcome) == (
        "2a35",
        "reading",
        "2a35",
        "failed",
    )
    assert good.data.hex() == "167d0050006600e10701100c273640000000"
    assert good.reading is not None
    assert dict(good.reading.values) == {"systolic": 125, "diastolic": 80, "mean-arterial": 102, "pulse-rate": 64}
    assert good.reading.time == "2017-01-16T12:39:54"
    assert failed.source == good.source


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'driver = "sig"',
            'drivr = "sig"',
            ["device 1 (A&D UA-651BLE)", "unknown key 'drivr'", "'driver'?"],
        ),
        ("settle_ms = 40", "setle_ms = 40", ["quirks", "unknown key 'setle_ms'", "did you mean 'settle_ms'?"]),
        ("settle_ms = 40", "settle_ms = 40000", ["settle_ms = 40000", "from 0 to 5000"]),
        ("settle_ms = 40", "settle_ms = true", ["settle_ms = True", "whole number"]),
        ("settle_ms = 40", "clipping_g = nan", ["clipping_g", "a number"]),
        ("settle_ms = 40", "clipping_g = 0", ["clipping_g", "full scale in g"]),
        ('clock = "2a08"', 'clock = "2a09"', ["clock = '2a09'", '"2a08" or "2a2b"']),
        ('fi = ["Mittaa."]', 'fin = ["Mittaa."]', ["pairing", "unknown key 'fin'", "did you mean 'fi'?"]),
        ('fi = ["Mittaa."]', "fi = [1]", ["pairing", "fi = [1]", "a list of texts"]),
        ('record_identity = "device-time"', 'record_identity = "time"', ["record_identity", '"reception"']),
        ('record_identity = "device-time"', "", ["'record_identity' is missing"]),
        ('vendor = "A&D"', "", ["device 1 (UA-651BLE)", "'vendor' is missing"]),
        ('services = ["1810"]', 'services = ["18100"]', ["services", "four hexadecimal digits"]),
        ('services = ["1810"]', "company_ids = [65536]", ["company_ids", "from 0 to 65535"]),
        ('hex = "167d', 'hex = "167', ["frame 1", "hexadecimal"]),
        ('source = "HEADS-project/ThingML-BLE"', 'source = "same"', ["frame 1", "source"]),
        ('source = "HEADS-project/ThingML-BLE"', "", ["frame 1", "'source' is missing"]),
        ("failed = true", "failed = false", ["frame 2", "only ever true"]),
        ("failed = true", "error = true", ["frame 2", "states reading and error"]),
        ("2017-01-16T12:39:54", "16.1.2017", ["frame 1", "time"]),
        ("systolic = 125", 'systolic = "125"', ["frame 1", "systolic = '125'", "a number"]),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert old in CUFF
    said = refusal(tmp_path, CUFF.replace(old, new, 1))
    assert said.startswith(str(tmp_path / "vendor.toml"))
    assert "\n" not in said
    for word in words:
        assert word in said


def test_a_file_that_is_no_toml_says_where(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[[device]]\nvendor = A&D\n")
    assert "is not TOML" in said
    assert "line 2" in said


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes("vendor = 'Mätare'".encode("latin-1"))
    with pytest.raises(ProfileError, match="save it as UTF-8"):
        read_file(file)


def test_a_file_without_devices(tmp_path: Path) -> None:
    assert "has no [[device]]" in refusal(tmp_path, "")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read"):
        read_file(tmp_path / "none.toml")


def test_a_bad_file_stops_the_checker_and_not_the_gateway(tmp_path: Path) -> None:
    write(tmp_path, CUFF, "good.toml")
    write(tmp_path, CUFF.replace("settle_ms", "settel_ms"), "bad.toml")
    with pytest.raises(ProfileError, match=r"bad\.toml"):
        load([tmp_path], packaged=None)
    catalogue = load([tmp_path], packaged=None, strict=False)
    assert [profile.id for profile in catalogue.profiles] == ["a-and-d/ua-651ble"]
    (problem,) = catalogue.problems
    assert "bad.toml" in problem
    assert "did you mean 'settle_ms'?" in problem


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no such folder"):
        load([tmp_path / "none"])
    catalogue = load([tmp_path / "none"], strict=False)
    assert len(catalogue.problems) == 1
    assert catalogue.get("generic/sig") is not None


def test_the_same_device_twice_in_a_folder_is_a_mistake(tmp_path: Path) -> None:
    write(tmp_path, CUFF, "one.toml")
    write(tmp_path, CUFF, "two.toml")
    with pytest.raises(ProfileError, match=r"two\.toml: A&D UA-651BLE is in .*one\.toml already"):
        load([tmp_path], packaged=None)


def test_a_home_corrects_a_profile_with_a_folder_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, CUFF.replace("settle_ms = 40", "settle_ms = 100"))
    cuff = load([tmp_path]).match("A&D_UA-651BLE_3F21")
    assert cuff is not None
    assert cuff.quirks.settle_ms == 100
    assert cuff.file == str(tmp_path / "vendor.toml")


@pytest.mark.parametrize(
    ("name", "services", "companies", "expected"),
    [
        ("A&D_UA-651BLE_3F21", ["1810"], [], "a-and-d/ua-651ble"),
        ("A&D_UA-651BLE_3F21", [], [], "a-and-d/ua-651ble"),
        ("A&D_UC-352BLE_01166D", ["0000181D-0000-1000-8000-00805F9B34FB"], [], "a-and-d/uc-352ble"),
        ("Polar H10 12345678", ["180d"], [0x006B], "polar/h10"),
        ("Beurer BM57", ["1810"], [], "generic/sig"),
        (None, ["0000180d-0000-1000-8000-00805f9b34fb"], [], "generic/sig"),
        ("a&d_ua-651ble_3F21", ["1822"], [], "generic/sig"),
        ("A&D_UA-651BLE_3F21", ["180f"], [], "a-and-d/ua-651ble"),
        ("Headphones", ["110b"], [0x004C], None),
        (None, [], [], None),
        ("", ["fb005c80-02e7-f387-1cad-8acd2d8df0c8"], [], None),
    ],
)
def test_who_advertises(name: str | None, services: list[str], companies: list[int], expected: str | None) -> None:
    profile = load().match(name, services, companies)
    assert (profile.id if profile else None) == expected


def test_without_its_profile_a_device_is_generic_and_without_that_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    shutil.copytree(PACKAGED, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    advert = ("A&D_UA-651BLE_3F21", ["1810"])
    known = load(packaged=folder).match(*advert)
    assert known is not None
    assert known.quirks.clock == "2a08"
    (folder / "a_and_d.toml").unlink()
    generic = load(packaged=folder).match(*advert)
    assert generic is not None
    assert (generic.id, generic.generic, generic.quirks) == ("generic/sig", True, Quirks())
    (folder / "generic.toml").unlink()
    assert load(packaged=folder).match(*advert) is None


def test_vendors_are_asked_before_the_generic_and_the_more_literal_name_first(tmp_path: Path) -> None:
    wide = CUFF.replace('model = "UA-651BLE"', 'model = "any cuff"').replace("A&D_UA-651BLE_*", "A&D_*")
    write(tmp_path, wide, "a.toml")
    write(tmp_path, CUFF, "b.toml")
    write(tmp_path, CUFF.replace('vendor = "A&D"', 'vendor = "AA"\ngeneric = true'), "aa.toml")
    catalogue = load([tmp_path], packaged=None)
    assert [profile.id for profile in catalogue.profiles] == [
        "a-and-d/ua-651ble",
        "a-and-d/any-cuff",
        "aa/ua-651ble",
    ]


def test_a_company_id_narrows_a_match(tmp_path: Path) -> None:
    write(tmp_path, CUFF.replace('services = ["1810"]', 'services = ["1810"]\ncompany_ids = [0x0611]'))
    catalogue = load([tmp_path], packaged=None)
    assert catalogue.match("A&D_UA-651BLE_1", ["1810"], [0x0611]) is not None
    assert catalogue.match("A&D_UA-651BLE_1", ["1810"], [0x0001]) is None
    assert catalogue.match("A&D_UA-651BLE_1", ["1810"]) is None
    assert catalogue.match("another", ["1810"], [0x0611]) is None
