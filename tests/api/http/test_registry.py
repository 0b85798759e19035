"""Residents, devices, readings, consents and users over HTTP; what of it is noted in the audit log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceInformation, Reading
from gateway.core.errors import StoreError
from gateway.core.subject import Subject
from gateway.ingest.received import KnownDevice, Received
from gateway.store.audit import AuditRow
from gateway.store.users import Role
from tests.api.home import Home, client, open_home
from tests.gateway.desk.words import AT, fall


async def acts_noted(home: Home) -> list[tuple[str, str, str]]:
    rows: list[AuditRow] = await home.services.acts.registry.audit()
    return [(row.actor, row.action, row.target) for row in reversed(rows)]


async def test_resident_is_added_and_listed(home: Home) -> None:
    async with client(home, Role.ADMIN) as admin:
        made = await admin.post("/api/v1/residents", json={"name": "Aino", "room_id": "kitchen"})
        assert made.status_code == 201
        assert (await admin.get("/api/v1/residents")).json() == [
            {"id": made.json()["id"], "name": "Aino", "room_id": "kitchen"}
        ]
        assert (await admin.post("/api/v1/residents", json={"name": " "})).status_code == 422


SCALE = KnownDevice(
    address="AA:BB:CC:DD:EE:FF",
    identity="serial:A&D:5120",
    name="UC-352",
    vendor="A&D",
    model="UC-352BLE",
    profile_id="a-and-d/uc-352ble",
    record_identity="reception",
    information=DeviceInformation(serial="5120", battery_percent=80),
    adapter="00:00:00:00:00:01",
)


async def weigh(home: Home, *weights: float) -> None:
    for number, kilograms in enumerate(weights):
        reading = Reading(
            kind=Kind.WEIGHT, values={Quantity.WEIGHT: kilograms}, raw=bytes([2, number, 0]), source="2a9d"
        )
        await home.ingest.accept(
            Received(
                device=SCALE,
                reading=reading,
                clock=None,
                received_at=AT + timedelta(days=number),
                received_monotonic=1000.0 + number,
                synchronised=True,
            )
        )


async def test_readings_come_in_order_after_a_position_and_are_audited(home: Home) -> None:
    aino = await home.services.acts.add_resident("Aino", actor="test")
    await home.services.acts.assign(SCALE.address, "Aino", actor="test", since=AT - timedelta(days=1))
    await weigh(home, 70.1, 70.2, 70.3, 70.4)
    async with client(home) as nurse:

        async def weights(query: str) -> list[float]:
            reply = await nurse.get(f"/api/v1/residents/{aino.id}/readings?{query}")
            return [reading["values"]["weight"]["value"] for reading in reply.json()]

        assert await weights("") == [70.1, 70.2, 70.3, 70.4]
        first = (await nurse.get(f"/api/v1/residents/{aino.id}/readings")).json()[0]
        assert await weights(f"after_seq={first['seq']}&limit=2") == [70.2, 70.3]
        assert await weights(f"after_seq={first['seq'] + 3}") == []
        assert first["values"] == {"weight": {"value": 70.1, "unit": "kg", "loinc": "29463-7", "mdc": 188736}}
        assert (first["kind"], first["failed"], first["resident_id"]) == ("weight", False, aino.id)
        assert (await nurse.get("/api/v1/residents/nobody/readings")).status_code == 404
        for bad in ("after_seq=-1", "limit=0", "limit=100000", "after_seq=x", f"after_seq={2**63}"):
            assert (await nurse.get(f"/api/v1/residents/{aino.id}/readings?{bad}")).status_code == 422
    noted = await acts_noted(home)
    assert noted.count(("a nurse", "readings.read", aino.id)) == 3  # not the empty one


async def test_device_that_was_seen_tells_what_it_is_and_whose(home: Home) -> None:
    aino = await home.services.acts.add_resident("Aino", actor="test")
    await home.services.acts.assign(SCALE.address, "Aino", actor="test")
    await weigh(home, 70.1)
    async with client(home, Role.TECHNICIAN) as technician:
        (device,) = (await technician.get("/api/v1/devices")).json()
    assert (device["model"], device["profile"], device["battery_percent"]) == ("UC-352BLE", "a-and-d/uc-352ble", 80)
    assert device["assignments"][0]["subject"]["id"] == aino.id


async def test_readings_that_cannot_be_audited_are_not_shown_but_alerts_are_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    aino = await home.services.acts.add_resident("Aino", actor="test")
    await home.services.acts.assign(SCALE.address, "Aino", actor="test", since=AT - timedelta(days=1))
    await weigh(home, 70.1)
    alert = await home.desk.report(fall())

    async def full(*_args: Any, **_detail: Any) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(home.services.audit, "note", full)
    async with client(home) as nurse:
        refused = await nurse.get(f"/api/v1/residents/{aino.id}/readings")
        taken = await nurse.post(f"/api/v1/alerts/{alert.id}/acknowledge")
    assert (refused.status_code, refused.json()) == (503, {"error": "The disk is full.", "code": "store-unavailable"})
    assert taken.status_code == 200


async def test_acts_on_alerts_are_audited(home: Home) -> None:
    alert = await home.desk.report(fall())
    async with client(home) as nurse:
        await nurse.get(f"/api/v1/alerts/{alert.id}")
        await nurse.post(f"/api/v1/alerts/{alert.id}/acknowledge")
        await nurse.post(f"/api/v1/alerts/{alert.id}/acknowledge")  # too late: nothing was done, nothing is noted
        await nurse.post(f"/api/v1/alerts/{alert.id}/resolve", json={"verdict": "real", "note": "hip"})
    acts = ["alert.read", "alert.acknowledge", "alert.resolve"]
    assert await acts_noted(home) == [("a nurse", act, alert.id) for act in acts]
    rows = await home.services.acts.registry.audit()
    assert json.loads(rows[0].detail) == {"verdict": "real"}  # the note may name a person: it stays with the alert


async def test_device_is_assigned_before_it_was_ever_seen(home: Home) -> None:
    aino = await home.services.acts.add_resident("Aino", actor="test")
    async with client(home, Role.TECHNICIAN) as technician:
        made = await technician.post(
            "/api/v1/devices/aa:bb:cc:dd:ee:ff/assignment",
            json={"resident": "Aino", "placement": "chest", "user_slot": 2},
        )
        assert made.status_code == 200
        (device,) = (await technician.get("/api/v1/devices")).json()
        nobody = await technician.post("/api/v1/devices/AA:BB:CC:DD:EE:FF/assignment", json={"resident": "Eino"})
    assert device["address"] == "AA:BB:CC:DD:EE:FF"
    assert device["last_seen_at"] is None
    (assignment,) = device["assignments"]
    assert assignment["subject"] == {"type": "resident", "id": aino.id}
    assert (assignment["placement"], assignment["user_slot"]) == ("chest", 2)
    assert nobody.status_code == 404
    assert "Eino" in nobody.json()["error"]


async def test_whose_a_device_no_longer_is_is_in_the_answer(home: Home) -> None:
    aino = await home.services.acts.add_resident("Aino", actor="test")
    await home.services.acts.add_resident("Eino", actor="test")
    path = "/api/v1/devices/AA:BB:CC:DD:EE:FF/assignment"
    async with client(home, Role.TECHNICIAN) as technician:
        first = (await technician.post(path, json={"resident": "Aino"})).json()
        taken = (await technician.post(path, json={"resident": "Eino", "user_slot": 2})).json()
        moved = (await technician.post(path, json={"resident": "Eino", "user_slot": 2, "placement": "hall"})).json()
        shared = (await technician.post(path, json={"resident": "Aino", "shared": True})).json()
    assert (first["name"], first["ended"]) == ("Aino", [])
    lost = {"subject": {"type": "resident", "id": aino.id}, "name": "Aino", "user_slot": None}
    assert (taken["name"], taken["ended"]) == ("Eino", [lost])
    assert moved["ended"] == [], "it was his before"
    assert shared["ended"] == []


@dataclass(frozen=True)
class _Heard:
    address: str
    name: str | None
    model: str
    profile_id: str | None
    rssi: int | None = -60
    heard_monotonic: float = 0.0
    state: str = "heard"
    last_useful_monotonic: float | None = None
    identity: str | None = None
    last_state: str | None = None


async def test_devices_that_are_heard_are_shown_and_phones_only_on_demand(tmp_path: Path) -> None:
    cuff = _Heard("11:22:33:44:55:66", "A&D_UA-651BLE", "A&D UA-651BLE", "a-and-d/ua-651ble")
    phone = _Heard("66:55:44:33:22:11", None, "unknown", None)
    scale = _Heard(SCALE.address, "UC-352", "generic", "generic/sig", state="in session")
    async with open_home(tmp_path, heard=[cuff, phone, scale]) as home:
        await home.services.acts.add_resident("Aino", actor="test")
        await weigh(home, 70.1)
        await home.services.acts.assign("77:77:77:77:77:77", "Aino", actor="test")
        async with client(home, Role.TECHNICIAN) as technician:
            usual = {device["address"]: device for device in (await technician.get("/api/v1/devices")).json()}
            every = (await technician.get("/api/v1/devices?unknown=true")).json()
    assert set(usual) == {SCALE.address, cuff.address, "77:77:77:77:77:77"}
    assert usual[SCALE.address]["model"] == "UC-352BLE"  # when it was read
    assert usual[SCALE.address]["heard"]["model"] == "generic"  # by the profiles of today
    assert usual[SCALE.address]["heard"]["state"] == "in session"
    assert usual[cuff.address]["heard"]["profile"] == "a-and-d/ua-651ble"
    assert usual[cuff.address]["last_seen_at"] is None
    assert usual["77:77:77:77:77:77"]["heard"] is None
    assert {device["address"] for device in every} - set(usual) == {phone.address}


class _Courier:
    """Stands where the delivery worker of a sink stands."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, Any]] = []

    async def granted(self, subject: Subject, *, since: str | None) -> int:
        self.told.append(("granted", subject.id, since))
        return 0

    async def revoke(self, subject: Subject, *, everything: bool = True) -> int:
        self.told.append(("revoked", subject.id, everything))
        return 3


async def test_consent_is_given_and_taken_back(home: Home) -> None:
    courier = _Courier()
    home.couriers["fhir"] = courier
    aino = await home.services.acts.add_resident("Aino", actor="test")
    since = datetime(2026, 1, 1, tzinfo=UTC)
    async with client(home, Role.ADMIN) as admin:
        body = {"resident": "Aino", "recipient": "fhir", "data_type": "blood-pressure"}
        granted = await admin.post("/api/v1/consents", json=body | {"since": since.isoformat()})
        twice = await admin.post("/api/v1/consents", json=body)
        unknown = await admin.post("/api/v1/consents", json=body | {"recipient": "fihr"})
        naive = await admin.post("/api/v1/consents", json=body | {"since": "2026-01-01T00:00:00"})
        withdrawn = await admin.post("/api/v1/consents/withdraw", json=body)
        slip = await admin.post("/api/v1/consents/withdraw", json=body | {"recipient": "fihr"})
        slips = [
            await admin.post(path, json=body | {"data_type": "blood-presure"})
            for path in ("/api/v1/consents", "/api/v1/consents/withdraw")
        ]
    assert (granted.status_code, granted.json()["resident_id"]) == (201, aino.id)
    assert twice.status_code == 409
    assert unknown.status_code == 422
    assert "no sink 'fihr'" in unknown.json()["error"]
    assert "fhir" in unknown.json()["error"]
    assert naive.status_code == 422
    assert (withdrawn.status_code, withdrawn.json()["items"]) == (200, 3)
    assert slip.status_code == 422
    assert [(reply.status_code, "mean 'blood-pressure'" in reply.json()["error"]) for reply in slips] == [
        (422, True)
    ] * 2
    assert courier.told == [("granted", aino.id, since.isoformat()), ("revoked", aino.id, False)]
    noted = [act for _, act, _ in await acts_noted(home)]
    assert noted == ["resident.add", "consent.grant", "consent.withdraw"]


async def test_user_is_made_used_and_revoked(home: Home) -> None:
    async with client(home, Role.ADMIN) as admin:
        made = (await admin.post("/api/v1/users", json={"name": "Anna / night", "role": "nurse"})).json()
        listed = (await admin.get("/api/v1/users")).json()
        assert listed == [{"name": "Anna / night", "role": "nurse", "revoked": False}]
        bearer = {"Authorization": f"Bearer {made['token']}"}
        assert (await admin.get("/api/v1/me", headers=bearer)).json() == {"name": "Anna / night", "role": "nurse"}
        assert (await admin.post("/api/v1/users/revoke", json={"name": "Anna / night"})).status_code == 204
        assert (await admin.get("/api/v1/me", headers=bearer)).status_code == 401
        assert (await admin.post("/api/v1/users/revoke", json={"name": "Anna / night"})).status_code == 404
        assert (await admin.post("/api/v1/users", json={"name": "Bo", "role": "doctor"})).status_code == 422
        assert (await admin.post("/api/v1/users", json={"name": "Anna / night", "role": "nurse"})).status_code == 409


async def test_a_sensor_behind_a_broker_is_shown_with_its_state_and_given_by_its_zigbee_address(tmp_path: Path) -> None:
    eui64 = "eui64:00158d00018255df"
    sensor = _Heard(
        eui64, "hall", "Aqara MCCGQ11LM", "aqara/mccgq11lm", rssi=None, identity=eui64, last_state="opening-open 1"
    )
    async with open_home(tmp_path, heard=[sensor]) as home:
        await home.services.acts.add_resident("Aino", actor="test")
        async with client(home, Role.TECHNICIAN) as technician:
            (before,) = (await technician.get("/api/v1/devices")).json()
            path = "/api/v1/devices/0x00158D00018255DF"
            made = await technician.post(f"{path}/assignment", json={"resident": "Aino", "placement": "bathroom"})
            (after,) = (await technician.get("/api/v1/devices")).json()
            ended = await technician.post(f"{path}/unassign")
            left = (await technician.get("/api/v1/devices")).json()
    assert (before["identity"], before["address"], before["name"], before["assignments"]) == (eui64, None, "hall", [])
    heard = before["heard"]
    assert (heard["model"], heard["rssi"], heard["signal"]) == ("Aqara MCCGQ11LM", None, "unknown")
    assert (heard["state"], heard["last_state"]) == ("heard", "opening-open 1")
    assert made.json()["seen"]
    assert after["identity"] == eui64
    assert after["heard"] == {**heard, "seconds_ago": after["heard"]["seconds_ago"]}
    assert [(one["placement"], one["subject"]["type"]) for one in after["assignments"]] == [("bathroom", "resident")]
    assert ended.status_code == 204
    assert [one["assignments"] for one in left] == [[]]
