"""A resident's fall history over the API and at the prompt."""

from __future__ import annotations

import pytest

from gateway.desk.events import Verdict
from gateway.store.users import Role
from tests.api.home import Home, client
from tests.api.http.test_datasets import SERIAL, fell, resident


async def test_it_is_for_nurses_and_noted(home: Home) -> None:
    aino = await resident(home, "Aino Virtanen", agreed=False)
    await home.services.acts.assign(SERIAL, aino, actor="t", placement="chest")
    await fell(home, aino, Verdict.FALSE)
    await fell(home, aino, Verdict.REAL)
    async with client(home, Role.NURSE) as nurse:
        reply = await nurse.get("/api/v1/residents/Aino Virtanen/falls")
    found = reply.json()
    assert (found["real"], found["false"], found["unknown"]) == (1, 1, 0)
    assert found["days"] > 0
    assert [one["false_alerts"] for one in found["curve"]] == [1, 1, 1, 1, 1, 0, 0]
    assert found["curve"][0]["low"] <= found["curve"][0]["per_month"] <= found["curve"][0]["high"]
    assert (await home.services.acts.registry.audit())[0].action == "falls.read"


@pytest.mark.parametrize("role", [None, Role.TECHNICIAN])
async def test_not_for_others(home: Home, role: Role | None) -> None:
    aino = await resident(home, "Aino Virtanen", agreed=False)
    async with client(home, role) as caller:
        assert (await caller.get(f"/api/v1/residents/{aino}/falls")).status_code == (401 if role is None else 403)


async def test_nobody_of_that_name(home: Home) -> None:
    async with client(home) as nurse:
        assert (await nurse.get("/api/v1/residents/nobody/falls")).status_code == 404
