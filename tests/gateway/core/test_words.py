"""Words of sentences for people."""

from __future__ import annotations

import pytest

from firmware_profiles import load
from gateway.core.words import with_article


@pytest.mark.parametrize(
    "said",
    [
        "an A&D UA-651BLE", "a UA-651BLE", "an Omron HEM-7361T", "an HEM-7361T", "a Beurer BM57", "a BM57",
        "a Polar H10",
        "an Acme X1", "a Xiaomi Mi Smart Scale", "a Shelly BLU Button1", "a Nonin 3230", "an iHealth", "a Eufy",
        "a Unit",
        "an oxygen-saturation", "a weight", "a generic", "a 3230", "an Accu-Chek",
    ],
)  # fmt: skip
def test_a_or_an(said: str) -> None:
    assert with_article(said.split(" ", 1)[1]) == said


def test_every_vendor_of_the_fleet_is_said_as_people_say_it() -> None:
    vendors = {profile.vendor for profile in load().profiles if not profile.generic}
    assert {one for one in vendors if with_article(one).startswith("an ")} == {"A&D", "Aqara", "IKEA", "Omron"}
