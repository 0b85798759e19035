"""Users that were made on a scale by people: the technician is asked for the code, and what was before comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from device_drivers.virtual.beurer_scale import PLACES, UserScale
from device_drivers.virtual.device_clock import DeviceClock
from gateway.core.errors import Invalid
from gateway.pairing import AskKind
from gateway.store.readings import Readings
from tests.gateway.pairing.home import AINO, EINO, Gateway, Household

pytestmark = pytest.mark.slow


async def full_scale(household: Household, model: str = "BF720") -> UserScale:
    """Every place is taken; the code of user N is 1000 + N."""
    scale = UserScale(household.air, clock=DeviceClock(household.local_now()), model=model)
    await scale.power_on()
    for place in range(1, PLACES + 1):
        scale.enrol(1000 + place)
    return scale


async def asked(gateway: Gateway, pairing: str) -> str:
    """The question, once it is put."""
    await gateway.until(lambda: gateway.state(pairing).ask is not None)
    ask = gateway.state(pairing).ask
    assert ask is not None
    assert ask.kind is AskKind.CONSENT_CODE
    return ask.words


def codes_of(memory: Mapping[str, str]) -> Mapping[str, str]:
    return {word: value for word, value in memory.items() if value}


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
        assert codes_of(await gateway.memory.of(scale.address))["consent-index"] == "4"


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
        assert codes_of(await gateway.memory.of(scale.address)) == {
            "consent-code:2": "4444", "consent-code:5": "4444", "consent-code:6": "4444"
        }  # fmt: skip
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
