"""Bind keys and consent codes: entered, forgotten, audited, and shown nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from api.http.app import build_app
from gateway.core.errors import Conflict, NotFound
from gateway.store.users import Role
from tests.api.home import Home, client
from tests.api.pairing_radio import HandRadio

ADDRESS = "7C:C6:B6:57:DA:84"
KEY = "231D39C1 D7CC1AB1 AEE224CD 096DB932"
PATH = f"/api/v1/devices/{ADDRESS}/key"


async def test_a_key_is_entered_and_what_was_counted_begins_anew(home: Home) -> None:
    memory = home.services.acts.memory
    told: list[bool] = []
    memory.on_entry(lambda: told.append(True))
    await memory.keep(ADDRESS, {"replay-counter": "77"})
    with capture_logs() as logs:
        async with client(home, Role.TECHNICIAN) as technician:
            reply = await technician.post(PATH, json={"key": KEY})
            assert (reply.status_code, reply.content) == (204, b"")
            kept = await memory.of(ADDRESS)
            assert (kept["bind-key"], kept["replay-counter"]) == ("231d39c1d7cc1ab1aee224cd096db932", "")
            await technician.post(PATH, json={"key": KEY})
    assert (await memory.of(ADDRESS))["key-entered"] != kept["key-entered"]
    assert told == [True, True]
    rows = await home.services.acts.registry.audit()
    assert [(row.action, row.target) for row in rows[:2]] == [("device.key", f"address:{ADDRESS}")] * 2
    assert "231d39c1" not in f"{rows} {logs}".lower()


async def test_a_key_is_forgotten(home: Home) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        await technician.post(PATH, json={"key": KEY})
        assert (await technician.delete(PATH)).status_code == 204
    assert (await home.services.acts.memory.of(ADDRESS))["bind-key"] == ""
    assert (await home.services.acts.registry.audit())[0].action == "device.forget-key"


@pytest.mark.parametrize("wrong", ["231d39c1d7cc1ab1aee224cd096db93", "canary-that-is-no-key", "", "0x" + "0g" * 16])
async def test_what_is_no_key_is_refused_without_being_repeated(home: Home, wrong: str) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        reply = await technician.post(PATH, json={"key": wrong})
    assert reply.status_code == 422
    assert "32 hexadecimal digits" in reply.json()["error"]
    assert not wrong or wrong not in reply.text
    assert await home.services.acts.memory.of(ADDRESS) == {}


async def test_what_is_no_address_is_refused(home: Home) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        reply = await technician.post("/api/v1/devices/pendant/key", json={"key": KEY})
    assert reply.status_code == 422
    assert "'pendant' is no address" in reply.json()["error"]


async def test_a_key_too_long_to_be_one_is_not_repeated_either(home: Home) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        reply = await technician.post(PATH, json={"key": "canary" * 40})
    assert reply.status_code == 422
    assert "canary" not in reply.text


CODE_PATH = f"/api/v1/devices/{ADDRESS}/code"


async def test_a_code_is_entered_for_a_user_and_the_device_tried_at_once(home: Home) -> None:
    radio = HandRadio()
    acts = replace(home.services.acts, bonds=radio)  # type: ignore[arg-type]
    at = replace(home, app=build_app(replace(home.services, acts=acts)))
    await acts.memory.keep(ADDRESS, {"consent-index": "2", "consent-code": "1111", "last-sequence": "7"})
    with capture_logs() as logs:
        async with client(at, Role.TECHNICIAN) as technician:
            for user, code in ((3, "0042"), (2, "0815")):
                reply = await technician.post(CODE_PATH, json={"user": user, "code": code})
                assert (reply.status_code, reply.content) == (204, b"")
    kept = {word: value for word, value in (await acts.memory.of(ADDRESS)).items() if value}
    assert kept == {"consent-code:3": "0042", "consent-code:2": "0815", "last-sequence": "7"}
    assert radio.at_once == [ADDRESS, ADDRESS]
    rows = await acts.registry.audit()
    assert [(row.action, row.target) for row in rows[:2]] == [("device.code", f"address:{ADDRESS}")] * 2
    assert "0042" not in f"{rows} {logs}"


async def test_a_code_is_forgotten(home: Home) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        await technician.post(CODE_PATH, json={"user": 3, "code": "0042"})
        assert (await technician.delete(CODE_PATH, params={"user": 3})).status_code == 204
    assert (await home.services.acts.memory.of(ADDRESS))["consent-code:3"] == ""


@pytest.mark.parametrize("wrong", ["42", "00420", "canary", "", "0x2A"])
async def test_what_is_no_code_is_refused_without_being_repeated(home: Home, wrong: str) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        reply = await technician.post(CODE_PATH, json={"user": 3, "code": wrong})
    assert reply.status_code == 422
    assert "four digits" in reply.json()["error"]
    assert not wrong or f"{wrong} " not in reply.text
    assert await home.services.acts.memory.of(ADDRESS) == {}


@pytest.mark.parametrize("user", [-1, 11, 255])
async def test_a_user_that_no_device_has_is_refused(home: Home, user: int) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        assert (await technician.post(CODE_PATH, json={"user": user, "code": "0042"})).status_code == 422


async def test_codes_are_for_technicians(home: Home) -> None:
    async with client(home, Role.NURSE) as nurse:
        assert (await nurse.post(CODE_PATH, json={"user": 3, "code": "0042"})).status_code == 403


async def test_a_second_users_code_is_refused_while_one_resident_has_them_all(home: Home) -> None:
    acts = home.services.acts
    await acts.add_resident("Aino Virtanen", actor="t")
    await acts.assign(ADDRESS, "Aino Virtanen", actor="t")
    async with client(home, Role.TECHNICIAN) as technician:
        assert (await technician.post(CODE_PATH, json={"user": 1, "code": "0042"})).status_code == 204
        reply = await technician.post(CODE_PATH, json={"user": 2, "code": "0815"})
        assert reply.status_code == 409
        assert "who would get the measurements of user 2 too" in reply.json()["error"]
        assert "consent-code:2" not in await acts.memory.of(ADDRESS)
        await acts.assign(ADDRESS, "Aino Virtanen", actor="t", user_slot=1)
        assert (await technician.post(CODE_PATH, json={"user": 2, "code": "0815"})).status_code == 204
        with pytest.raises(Conflict, match=r"has users of its own \(1, 2\).*'--slot'"):
            await acts.assign(ADDRESS, "Aino Virtanen", actor="t", placement="bathroom")
        assert [one.user_slot for one in await acts.registry.assigned(ADDRESS)] == [1]


async def test_codes_are_forgotten_even_when_the_bond_cannot_be_removed(home: Home) -> None:
    class NoAdapter(HandRadio):
        async def forget(self, address: str) -> None:
            raise NotFound(f"no adapter to forget {address} with")

    acts = replace(home.services.acts, bonds=NoAdapter())  # type: ignore[arg-type]
    await acts.memory.keep(ADDRESS, {"consent-code:1": "1001", "last-sequence": "7"})
    with pytest.raises(
        NotFound, match=f"{ADDRESS} belongs to nobody now, but the bond with it is still there: no adapter"
    ):
        await acts.unpair(ADDRESS, actor="t")
    assert await acts.memory.of(ADDRESS) == {"last-sequence": "7"}
