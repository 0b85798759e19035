"""A device is recorded, and what is written is the beginning of a profile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from device_drivers.advertising import Advert
from device_drivers.profile_check import check_files
from device_drivers.sessions import SESSIONS
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.motion import Person
from device_drivers.virtual.polar_h10 import HeartRateStrap
from firmware_profiles import read_file
from gateway.capture import Captured, Frame, Recorder, profile_text
from gateway.capture.toml import name_pattern
from gateway.core.errors import Conflict, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.radio.visits.capture import Attribute
from gateway.store.readings import Readings
from tests.gateway.pairing.home import AINO, CUFF, STRAP, Household

PRESSURE = bytes.fromhex("167d0050006600e10701100c273640000000")


def captured(**more: object) -> Captured:
    base: dict[str, object] = {
        "address": CUFF,
        "advert": Advert(
            address=CUFF, name='Acme "BP" 5D3F1A', services=frozenset({"1810"}), manufacturer_data={9: b"\1"}
        ),
        "attributes": (
            Attribute(service="180a", uuid="2a25", handle=3, properties=("read",), descriptors=()),
            Attribute(service="180a", uuid="2a29", handle=5, properties=("read",), descriptors=()),
            Attribute(service="1810", uuid="2a35", handle=7, properties=("indicate",), descriptors=("2902",)),
            Attribute(service="fff0", uuid="fff1", handle=9, properties=("notify",), descriptors=("2902",)),
        ),
        "reads": {3: b"5160100734", 5: b"Acme\nLtd", 9: "refused"},
        "frames": (
            Frame(characteristic="2a35", at_s=1.5, data=PRESSURE),
            Frame(characteristic="2a35", at_s=2.5, data=PRESSURE),
            Frame(characteristic="fff1", at_s=3.0, data=b"\1\2"),
        ),
        "dropped": 2,
        "bonded": True,
        "ended": "after 60 s",
    }
    return Captured(**{**base, **more})  # type: ignore[arg-type]


def test_the_file_is_a_profile_whose_gaps_the_check_names(tmp_path: Path) -> None:
    text = profile_text(captured())
    file = tmp_path / "acme.toml"
    file.write_text(text, encoding="utf-8")
    (profile,) = read_file(file)
    assert (profile.vendor, profile.name, profile.services) == ("Acme Ltd", 'Acme "BP" *', ("1810", "fff0"))
    assert (profile.kinds, profile.company_ids, len(profile.frames)) == (("blood-pressure",), (9,), 2)
    said = " ".join(problem.text for problem in check_files([file], drivers=SESSIONS.keys()).problems)
    assert "systolic = 125, which is not stated" in said
    assert "no decoder for it" in said
    assert "has no pairing steps in 'fi'" in said
    assert "names no sources" in said


def test_what_names_a_device_or_a_person_is_left_out() -> None:
    text = profile_text(captured())
    assert "5160100734" not in text
    assert CUFF not in text
    assert "5D3F1A" not in text
    assert "10 bytes, not kept" in text
    assert "only if that person agrees" in text
    assert "2 more frames were not kept" in text


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("A&D_UA-651BLE_5D3F1A", "A&D_UA-651BLE_*"),
        ("Polar H10 8A2F3C21", "Polar H10 *"),
        ("Thermo", "Thermo"),
        ("FACE", "FACE"),
        ("Odd [1]? 12345", "Odd [[]1][?] *"),
    ],
)
def test_pattern_of_a_name(name: str, pattern: str) -> None:
    assert name_pattern(name) == pattern


@pytest.mark.slow
async def test_a_cuff_nobody_owns_is_recorded(household: Household, tmp_path: Path) -> None:
    cuff = BloodPressureCuff(household.air, clock=DeviceClock(household.local_now()))
    await cuff.power_on()
    async with household.gateway() as gateway:
        recorder = Recorder(gateway.radio, gateway.clock, gateway.registry)
        with pytest.raises(NotFound, match="No device called 'A&D"):
            recorder.find("A&D*")
        await cuff.pairing_mode()
        await gateway.until(gateway.radio.seen)
        await asyncio.sleep(1)
        assert recorder.find("A&D*") == CUFF
        unbonded = profile_text(await recorder.record(CUFF, seconds=5, bond=False))
        assert "2a35 (indicate): wants a bond: put the device into pairing mode, and record it with --bond" in unbonded
        assert cuff.pairings == 0
        await asyncio.sleep(3)
        await cuff.pairing_mode()
        found = await recorder.record(CUFF, seconds=5, bond=True)
        assert found.bonded
        await cuff.measure(systolic=124, diastolic=81, pulse=64)
        found = await recorder.record(CUFF, seconds=20, bond=True)
        assert [frame.characteristic for frame in found.frames] == ["2a35"]
        assert found.ended == "by the device, which hung up"
        file = tmp_path / "cuff.toml"
        file.write_text(profile_text(found), encoding="utf-8")
        (profile,) = read_file(file)
        assert (profile.vendor, profile.model, profile.name) == ("A&D Medical", "UA-651BLE", "A&D_UA-651BLE_*")


async def test_one_that_does_not_call(household: Household) -> None:
    async with household.gateway() as gateway:
        with pytest.raises(NotFound, match="did not call in 120 s: wake it"):
            await Recorder(gateway.radio, gateway.clock, gateway.registry).record(CUFF, seconds=5, bond=False)


async def test_a_device_of_somebody_is_refused_before_it_calls(household: Household) -> None:
    async with household.gateway() as gateway:
        await gateway.registry.assign(CUFF, Subject(type=SubjectType.RESIDENT, id=AINO), actor="t")
        with pytest.raises(Conflict, match=r"belongs to Aino: .*Unpair it first .*or capture another one of the model"):
            await Recorder(gateway.radio, gateway.clock, gateway.registry).record(
                CUFF.lower(), seconds=5, bond=True
            )  # fmt: skip


async def test_one_that_became_somebodys_meanwhile_keeps_its_reading(household: Household) -> None:
    cuff = BloodPressureCuff(household.air, clock=DeviceClock(household.local_now()))
    await cuff.power_on()
    async with household.gateway() as gateway:
        recorder = Recorder(gateway.radio, gateway.clock, gateway.registry)
        async with asyncio.TaskGroup() as group:
            refused = group.create_task(_refusal(recorder))
            await asyncio.sleep(1)
            await gateway.registry.assign(CUFF, Subject(type=SubjectType.RESIDENT, id=AINO), actor="t")
            await cuff.pairing_mode()
        assert "belongs to Aino" in refused.result()
        assert cuff.pairings == 0, "nothing was asked of it"


async def _refusal(recorder: Recorder) -> str:
    with pytest.raises(Conflict) as refused:
        await recorder.record(CUFF, seconds=5, bond=True)
    return str(refused.value)


async def test_a_recording_that_is_stopped_gives_what_it_has_and_frees_the_device(household: Household) -> None:
    cuff = BloodPressureCuff(household.air, clock=DeviceClock(household.local_now()))
    await cuff.power_on()
    async with household.gateway() as gateway:
        recorder = Recorder(gateway.radio, gateway.clock, gateway.registry)
        with pytest.raises(NotFound, match="Nothing is being recorded"):
            recorder.stop()
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(recorder.record(CUFF, seconds=300, bond=True))
            await cuff.pairing_mode()
            await gateway.until(lambda: cuff.pairings)
            await asyncio.sleep(2)
            with pytest.raises(Conflict, match="Another device is being recorded"):
                await recorder.record(CUFF, seconds=5, bond=False)
            recorder.stop()
            recorder.stop()
        found = recording.result()
        assert found.ended == "early, because it was stopped"
        assert found.reads
        with pytest.raises(NotFound, match="did not call"):
            await recorder.record(CUFF, seconds=5, bond=False)


async def test_one_that_is_stopped_before_it_calls(household: Household) -> None:
    async with household.gateway() as gateway:
        recorder = Recorder(gateway.radio, gateway.clock, gateway.registry)
        began = gateway.clock.monotonic()
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(_not_recorded(recorder))
            await asyncio.sleep(1)
            recorder.stop()
        assert "stopped before" in recording.result()
        assert gateway.clock.monotonic() - began < 2


async def _not_recorded(recorder: Recorder) -> str:
    with pytest.raises(NotFound) as refused:
        await recorder.record(CUFF, seconds=5, bond=True)
    return str(refused.value)


async def test_one_that_is_given_to_somebody_while_it_is_recorded_is_let_go(household: Household) -> None:
    strap = HeartRateStrap(household.air, motion=Person(seed=1, fall_after_s=None), heart_rate=70)
    await strap.power_on()
    await strap.wear()
    async with household.gateway() as gateway:
        recorder = Recorder(gateway.radio, gateway.clock, gateway.registry)
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(recorder.record(STRAP, seconds=300, bond=False))
            await gateway.until(lambda: strap.connection)
            await asyncio.sleep(5)
            began = gateway.clock.monotonic()
            await gateway.registry.assign(STRAP, Subject(type=SubjectType.RESIDENT, id=AINO), actor="t")
        assert gateway.clock.monotonic() - began < 2
        assert "given to somebody" in recording.result().ended
        assert recording.result().frames
        readings = Readings(gateway.database)
        async with asyncio.timeout(30):
            while not await readings.latest(AINO):  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(1)
