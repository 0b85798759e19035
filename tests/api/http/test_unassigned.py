"""Readings that wait for a person: seen, given, dismissed, corrected over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceInformation, Reading
from gateway.core.clock import Clock
from gateway.ingest.received import KnownDevice, Received
from gateway.store.users import Role
from tests.api.home import Home, client

API = "/api/v1/readings"
SCALE = KnownDevice(
    address="AA:BB:CC:DD:EE:01",
    identity="address:AA:BB:CC:DD:EE:01",
    name="Scale",
    vendor="maker",
    model="Scale",
    profile_id="maker/scale",
    record_identity="reception",
    information=DeviceInformation(),
    adapter="hci0",
)


def weighed(kilograms: float, clock: Clock) -> Received:
    reading = Reading(kind=Kind.WEIGHT, values={Quantity.WEIGHT: kilograms}, raw=b"\0", source="2a9d")
    return Received(
        device=SCALE,
        reading=reading,
        clock=None,
        received_at=clock.wall(),
        received_monotonic=clock.monotonic(),
        synchronised=True,
    )


@pytest.fixture
async def shared(home: Home) -> dict[str, str]:
    """Two residents by name, who share the scale; of Aino the weight is known."""
    made: dict[str, str] = {}
    async with client(home, Role.ADMIN) as admin:
        for name, weight in (("Aino", 70.0), ("Bertta", None)):
            made[name] = (await admin.post("/api/v1/residents", json={"name": name})).json()["id"]
            body: dict[str, Any] = {"resident": name, "shared": True, "weight_kg": weight}
            reply = await admin.post(f"/api/v1/devices/{SCALE.address}/assignment", json=body)
            assert reply.status_code == 200, reply.text
            assert reply.json()["shared"] is True
    return made


async def test_a_nurse_says_whose_it_is(home: Home, shared: dict[str, str]) -> None:
    await home.ingest.accept(weighed(90.0, home.services.clock))
    async with client(home) as nurse:
        (one,) = (await nurse.get(f"{API}/unassigned")).json()
        assert one["values"]["weight"]["value"] == 90.0
        assert [who["resident_id"] for who in one["candidates"]] == [shared["Aino"], shared["Bertta"]]
        assert one["candidates"][0]["band"]["centre"] == 70.0
        assert one["why"] == "1 of those who share the scale have not been weighed so far, or too long ago"
        reply = await nurse.post(f"{API}/{one['id']}/assign", json={"resident": "Bertta"})
        assert (reply.status_code, reply.json()) == (200, {"readings": 1})
        assert (await nurse.get(f"{API}/unassigned")).json() == []
        (read,) = (await nurse.get(f"/api/v1/residents/{shared['Bertta']}/readings")).json()
        assert read["id"] == one["id"]
        again = await nurse.post(f"{API}/{one['id']}/assign", json={"resident": "Aino"})
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        # It was Aino after all, in her winter coat.
        assert (await nurse.post(f"{API}/{one['id']}/reassign", json={"resident": "Aino"})).status_code == 200
        assert (await nurse.post(f"{API}/{one['id']}/reassign", json={"nobody": True})).status_code == 200
        history = (await nurse.get(f"{API}/{one['id']}/corrections")).json()
        steps = [(said["before"] and said["before"]["id"], said["after"] and said["after"]["id"]) for said in history]
        assert steps == [(None, shared["Bertta"]), (shared["Bertta"], shared["Aino"]), (shared["Aino"], None)]


async def test_a_technician_sees_no_values_and_dismisses_a_visitor(home: Home, shared: dict[str, str]) -> None:
    await home.ingest.accept(weighed(90.0, home.services.clock))
    async with client(home, Role.TECHNICIAN) as technician:
        (one,) = (await technician.get(f"{API}/unassigned")).json()
        assert one["values"] is None
        assert all(who["band"] is None for who in one["candidates"])
        assert (await technician.post(f"{API}/{one['id']}/dismiss")).status_code == 204
        assert (await technician.get(f"{API}/unassigned")).json() == []
        assert (await technician.post(f"{API}/{one['id']}/reassign", json={"nobody": True})).status_code == 403


async def test_what_is_seen_is_noted(home: Home, shared: dict[str, str]) -> None:
    await home.ingest.accept(weighed(90.0, home.services.clock))
    async with client(home) as nurse:
        await nurse.get(f"{API}/unassigned")
    newest = (await home.services.acts.registry.audit(limit=1))[0]
    assert (newest.actor, newest.action) == ("a nurse", "readings.unassigned")


@pytest.mark.parametrize("body", [{}, {"resident": "Aino", "nobody": True}, {"nobody": False}])
async def test_an_empty_word_takes_nothing_back(home: Home, shared: dict[str, str], body: dict[str, Any]) -> None:
    async with client(home) as nurse:
        reply = await nurse.post(f"{API}/x/reassign", json=body)
    assert reply.status_code == 422
    assert "say whose it is" in reply.json()["error"]


async def test_unknown_ones(home: Home, shared: dict[str, str]) -> None:
    async with client(home) as nurse:
        for path, body in (("assign", {"resident": "Aino"}), ("reassign", {"nobody": True}), ("dismiss", None)):
            reply = await nurse.post(f"{API}/nonsense/{path}", json=body)
            assert (reply.status_code, reply.json()["code"]) == (404, "not-found")
        reply = await nurse.post(f"{API}/nonsense/assign", json={"resident": "Nobody"})
        assert "There is no resident Nobody" in reply.json()["error"]
