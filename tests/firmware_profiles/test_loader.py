"""Profiles from files: what is read, and what is refused in which words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from firmware_profiles import ProfileError, Quirks, load, read_file
from firmware_profiles.reader import LARGEST_FILE
from tests.firmware_profiles.files import CUFF, write


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
        ('characteristic = "2A35"', "", ["frame 1", "came by nothing", "characteristic, advertisement"]),
        ('characteristic = "2A35"', 'characteristic = "2A35"\nrecord = "x"', ["came by characteristic and record"]),
        ('characteristic = "2A35"', 'advertisement = "fcd"', ["frame 1", "advertisement", "four hexadecimal digits"]),
        ('characteristic = "2A35"', "manufacturer_data = 65536", ["manufacturer_data", "from 0 to 65535"]),
        ('hex = "167d', 'bind_key = "00"\nhex = "167d', ["frame 1", "bind_key", "32 hexadecimal digits"]),
        ('hex = "167d', 'address = "1"\nhex = "167d', ["frame 1", "address", "54:48:E6:8F:80:A5"]),
        ('hex = "167d', 'motion = {}\nhex = "167d', ["frame 1", "states reading and motion"]),
        ('driver = "sig"', 'driver = "sig"\nfew_frames = ""', ["few_frames", "why there are fewer"]),
        ('services = ["1810"]', 'service_data = ["fcd"]', ["service_data", "four hexadecimal digits"]),
        ("settle_ms = 40", "clock_awaited = 1", ["clock_awaited = 1", "true or false"]),
        ("settle_ms = 40", "unflagged_user = 1", ["unflagged_user = 1", "true or false"]),
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


@pytest.mark.timeout(10)
def test_what_is_no_regular_file_is_named_and_not_read(tmp_path: Path) -> None:
    write(tmp_path, CUFF, "good.toml")
    os.mkfifo(tmp_path / "pipe.toml")  # nobody writes to it: to open it would wait for ever
    (tmp_path / "endless.toml").symlink_to("/dev/zero")
    (tmp_path / "folder.toml").mkdir()
    catalogue = load([tmp_path], packaged=None, strict=False)
    assert [profile.id for profile in catalogue.profiles] == ["a-and-d/ua-651ble"]
    assert [problem.split(":")[0].removeprefix(f"{tmp_path}/") for problem in catalogue.problems] == [
        "endless.toml", "folder.toml", "pipe.toml",
    ]  # fmt: skip
    assert all("is no regular file" in problem for problem in catalogue.problems)
    with pytest.raises(ProfileError, match="is no regular file"):
        load([tmp_path / "pipe.toml"])


def test_a_file_too_large_for_profiles_is_named(tmp_path: Path) -> None:
    file = tmp_path / "large.toml"
    with file.open("wb") as large:
        large.truncate(LARGEST_FILE + 1)
    with pytest.raises(ProfileError, match="has more than 1 MB"):
        read_file(file)


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
