"""A resident's days over the API: what is known, what promises mean, and who may change them."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from analytics.datasets.made_up_home import KITCHEN
from api.audit import StoreAudit
from api.http.app import build_app
from gateway.days.watch import DayWatch
from gateway.store.day_promises import DayPromise
from gateway.store.users import Role
from tests.api.home import Home, client, open_home
from tests.gateway.days.conftest import Told, stored, told
from tests.gateway.days.home import AINO, Rooms, device

__all__ = ["stored", "told"]  # fixtures
Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


async def asked(folder: Path, home: Rooms, watch: DayWatch, ask: Ask, role: Role = Role.NURSE) -> None:
    async with open_home(folder) as api:
        services = replace(
            api.services, days=watch, promises=home.promises, audit=StoreAudit(home.database, home.stamper),
            acts=replace(api.services.acts, registry=home.registry),
        )  # fmt: skip
        async with client(replace(api, services=services, app=build_app(services)), role) as caller:
            await ask(caller)


def test_what_is_known_and_what_promises_mean(told: Told, tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        watch = await home.watched(0.5)

        async def ask(nurse: httpx.AsyncClient) -> None:
            reply = await nurse.get("/api/v1/residents/Aino/days")
            assert reply.status_code == 200
            found = reply.json()
            assert (found["watched"], found["per_month"], found["days_learnt"], found["shared_with"]) == (
                True, 2.0, 40, 0,
            )  # fmt: skip
            assert len(found["sensors"]) == 7
            assert {
                "device_identity": device(KITCHEN).identity,
                "what": "the motion sensor in the kitchen",
                "out": False,
                "missed_after_min": None,  # made-up sensors speak only when somebody moves
            } in (found["sensors"])
            assert any("the motion sensor in the kitchen" in one and "checks in" in one for one in found["remarks"])
            assert (found["quiet"]["last"], found["quiet"]["at"]) == ("in the kitchen", "12:00")
            assert found["quiet"]["odds_h"] < found["quiet"]["threshold_h"]
            curve = found["curve"]
            assert [one["per_month"] for one in curve] == [0.25, 0.5, 1, 2, 4, 8]
            for less, more in itertools.pairwise(curve):
                assert less["threshold_h"] > more["threshold_h"]
                assert less["last_month"] <= more["last_month"]
                assert less["delay_h"] > more["delay_h"] > 0
            assert curve[2]["night_delay_h"] > curve[2]["delay_h"]
            assert curve[5]["last_month"] > 0
            assert (await home.registry.audit())[0].action == "days.read"

        await asked(tmp_path, home, watch, ask)

    told(story)


def test_a_promise_is_changed_in_part_and_noted(told: Told, tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        watch = await home.watched(0.1)

        async def ask(nurse: httpx.AsyncClient) -> None:
            assert (await nurse.put("/api/v1/residents/Aino/days", json={"per_month": 0.5})).status_code == 204
            assert (await nurse.put("/api/v1/residents/Aino/days", json={"watched": False})).status_code == 204
            assert await home.promises.of(AINO) == DayPromise(watched=False, per_month=0.5)
            note = (await home.registry.audit())[0]
            assert (note.action, note.target) == ("days.promise", "aino")
            for bad in (
                {"per_month": 0},
                {"per_month": 50},
                {"per_month": "much"},
                {"per_month": True},
                {"threshold": 3},
            ):
                assert (await nurse.put("/api/v1/residents/Aino/days", json=bad)).status_code in (400, 422)
            assert (await nurse.put("/api/v1/residents/nobody/days", json={"per_month": 1})).status_code == 404

        await asked(tmp_path, home, watch, ask)

    told(story)


def test_the_week(told: Told, tmp_path: Path) -> None:
    async def story(home: Rooms) -> None:
        watch = await home.watched(0.1)

        async def ask(nurse: httpx.AsyncClient) -> None:
            reply = await nurse.get("/api/v1/residents/Aino/week")
            assert reply.status_code == 200
            found = reply.json()
            assert set(found) == {"sudden", "slow", "unusual", "remarks"}
            for one in found["unusual"]:
                assert len(one["words"]) == 3
            assert (await home.registry.audit())[0].action == "week.read"

        await asked(tmp_path, home, watch, ask)

    told(story)


@pytest.mark.parametrize("role", [None, Role.TECHNICIAN])
async def test_not_for_others(home: Home, role: Role | None) -> None:
    await home.services.acts.add_resident("Aino", actor="t")
    async with client(home, role) as caller:
        wanted = 401 if role is None else 403
        assert (await caller.get("/api/v1/residents/Aino/days")).status_code == wanted
        assert (await caller.get("/api/v1/residents/Aino/week")).status_code == wanted
        assert (await caller.put("/api/v1/residents/Aino/days", json={"per_month": 1})).status_code == wanted


async def test_without_a_gateway_it_says_so(home: Home) -> None:
    await home.services.acts.add_resident("Aino", actor="t")
    async with client(home) as nurse:
        reply = await nurse.get("/api/v1/residents/Aino/days")
    assert reply.status_code == 404
    assert "start it first" in reply.json()["error"]
