"""The plan of a resident: changed piece by piece, audited, checked before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.errors import Invalid, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.store.database import Database
from gateway.store.registry import Registry
from gateway.store.resident_plans import BY_NIGHT, Plan, ResidentPlans
from gateway.store.stamp import Stamper
from tests.reliability.home import ORIGIN, RESIDENT
from tests.virtual_time import VirtualClock


@pytest.fixture
def plans(database: Database, stamper: Stamper) -> ResidentPlans:
    return ResidentPlans(database, stamper)


async def test_nothing_is_set_at_first_and_each_change_leaves_the_others(
    plans: ResidentPlans, registry: Registry
) -> None:
    await registry.add_resident("Aino", actor="test", resident_id=RESIDENT.id)
    assert await plans.of(RESIDENT.id) == {}
    assert not await plans.by_night(RESIDENT)
    assert await plans.change(RESIDENT.id, {BY_NIGHT: True}, actor="nurse") == {BY_NIGHT: True}
    assert await plans.change(RESIDENT.id, {"limit": 92.0}, actor="nurse") == {BY_NIGHT: True, "limit": 92.0}
    assert await plans.by_night(RESIDENT)
    assert await plans.change(RESIDENT.id, {BY_NIGHT: None}, actor="nurse") == {"limit": 92.0}
    assert not await plans.by_night(RESIDENT)


async def test_rooms_and_homes_have_no_plan(plans: ResidentPlans) -> None:
    for kind in (SubjectType.ROOM, SubjectType.HOME):
        assert not await plans.by_night(Subject(type=kind, id="aino"))


async def test_it_is_audited_without_what_may_be_a_name(plans: ResidentPlans, registry: Registry) -> None:
    await registry.add_resident("Aino", actor="test", resident_id=RESIDENT.id)
    await plans.change(RESIDENT.id, {"limit": 92.0, "ask": "matti-meikalainen"}, actor="nurse")
    newest = (await registry.audit())[0]
    assert (newest.actor, newest.action, newest.target) == ("nurse", "resident.plan", RESIDENT.id)
    assert newest.detail == '{"limit":92.0,"ask":"set"}'


async def test_a_refused_change_changes_nothing_and_tells_nobody(plans: ResidentPlans, registry: Registry) -> None:
    await registry.add_resident("Aino", actor="test", resident_id=RESIDENT.id)
    told: list[str] = []
    plans.on_change(told.append)

    def refuse(plan: Plan) -> None:
        raise Invalid(f"not {dict(plan)}")

    with pytest.raises(Invalid, match="limit"):
        await plans.change(RESIDENT.id, {"limit": 9.0}, actor="nurse", check=refuse)
    with pytest.raises(NotFound):
        await plans.change("nobody", {"limit": 9.0}, actor="nurse")
    assert await plans.of(RESIDENT.id) == {}
    assert told == []
    await plans.change(RESIDENT.id, {"limit": 92.0}, actor="nurse")
    assert told == [RESIDENT.id]


async def test_it_outlives_a_restart(tmp_path: Path) -> None:
    clock = VirtualClock()
    stamper = Stamper(ORIGIN, clock, boot_id="boot-1")
    async with Database.open(tmp_path / "home.db", clock=clock) as database:
        await Registry(database, stamper).add_resident("Aino", actor="test", resident_id=RESIDENT.id)
        await ResidentPlans(database, stamper).change(RESIDENT.id, {BY_NIGHT: True}, actor="nurse")
    async with Database.open(tmp_path / "home.db", clock=clock) as database:
        assert await ResidentPlans(database, stamper).by_night(RESIDENT)
