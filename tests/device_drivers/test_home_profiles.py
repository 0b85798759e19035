"""A home's own profiles are checked before a gateway relies on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_drivers.home_profiles import load_checked
from firmware_profiles import PACKAGED, load

DRIVERS = {"sig"}
NAME = "A&D_UA-651BLE_5D3F1A"
OWN = """
[[device]]
vendor = "A&D"
model = "UA-651BLE"
kinds = ["blood-pressure"]
name = "A&D_UA-651BLE_*"
services = ["1810"]
driver = "sig"
record_identity = "device-time"
few_frames = "an example"
sources = ["of this home"]

[device.pairing]
fi = ["Mittaa."]
sv = ["Mät."]
en = ["Measure."]

[[device.frame]]
characteristic = "2a35"
hex = "167d0050006600e10701100c273640000000"
reading = { systolic = 125, diastolic = 80, mean-arterial = 102, pulse-rate = 64, time = "2017-01-16T12:39:54" }
source = "of this home"
"""


def own(folder: Path, text: str = OWN) -> Path:
    file = folder / "own.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_right_one_is_used_and_nothing_is_said(tmp_path: Path) -> None:
    file = own(tmp_path)
    catalogue = load_checked([tmp_path], drivers=DRIVERS)
    match = catalogue.match(NAME)
    assert match is not None
    assert match.file == str(file)
    assert catalogue.problems == ()


def test_one_without_a_language_is_used_and_named_once(tmp_path: Path) -> None:
    file = own(tmp_path, OWN.replace('sv = ["Mät."]\n', "").replace('sources = ["of this home"]', "sources = []"))
    catalogue = load_checked([tmp_path], drivers=DRIVERS)
    match = catalogue.match(NAME)
    assert match is not None
    assert match.file == str(file)
    (said,) = catalogue.problems
    assert said.startswith(f"{file}: A&D UA-651BLE is used, but names no sources: say where")
    assert said.endswith(f" (1 more): see 'huoma profile check {file}'.")


@pytest.mark.parametrize("stated", [("systolic = 125", "systolic = 126"), ('hex = "16', 'hex = "14')])
def test_one_whose_frame_does_not_decode_as_stated_is_as_if_it_were_gone(
    tmp_path: Path, stated: tuple[str, str]
) -> None:
    file = own(tmp_path, OWN.replace(*stated))
    catalogue = load_checked([tmp_path], drivers=DRIVERS)
    match = catalogue.match(NAME)
    assert match is not None
    assert match.file == str(PACKAGED / "a_and_d.toml")
    (said,) = catalogue.problems
    assert said.startswith(f"{file}: A&D UA-651BLE is NOT USED, because 1 of its 1 golden frames does not decode")
    assert f"Correct it ('huoma profile check {file}'), then start the gateway again." in said
    assert "systolic" not in said, "measured values do not belong into a log"


def test_one_with_a_driver_that_there_is_not_is_as_if_it_were_gone(tmp_path: Path) -> None:
    file = own(tmp_path, OWN.replace('driver = "sig"', 'driver = "sgi"'))
    catalogue = load_checked([tmp_path], drivers=DRIVERS)
    match = catalogue.match(NAME)
    assert match is not None
    assert match.file == str(PACKAGED / "a_and_d.toml")
    (said,) = catalogue.problems
    assert said.startswith(f"{file}: A&D UA-651BLE is NOT USED, because there is no driver 'sgi': a device")


def test_of_a_model_that_nobody_else_knows_the_generic_profile_is_left(tmp_path: Path) -> None:
    text = OWN.replace("UA-651BLE", "Acme").replace("A&D_Acme_*", "Acme_*").replace("systolic = 125", "systolic = 126")
    own(tmp_path, text)
    catalogue = load_checked([tmp_path], drivers=DRIVERS)
    match = catalogue.match("Acme_1", ["1810"])
    assert match is not None
    assert match.generic
    assert catalogue.match("Acme_1") is None


def test_a_file_that_cannot_be_read_is_named_beside_it(tmp_path: Path) -> None:
    own(tmp_path, OWN.replace("systolic = 125", "systolic = 126"))
    (tmp_path / "broken.toml").write_text("[[device]\n")
    assert len(load_checked([tmp_path], drivers=DRIVERS).problems) == 2


def test_what_came_with_the_program_is_all_there() -> None:
    assert load_checked(drivers=DRIVERS) == load()
