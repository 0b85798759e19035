"""Pairings that go well: a cuff, a scale, a strap."""

from __future__ import annotations

import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff, Scale
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.motion import Person
from device_drivers.virtual.polar_h10 import HeartRateStrap
from tests.gateway.pairing.home import AINO, CUFF, SCALE, STRAP, Household

pytestmark = pytest.mark.slow


async def test_a_cuff_is_bonded_set_given_and_proven(household: Household) -> None:
    cuff = BloodPressureCuff(household.air, clock=DeviceClock(household.local_now(-400)), battery=66)
    await cuff.power_on()
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF, language="fi")
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        state = gateway.state(pairing)
        assert "paristot" in state.steps[0], "in the language asked for"
        assert (state.found["firmware"], state.found["battery_percent"]) == ("BLP008_d016", 66)
        assert await gateway.bonded(CUFF)
        assert await gateway.owners(CUFF) == [AINO]
        assert abs((cuff.clock.now() - household.local_now()).total_seconds()) < 2  # type: ignore[union-attr]
        await cuff.measure(systolic=124, diastolic=81, pulse=64)
        state = await gateway.ended(pairing)
        assert state.outcome == "ready", state.verdict
        assert state.verdict is not None
        assert state.verdict.startswith("Ready: A&D UA-651BLE. Blood pressure arrived (")
        assert "Its clock is right." in state.verdict
        assert "strong" in state.verdict
        assert "124" not in str(gateway.said(pairing)), "no measured value in what a technician sees"
        codes = gateway.codes(pairing)
        codes.remove("steps")  # as soon as its model is known: by its name, or when it answers
        assert codes == [
            *("chosen", "connecting", "identified", "bonded", "clock", "assigned", "measure"),
            *("measured", "ended"),
        ]
        (row,) = await gateway.notes.ended()
        assert (row.outcome, row.bonded, row.prepared, row.profile_id) == ("ready", True, True, "a-and-d/ua-651ble")


async def test_a_failed_measurement_is_said_and_waited_on(household: Household) -> None:
    cuff = BloodPressureCuff(household.air, clock=DeviceClock(household.local_now()))
    await cuff.power_on()
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await cuff.record(bytes.fromhex("16ff07ff07ff07") + cuff.clock.read() + bytes.fromhex("ff070000"))  # type: ignore[union-attr]
        await gateway.until(lambda: "measurement-failed" in gateway.codes(pairing))
        assert gateway.state(pairing).outcome is None
        await cuff.measure(systolic=124, diastolic=81, pulse=64)
        assert (await gateway.ended(pairing)).outcome == "ready"


async def test_a_scale_without_a_clock(household: Household) -> None:
    scale = Scale(household.air, clock=None)
    await scale.power_on()
    async with household.gateway() as gateway:
        pairing = await gateway.begin(SCALE)
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await scale.weigh(71.3)
        state = await gateway.ended(pairing)
        assert state.outcome == "ready", state.verdict
        assert any("has no clock" in one.words for one in gateway.said(pairing))


async def test_a_strap_is_ready_with_its_first_motion(household: Household) -> None:
    strap = HeartRateStrap(household.air, motion=Person(seed=1, fall_after_s=None), heart_rate=70)
    await strap.power_on()
    async with household.gateway() as gateway:
        pairing = await gateway.begin(STRAP, placement="chest")
        await strap.wear()
        state = await gateway.ended(pairing)
        assert state.outcome == "ready", state.verdict
        assert "motion" in state.found["first"]["kinds"]
        assert state.found["bond"] == "none"
        connections = strap.connections
        await gateway.until(lambda: strap.connections == connections, within=5)
        assert strap.connection is not None, "it goes on streaming when the technician has left"
