"""The settings of a resident's rules over HTTP: by nurses, in words, with sentences for what cannot be meant."""

from __future__ import annotations

import pytest

from gateway.store.users import Role
from tests.api.home import Home, client


async def aino(home: Home) -> str:
    resident = await home.services.acts.add_resident("Aino", actor="test")
    return f"/api/v1/residents/{resident.id}/vitals"


async def test_a_nurse_reads_and_changes_them(home: Home) -> None:
    path = await aino(home)
    async with client(home) as nurse:
        before = {one["name"]: one for one in (await nurse.get(path)).json()["settings"]}
        assert before["saturation-limit"] == {
            "name": "saturation-limit", "value": 92.0, "chosen": False, "default": 92.0, "unit": "%", "low": 70.0,
            "high": 98.0, "what": "low below here; 88 with COPD",
        }  # fmt: skip
        changes = {"saturation-limit": 88, "weight-gain": True, "crisis-ask": "home-carer"}
        reply = await nurse.post(path, json={"settings": changes})
        assert reply.status_code == 200
        after = {one["name"]: one for one in reply.json()["settings"] if one["chosen"]}
        assert {name: one["value"] for name, one in after.items()} == changes
        reply = await nurse.post(path, json={"settings": {"saturation-limit": None}})
        assert {one["name"] for one in reply.json()["settings"] if one["chosen"]} == {"weight-gain", "crisis-ask"}
    acts = [(one.action, one.detail) for one in await home.services.acts.registry.audit()]
    assert acts[:2] == [
        ("resident.plan", '{"saturation-limit":null}'),
        ("resident.plan", '{"saturation-limit":88.0,"weight-gain":true,"crisis-ask":"set"}'),
    ]
    assert ("plan.read", "{}") in acts


async def test_a_plan_of_measuring_begins_today_unless_it_says_when(home: Home) -> None:
    path = await aino(home)
    async with client(home) as nurse:
        for changes, begins in (
            ({"pressure-per-day": 2}, True),
            ({"pressure-per-day": 2, "measure-from": "2026-03-02"}, "2026-03-02"),
            ({"pressure-per-day": 3}, "2026-03-02"),
        ):
            reply = await nurse.post(path, json={"settings": changes})
            found = {one["name"]: one["value"] for one in reply.json()["settings"]}
            assert found["measure-from"] is not None
            assert begins is True or found["measure-from"] == begins


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"saturation-limit": 101}, "saturation-limit cannot be 101: give a number from 70 to 98 %."),
        ({"saturation-limit": 69.9}, "saturation-limit cannot be 69.9: give a number from 70 to 98 %."),
        ({"saturation-limit": "low"}, "saturation-limit is a number from 70 to 98 %."),
        ({"saturation-limit": True}, "saturation-limit is a number from 70 to 98 %."),
        ({"missing-days": 1.5}, "missing-days is a whole number from 1 to 7."),
        ({"weight-gain": 1}, "weight-gain is either true or false ('yes' or 'no' at the command line)."),
        ({"saturation-limits": 90}, "There is no setting 'saturation-limits': did you mean 'saturation-limit'?"),
        ({"measure-until": "tomorrow"}, "measure-until is a day, such as 2026-03-01."),
        (
            {"measure-from": "2026-03-02", "measure-until": "2026-03-01"},
            "measure-until (2026-03-01) is before measure-from (2026-03-02).",
        ),
        (
            {"pressure-week-systolic": 170, "crisis-systolic": 160},
            "crisis-systolic (160) must be above pressure-week-systolic (170).",
        ),
        (
            {"pressure-week-systolic": 110, "pressure-low-systolic": 110},
            "pressure-week-systolic (110) must be above pressure-low-systolic (110).",
        ),
    ],
)
async def test_what_cannot_be_meant_is_refused_in_a_sentence(
    home: Home, changes: dict[str, object], sentence: str
) -> None:
    path = await aino(home)
    async with client(home) as nurse:
        reply = await nurse.post(path, json={"settings": changes})
        assert (reply.status_code, reply.json()["error"]) == (422, sentence)
        assert not any(one["chosen"] for one in (await nurse.get(path)).json()["settings"])


async def test_who_is_asked_is_a_word_and_no_name(home: Home) -> None:
    path = await aino(home)
    async with client(home) as nurse:
        for word in ("Matti Meikäläinen", "", "-x", "+358401234567", "a" * 65):
            reply = await nurse.post(path, json={"settings": {"crisis-ask": word}})
            assert reply.status_code == 422
            assert "Matti" not in reply.json()["error"]


async def test_it_is_for_nurses(home: Home) -> None:
    path = await aino(home)
    async with client(home, Role.TECHNICIAN) as technician:
        assert (await technician.get(path)).status_code == 403
        assert (await technician.post(path, json={"settings": {"weight-gain": True}})).status_code == 403
    async with client(home) as nurse:
        assert (await nurse.get("/api/v1/residents/nobody/vitals")).status_code == 404
