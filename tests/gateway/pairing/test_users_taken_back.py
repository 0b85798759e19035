"""Pairings of devices with users that are taken back: everybody has what they had, whatever came between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from device_drivers.sessions.user_slots import UserSlots
from device_drivers.sessions.user_words import Consent
from gateway.core.errors import Conflict, StoreError
from gateway.core.subject import Subject, SubjectType
from tests.gateway.pairing.home import AINO, CUFF, EINO, Gateway, Household, cuff_in
from tests.gateway.pairing.scales import new_scale, weights
from tests.gateway.pairing.test_device_users import both_paired, paired, slots, weighed

pytestmark = pytest.mark.slow


async def mended(gateway: Gateway) -> None:
    async with asyncio.timeout(60):
        while await gateway.notes.cut_off():  # noqa: ASYNC110  # of virtual time
            await asyncio.sleep(0.1)


async def test_a_user_of_nobody_who_is_given_by_hand_stays_whose_he_is(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        await asyncio.sleep(60)
        pairing = await gateway.begin(scale.address, resident_id=EINO)
        await scale.pairing_mode()
        await gateway.until(lambda: 2 in scale.users and gateway.state(pairing).phase == "measuring")
        await asyncio.sleep(1)
        gateway.pairings.session(pairing).cancel()
        await gateway.ended(pairing)
        await gateway.acts.assign(scale.address, EINO, actor="t", user_slot=2)
        await gateway.registry.add_resident("Third", actor="t", resident_id="third")
        await asyncio.sleep(60)
        assert "The resident is user 3 on it." in await paired(gateway, scale, "third", 75.0)
        assert await slots(gateway, scale) == {AINO: 1, EINO: 2, "third": 3}
        await asyncio.sleep(60)
        assert await weighed(gateway, scale, 93.0, 2) == EINO


async def test_a_later_look_at_the_past_takes_nothing_from_whose_place_was_given_away(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await both_paired(gateway, scale)
        assert await weighed(gateway, scale, 62.0, 1) == AINO
        await asyncio.sleep(60)
        scale.users.clear()
        await scale.lose_bonds()
        verdict = await paired(gateway, scale, EINO, 93.0)
        assert "Aino had a place on it that a new user has now: pair it again for each." in verdict
        before = await weights(gateway)
        await gateway.registry.add_resident("Third", actor="t", resident_id="third")
        an_hour_ago = gateway.clock.wall() - timedelta(hours=1)
        await gateway.acts.assign(scale.address, "third", actor="t", user_slot=7, since=an_hour_ago)
        await asyncio.sleep(5)
        assert await weights(gateway) == before == [(61, AINO), (92, EINO), (62, AINO), (93, EINO)]


@pytest.mark.parametrize("breaks", ["entered", "wanted", "note"])
async def test_a_renewal_that_is_cancelled_stands_although_the_store_fails_in_between(
    household: Household, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        scale.users.clear()
        scale.enrol(7777)
        await asyncio.sleep(300)
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: 2 in scale.users and gateway.state(pairing).phase == "measuring")
        await asyncio.sleep(1)

        office = gateway.pairings._office
        whole, name = {
            "entered": (office._entered, "settle"), "wanted": (office._users, "done"), "note": (office, "note"),
        }[breaks]  # fmt: skip
        works = getattr(whole, name)
        failed: list[bool] = []

        async def fails_once(*arguments: Any) -> Any:
            if breaks == "note" and arguments[0].outcome is None:
                return await works(*arguments)
            if not failed:
                failed.append(True)
                raise StoreError("the disk is full")
            return await works(*arguments)

        monkeypatch.setattr(whole, name, fails_once)
        gateway.pairings.session(pairing).cancel()
        await gateway.until(lambda: "later" in gateway.codes(pairing))
        await mended(gateway)
        assert failed
        assert await slots(gateway, scale) == {AINO: 2}
        assert await weighed(gateway, scale, 62.0, 2) == AINO


@pytest.mark.parametrize("late", [False, True])
async def test_a_renewal_stands_although_another_user_was_named_and_all_cancelled(
    household: Household, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        scale.users.clear()
        office = gateway.pairings._office
        waits = office.waits

        async def after_the_new_user_was_made(address: str) -> bool:
            await asyncio.sleep(5)
            return await waits(address)

        if late:
            monkeypatch.setattr(office, "waits", after_the_new_user_was_made)
        await asyncio.sleep(300)
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: 1 in scale.users and gateway.state(pairing).phase == "measuring")
        await asyncio.sleep(1)
        scale.enrol(1002)
        session = gateway.pairings.session(pairing)
        await session.consent_code(2, "1002")
        session.cancel()
        await gateway.ended(pairing)
        assert await slots(gateway, scale) == {AINO: 1}
        assert await weighed(gateway, scale, 62.0, 1) == AINO


async def test_a_renewal_that_is_cut_off_is_said_to_stand(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        scale.users.clear()
        await asyncio.sleep(300)
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        await gateway.until(lambda: 1 in scale.users)
        (row,) = [row for row in await gateway.notes.cut_off() if row.id == pairing]
        assert not row.prepared
    async with household.gateway() as gateway:
        await mended(gateway)
        state = await gateway.pairings.state(pairing)
        assert "stopped in the middle" in str(state.verdict)
        assert "stays the resident's" in str(state.verdict), state.verdict
        assert await slots(gateway, scale) == {AINO: 1}


async def test_a_renewal_is_not_prepared_before_its_user_is_made(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol = UserSlots.enrol

    async def slowly(slots: UserSlots) -> Consent:
        await asyncio.sleep(3)
        return await enrol(slots)

    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await paired(gateway, scale, AINO, 61.0)
        await gateway.memory.drop(scale.address, "consent-own:1")  # so that a new one is wanted from the first
        scale.users.clear()
        await scale.lose_bonds()
        await asyncio.sleep(300)
        monkeypatch.setattr(UserSlots, "enrol", slowly)
        pairing = await gateway.begin(scale.address)
        await scale.pairing_mode()
        looks = 0
        while 1 not in scale.users:
            rows = await gateway.notes.cut_off()
            wanted = (await gateway.memory.of(scale.address)).get("consent-wanted", "")
            assert not (wanted.startswith("new") and any(row.prepared for row in rows))
            looks += wanted.startswith("new")
            await asyncio.sleep(0.005)
        assert looks > 20
        gateway.pairings.session(pairing).cancel()
        await gateway.ended(pairing)


@pytest.mark.parametrize("killed", [False, True])
async def test_a_device_as_a_whole_comes_back_when_a_user_of_it_is_cancelled(
    household: Household, *, killed: bool
) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        aino = Subject(type=SubjectType.RESIDENT, id=AINO)
        await gateway.registry.assign(CUFF, aino, actor="t", placement="kitchen")
        pairing = await gateway.begin(CUFF, user_slot=2)
        await cuff.pairing_mode()
        await gateway.until(lambda: "assigned" in gateway.codes(pairing))
        assert [one.user_slot for one in await gateway.registry.assigned(CUFF)] == [2]
        if not killed:
            gateway.pairings.session(pairing).cancel()
            assert "stays with whom" in str((await gateway.ended(pairing)).verdict)
        else:
            (row,) = await gateway.notes.cut_off()
            await gateway.notes.keep(row)
            await gateway.database.write(lambda store: store.execute("UPDATE pairings SET prepared = 0"))
    async with household.gateway() as gateway:
        await mended(gateway)
        (now,) = await gateway.registry.assigned(CUFF)
        assert (now.subject.id, now.user_slot, now.placement) == (AINO, None, "kitchen")


async def test_a_device_that_gives_without_a_code_takes_none(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await asyncio.sleep(20)
        with pytest.raises(Conflict, match="without a code"):
            await gateway.pairings.session(pairing).consent_code(1, "1234")
        await cuff.measure(systolic=120, diastolic=80, pulse=60)
        assert (await gateway.ended(pairing)).outcome == "ready"
        assert [one.user_slot for one in await gateway.registry.assigned(CUFF)] == [None]


async def test_of_two_who_begin_at_once_one_is_told_of_the_other(household: Household) -> None:
    async with household.gateway() as gateway:
        told = await asyncio.gather(gateway.begin(CUFF), gateway.begin(CUFF), return_exceptions=True)
        assert [type(one) for one in told] == [str, Conflict]


async def test_who_was_wanted_in_an_earlier_pairing_is_wanted_no_more(household: Household) -> None:
    scale = await new_scale(household)
    async with household.gateway() as gateway:
        await gateway.memory.keep(scale.address, {"consent-wanted": "user 7"})
        assert "The resident is user 1 on it." in await paired(gateway, scale, AINO, 61.0)
