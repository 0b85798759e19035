"""Alerts over HTTP: the list, the detail, acts, and errors in one shape."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.desk.events import Verdict
from tests.api.home import Home, client
from tests.gateway.desk.words import AT, KITCHEN, fall


async def test_alert_carries_what_a_nurse_needs(home: Home) -> None:
    known = await home.desk.report(fall())
    unknown = await home.desk.report(fall(subject=KITCHEN, at=AT + timedelta(minutes=1)))
    async with client(home) as nurse:
        alerts = (await nurse.get("/api/v1/alerts")).json()
    assert [alert["id"] for alert in alerts] == [unknown.id, known.id]
    assert alerts[1] == {
        "id": known.id,
        "kind": "fall",
        "condition": "fall",
        "state": "raised",
        "priority": "high",
        "subject": {"type": "resident", "id": "resident-1"},
        "resident_id": "resident-1",
        "raised_at": "2026-03-01T08:00:00Z",
        "probability": 0.9,
        "summary": "Fall suspected by the chest strap",
        "device_identity": "H10-1",
        "witnesses": 1,
        "notified": 0,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "resolved_at": None,
        "resolved_by": None,
        "verdict": None,
        "note": None,
        "addressee": None,
        "simulated": False,
    }
    assert alerts[0]["subject"] == {"type": "room", "id": "kitchen"}
    assert alerts[0]["resident_id"] is None


async def test_alert_from_raised_to_resolved(home: Home) -> None:
    alert = await home.desk.report(fall())
    async with client(home) as nurse:
        acknowledged = await nurse.post(f"/api/v1/alerts/{alert.id}/acknowledge")
        assert acknowledged.status_code == 200
        assert acknowledged.json()["state"] == "acknowledged"
        assert acknowledged.json()["acknowledged_by"] == "a nurse"
        resolved = await nurse.post(
            f"/api/v1/alerts/{alert.id}/resolve", json={"verdict": "false", "note": "sat down hard"}
        )
        assert resolved.status_code == 200
        assert resolved.json()["verdict"] == "false"
        assert resolved.json()["resolved_by"] == "a nurse"
        again = await nurse.post(f"/api/v1/alerts/{alert.id}/resolve", json={"verdict": "real"})
        assert again.status_code == 409
        detail = (await nurse.get(f"/api/v1/alerts/{alert.id}")).json()
    assert [event["type"] for event in detail["history"]] == ["raised", "acknowledged", "resolved"]
    assert detail["evidence"] == [
        {"name": "acceleration", "media_type": "application/json", "content": {"rate_hz": 50}}
    ]
    assert detail["note"] == "sat down hard"


async def test_list_is_filtered_and_limited(home: Home) -> None:
    first = await home.desk.report(fall())
    second = await home.desk.report(fall(subject=KITCHEN, at=AT + timedelta(minutes=1)))
    await home.desk.acknowledge(first.id, "Anna")
    async with client(home) as nurse:

        async def ids(query: str) -> list[str]:
            return [alert["id"] for alert in (await nurse.get(f"/api/v1/alerts?{query}")).json()]

        assert await ids("state=raised") == [second.id]
        assert await ids("state=raised&state=acknowledged") == [second.id, first.id]
        assert await ids("state=resolved") == []
        assert await ids("limit=1") == [second.id]
        bad = await nurse.get("/api/v1/alerts?state=lost")
    assert bad.status_code == 422
    assert bad.json()["code"] == "invalid"
    assert "state" in bad.json()["error"]


@pytest.mark.parametrize("act", ["", "/acknowledge", "/resolve"])
async def test_unknown_alert_is_404(home: Home, act: str) -> None:
    async with client(home) as nurse:
        if act:
            reply = await nurse.post(f"/api/v1/alerts/nonsense{act}", json={"verdict": Verdict.REAL})
        else:
            reply = await nurse.get("/api/v1/alerts/nonsense")
    assert reply.status_code == 404
    assert set(reply.json()) == {"error", "code"}
    assert reply.json()["code"] == "not-found"


@pytest.mark.parametrize(
    "body", [{}, {"verdict": "maybe"}, {"verdict": "real", "comment": "x"}, {"verdict": "real", "note": "x" * 2001}, []]
)
async def test_bad_resolution_is_422_and_changes_nothing(home: Home, body: object) -> None:
    alert = await home.desk.report(fall())
    async with client(home) as nurse:
        reply = await nurse.post(f"/api/v1/alerts/{alert.id}/resolve", json=body)
        assert (reply.status_code, set(reply.json())) == (422, {"error", "code"})
        assert (await nurse.get(f"/api/v1/alerts/{alert.id}")).json()["state"] == "raised"


async def test_other_errors_have_the_same_shape(home: Home) -> None:
    async with client(home) as nurse:
        missing = await nurse.get("/api/v1/nothing")
        method = await nurse.delete("/api/v1/alerts")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    assert (method.status_code, method.json()["code"]) == (405, "method-not-allowed")
