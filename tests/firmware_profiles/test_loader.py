"""Profiles from files: what is read, what is refused and in which words, who matches whom."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from firmware_profiles import PACKAGED, ExpectedCall, ProfileError, Quirks, load, read_file
from firmware_profiles.claims import literal_letters
from firmware_profiles.reader import LARGEST_FILE

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


@pytest.mark.parametrize(
    ("name", "services", "companies", "expected"),
    [
        ("A&D_UA-651BLE_3F21", ["1810"], [], "a-and-d/ua-651ble"),
        ("A&D_UA-651BLE_3F21", [], [], "a-and-d/ua-651ble"),
        ("A&D_UC-352BLE_01166D", ["0000181D-0000-1000-8000-00805F9B34FB"], [], "a-and-d/uc-352ble"),
        ("Polar H10 12345678", ["180d"], [0x006B], "polar/h10"),
        ("a cuff", ["1810"], [], "generic/sig"),
        ("BM57", ["1810"], [], "beurer/bm57"),
        ("Polar Sense 12345678", [], [], "polar/verity-sense"),
        ("BLESmart_0000016028FFB2112233", ["1810"], [0x020E], "omron/bp5250"),
        ("BLEsmart_0000016028FFB2112233", ["1810"], [0x020E], "omron/bp5250"),
        ("BLESmart_0000016028FFB2112233", ["1810"], [], "generic/sig"),
        ("BLESmart_0000FFFF28FFB2112233", ["1810"], [0x020E], "generic/sig"),
        ("meter+12345678", ["1808"], [], "roche/accu-chek-guide"),
        (None, ["1808"], [], "generic/glucose-meter"),
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


BROADCASTER = """
[[device]]
vendor = "Nobody"
model = "Sensor"
kinds = ["room-climate", "press"]
service_data = ["FCD2"]
driver = "bthome"
record_identity = "reception"
few_frames = "it is the test's"
sources = ["the test"]

[device.pairing]
fi = ["Paina."]
sv = ["Tryck."]
en = ["Press."]

[[device.frame]]
advertisement = "0000FCD2-0000-1000-8000-00805F9B34FB"
hex = "40001d01643a01"
address = "54:48:e6:8f:80:a5"
bind_key = "231d39c1d7cc1ab1aee224cd096db932"
reading = { battery-level = 100 }
press = ["press"]
source = "Theengs"

[[device.frame]]
manufacturer_data = 0x020E
hex = "0128000000"
call = { pairing = true, stored = 0 }
source = "the test"

[[device.frame]]
record = "omron-eeprom"
hex = "ff"
nothing = true
source = "the test"
"""


def test_frames_that_come_otherwise(tmp_path: Path) -> None:
    (profile,) = read_file(write(tmp_path, BROADCASTER))
    assert (profile.service_data, profile.few_frames) == (("fcd2",), "it is the test's")
    advertisement, manufacturer, record = profile.frames
    assert (advertisement.carrier, advertisement.characteristic, advertisement.outcome) == (
        "advertisement",
        "fcd2",
        "reading",
    )
    assert advertisement.presses == ("press",)
    assert advertisement.address == "54:48:E6:8F:80:A5"
    assert advertisement.bind_key == bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
    assert (manufacturer.carrier, manufacturer.characteristic) == ("manufacturer_data", "020e")
    assert manufacturer.call == ExpectedCall(pairing=True, stored=0)
    assert (record.carrier, record.characteristic, record.outcome) == ("record", "omron-eeprom", "nothing")


@pytest.mark.parametrize(
    ("name", "service_data", "expected"),
    [
        ("SBBT-002C", ["0000fcd2-0000-1000-8000-00805f9b34fb"], "shelly/blu-button1"),
        ("SBBT-004CEU", ["fcd2"], "generic/bthome"),
        (None, ["FCD2"], "generic/bthome"),
        ("MIBFS", ["181b"], "xiaomi/mi-body-composition-scale"),
        (None, ["181d"], "xiaomi/mi-smart-scale"),
        (None, ["feaa"], None),
    ],
)
def test_who_only_advertises(name: str | None, service_data: list[str], expected: str | None) -> None:
    profile = load().match(name, service_data=service_data)
    assert (profile.id if profile else None) == expected


def test_service_data_is_not_a_service() -> None:
    scale = load().match(None, ["181d"])
    assert scale is not None
    assert scale.id == "generic/sig"


def test_one_of_several_letters_counts_as_one() -> None:
    assert literal_letters("BLE[Ss]mart_?*") == len("BLEsmart_")
    assert literal_letters(None) == 0


def test_of_two_that_claim_alike_the_first_by_id_has_it(tmp_path: Path) -> None:
    write(tmp_path, CUFF.replace('vendor = "A&D"', 'vendor = "B"'), "a.toml")
    write(tmp_path, CUFF, "b.toml")
    for folders in ([tmp_path], [tmp_path, tmp_path]):
        match = load(folders, packaged=None).match("A&D_UA-651BLE_1")
        assert match is not None
        assert match.id == "a-and-d/ua-651ble"


@pytest.mark.parametrize("strict", [True, False])
def test_a_homes_own_profile_does_not_take_the_devices_of_a_packaged_one(tmp_path: Path, strict: bool) -> None:
    write(tmp_path, CUFF.replace('vendor = "A&D"', 'vendor = "0AAA"'), "own.toml")
    catalogue = load([tmp_path], strict=strict)
    match = catalogue.match("A&D_UA-651BLE_5D3F1A")
    assert match is not None
    assert match.id == "a-and-d/ua-651ble", "although 0aaa comes before a-and-d"
    (said,) = catalogue.problems
    assert said.startswith(f"{tmp_path / 'own.toml'}: 0AAA UA-651BLE claims the name 'A&D_UA-651BLE_*', as a-and-d/ua-")
    assert "write 'vendor' and 'model' as there ('A&D', 'UA-651BLE') to replace it, or a name that says more" in said


def test_a_homes_own_profile_that_replaces_or_says_more_is_no_problem(tmp_path: Path) -> None:
    write(tmp_path, CUFF, "replaces.toml")
    more = CUFF.replace('vendor = "A&D"', 'vendor = "B"').replace("651BLE_*", "651BLE_5D*")
    write(tmp_path, more, "more.toml")
    catalogue = load([tmp_path])
    assert catalogue.problems == ()
    found = [catalogue.match(name) for name in ("A&D_UA-651BLE_5D3F1A", "A&D_UA-651BLE_4D3F1A")]
    assert [one and (one.id, Path(one.file).name) for one in found] == [
        ("b/ua-651ble", "more.toml"),
        ("a-and-d/ua-651ble", "replaces.toml"),
    ]


def test_two_of_a_homes_own_profiles_that_claim_alike_are_told(tmp_path: Path) -> None:
    write(tmp_path, CUFF.replace('vendor = "A&D"', 'vendor = "B"'), "a.toml")
    write(tmp_path, CUFF, "b.toml")
    (said,) = load([tmp_path], packaged=None).problems
    assert "B UA-651BLE claims the name" in said
    assert "as a-and-d/ua-651ble does" in said
