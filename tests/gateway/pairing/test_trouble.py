"""Pairings that are broken off, refused or asked about: nothing is left half done, and what to do is said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from device_drivers.virtual.and_medical import Scale
from device_drivers.virtual.beurer_scale import PLACES, UserScale
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.pairing_io import Io
from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.pairing import AskKind
from tests.gateway.pairing.home import (
    AINO,
    CUFF,
    CUFF_PROFILE,
    EINO,
    OTHER_CUFF,
    SCALE,
    Gateway,
    Household,
    cuff_in,
)
from tests.gateway.pairing.scales import codes_of

pytestmark = pytest.mark.slow


async def nothing_is_left(gateway: Gateway, address: str = CUFF) -> None:
    assert not await gateway.bonded(address), "a bond without an owner"
    assert await gateway.owners(address) == []
    assert await gateway.memory.of(address) == {}
    assert await gateway.notes.cut_off() == []


async def test_cancelled_before_the_first_measurement_leaves_nothing(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        assert await gateway.bonded(CUFF)
        gateway.pairings.session(pairing).cancel()
        state = await gateway.ended(pairing)
        assert state.outcome == "cancelled"
        await nothing_is_left(gateway)
        gateway.pairings.session(pairing).cancel()
        assert gateway.state(pairing).outcome == "cancelled", "twice changes nothing"


async def test_cancelled_before_it_has_begun(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        gateway.pairings.session(pairing).cancel()
        await cuff.pairing_mode()
        state = await gateway.ended(pairing, within=30)
        assert state.outcome == "cancelled"
        await nothing_is_left(gateway)


async def test_however_often_it_is_interrupted_one_user_is_made_on_a_scale(household: Household) -> None:
    scale = UserScale(household.air, clock=DeviceClock(household.local_now()))
    await scale.power_on()
    async with household.gateway() as gateway:
        for _ in range(PLACES + 1):
            pairing = await gateway.begin(scale.address)
            await scale.pairing_mode()
            session = gateway.pairings.session(pairing)
            await gateway.until(lambda session=session: session.state().phase == "measuring")  # type: ignore[misc]
            assert list(scale.users) == [1]
            session.cancel()
            assert (await gateway.ended(pairing)).outcome == "cancelled"
            assert not await gateway.bonded(scale.address)
            assert await gateway.owners(scale.address) == []
            assert codes_of(await gateway.memory.of(scale.address)) == {
                "consent-nobody:1": f"{scale.users[1].code:04d}"
            }
            await scale.lose_bonds()


async def test_a_device_that_never_comes(household: Household) -> None:
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        state = await gateway.ended(pairing)
        assert state.outcome == "timed-out"
        assert state.verdict is not None
        assert "was not heard in 5 min" in state.verdict
        assert "Nothing was changed" in state.verdict
        await nothing_is_left(gateway)
        other = await gateway.begin(profile_id=CUFF_PROFILE, language="sv")
        assert gateway.state(other).steps, "the steps are there before anything calls"
        state = await gateway.ended(other)
        assert state.verdict is not None
        assert "No A&D UA-651BLE was heard" in state.verdict


async def test_paired_but_nobody_measures(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        state = await gateway.ended(pairing)
        assert state.outcome == "unproven"
        assert state.verdict is not None
        assert "no measurement came in 5 min" in state.verdict
        assert "'huoma devices'" in state.verdict
        assert await gateway.owners(CUFF) == [AINO]
        await cuff.measure(systolic=120, diastolic=80, pulse=60)
        await gateway.until(lambda: not cuff.records)


@pytest.mark.parametrize("code", ["connecting", "bonded", "clock", "assigned", "measure"])
async def test_the_gateway_is_killed_in_the_middle(household: Household, code: str) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await asyncio.sleep(0)
        log = gateway.pairings.session(pairing).log
        await cuff.pairing_mode()
        while not any(one.code == code for one in await log.more(log.number)):
            pass
    async with household.gateway() as gateway:
        async with asyncio.timeout(60):
            while await gateway.notes.cut_off():  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.1)
        state = await gateway.pairings.state(pairing)
        assert state.outcome in ("cut-off", "unproven")
        assert state.verdict is not None
        if state.outcome == "unproven":
            assert code in ("assigned", "measure")
            assert await gateway.bonded(CUFF)
            assert await gateway.owners(CUFF) == [AINO]
        else:
            assert code != "measure"
            await nothing_is_left(gateway)
            again = await gateway.begin(CUFF)
            await cuff.lose_bonds()
            await cuff.pairing_mode()
            await gateway.until(lambda: gateway.state(again).phase == "measuring")
            assert await gateway.owners(CUFF) == [AINO], "one assignment"


async def test_the_device_walks_away_and_comes_back(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: "connecting" in gateway.codes(pairing))
        household.air.link.walk_away(cuff.controller)
        await gateway.until(lambda: "broke-off" in gateway.codes(pairing))
        assert gateway.state(pairing).phase == "calling"
        household.air.link.come_back(cuff.controller)
        await cuff.lose_bonds()
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await cuff.measure(systolic=120, diastolic=80, pulse=60)
        assert (await gateway.ended(pairing)).outcome == "ready"
        assert await gateway.owners(CUFF) == [AINO]


async def test_passkey_wrong_then_right_and_never_shown(
    household: Household, capsys: pytest.CaptureFixture[str]
) -> None:
    cuff = await cuff_in(household)
    cuff.io = Io.DISPLAY
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        session = gateway.pairings.session(pairing)
        with pytest.raises(Conflict, match="asks for no passkey"):
            session.passkey(1)
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).ask)
        assert gateway.state(pairing).ask.kind is AskKind.PASSKEY  # type: ignore[union-attr]
        await cuff.panel.lit.wait()
        cuff.panel.lit.clear()
        assert cuff.panel.shown is not None
        session.passkey((cuff.panel.shown + 1) % 1_000_000)
        await gateway.until(lambda: "passkey-refused" in gateway.codes(pairing))
        await cuff.pairing_mode()
        await cuff.panel.lit.wait()
        await gateway.until(lambda: gateway.state(pairing).ask)
        right = cuff.panel.shown
        session.passkey(right)
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await cuff.measure(systolic=120, diastolic=80, pulse=60)
        assert (await gateway.ended(pairing)).outcome == "ready"
        assert f"{right:06d}" not in str(gateway.said(pairing))
        assert f"{right:06d}" not in capsys.readouterr().out


async def test_digits_to_compare_that_do_not_match(household: Household) -> None:
    cuff = await cuff_in(household)
    cuff.io = Io.COMPARE
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        for _ in range(3):
            await gateway.until(lambda: gateway.state(pairing).ask)
            assert gateway.state(pairing).ask.number is not None  # type: ignore[union-attr]
            gateway.pairings.session(pairing).compare(match=False)
            await gateway.until(lambda: gateway.state(pairing).ask is None)
            if gateway.state(pairing).outcome is None:
                await cuff.pairing_mode()
        state = await gateway.ended(pairing)
        assert state.outcome == "failed"
        assert "not accepted 3 times" in str(state.verdict)
        await nothing_is_left(gateway)


async def test_a_device_that_takes_no_new_central(household: Household) -> None:
    cuff = await cuff_in(household)
    cuff.accepts_pairing = False
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.advertise(flags=4)
        await gateway.until(lambda: "renewing" in gateway.codes(pairing))
        await cuff.advertise(flags=4)
        state = await gateway.ended(pairing)
        assert state.outcome == "failed"
        assert "has no place for a second" in str(state.verdict)
        assert "switch Bluetooth off on phones nearby" in str(state.verdict)
        await nothing_is_left(gateway)


async def test_two_of_a_model_call_and_a_person_says_which(household: Household) -> None:
    one, other = await cuff_in(household), await cuff_in(household, OTHER_CUFF)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(profile_id=CUFF_PROFILE)
        await one.pairing_mode()
        await other.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).ask)
        await asyncio.sleep(10)
        state = gateway.state(pairing)
        assert state.ask is not None
        assert state.ask.words.startswith("2 devices call: ")
        assert "dBm" in state.ask.words
        assert gateway.codes(pairing).count("ask") <= 2, "a signal that varies is no new question"
        assert (one.connections, other.connections) == (0, 0)
        with pytest.raises(Conflict, match="not heard"):
            gateway.pairings.session(pairing).select(SCALE)
        gateway.pairings.session(pairing).select(OTHER_CUFF)
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        assert (one.pairings, other.pairings) == (0, 1)


async def test_another_model_calls(household: Household) -> None:
    scale = Scale(household.air, clock=None)
    await scale.power_on()
    async with household.gateway() as gateway:
        by_address = await gateway.begin(SCALE, profile_id=CUFF_PROFILE)
        await scale.pairing_mode()
        state = await gateway.ended(by_address)
        assert state.outcome == "failed"
        assert "is an A&D UC-352BLE, not the A&D UA-651BLE" in str(state.verdict)
        assert scale.pairings == 0


async def test_what_belongs_to_somebody_else_is_refused(household: Household) -> None:
    await cuff_in(household)
    async with household.gateway() as gateway:
        await gateway.pairings._office._acts.assign(CUFF, EINO, actor="t")
        with pytest.raises(Conflict, match=f"already belongs to {EINO.capitalize()}: take it away there first"):
            await gateway.begin(CUFF)
        slot = await gateway.begin(SCALE)
        with pytest.raises(Conflict, match="being paired already"):
            await gateway.begin(SCALE)
        gateway.pairings.session(slot).cancel()


async def test_what_cannot_be_meant(household: Household) -> None:
    async with household.gateway() as gateway:
        with pytest.raises(NotFound, match="no resident nobody"):
            await gateway.begin(CUFF, resident_id="nobody")
        with pytest.raises(Invalid, match="did you mean 'a-and-d/ua-651ble'"):
            await gateway.begin(profile_id="a-and-d/ua-651bel")
        with pytest.raises(Invalid, match="no steps in 'de'"):
            await gateway.begin(CUFF, language="de")
        with pytest.raises(NotFound, match="belongs to nobody, so nothing can replace it"):
            await gateway.begin(CUFF, replaces=OTHER_CUFF)
        with pytest.raises(NotFound, match="begin a new one"):
            await gateway.pairings.state("nothing")


async def test_a_service_that_is_started_again_mends_what_it_left(household: Household) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: "bonded" in gateway.codes(pairing))
        log = gateway.pairings.session(pairing).log
        gateway.stop_pairings()
        await gateway.until(lambda: not gateway.pairings.running)
        async with asyncio.TaskGroup() as group:
            again = group.create_task(gateway.pairings.run())
            await gateway.until(lambda: log.closed, within=5)
            async with asyncio.timeout(60):
                while await gateway.notes.cut_off():  # noqa: ASYNC110  # of virtual time
                    await asyncio.sleep(0.1)
            assert (await gateway.pairings.state(pairing)).outcome in ("cut-off", "unproven")
            with pytest.raises(NotFound, match="of this run of the gateway"):
                gateway.pairings.session(pairing)
            again.cancel()


async def test_killed_right_after_the_assignment(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    cuff = await cuff_in(household)
    async with household.gateway() as gateway:
        given = asyncio.Event()
        assign = gateway.pairings._office._acts.assign

        async def killed_then(*arguments: Any, **more: Any) -> Any:
            await assign(*arguments, **more)
            given.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(gateway.pairings._office._acts, "assign", killed_then)
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await given.wait()
        assert await gateway.owners(CUFF) == [AINO]
    async with household.gateway() as gateway:
        async with asyncio.timeout(60):
            while await gateway.notes.cut_off():  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.1)
        state = await gateway.pairings.state(pairing)
        assert state.outcome == "cut-off"
        assert "taken back" in str(state.verdict)
        await nothing_is_left(gateway)


async def test_a_radio_that_goes_away_is_said(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    await cuff_in(household)
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await asyncio.sleep(1)
        (adapter,) = gateway.radio.adapters()
        with monkeypatch.context() as patched:
            patched.setattr(gateway.radio, "adapters", lambda: (replace(adapter, state="not there: unplugged"),))
            await gateway.until(lambda: "radio-down" in gateway.codes(pairing))
            assert "not there: unplugged): 'huoma doctor'" in gateway.said(pairing)[-1].words
            await asyncio.sleep(5)
        await gateway.until(lambda: "radio-up" in gateway.codes(pairing))
        assert gateway.codes(pairing).count("radio-down") == 1
