"""One reading of each weighing."""

from __future__ import annotations

import pytest

from device_drivers.advertising import Advert, Broadcast
from device_drivers.broadcasts.mi_scale import AGAIN_S, WEIGHING, mi_scale
from device_drivers.nomenclature import Quantity
from firmware_profiles import Profile, load

STAMP = "E607020E10293A"
LATER = "E607020E102A05"  # 7 s on
NEVER_SET = "B2070101000000"


@pytest.fixture(scope="module")
def profile() -> Profile:
    found = load().match(None, service_data=["181b"])
    assert found is not None
    return found


class Ear:
    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.memory: dict[str, str] = {}

    def hears(self, data: str, at: float, *, service: str = "181b") -> Broadcast:
        advert = Advert(address="5C:CA:D3:70:D4:A2", service_data={service: bytes.fromhex(data)})
        told = mi_scale(advert, self.profile, self.memory, at=at)
        self.memory |= told.meanwhile
        return told


def v2(flags: int, stamp: str = STAMP, weight: str = "9A38", ohm: str = "0000") -> str:
    return f"02{flags:02x}{stamp}{ohm}{weight}"


STABLE, DONE, OFF, SHAKY = 0x24, 0x26, 0xA6, 0x04


def told(one: Broadcast) -> tuple[int, int, bool]:
    return len(one.readings), len(one.unfinished), one.over


def test_weight_then_impedance_is_one_reading(profile: Profile) -> None:
    ear = Ear(profile)
    assert told(ear.hears(v2(SHAKY, weight="0030"), 0.0)) == (0, 0, False)
    assert told(ear.hears(v2(STABLE), 2.0)) == (0, 1, False)
    assert told(ear.hears(v2(STABLE), 3.0)) == (0, 0, False)
    done = ear.hears(v2(DONE, ohm="F701"), 7.0)
    assert told(done) == (1, 0, False)
    assert done.readings[0].values == {Quantity.WEIGHT: 72.45, Quantity.IMPEDANCE: 503.0}
    assert told(ear.hears(v2(DONE, ohm="F701"), 8.0)) == (0, 0, False)
    assert told(ear.hears(v2(OFF, ohm="F701"), 9.0)) == (0, 0, False)


def test_stepping_off_ends_what_was_unfinished(profile: Profile) -> None:
    ear = Ear(profile)
    ear.hears(v2(STABLE), 2.0)
    assert told(ear.hears(v2(0xA4), 4.0)) == (0, 0, True)
    assert told(ear.hears(v2(0xA4), 5.0)) == (0, 0, False)


def test_another_weight_is_another_weighing(profile: Profile) -> None:
    ear = Ear(profile)
    ear.hears(v2(STABLE), 2.0)
    second = ear.hears(v2(DONE, weight="0030", ohm="F701", stamp=LATER), 9.0)
    assert told(second) == (1, 0, True)  # the first one is taken as it is


def test_a_stamp_that_runs_on_is_still_the_same_weighing(profile: Profile) -> None:
    ear = Ear(profile)
    ear.hears(v2(STABLE), 2.0)
    assert told(ear.hears(v2(STABLE, stamp=LATER), 9.0)) == (0, 0, False)
    assert told(ear.hears(v2(DONE, stamp=LATER, ohm="F701"), 9.5)) == (1, 0, False)


def test_the_same_weight_again_after_stepping_off_is_new_and_the_same_stamp_is_not(profile: Profile) -> None:
    ear = Ear(profile)
    ear.hears(v2(DONE, ohm="F701"), 2.0)
    ear.hears(v2(OFF, ohm="F701"), 4.0)
    assert told(ear.hears(v2(DONE, ohm="F701"), 6.0)) == (0, 0, False)  # it shows the last one again
    assert told(ear.hears(v2(DONE, ohm="F701", stamp=LATER), 8.0)) == (1, 0, False)


def test_a_clock_that_stands_still_hides_no_weighing(profile: Profile) -> None:
    ear = Ear(profile)
    assert told(ear.hears(v2(DONE, ohm="F701", stamp=NEVER_SET), 2.0)) == (1, 0, False)
    assert told(ear.hears(v2(DONE, ohm="F701", stamp=NEVER_SET), 5.0)) == (0, 0, False)
    ear.hears(v2(OFF, stamp=NEVER_SET), 7.0)
    assert told(ear.hears(v2(DONE, ohm="F701", stamp=NEVER_SET), 9.0)) == (1, 0, False)
    assert told(ear.hears(v2(DONE, ohm="F701", stamp=NEVER_SET), 9.0 + AGAIN_S)) == (1, 0, False)


def test_a_scale_without_electrodes_is_done_at_once(profile: Profile) -> None:
    ear = Ear(profile)
    assert told(ear.hears("223E30" + STAMP, 1.0, service="181d")) == (1, 0, False)
    assert told(ear.hears("223E30" + STAMP, 2.0, service="181d")) == (0, 0, False)


def test_a_damaged_memory_and_an_advertisement_without_data_are_nothing(profile: Profile) -> None:
    ear = Ear(profile)
    for damaged in ("x", "zz 1 open 2", "e6 72.45 open 1", "E607020E10293A 72.45 open never"):
        ear.memory = {WEIGHING: damaged}
        assert told(ear.hears(v2(STABLE), 2.0)) == (0, 1, damaged == "e6 72.45 open 1")
    assert mi_scale(Advert(address="5C:CA:D3:70:D4:A2", name="MIBFS"), profile, {}, at=0.0) == Broadcast()
