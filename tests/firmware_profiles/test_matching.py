"""Who matches whom, and what is read of frames and advertisements."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from firmware_profiles import PACKAGED, ExpectedCall, Quirks, load, read_file
from firmware_profiles.claims import literal_letters
from tests.firmware_profiles.files import CUFF, write


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
