"""The checker over the whole fleet, and each thing that it must find."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from device_drivers.profile_check import check, check_files, claimed_alike
from firmware_profiles import (
    PACKAGED,
    ExpectedCall,
    ExpectedMotion,
    ExpectedReading,
    GoldenFrame,
    Profile,
    Quirks,
    load,
    read_file,
)
from firmware_profiles.schema import NO_QUIRKS

DRIVERS = {
    "sig", "polar-pmd", "glucose", "beurer-scale", "omron-sig", "omron-eeprom", "nonin", "movesense", "mi-scale",
    "bthome", "mqtt",
}  # fmt: skip
FLEET = load().profiles


def cuff() -> Profile:
    profile = load().get("a-and-d/ua-651ble")
    assert profile is not None
    return profile


def strap() -> Profile:
    profile = load().get("polar/h10")
    assert profile is not None
    return profile


def texts(profile: Profile) -> list[str]:
    return [problem.text for problem in check(profile, drivers=DRIVERS)]


def test_what_the_files_hold_is_checked_and_nothing_is_left_out() -> None:
    devices = [device for file in PACKAGED.glob("*.toml") for device in tomllib.loads(file.read_text())["device"]]
    assert len(devices) == len(FLEET) == len(check_files(drivers=DRIVERS).profiles)


@pytest.mark.parametrize("profile", FLEET, ids=lambda p: p.id)
def test_a_profile_of_the_fleet_keeps_its_word(profile: Profile) -> None:
    assert texts(profile) == []


def test_the_packaged_folder_is_what_is_checked_by_default() -> None:
    report = check_files(drivers=DRIVERS)
    assert report.good
    assert set(report.profiles) == {profile.id for profile in FLEET}
    assert report.frames == sum(len(profile.frames) for profile in FLEET)


def test_the_captured_session_is_carried_whole(recordings: Path | None) -> None:
    frames = [frame.data.hex() for frame in cuff().frames]
    outcomes = [frame.outcome for frame in cuff().frames]
    assert len(set(frames)) == len(frames) == 31
    assert outcomes == ["failed"] * 29 + ["reading"] * 2
    if recordings is not None:
        captured = json.loads((recordings / "captures" / "ua-651ble.json").read_text())["2a35_indications"]
        assert frames == list(dict.fromkeys(frame.lower() for frame in captured))


def broken(profile: Profile, **changes: object) -> list[str]:
    return texts(replace(profile, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": None, "services": ()}, "matches no device"),
        ({"name": None, "services": (), "company_ids": (0x0611,)}, "a company id alone is too weak"),
        ({"name": "*"}, "matches every device"),
        ({"kinds": ()}, "measures nothing"),
        ({"kinds": ("blood-presure",)}, "did you mean 'blood-pressure'?"),
        ({"kinds": ("motion",)}, "give clipping_g and rates_hz"),
        ({"sources": ()}, "names no sources"),
        ({"driver": "sgi"}, "unknown driver 'sgi': did you mean 'sig'?"),
        ({"frames": ()}, "has no golden frames"),
        ({"frames": cuff().frames[:4]}, "has 4 golden frames of 5: add more, or say in few_frames why there are none"),
        ({"few_frames": "lost"}, "has 31 golden frames, which are enough: remove few_frames"),
        ({"record_identity": "sequence"}, "no golden frame carries one"),
        ({"record_identity": "reception"}, "use device-time"),
        ({"driver": "polar-pmd"}, "'polar-pmd' hands on no frames of 2a35: such frames come by sig or omron-sig"),
        ({"driver": "bthome"}, "'bthome' hands on no frames of 2a35"),
        ({"name": "Acme["}, "has a [ without its ]"),
        ({"name": "Acme[Bb] [!"}, "has a [ without its ]"),
        ({"name": "A" * 101}, "name has 101 characters of 100 at most"),
        ({"model": "A" * 101}, "model has 101 characters of 100 at most"),
        ({"pairing": {"fi": ("a",), "sv": ("a",), "en": ("a" * 200_000,)}}, "step 1 in 'en' has 200000 characters"),
        ({"pairing": dict.fromkeys(("fi", "sv", "en"), ("a",) * 21)}, "has 21 pairing steps in 'fi' of 20 at most"),
        ({"sources": ("a" * 1001,)}, "sources has a text of 1001 characters"),
        ({"few_frames": "a" * 1001}, "few_frames has a text of 1001 characters"),
        ({"pairing": {"fi": ("a",), "en": ("a",)}}, "no pairing steps in 'sv'"),
        ({"pairing": {"fi": ("a", "b"), "sv": ("a",), "en": ("a", "b")}}, "differ in number (fi 2, sv 1, en 2)"),
    ],
)
def test_what_a_profile_lacks_is_found(changes: dict[str, object], words: str) -> None:
    found = broken(cuff(), **changes)
    assert [text for text in found if words in text], found


def test_a_driver_is_not_looked_for_where_none_are_given() -> None:
    assert check(replace(cuff(), driver="another")) == []


def frame_problems(**changes: object) -> list[str]:
    """What is found when the cuff's last golden frame is changed."""
    good = cuff().frames[-1]
    return broken(cuff(), frames=(*cuff().frames[:-1], replace(good, **changes)))  # type: ignore[arg-type]


def reading(**changes: object) -> ExpectedReading:
    expected = cuff().frames[-1].reading
    assert expected is not None
    return replace(expected, **changes)  # type: ignore[arg-type]


GOOD = {"systolic": 134.0, "diastolic": 77.0, "mean-arterial": 100.0, "pulse-rate": 61.0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reading": reading(values={**GOOD, "systolic": 135.0})}, "systolic is 134.0, stated 135.0"),
        ({"reading": reading(values={"systolic": 134.0, "diastolic": 77.0, "pulse-rate": 61.0})}, "state every value"),
        ({"reading": reading(values={**GOOD, "weight": 1.0})}, "does not give weight"),
        ({"reading": reading(values={**GOOD, "systolc": 1.0})}, "did you mean 'systolic'?"),
        ({"reading": reading(missing={"mean-arterial": "not-a-number"})}, "missing is {}"),
        ({"reading": reading(missing={"mean-arterial": "nan"})}, "unknown reason 'nan'"),
        ({"reading": reading(time="2017-01-16T13:00:25")}, "time is '2017-01-16T13:00:24'"),
        ({"reading": reading(time=None)}, "time is '2017-01-16T13:00:24', stated None"),
        ({"reading": reading(user_slot=1)}, "user_slot is None, stated 1"),
        ({"reading": reading(sequence=1)}, "sequence is None, stated 1"),
        ({"reading": reading(flags=("cuff-loose",))}, "flags is [], stated ['cuff-loose']"),
        ({"reading": reading(series={"rr-intervals-s": (1.0,)})}, "series rr-intervals-s is []"),
        ({"outcome": "failed"}, "gives values, though stated failed"),
        ({"outcome": "error"}, "decodes, though it is stated to be refused"),
        ({"outcome": "motion", "reading": None}, "states motion, but carries a reading"),
        ({"data": b"\x16\x86"}, "is refused"),
        ({"characteristic": "2a34"}, "no decoder for it: did you mean '2a3"),
        ({"carrier": "advertisement"}, "no decoder for it: "),
        ({"outcome": "nothing", "reading": None}, "states nothing to keep, but carries a reading"),
        ({"presses": ("hold",)}, "press is [], stated ['hold']"),
        ({"data": bytes.fromhex("16ff07ff07ff07e107010e162c04ff070000")}, "write failed = true"),
    ],
)
def test_a_frame_that_does_not_decode_as_stated_is_found(changes: dict[str, object], words: str) -> None:
    found = frame_problems(**changes)
    assert [text for text in found if text.startswith("frame 31") and words in text], found


@pytest.mark.parametrize(
    ("motion", "words"),
    [
        (ExpectedMotion(samples_mg=((-9, -1, 999),), last_sample_ns=2_000_000_000), "samples_mg"),
        (ExpectedMotion(samples_mg=((-9, -1, 999), (-8, -2, 997)), last_sample_ns=1), "last_sample_ns"),
    ],
)
def test_motion_that_differs_is_found(motion: ExpectedMotion, words: str) -> None:
    golden = replace(strap().frames[0], motion=motion)
    assert any(words in text for text in broken(strap(), frames=(golden,)))


def test_a_series_is_compared_number_by_number() -> None:
    golden = GoldenFrame(
        characteristic="2a37",
        data=bytes.fromhex("103C00040003"),
        outcome="reading",
        reading=ExpectedReading(values={"heart-rate": 60.0}, series={"rr-intervals-s": (1.0, 0.75)}),
        motion=None,
        source="made for the test",
    )
    assert broken(strap(), frames=(golden,), few_frames="a test") == []
    wrong = replace(golden, reading=ExpectedReading(values={"heart-rate": 60.0}, series={"rr-intervals-s": (1.0, 0.8)}))
    assert any("series rr-intervals-s" in text for text in broken(strap(), frames=(wrong,)))


def test_golden_frames_are_decoded_with_the_quirks_of_their_device() -> None:
    longer = replace(cuff().frames[-1], data=cuff().frames[-1].data + b"\0")
    assert any("left over" in text for text in broken(cuff(), frames=(longer,)))
    assert broken(cuff(), frames=(longer,), quirks=Quirks(tolerant_trailing=1), few_frames="a test") == []


def test_an_unreadable_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[[device]]\nvendr = 1\n")
    (tmp_path / "polar.toml").write_text((PACKAGED / "polar.toml").read_text())
    report = check_files([tmp_path, tmp_path / "none"], drivers=DRIVERS)
    assert report.profiles == ("polar/h10", "polar/verity-sense", "polar/oh1")
    assert not report.good
    said = [str(problem) for problem in report.problems]
    assert said[0].startswith(f"{tmp_path / 'bad.toml'}: device 1")
    assert "did you mean 'vendor'?" in said[0]
    assert "no such folder" in said[1]


def test_one_file_can_be_checked_and_an_empty_folder_is_told(tmp_path: Path) -> None:
    assert check_files([PACKAGED / "nonin.toml"], drivers=DRIVERS).profiles == ("nonin/3230",)
    assert "holds no *.toml" in check_files([tmp_path]).problems[0].text


def test_the_same_device_in_two_files_is_told(tmp_path: Path) -> None:
    copy = tmp_path / "nonin.toml"
    copy.write_text((PACKAGED / "nonin.toml").read_text())
    report = check_files([PACKAGED / "nonin.toml", copy], drivers=DRIVERS)
    assert [problem.profile for problem in report.problems] == ["nonin/3230"]
    assert "keep one of the two" in report.problems[0].text


def test_defaults_are_the_standard() -> None:
    assert Quirks() == NO_QUIRKS


@pytest.mark.parametrize("name", ["Acme[[]1]*", "Acme []]*", "Acme[Bb]*", "Acme[!Bb]*"])
def test_brackets_that_are_closed(name: str) -> None:
    assert [text for text in broken(cuff(), name=name) if "[" in text] == []


# Two profiles that claim the same device with the same right.


def as_another(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """The file of the packaged cuffs, as somebody's own."""
    text = (PACKAGED / "a_and_d.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_compared_with_the_packaged_profiles(tmp_path: Path) -> None:
    file = as_another(tmp_path, ('vendor = "A&D"', 'vendor = "0AAA"'))
    said = [str(problem) for problem in check_files([file], drivers=DRIVERS).problems]
    assert len(said) == len(read_file(file))
    assert (
        "0aaa/ua-651ble: claims the name 'A&D_UA-651BLE_*', as the packaged a-and-d/ua-651ble does, which has the "
        "device: write its 'vendor' and 'model' to replace it, or a name that says more."
    ) in said


def test_one_that_replaces_a_packaged_profile_is_right(tmp_path: Path) -> None:
    assert check_files([as_another(tmp_path)], drivers=DRIVERS).good


# Two profiles of one kind, both given.


def named(profile: Profile, identifier: str, **changes: object) -> Profile:
    return replace(profile, id=identifier, **changes)  # type: ignore[arg-type]


def claims(first: Profile, second: Profile) -> list[str]:
    return [str(problem) for problem in claimed_alike([first, second])]


def test_two_profiles_of_one_name_are_told() -> None:
    second = named(cuff(), "b/two")
    (said,) = claims(second, cuff())
    assert said.startswith("b/two: claims the name 'A&D_UA-651BLE_*', as a-and-d/ua-651ble does, which is asked first")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name": "BLE[Ss]mart_01*"}, {"name": "BLESmart_01*"}),
        ({"name": "Cuff?"}, {"name": "Cuff*"}),
        ({"name": None, "services": ("1810",)}, {"name": None, "services": ("180d", "1810")}),
        (
            {"name": None, "services": (), "service_data": ("fcd2",)},
            {"name": None, "services": ("1810",), "service_data": ("fcd2",)},
        ),
        ({"name": "Cuff*", "company_ids": (1, 2)}, {"name": "Cuff*", "company_ids": (2,)}),
    ],
)
def test_claims_that_meet(first: dict[str, object], second: dict[str, object]) -> None:
    assert len(claims(named(cuff(), "a/one", **first), named(cuff(), "b/two", **second))) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name": "Cuff*"}, {"name": "Cuff 57*"}),  # the more literal one is asked first
        ({"name": "Cuff*"}, {"name": "Band*"}),
        ({"name": "Cuff*"}, {"name": None, "services": ("1810",)}),
        ({"name": "Cuff*", "company_ids": (1,)}, {"name": "Cuff*", "company_ids": (2,)}),
        ({"name": None, "services": ("1810",)}, {"name": None, "services": ("1810",), "generic": True}),
        ({"name": None, "services": ("181d",)}, {"name": None, "services": (), "service_data": ("181d",)}),
    ],
)
def test_claims_that_do_not_meet(first: dict[str, object], second: dict[str, object]) -> None:
    assert claims(named(cuff(), "a/one", **first), named(cuff(), "b/two", **second)) == []


# Frames of other carriers, each broken in one way.


def of(identifier: str, number: int, **changes: object) -> list[str]:
    """What is found when one golden frame of a packaged profile is changed."""
    profile = load().get(identifier)
    assert profile is not None
    frames = list(profile.frames)
    frames[number - 1] = replace(frames[number - 1], **changes)  # type: ignore[arg-type]
    return [text for text in broken(profile, frames=tuple(frames)) if text.startswith(f"frame {number} ")]


@pytest.mark.parametrize(
    ("identifier", "number", "changes", "words"),
    [
        ("shelly/blu-button1", 3, {"presses": ("press",)}, "press is ['hold'], stated ['press']"),
        ("shelly/blu-button1", 1, {"reading": ExpectedReading()}, "gives battery-level = 100, which is not stated"),
        ("shelly/blu-button1", 1, {"outcome": "press", "reading": None}, "states a press, but carries a reading"),
        ("generic/bthome", 1, {"bind_key": None}, "its bind key is needed"),
        ("generic/bthome", 1, {"bind_key": bytes(16)}, "does not open it"),
        (
            "generic/bthome",
            5,
            {"outcome": "press", "presses": ("hold",)},
            "states a press, but carries nothing to keep",
        ),
        ("xiaomi/mi-smart-scale", 2, {"outcome": "error"}, "decodes, though it is stated to be refused"),
        ("xiaomi/mi-body-composition-scale", 1, {"characteristic": "181d"}, "is refused"),
        ("omron/evolv", 1, {"call": ExpectedCall(pairing=False, stored=1)}, "stored is 117, stated 1"),
        ("omron/evolv", 1, {"call": ExpectedCall(pairing=True, stored=117)}, "pairing is False, stated True"),
        ("omron/evolv", 1, {"characteristic": "0611"}, "no decoder for it: known are 020e"),
        ("omron/hem-7142t2", 1, {"data": b"\xff" * 14}, "states a reading, but carries nothing to keep"),
        ("omron/hem-7142t2", 1, {"characteristic": "omron-eprom"}, "did you mean 'omron-eeprom'?"),
        ("polar/verity-sense", 3, {"motion": ExpectedMotion(samples_mg=(), last_sample_ns=101)}, "samples_mg is [[-15"),
        (
            "movesense/sensor",
            2,
            {"motion": ExpectedMotion(samples_mg=((2000, -1000, 100),), last_sample_ns=None, first_sample_ms=1)},
            "first_sample_ms is 12384, stated 1",
        ),
        ("roche/accu-chek-guide", 1, {"outcome": "failed"}, "gives values, though stated failed"),
    ],
)
def test_a_frame_of_another_carrier_that_differs_is_found(
    identifier: str, number: int, changes: dict[str, object], words: str
) -> None:
    found = of(identifier, number, **changes)
    assert [text for text in found if words in text], found
