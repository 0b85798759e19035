"""Users that were made on a scale by people: the technician is asked for the code, and what was before comes back."""

from __future__ import annotations

import asyncio

import pytest

from device_drivers.virtual.beurer_scale import PLACES, UserScale
from device_drivers.virtual.device_clock import DeviceClock
from gateway.core.errors import Conflict, Invalid
from gateway.pairing import AskKind
from gateway.store.readings import Readings
from tests.gateway.pairing.home import AINO, EINO, Gateway, Household
from tests.gateway.pairing.scales import codes_of, full_scale, new_scale, weights

pytestmark = pytest.mark.slow


async def asked(gateway: Gateway, pairing: str) -> str:
    """The question, once it is put."""
    await gateway.until(lambda: gateway.state(pairing).ask is not None)
    ask = gateway.state(pairing).ask
    assert ask is not None
    assert ask.kind is AskKind.CONSENT_CODE
    return ask.words


async def test_the_code_is_asked_for_and_opens_the_user(household: Household) -> None:
    scale = await full_scale(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        session = gateway.pairings.session(pairing)
        await scale.pairing_mode()
        assert "Every place for a user is taken on the scale. Enter which user" in await asked(gateway, pairing)
        with pytest.raises(Invalid, match="four digits"):
            await session.consent_code(3, "12345")
        await session.consent_code(3, "1002")
        await scale.weigh(71.0, user=3)
        assert "refuses the consent code of user 3" in await asked(gateway, pairing)
        assert gateway.codes(pairing).count("ask") == 2, "asked again each time the scale called"
        await session.consent_code(3, "1003")
        await scale.call()
        state = await gateway.ended(pairing)
        assert state.outcome == "ready", state.verdict
        assert codes_of(await gateway.memory.of(scale.address))["consent-code:3"] == "1003"
        assert await gateway.owners(scale.address) == [AINO]
        assert "1003" not in str([(one.words, one.data) for one in gateway.said(pairing)])
        assert len(scale.users) == PLACES


async def test_three_wrong_codes_end_it_and_leave_nothing(household: Household) -> None:
    scale = await full_scale(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        session = gateway.pairings.session(pairing)
        await scale.pairing_mode()
        for _ in range(3):
            await asked(gateway, pairing)
            await session.consent_code(3, "9999")
            await scale.call()
        state = await gateway.ended(pairing)
        assert state.outcome == "failed"
        assert state.verdict is not None
        assert "no code that it takes was entered" in state.verdict
        assert "consent-code:3" not in codes_of(await gateway.memory.of(scale.address))
        assert await gateway.owners(scale.address) == []
        assert not await gateway.bonded(scale.address)


async def test_a_code_that_nobody_enters_is_no_pairing(household: Household) -> None:
    scale = await full_scale(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await asked(gateway, pairing)
        state = await gateway.ended(pairing)
        assert state.outcome == "failed", state.verdict
        assert await gateway.owners(scale.address) == []


async def test_room_that_is_made_on_the_scale_answers_it_too(household: Household) -> None:
    scale = await full_scale(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await asked(gateway, pairing)
        del scale.users[4]
        scale.stands = 64.0
        await scale.call()
        state = await gateway.ended(pairing)
        assert state.outcome == "ready", state.verdict
        assert codes_of(await gateway.memory.of(scale.address))["consent-own:4"] == f"{scale.users[4].code:04d}"


async def test_cancelled_the_codes_of_before_are_back(household: Household) -> None:
    scale = await full_scale(household)
    before = {"consent-index": "2", "consent-code": "1002", "consent-code:5": "1005"}
    async with household.gateway() as gateway:
        await gateway.memory.keep(scale.address, before)
        pairing = await gateway.begin(scale.address)
        session = gateway.pairings.session(pairing)
        await gateway.until(lambda: gateway.state(pairing).phase == "calling")
        for user in (2, 5, 6):
            await session.consent_code(user, "4444")
        now = {**before, "consent-code:6": "4444", "consent-wanted": "user 6"}
        assert codes_of(await gateway.memory.of(scale.address)) == now, "the first two were slips"
        session.cancel()
        await gateway.ended(pairing)
        assert codes_of(await gateway.memory.of(scale.address)) == before


async def test_a_scale_of_no_known_family_is_asked_about_too(household: Household) -> None:
    scale = await full_scale(household, model="Scale 9")
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        session = gateway.pairings.session(pairing)
        await scale.pairing_mode()
        assert "users of its own and gave nothing" in await asked(gateway, pairing)
        await session.consent_code(2, "1002")
        await scale.weigh(80.0, user=2)
        state = await gateway.ended(pairing)
        assert state.outcome == "ready", state.verdict
        assert "asked" not in gateway.codes(pairing)


async def test_what_the_first_person_weighed_is_not_the_next_ones(household: Household) -> None:
    """The user that an interrupted pairing leaves on the scale is taken by the next one, stored weighings and all."""
    scale = UserScale(household.air, clock=DeviceClock(household.local_now()))
    await scale.power_on()
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        gateway.pairings.session(pairing).cancel()
        await gateway.ended(pairing)
        await asyncio.sleep(300)
        await scale.weigh(58.0, user=1)
        await scale.lose_bonds()
        await asyncio.sleep(300)
        pairing = await gateway.begin(scale.address, resident_id=EINO)
        await scale.pairing_mode()
        await gateway.until(lambda: not scale.users[1].weighings)
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await scale.weigh(91.0, user=1)
        assert (await gateway.ended(pairing)).outcome == "ready"
        rows = [row for row in await Readings(gateway.database).after(0, limit=100) if row.kind == "weight"]
        assert [(round(row.values["weight"]), row.subject and row.subject.id) for row in rows] == [
            (58, None),
            (91, EINO),
        ]


async def test_a_slot_whose_code_is_not_known_is_asked_about(household: Household) -> None:
    scale = await new_scale(household)
    scale.enrol(1001)
    scale.enrol(1002)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address, user_slot=2)
        session = gateway.pairings.session(pairing)
        await scale.pairing_mode()
        assert "The consent code of user 2 is not known" in await asked(gateway, pairing)
        await session.consent_code(2, "1002")
        await scale.weigh(70.0, user=2)
        assert (await gateway.ended(pairing)).outcome == "ready"
        assert len(scale.users) == 2
        assert await weights(gateway) == [(70, AINO)]


async def test_a_stop_behind_a_wrong_code_leaves_nothing(household: Household) -> None:
    scale = await full_scale(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        session = gateway.pairings.session(pairing)
        await scale.pairing_mode()
        await asked(gateway, pairing)
        await session.consent_code(3, "9999")
        await asyncio.sleep(2)  # the pairing looks at what is done twice a second
    async with household.gateway() as gateway:
        async with asyncio.timeout(60):
            while await gateway.notes.cut_off():  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.1)
        assert (await gateway.pairings.state(pairing)).outcome == "cut-off"
        assert await gateway.owners(scale.address) == []
        assert "consent-code:3" not in codes_of(await gateway.memory.of(scale.address))


async def test_nothing_is_entered_for_a_pairing_that_has_ended(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(scale.address)
        session = gateway.pairings.session(pairing)
        session.cancel()
        await gateway.ended(pairing)
        with pytest.raises(Conflict, match="has ended"):
            await session.consent_code(3, "1003")
        with pytest.raises(Conflict, match="has ended"):
            await session.bind_key("11" * 16)
        assert await gateway.memory.of(scale.address) == {}
        assert await gateway.memory.of(f"{scale.address}/BEFORE") == {}
