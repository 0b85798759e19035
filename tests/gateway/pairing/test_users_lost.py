"""Users who are lost on the scale, taken back, or entered wrongly: no weighing moves, and pairing again mends it."""

from __future__ import annotations

import asyncio

import pytest

from device_drivers.virtual.and_medical import Scale
from gateway.core.errors import Conflict, NotFound
from gateway.core.subject import Subject, SubjectType
from tests.gateway.pairing.home import AINO, EINO, Household
from tests.gateway.pairing.scales import full_scale, new_scale, weights
from tests.gateway.pairing.test_device_users import both_paired, paired, slots, weighed

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("gap_s", [1, 60, 150, 300])
async def test_what_somebody_weighed_before_her_place_was_given_away_stays_hers(
    household: Household, gap_s: int
) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await both_paired(gateway, scale)
        assert await weighed(gateway, scale, 62.0, 1) == AINO
        await asyncio.sleep(gap_s)
        scale.users.clear()
        await scale.lose_bonds()
        await paired(gateway, scale, EINO, 93.0)
        assert await weights(gateway) == [(61, AINO), (92, EINO), (62, AINO), (93, EINO)]


@pytest.mark.parametrize("stranger", [False, True])
async def test_a_renewal_that_is_cancelled_stands(household: Household, stranger: bool) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        scale.users.clear()
        if stranger:
            scale.enrol(7777)
        place = 2 if stranger else 1
        await asyncio.sleep(300)
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: place in scale.users and gateway.state(pairing).phase == "measuring")
        await asyncio.sleep(1)
        gateway.pairings.session(pairing).cancel()
        assert "stays with whom it belonged to before" in str((await gateway.ended(pairing)).verdict)
        assert await slots(gateway, scale) == {AINO: place}
        assert await weighed(gateway, scale, 62.0, place) == AINO
        assert len(scale.users) == place


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_renewal_on_a_full_scale(household: Household, cancelled: bool) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        scale.users.clear()
        while scale.enrol(7777):
            pass
        await asyncio.sleep(300)
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).ask is not None)
        if cancelled:
            gateway.pairings.session(pairing).cancel()
            await gateway.ended(pairing)
            await asyncio.sleep(60)
            pairing = await gateway.begin(scale.address)
            await scale.pairing_mode()
            await gateway.until(lambda: gateway.state(pairing).ask is not None)
        del scale.users[5]
        await scale.call()
        await gateway.until(lambda: 5 in scale.users)
        await scale.weigh(62.0, user=5)
        assert (await gateway.ended(pairing)).outcome == "ready"
        assert await slots(gateway, scale) == {AINO: 5}


async def test_nobody_becomes_a_user_but_by_being_paired(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        code = scale.users[1].code
        await gateway.memory.drop(scale.address, "consent-own:1")
        await gateway.memory.keep(scale.address, {"consent-code": f"{code:04d}"})
        await asyncio.sleep(60)
        await scale.weigh(62.0, user=1)
        await asyncio.sleep(60)
        assert await slots(gateway, scale) == {AINO: 1}
        assert await weights(gateway) == [(61, AINO)]
        assert any("no resident is a user of the device any more" in words for words in gateway.radio.device_problems())


async def test_a_scale_without_users_is_not_waited_for(household: Household) -> None:
    scale = Scale(household.air, clock=None)
    await scale.power_on()
    async with household.gateway() as gateway:
        await gateway.memory.keep(scale.address, {"consent-code:3": "", "consent-own:3": ""})
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await scale.weigh(71.3)
        assert (await gateway.ended(pairing)).outcome == "ready"
        assert await gateway.owners(scale.address) == [AINO]


async def test_the_user_who_was_made_is_given_up_for_the_one_who_is_named(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        scale.enrol(1002)
        for ends_well in (False, False, True):
            await asyncio.sleep(60)
            pairing = await gateway.begin(scale.address, resident_id=EINO)
            await scale.pairing_mode()
            await gateway.until(lambda: 3 in scale.users)
            await gateway.until(lambda pairing=pairing: "clock" in gateway.codes(pairing))  # type: ignore[misc]
            await asyncio.sleep(3)
            session = gateway.pairings.session(pairing)
            await session.consent_code(2, "1002")
            if ends_well:
                await scale.weigh(93.0, user=2)
            else:
                session.cancel()
            state = await gateway.ended(pairing)
            assert state.outcome == ("ready" if ends_well else "cancelled"), state.verdict
            assert len(scale.users) == 3, "the one who was made is taken again"
        assert await slots(gateway, scale) == {AINO: 1, EINO: 2}
        assert (await weights(gateway))[-1] == (93, EINO)


async def test_who_had_the_scale_before_is_not_taken_for_who_gets_it(household: Household) -> None:
    scale = await full_scale(household)
    async with household.gateway() as gateway:
        await gateway.memory.keep(scale.address, {"consent-code:1": "1001"})
        await paired(gateway, scale, AINO, 61.0, user=1)
        other = await new_scale(household, address="E7:DB:49:F1:86:DF", serial="2")
        await asyncio.sleep(60)
        await paired(gateway, other, AINO, 61.5, replaces=scale.address)
        assert await gateway.owners(scale.address) == []
        await asyncio.sleep(60)
        pairing = await gateway.begin(scale.address, resident_id=EINO)
        await scale.lose_bonds()
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).ask is not None)
        await scale.weigh(62.0, user=1)
        await asyncio.sleep(30)
        assert (62, EINO) not in await weights(gateway)


async def test_slots_that_were_given_by_hand_are_not_taken_by_a_call(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        for user, resident in ((1, AINO), (2, EINO)):
            subject = Subject(type=SubjectType.RESIDENT, id=resident)
            await gateway.registry.assign(scale.address, subject, actor="t", user_slot=user)
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.radio.device_problems())
        assert "pair it again for each" in str(gateway.radio.device_problems())
        assert await slots(gateway, scale) == {AINO: 1, EINO: 2}
        assert not scale.users


async def test_a_device_that_is_being_taken_back_is_not_paired_meanwhile(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await asyncio.sleep(1)

        async def fails(_address: str) -> None:
            raise NotFound("the adapter is out")

        with monkeypatch.context() as patched:
            patched.setattr(gateway.radio, "forget", fails)
            gateway.pairings.session(pairing).cancel()
            await gateway.until(lambda: "later" in gateway.codes(pairing))
            await gateway.until(lambda: "ended" in gateway.codes(pairing))
            with pytest.raises(Conflict, match="is being taken back"):
                await gateway.begin(scale.address)
        await asyncio.sleep(60)
        assert (await gateway.pairings.state(pairing)).outcome != "unproven", "it was cancelled"
        assert await gateway.owners(scale.address) == []
        assert not await gateway.bonded(scale.address)
        assert await gateway.begin(scale.address)
