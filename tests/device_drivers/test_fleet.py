"""The contract of the whole fleet: every profile is checked, has frames, a driver, and a twin on the virtual radio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from device_drivers.broadcasts import BROADCASTS
from device_drivers.driver_reach import REACH
from device_drivers.golden_frames import differences
from device_drivers.payloads import MQTT
from device_drivers.profile_check import KINDS, check, check_files
from device_drivers.sessions import SESSIONS
from device_drivers.virtual.broadcasters import Beacon, BTHomeDevice, Button, MiScale, RoomSensor
from device_drivers.virtual.catalogue import TWINS
from device_drivers.virtual.radio import VirtualRadio, virtual_radio
from firmware_profiles import Profile, load
from firmware_profiles.schema import ENOUGH_FRAMES, PRESSES

CATALOGUE: Final = load()
FLEET: Final = CATALOGUE.profiles
ADDRESS: Final = "C4:64:E3:00:00:17"
DRIVERS: Final = frozenset({*SESSIONS, *BROADCASTS, MQTT})

# Profiles that cannot be checked, with the reason; one whose frames do check must not stand here. There is none.
UNCHECKED: Final[Mapping[str, str]] = {}

# What plays those that only advertise; `TWINS` are those that can be connected to.
BEACONS: Final[Mapping[str, Callable[[VirtualRadio], Beacon]]] = {
    "generic/bthome": lambda radio: BTHomeDevice(radio, name="Window 3", address=ADDRESS),
    "shelly/blu-button1": lambda radio: Button(radio, address=ADDRESS),
    "shelly/blu-door-window": lambda radio: BTHomeDevice(radio, name="SBDW-002C", address=ADDRESS),
    "shelly/blu-h-and-t": lambda radio: RoomSensor(radio, address=ADDRESS),
    "shelly/blu-motion": lambda radio: BTHomeDevice(radio, name="SBMO-003Z", address=ADDRESS),
    "xiaomi/mi-body-composition-scale": lambda radio: MiScale(radio, address=ADDRESS),
    "xiaomi/mi-smart-scale": lambda radio: MiScale(radio, address=ADDRESS, version=1),
}
# Profiles without a twin on the virtual radio, with the reason.
WITHOUT_TWIN: Final[Mapping[str, str]] = {
    profile.id: "it speaks over a broker: tests/gateway/mqtt publishes its golden payloads"
    for profile in FLEET
    if profile.driver == MQTT
}


def test_checked_and_exempt_are_all() -> None:
    checked = set(check_files().profiles) - set(UNCHECKED)
    assert checked | set(UNCHECKED) == {profile.id for profile in FLEET}
    assert not checked & set(UNCHECKED)


def _frames_check(profile: Profile) -> bool:
    return not any(text for frame in profile.frames for text in differences(frame, profile.quirks, profile))


def unjustified(unchecked: Mapping[str, str]) -> list[str]:
    """What is wrong with the exemptions."""
    found: list[str] = []
    for profile_id, reason in unchecked.items():
        profile = CATALOGUE.get(profile_id)
        if profile is None:
            found.append(f"{profile_id}: there is no such profile")
        elif len(reason.split()) < 3:
            found.append(f"{profile_id}: give the reason, in words")
        elif profile.frames and _frames_check(profile):
            found.append(f"{profile_id}: its frames check, so it can be checked: {reason!r} is no reason")
    return found


def test_every_exemption_is_justified() -> None:
    assert unjustified(UNCHECKED) == []


@pytest.mark.parametrize("profile", FLEET, ids=lambda profile: profile.id)
def test_no_profile_of_today_could_be_exempt(profile: Profile) -> None:
    (said,) = unjustified({profile.id: "it was not captured yet"})
    assert "its frames check" in said


def test_what_is_no_exemption() -> None:
    assert "no such profile" in unjustified({"acme/none": "it was not captured yet"})[0]
    assert "give the reason" in unjustified({"polar/h10": " "})[0]


def test_each_driver_says_what_it_hands_on() -> None:
    assert set(REACH) == DRIVERS


def test_twins_and_exempt_are_all() -> None:
    twins = {*TWINS, *BEACONS}
    assert twins | set(WITHOUT_TWIN) == {profile.id for profile in FLEET}
    assert not twins & set(WITHOUT_TWIN)
    assert not set(TWINS) & set(BEACONS)


def test_the_whole_fleet_keeps_its_word() -> None:
    assert [str(problem) for problem in check_files(drivers=DRIVERS).problems] == []


@pytest.mark.parametrize("profile", [one for one in FLEET if one.id not in UNCHECKED], ids=lambda profile: profile.id)
def test_a_profile(profile: Profile) -> None:
    assert check(profile, drivers=DRIVERS) == []
    assert len(profile.frames) >= ENOUGH_FRAMES or profile.few_frames
    assert profile.driver in DRIVERS
    assert set(profile.kinds) <= set(KINDS)
    assert any(frame.outcome in ("reading", "press", "motion", "call", "radar") for frame in profile.frames)


@pytest.mark.parametrize("profile_id", BEACONS)
async def test_a_beacon_is_taken_for_its_profile(profile_id: str) -> None:
    """Those that can be connected to are paired and measured with in sessions/test_fleet.py."""
    profile = CATALOGUE.get(profile_id)
    assert profile is not None
    async with virtual_radio() as radio:
        beacon = BEACONS[profile_id](radio)
        claimed = CATALOGUE.match(beacon.name, service_data=profile.service_data)
    assert claimed == profile


@pytest.mark.parametrize("driver", sorted(DRIVERS))
def test_no_driver_is_without_a_profile(driver: str) -> None:
    assert any(profile.driver == driver for profile in FLEET)


def test_the_button_of_a_thermometer_calls_nobody() -> None:
    thermometer, pendant = CATALOGUE.get("shelly/blu-h-and-t"), CATALOGUE.get("shelly/blu-button1")
    assert thermometer is not None
    assert pendant is not None
    assert {thermometer.meaning(pattern) for pattern in PRESSES} == {"ignore"}
    assert pendant.meaning("press") == "alert"
