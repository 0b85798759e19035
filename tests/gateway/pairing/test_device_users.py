"""Scales that know their users: each resident is one of them, and nobody gets another's weighings."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from device_drivers.virtual.beurer_scale import PLACES, UserScale
from device_drivers.virtual.device_clock import DeviceClock
from gateway.core.errors import Conflict
from tests.gateway.pairing.home import AINO, CUFF, EINO, Gateway, Household, cuff_in
from tests.gateway.pairing.scales import codes_of, full_scale, new_scale, weights

pytestmark = pytest.mark.slow


async def paired(
    gateway: Gateway, scale: UserScale, resident: str, kilograms: float, user: int | None = None, **more: Any
) -> str:
    """The verdict; the resident steps on as the newest user."""
    pairing = await gateway.begin(scale.address, resident_id=resident, **more)
    before = set(scale.users)
    await scale.pairing_mode()
    await gateway.until(lambda: gateway.state(pairing).phase == "measuring" or set(scale.users) != before, within=60)
    await scale.weigh(kilograms, user=max(scale.users) if user is None else user)
    state = await gateway.ended(pairing)
    assert state.outcome == "ready", state.verdict
    return state.verdict or ""


async def test_each_resident_becomes_a_user_of_his_own(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        assert "The resident is user 1 on it." in await paired(gateway, scale, AINO, 61.0)
        await asyncio.sleep(300)
        assert "The resident is user 2 on it." in await paired(gateway, scale, EINO, 92.0)
        slots = {one.subject.id: one.user_slot for one in await gateway.registry.assigned(scale.address)}
        assert slots == {AINO: 1, EINO: 2}
        await asyncio.sleep(300)
        for kilograms, user in ((62.0, 1), (93.0, 2)):
            await scale.weigh(kilograms, user=user)
        await gateway.until(lambda: not any(user.weighings for user in scale.users.values()))
        assert await weights(gateway) == [(61, AINO), (92, EINO), (62, AINO), (93, EINO)]


async def test_the_second_residents_pairing_undone_leaves_the_first_alone(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        for _ in range(2):
            pairing = await gateway.begin(scale.address, resident_id=EINO)
            await scale.pairing_mode()
            await gateway.until(lambda pairing=pairing: "clock" in gateway.codes(pairing))  # type: ignore[misc]
            await asyncio.sleep(2)
            gateway.pairings.session(pairing).cancel()
            await gateway.ended(pairing)
            assert await gateway.owners(scale.address) == [AINO]
            assert len(scale.users) == 2, "the second time the same user is taken"
            await asyncio.sleep(60)
        memory = codes_of(await gateway.memory.of(scale.address))
        assert memory == {
            "consent-own:1": f"{scale.users[1].code:04d}",
            "consent-nobody:2": f"{scale.users[2].code:04d}",
        }


async def test_a_user_who_was_deleted_on_the_scale_is_made_anew_by_pairing_again(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        scale.users.clear()
        await scale.lose_bonds()
        await asyncio.sleep(300)
        assert "The resident is user 1 on it." in await paired(gateway, scale, AINO, 62.0)
        await asyncio.sleep(300)
        await scale.weigh(63.0, user=1)
        await gateway.until(lambda: not scale.users[1].weighings)
        assert await weights(gateway) == [(61, AINO), (62, AINO), (63, AINO)]


async def test_a_user_who_is_another_now(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        scale.users.clear()
        assert scale.enrol(7777) == 1, "somebody else has taken his place"
        await asyncio.sleep(300)
        assert "The resident is user 2 on it." in await paired(gateway, scale, AINO, 62.0)
        slots = [(one.subject.id, one.user_slot) for one in await gateway.registry.assigned(scale.address)]
        assert slots == [(AINO, 2)]
        assert await weights(gateway) == [(61, AINO), (62, AINO)]


async def slots(gateway: Gateway, scale: UserScale) -> dict[str, int | None]:
    return {one.subject.id: one.user_slot for one in await gateway.registry.assigned(scale.address)}


async def both_paired(gateway: Gateway, scale: UserScale) -> None:
    for resident, kilograms in ((AINO, 61.0), (EINO, 92.0)):
        await paired(gateway, scale, resident, kilograms)
        await asyncio.sleep(300)
    assert await slots(gateway, scale) == {AINO: 1, EINO: 2}


async def weighed(gateway: Gateway, scale: UserScale, kilograms: float, user: int) -> str | None:
    """Whose it was."""
    await scale.weigh(kilograms, user=user)
    await gateway.until(lambda: not scale.users[user].weighings)
    await asyncio.sleep(1)
    return (await weights(gateway))[-1][1]


@pytest.mark.parametrize("killed", [False, True])
async def test_a_scale_that_was_reset_gives_a_place_anew(household: Household, killed: bool) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await both_paired(gateway, scale)
        scale.users.clear()
        await scale.lose_bonds()
        pairing = await gateway.begin(scale.address, resident_id=EINO)
        await scale.pairing_mode()
        await gateway.until(lambda: 1 in scale.users)
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        if not killed:
            assert (await gateway.ended(pairing)).outcome == "unproven"
        else:
            await asyncio.sleep(2)
    async with household.gateway() as gateway:
        async with asyncio.timeout(60):
            while await gateway.notes.cut_off():  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.1)
        assert await slots(gateway, scale) == {EINO: 1}
        assert await weighed(gateway, scale, 93.0, 1) == EINO, "user 1 was Aino before"


async def test_a_third_resident_on_a_place_that_became_free(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await both_paired(gateway, scale)
        del scale.users[1]
        await gateway.registry.add_resident("Third", actor="t", resident_id="third")
        pairing = await gateway.begin(scale.address, resident_id="third")
        await scale.pairing_mode()
        await gateway.until(lambda: 1 in scale.users)
        await scale.weigh(75.0, user=1)
        assert (await gateway.ended(pairing)).outcome == "ready"
        assert (await weights(gateway))[-1] == (75, "third")
        assert await slots(gateway, scale) == {EINO: 2, "third": 1}


async def test_taken_away_and_paired_again_it_mixes_nobody_up(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await both_paired(gateway, scale)
        await gateway.registry.unassign(scale.address, actor="t")
        await asyncio.sleep(300)
        assert "The resident is user 3 on it." in await paired(gateway, scale, EINO, 93.0)
        await scale.weigh(62.0, user=1)
        await asyncio.sleep(60)
        assert (62, EINO) not in await weights(gateway)
        assert await slots(gateway, scale) == {EINO: 3}


async def test_a_scale_with_users_is_not_shared_beside_them(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        with pytest.raises(Conflict, match="without --shared"):
            await gateway.begin(scale.address, resident_id=EINO, shared=True)


async def test_the_slot_of_another_is_refused(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        with pytest.raises(Conflict, match="already belongs to"):
            await gateway.begin(scale.address, resident_id=EINO, user_slot=1)
        assert await slots(gateway, scale) == {AINO: 1}


@pytest.mark.parametrize("code", ["9999", "1001"])
async def test_the_user_of_another_is_refused(household: Household, code: str) -> None:
    scale = await full_scale(household)
    async with household.gateway() as gateway:
        await gateway.memory.keep(scale.address, {"consent-code:1": "1001"})
        await paired(gateway, scale, AINO, 61.0, user_slot=1, user=1)
        pairing = await gateway.begin(scale.address, resident_id=EINO)
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).ask is not None)
        session = gateway.pairings.session(pairing)
        with pytest.raises(Conflict, match="User 1 of the device is another resident"):
            await session.consent_code(1, code)
        session.cancel()
        await gateway.ended(pairing)
        assert await slots(gateway, scale) == {AINO: 1}
        assert codes_of(await gateway.memory.of(scale.address))["consent-code:1"] == "1001"
        assert len(scale.users) == PLACES


async def test_cancelled_at_any_moment_the_first_resident_is_as_before(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        for step in range(12):
            await asyncio.sleep(60)
            pairing = await gateway.begin(scale.address, resident_id=EINO)
            await scale.pairing_mode()
            await asyncio.sleep(0.02 * step)
            gateway.pairings.session(pairing).cancel()
            await gateway.ended(pairing)
            await asyncio.sleep(5)
            assert "consent-wanted" not in await gateway.memory.of(scale.address), step
            assert await slots(gateway, scale) == {AINO: 1}, step
            assert len(scale.users) <= 2, step
        assert await weighed(gateway, scale, 62.0, 1) == AINO


@pytest.mark.parametrize("turns", [0, 1, 3, 10])
async def test_cancelled_at_once_a_device_in_use_keeps_its_bond(household: Household, turns: int) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await cuff.measure(systolic=120, diastolic=80, pulse=60)
        await gateway.ended(pairing)
        pairing = await gateway.begin(CUFF)
        for _ in range(turns):
            await asyncio.sleep(0)
        gateway.pairings.session(pairing).cancel()
        await gateway.ended(pairing)
        assert await gateway.bonded(CUFF)
        assert await gateway.owners(CUFF) == [AINO]


async def test_what_replaces_one_residents_device_leaves_the_other_his(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await both_paired(gateway, scale)
        other = UserScale(
            household.air, clock=DeviceClock(household.local_now()), address="E7:DB:49:F1:86:DF", serial="2"
        )
        await other.power_on()
        await paired(gateway, other, AINO, 62.0, replaces=scale.address)
        assert await slots(gateway, scale) == {EINO: 2}
        assert await gateway.bonded(scale.address)
        assert await weighed(gateway, scale, 93.0, 2) == EINO
