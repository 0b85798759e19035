"""Pairings of a home that has devices already: one in the place of another, one that is paired anew."""

from __future__ import annotations

import asyncio

import pytest

from device_drivers.virtual.and_medical import BloodPressureCuff
from gateway.core.errors import NotFound
from tests.gateway.pairing.home import AINO, CUFF, EINO, OTHER_CUFF, Gateway, Household, cuff_in
from tests.gateway.pairing.scales import new_scale
from tests.gateway.pairing.test_device_users import paired, slots

pytestmark = pytest.mark.slow


async def test_a_new_cuff_in_the_place_of_an_old_one(household: Household) -> None:
    old, new = await cuff_in(household), await cuff_in(household, OTHER_CUFF)
    async with household.gateway() as gateway:
        first = await gateway.begin(CUFF)
        await old.pairing_mode()
        await gateway.until(lambda: gateway.state(first).phase == "measuring")
        await old.measure(systolic=120, diastolic=80, pulse=60)
        await gateway.ended(first)
        second = await gateway.begin(OTHER_CUFF, replaces=CUFF)
        await new.pairing_mode()
        await gateway.until(lambda: gateway.state(second).phase == "measuring")
        assert await gateway.owners(CUFF) == [AINO], "until the new one is proven"
        await new.measure(systolic=121, diastolic=80, pulse=60)
        assert (await gateway.ended(second)).outcome == "ready"
        assert (await gateway.owners(CUFF), await gateway.owners(OTHER_CUFF)) == ([], [AINO])
        assert not await gateway.bonded(CUFF)
        assert len(await gateway.registry.assigned(CUFF, only_open=False)) == 1, "the history stays"


async def test_a_bond_that_went_stale_is_renewed_by_the_technician(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        first = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(first).phase == "measuring")
        await cuff.measure(systolic=120, diastolic=80, pulse=60)
        await gateway.ended(first)
        await cuff.lose_bonds()
        second = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(second).phase == "measuring")
        assert "renewing" in gateway.codes(second)
        await cuff.measure(systolic=121, diastolic=80, pulse=60)
        assert (await gateway.ended(second)).outcome == "ready"
        assert len(await gateway.registry.assigned(CUFF, only_open=False)) == 1, "no second assignment"


async def pair_and_measure(gateway: Gateway, cuff: BloodPressureCuff, address: str) -> None:
    pairing = await gateway.begin(address)
    await cuff.pairing_mode()
    await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
    await cuff.measure(systolic=120, diastolic=80, pulse=60)
    assert (await gateway.ended(pairing)).outcome == "ready"


@pytest.mark.parametrize("killed", [False, True])
async def test_the_old_one_stays_until_the_new_one_has_measured(household: Household, killed: bool) -> None:
    old, new = await cuff_in(household), await cuff_in(household, OTHER_CUFF)
    async with household.gateway() as gateway:
        await pair_and_measure(gateway, old, CUFF)
        second = await gateway.begin(OTHER_CUFF, replaces=CUFF)
        await new.pairing_mode()
        await gateway.until(lambda: gateway.state(second).phase == "measuring")
        if not killed:
            assert (await gateway.ended(second)).outcome == "unproven"
    async with household.gateway() as gateway:
        async with asyncio.timeout(60):
            while await gateway.notes.cut_off():  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.1)
        state = await gateway.pairings.state(second)
        assert f"It is to replace {CUFF}, which stays in use" in str(state.verdict)
        assert await gateway.owners(CUFF) == [AINO]
        assert await gateway.bonded(CUFF)
        assert f"Replaces: {CUFF} (which stays" in await gateway.pairings.report("en", values=False, simulated=True)
        await new.measure(systolic=121, diastolic=80, pulse=60)
        async with asyncio.timeout(120):
            while await gateway.bonded(CUFF):  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.5)
        assert (await gateway.owners(CUFF), await gateway.owners(OTHER_CUFF)) == ([], [AINO])
        state = await gateway.pairings.state(second)
        assert f"It replaces {CUFF}, which belongs to nobody now" in str(state.verdict)


async def test_cancelled_anew_what_was_owned_stays_owned(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        await pair_and_measure(gateway, cuff, CUFF)
        second = await gateway.begin(CUFF)
        await gateway.until(lambda: gateway.state(second).phase == "calling")
        await asyncio.sleep(1)
        gateway.pairings.session(second).cancel()
        state = await gateway.ended(second)
        assert state.verdict == "Cancelled: the device stays with whom it belonged to before."
        assert await gateway.owners(CUFF) == [AINO]
        assert await gateway.bonded(CUFF)


async def test_an_owned_one_that_does_not_pair_anew_is_said_to_be_read_no_more(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        await pair_and_measure(gateway, cuff, CUFF)
        await cuff.lose_bonds()
        cuff.accepts_pairing = False
        second = await gateway.begin(CUFF)
        await gateway.until(lambda: gateway.state(second).phase == "calling")
        await asyncio.sleep(1)
        await cuff.advertise(flags=4)
        await gateway.until(lambda: "renewing" in gateway.codes(second))
        await cuff.advertise(flags=4)
        state = await gateway.ended(second)
        assert state.outcome in ("failed", "timed-out")
        assert "readings stop until it is paired again" in str(state.verdict)
        assert "Nothing was changed" not in str(state.verdict)
        assert await gateway.owners(CUFF) == [AINO]


async def test_a_replacement_that_broke_off_is_done_to_its_end(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = await cuff_in(household), await cuff_in(household, OTHER_CUFF)
    async with household.gateway() as gateway:
        await pair_and_measure(gateway, old, CUFF)

        async def fails(_address: str) -> None:
            raise NotFound("the adapter is out")

        with monkeypatch.context() as patched:
            patched.setattr(gateway.radio, "forget", fails)
            second = await gateway.begin(OTHER_CUFF, replaces=CUFF)
            await new.pairing_mode()
            await gateway.until(lambda: gateway.state(second).phase == "measuring")
            await new.measure(systolic=121, diastolic=80, pulse=60)
            state = await gateway.ended(second)
            assert state.outcome == "ready"
            assert "could not be taken away altogether" in str(state.verdict)
            await asyncio.sleep(100)
            assert await gateway.owners(CUFF) == []
            assert await gateway.bonded(CUFF), "the radio could not"
        await asyncio.sleep(100)
        assert not await gateway.bonded(CUFF)
        row = await gateway.notes.one(second)
        assert row is not None
        assert "which belongs to nobody now" in row.found["verdict"]


async def test_that_another_got_the_old_one_meanwhile_leaves_it_replaced(household: Household) -> None:
    scale = await new_scale(household)
    other = await new_scale(household, address="E7:DB:49:F1:86:DF", serial="2")
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        pairing = await gateway.begin(other.address, replaces=scale.address)
        await other.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        assert (await gateway.ended(pairing)).outcome == "unproven"
        await paired(gateway, scale, EINO, 92.0)
        assert await slots(gateway, scale) == {AINO: 1, EINO: 2}
        await other.weigh(62.0, user=1)
        await asyncio.sleep(120)
        assert await slots(gateway, scale) == {EINO: 2}
        assert await slots(gateway, other) == {AINO: 1}
