"""Two pairings, two hands and two devices at once: nobody's device becomes another's, and the words say what is so."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock
from gateway.core.errors import Conflict
from gateway.pairing import PairingState
from tests.gateway.pairing.home import AINO, CUFF, EINO, OTHER_CUFF, Gateway, Household, cuff_in
from tests.gateway.pairing.scales import codes_of, full_scale, new_scale, weights
from tests.gateway.pairing.test_device_users import both_paired, paired, slots

pytestmark = pytest.mark.slow


async def measuring(gateway: Gateway, cuff: BloodPressureCuff, address: str = CUFF, resident: str = AINO) -> str:
    pairing = await gateway.begin(address, resident_id=resident)
    await cuff.pairing_mode()
    await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
    return pairing


async def measured(gateway: Gateway, cuff: BloodPressureCuff, pairing: str) -> PairingState:
    await cuff.measure(systolic=120, diastolic=80, pulse=60)
    return await gateway.ended(pairing)


@pytest.mark.parametrize("pause_s", [0.0, 0.05, 0.1, 0.2, 0.3, 0.5])
async def test_one_device_is_chosen_by_one_pairing(household: Household, pause_s: float) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        first, second = [await gateway.begin(resident_id=who) for who in (AINO, EINO)]
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(first).ask and gateway.state(second).ask)
        gateway.pairings.session(first).select(CUFF)
        await asyncio.sleep(pause_s)
        with pytest.raises(Conflict, match=r"is being paired already|is not heard now"):
            gateway.pairings.session(second).select(CUFF)
        gateway.pairings.session(second).cancel()
        await gateway.ended(second)
        await gateway.until(lambda: gateway.state(first).phase == "measuring")
        assert (await measured(gateway, cuff, first)).outcome == "ready"
        assert await gateway.owners(CUFF) == [AINO]
        assert await gateway.bonded(CUFF)


async def test_what_is_given_to_another_meanwhile_is_not_ready(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await measuring(gateway, cuff)
        await gateway.acts.assign(CUFF, EINO, actor="t")
        state = await measured(gateway, cuff, pairing)
        assert state.outcome == "failed"
        assert "was given to Eino while it was being paired" in str(state.verdict)
        assert await gateway.bonded(CUFF)


async def test_what_is_taken_away_meanwhile_is_not_ready(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await measuring(gateway, cuff)
        await gateway.registry.unassign(CUFF, actor="t")
        state = await measured(gateway, cuff, pairing)
        assert state.outcome == "failed"
        assert "was taken away from the resident" in str(state.verdict)


async def test_two_devices_of_one_serial_number_are_not_taken_for_one(household: Household) -> None:
    one, two = (
        BloodPressureCuff(household.air, address=address, serial="0000000000", clock=DeviceClock(household.local_now()))
        for address in (CUFF, OTHER_CUFF)
    )
    await one.power_on()
    await two.power_on()
    async with household.gateway() as gateway:
        assert (await measured(gateway, one, await measuring(gateway, one))).outcome == "ready"
        pairing = await gateway.begin(OTHER_CUFF, resident_id=EINO)
        await two.pairing_mode()
        state = await gateway.ended(pairing)
        assert state.outcome == "failed"
        assert f"by the same serial number as {CUFF}, which belongs to Aino" in str(state.verdict)
        assert await gateway.owners(CUFF) == [AINO]
        assert not await gateway.bonded(OTHER_CUFF)


async def test_a_code_that_was_refused_is_not_tried_on_the_places_of_others(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    scale = await full_scale(household)
    monkeypatch.setattr(secrets, "randbelow", lambda _: 1004)  # by chance, user 4's
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).ask is not None)
        assert "consent-code" not in codes_of(await gateway.memory.of(scale.address))
        await scale.weigh(88.0, user=4)
        await asyncio.sleep(120)
        assert await weights(gateway) == []


@pytest.mark.parametrize("before_s", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6])
async def test_a_scale_that_calls_while_the_next_pairing_begins(household: Household, before_s: float) -> None:
    """An ordinary visit is over before it is said who is wanted: the first weighing counts for the pairing."""
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        await asyncio.sleep(300)
        await scale.pairing_mode()
        await asyncio.sleep(before_s)
        pairing = await gateway.begin(scale.address, resident_id=EINO)
        await gateway.until(lambda: 2 in scale.users, within=300)
        await scale.weigh(92.0, user=2)
        assert (await gateway.ended(pairing)).outcome == "ready"
        assert await slots(gateway, scale) == {AINO: 1, EINO: 2}
        assert (92, EINO) in await weights(gateway)


async def test_nobody_visits_while_it_is_said_who_is_wanted(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visit that knew of it, but of no pairing, would fetch the first weighing for nobody."""
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        await asyncio.sleep(300)
        users = gateway.pairings._office._users
        want = users.want

        async def slowly(*arguments: Any) -> None:
            await want(*arguments)
            await asyncio.sleep(5)
            assert 2 not in scale.users, "no visit made him"

        monkeypatch.setattr(users, "want", slowly)
        pairing = await gateway.begin(scale.address, resident_id=EINO)
        await scale.pairing_mode()
        await gateway.until(lambda: 2 in scale.users)
        await scale.weigh(92.0, user=2)
        assert (await gateway.ended(pairing)).outcome == "ready"


async def test_who_steps_on_an_ordinary_morning_is_not_guessed(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await both_paired(gateway, scale)
        scale.stands = 62.0
        await scale.call()
        await asyncio.sleep(120)
        assert len(await weights(gateway)) == 2
        assert scale.stands is not None
