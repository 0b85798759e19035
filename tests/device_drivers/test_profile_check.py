"""The checker over the whole fleet, and each thing that it must find."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from device_drivers.decode.registry import DECODERS
from device_drivers.profile_check import check, check_files
from firmware_profiles import PACKAGED, ExpectedMotion, ExpectedReading, GoldenFrame, Profile, Quirks, load
from firmware_profiles.schema import NO_QUIRKS

DRIVERS = {"sig", "polar-pmd"}
# Profiles that may not be checked, with the reason. There is none.
EXEMPT: dict[str, str] = {}

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


def test_checked_and_exempt_are_all_there_are() -> None:
    devices = [device for file in PACKAGED.glob("*.toml") for device in tomllib.loads(file.read_text())["device"]]
    checked = {profile.id for profile in FLEET if profile.id not in EXEMPT}
    assert len(devices) == len(FLEET)
    assert checked | set(EXEMPT) == {profile.id for profile in FLEET}
    assert not checked & set(EXEMPT)


@pytest.mark.parametrize("profile", [profile for profile in FLEET if profile.id not in EXEMPT], ids=lambda p: p.id)
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
        ({"record_identity": "sequence"}, "no golden frame carries one"),
        ({"record_identity": "reception"}, "use device-time"),
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
        ({"outcome": "motion", "reading": None}, "states a motion, but carries a reading"),
        ({"data": b"\x16\x86"}, "is refused"),
        ({"characteristic": "2a34"}, "no decoder for it: did you mean '2a3"),
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
    assert broken(strap(), frames=(golden,)) == []
    wrong = replace(golden, reading=ExpectedReading(values={"heart-rate": 60.0}, series={"rr-intervals-s": (1.0, 0.8)}))
    assert any("series rr-intervals-s" in text for text in broken(strap(), frames=(wrong,)))


def test_golden_frames_are_decoded_with_the_quirks_of_their_device() -> None:
    longer = replace(cuff().frames[-1], data=cuff().frames[-1].data + b"\0")
    assert any("left over" in text for text in broken(cuff(), frames=(longer,)))
    assert broken(cuff(), frames=(longer,), quirks=Quirks(tolerant_trailing=1)) == []


def test_an_unreadable_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[[device]]\nvendr = 1\n")
    (tmp_path / "polar.toml").write_text((PACKAGED / "polar.toml").read_text())
    report = check_files([tmp_path, tmp_path / "none"], drivers=DRIVERS)
    assert report.profiles == ("polar/h10",)
    assert not report.good
    said = [str(problem) for problem in report.problems]
    assert said[0].startswith(f"{tmp_path / 'bad.toml'}: device 1")
    assert "did you mean 'vendor'?" in said[0]
    assert "no such folder" in said[1]


def test_one_file_can_be_checked_and_an_empty_folder_is_told(tmp_path: Path) -> None:
    assert check_files([PACKAGED / "polar.toml"], drivers=DRIVERS).profiles == ("polar/h10",)
    assert "holds no *.toml" in check_files([tmp_path]).problems[0].text


def test_the_same_device_in_two_files_is_told(tmp_path: Path) -> None:
    copy = tmp_path / "polar.toml"
    copy.write_text((PACKAGED / "polar.toml").read_text())
    report = check_files([PACKAGED / "polar.toml", copy], drivers=DRIVERS)
    assert [problem.profile for problem in report.problems] == ["polar/h10"]
    assert "keep one of the two" in report.problems[0].text


def test_every_golden_measurement_reaches_a_decoder_of_the_registry() -> None:
    measured = {frame.characteristic for profile in FLEET for frame in profile.frames if frame.outcome != "motion"}
    assert measured & set(DECODERS)
    assert Quirks() == NO_QUIRKS
