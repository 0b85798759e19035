"""The contract of the whole fleet: every profile is checked, has frames, a driver, and a twin on the virtual radio."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import isabstract, isclass
from typing import Final

import pytest

from device_drivers.broadcasts import BROADCASTS
from device_drivers.profile_check import KINDS, check, check_files
from device_drivers.sessions import SESSIONS
from device_drivers.virtual.peripheral import VirtualPeripheral
from firmware_profiles import Profile, load
from firmware_profiles.schema import ENOUGH_FRAMES

FLEET: Final = load().profiles
DRIVERS: Final = frozenset({*SESSIONS, *BROADCASTS})

# Profiles that may not be checked, with the reason. There is none.
UNCHECKED: Final[Mapping[str, str]] = {}

# What plays each profile's device: "module:class" under device_drivers.virtual. Models of a family share one.
TWINS: Final[Mapping[str, str]] = {
    "a-and-d/ua-651ble": "and_medical:BloodPressureCuff",
    "a-and-d/ua-656ble": "and_medical:BloodPressureCuff",
    "a-and-d/uc-352ble": "and_medical:Scale",
    "beurer/bm57": "standard:BeurerCuff",
    **dict.fromkeys(("beurer/bm48", "beurer/bm59", "beurer/bm85", "beurer/elite900"), "standard:OddBeurerCuff"),
    **dict.fromkeys((f"beurer/bf{number}" for number in (105, 500, 600, 720, 788, 850, 950)), "beurer_scale:UserScale"),
    **dict.fromkeys(("omron/bp5250", "omron/bp7000", "omron/evolv", "omron/hem-9200t"), "omron_cuff:OmronCuff"),
    "omron/hem-7142t2": "omron_memory:MemoryCuff",
    "nonin/3230": "nonin_oximeter:FingerOximeter",
    "polar/h10": "polar_h10:HeartRateStrap",
    "polar/verity-sense": "polar_armband:VeritySense",
    "polar/oh1": "polar_armband:OH1",
    "movesense/sensor": "movesense_sensor:MovesenseSensor",
    "roche/accu-chek-guide": "glucose_meter:GlucoseMeter",
    "generic/glucose-meter": "glucose_meter:GlucoseMeter",
    "generic/sig": "standard:Thermometer",
}
# Profiles without a twin, with the reason.
WITHOUT_TWIN: Final[Mapping[str, str]] = dict.fromkeys(
    (
        "generic/bthome",
        "shelly/blu-button1",
        "shelly/blu-door-window",
        "shelly/blu-h-and-t",
        "shelly/blu-motion",
        "xiaomi/mi-body-composition-scale",
        "xiaomi/mi-smart-scale",
    ),
    "it only advertises: its golden frames are put on the virtual radio as they are",
)


def test_checked_and_exempt_are_all() -> None:
    checked = set(check_files().profiles) - set(UNCHECKED)
    assert checked | set(UNCHECKED) == {profile.id for profile in FLEET}
    assert not checked & set(UNCHECKED)


def test_twins_and_exempt_are_all() -> None:
    assert set(TWINS) | set(WITHOUT_TWIN) == {profile.id for profile in FLEET}
    assert not set(TWINS) & set(WITHOUT_TWIN)
    assert all(WITHOUT_TWIN.values())


def test_the_whole_fleet_keeps_its_word() -> None:
    assert [str(problem) for problem in check_files(drivers=DRIVERS).problems] == []


@pytest.mark.parametrize("profile", [one for one in FLEET if one.id not in UNCHECKED], ids=lambda profile: profile.id)
def test_a_profile(profile: Profile) -> None:
    assert check(profile, drivers=DRIVERS) == []
    assert len(profile.frames) >= ENOUGH_FRAMES or profile.few_frames
    assert profile.driver in DRIVERS
    assert set(profile.kinds) <= set(KINDS)
    assert any(frame.outcome in ("reading", "press", "motion", "call") for frame in profile.frames)


@pytest.mark.parametrize("twin", sorted(set(TWINS.values())))
def test_a_twin_is_a_device_on_the_virtual_radio(twin: str) -> None:
    module, name = twin.split(":")
    played = getattr(import_module(f"device_drivers.virtual.{module}"), name)
    assert isclass(played)
    assert not isabstract(played)
    assert issubclass(played, VirtualPeripheral)


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_no_driver_is_without_a_profile(driver: str) -> None:
    assert any(profile.driver == driver for profile in FLEET)
