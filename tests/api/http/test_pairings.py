"""Pairing over the API: begun, watched, answered; refused with sentences."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from device_drivers.errors import CodeNeeded
from gateway.store.users import Role
from tests.api.home import Home, client, events, open_home, served
from tests.api.pairing_radio import CUFF, CUFF_PROFILE, OTHER, HandRadio

ROOT = "/api/v1/pairings"


@pytest.fixture
def radio() -> HandRadio:
    return HandRadio()


@pytest.fixture
async def pairing_home(tmp_path: Path, radio: HandRadio) -> AsyncIterator[Home]:
    async with open_home(tmp_path, radio=radio) as home:
        await home.services.acts.add_resident("Aino Virtanen", actor="t")
        yield home


@pytest.fixture
async def technician(pairing_home: Home) -> AsyncIterator[httpx.AsyncClient]:
    async with client(pairing_home, Role.TECHNICIAN) as made:
        yield made


async def begin(technician: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    reply = await technician.post(ROOT, json={"resident": "Aino Virtanen", **more})
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


async def until(technician: httpx.AsyncClient, pairing: dict[str, Any], **fields: object) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            now = (await technician.get(f"{ROOT}/{pairing['id']}")).json()
            if all(now[name] == value for name, value in fields.items()):
                return dict(now)
            await asyncio.sleep(0.01)


async def test_from_looking_to_ready(technician: httpx.AsyncClient, radio: HandRadio, pairing_home: Home) -> None:
    pairing = await begin(technician, address=CUFF.lower(), profile=CUFF_PROFILE, language="sv")
    assert (pairing["address"], pairing["phase"], pairing["outcome"]) in (
        (CUFF, "calling", None),
        (None, "looking", None),
    )
    watch = await radio.watch()
    radio.tell_all(watch)
    now = await until(technician, pairing, phase="measuring")
    assert (now["model"], now["found"]["firmware"], now["found"]["clock"]["state"]) == ("A&D UA-651BLE", "1.2", "set")
    assert len(now["steps"]) >= 2
    radio.measure(watch)
    now = await until(technician, pairing, outcome="ready")
    assert now["verdict"].startswith("Ready: A&D UA-651BLE.")
    assert "177" not in json.dumps(now)
    (device,) = (await technician.get("/api/v1/devices")).json()
    assert (device["firmware"], len(device["assignments"])) == ("1.2", 1)
    page = await technician.get(f"{ROOT}/report?language=fi")
    assert page.headers["content-type"].startswith("text/markdown")
    assert "Aino Virtanen" in page.text
    refused = await technician.get(f"{ROOT}/report?values=true")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    listed = (await technician.get(ROOT)).json()
    assert [one["id"] for one in listed] == [pairing["id"]]


async def test_the_stream_tells_resumes_and_ends(radio: HandRadio, pairing_home: Home) -> None:
    headers = pairing_home.headers(Role.TECHNICIAN)
    async with (
        served(pairing_home) as url,
        httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as technician,
    ):
        pairing = (await technician.post(ROOT, json={"resident": "Aino Virtanen", "address": CUFF})).json()
        watch = await radio.watch()
        radio.tell_all(watch)
        heard = []
        async with asyncio.timeout(5), technician.stream("GET", f"{ROOT}/{pairing['id']}/events") as response:
            async for one in events(response):
                heard.append(one)
                if one.event == "measure":
                    break
        assert [one.event for one in heard][:2] == ["chosen", "connecting"]
        assert [int(one.id or 0) for one in heard] == list(range(1, len(heard) + 1))
        radio.measure(watch)
        again = {"Last-Event-ID": str(heard[-1].id)}
        async with (
            asyncio.timeout(5),
            technician.stream("GET", f"{ROOT}/{pairing['id']}/events", headers=again) as response,
        ):
            rest = [one async for one in events(response)]
        assert [one.event for one in rest] == ["measured", "ended"], "only what came since, and then the stream ends"
        last = json.loads(rest[-1].data)
        assert (last["data"]["outcome"], last["words"][:5]) == ("ready", "Ready")
        nothing = await technician.get(f"{ROOT}/nothing/events")
        assert (nothing.status_code, nothing.json()["code"]) == (404, "not-found")


async def test_a_passkey_is_asked_for_and_kept_nowhere(
    technician: httpx.AsyncClient, radio: HandRadio, pairing_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    pairing = await begin(technician, address=CUFF)
    early = await technician.post(f"{ROOT}/{pairing['id']}/passkey", json={"passkey": "012345"})
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    await radio.watch()
    agent = radio.agents[CUFF]
    assert agent is not None
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(agent.passkey(CUFF))
        now = await until(
            technician,
            pairing,
            ask={"kind": "passkey", "words": "Enter the six digits that the device displays.", "number": None},
        )
        for wrong in ("abcdef", "1234567", ""):
            refused = await technician.post(f"{ROOT}/{pairing['id']}/passkey", json={"passkey": wrong})
            assert refused.status_code == 422
            assert wrong not in refused.text or not wrong
        given = await technician.post(f"{ROOT}/{pairing['id']}/passkey", json={"passkey": "012345"})
        assert given.status_code == 200
    assert asked.result() == 12345
    async with asyncio.TaskGroup() as group:
        compared = group.create_task(agent.compare(CUFF, 7))
        now = await until(technician, pairing, phase="calling")
        async with asyncio.timeout(5):
            while now["ask"] is None:
                now = (await technician.get(f"{ROOT}/{pairing['id']}")).json()
        assert now["ask"]["number"] == "000007"
        await technician.post(f"{ROOT}/{pairing['id']}/compare", json={"match": True})
    assert compared.result() is True
    acts = await pairing_home.services.acts.registry.audit()
    assert "12345" not in str(acts)
    assert "12345" not in capsys.readouterr().out
    done = await technician.post(f"{ROOT}/{pairing['id']}/cancel")
    assert done.status_code == 200
    await until(technician, pairing, outcome="cancelled")
    assert radio.forgotten == [CUFF]


async def test_whose_a_device_is_already_is_said_by_name(
    pairing_home: Home, technician: httpx.AsyncClient, radio: HandRadio
) -> None:
    radio.call(CUFF)
    other = await pairing_home.services.acts.add_resident("Eino Salo", actor="t")
    await pairing_home.services.acts.assign(CUFF, other.id, actor="t")
    (near,) = (await technician.get(f"{ROOT}/nearby")).json()
    assert (near["owner"], near["owner_name"]) == (other.id, "Eino Salo")
    refused = await technician.post(ROOT, json={"resident": "Aino Virtanen", "address": CUFF})
    assert "already belongs to Eino Salo: take it away there first" in refused.json()["error"]


async def test_two_call_and_the_technician_says_which(technician: httpx.AsyncClient, radio: HandRadio) -> None:
    radio.call(CUFF, rssi=-72)
    radio.call(OTHER, rssi=-51)
    near = (await technician.get(f"{ROOT}/nearby")).json()
    assert [(one["address"], one["signal"], one["pairing"]) for one in near] == [
        (OTHER, "strong", True),
        (CUFF, "fair", True),
    ]
    pairing = await begin(technician, profile=CUFF_PROFILE)
    async with asyncio.timeout(5):
        while (now := (await technician.get(f"{ROOT}/{pairing['id']}")).json())["ask"] is None:
            pass
    assert now["ask"]["kind"] == "select"
    assert now["ask"]["words"].index(OTHER) < now["ask"]["words"].index(CUFF), "the nearest first"
    assert len(now["candidates"]) == 2
    unheard = await technician.post(f"{ROOT}/{pairing['id']}/select", json={"address": "AA:BB:CC:DD:EE:FF"})
    assert unheard.status_code == 409
    chosen = await technician.post(f"{ROOT}/{pairing['id']}/select", json={"address": CUFF})
    assert chosen.json()["address"] == CUFF
    await technician.post(f"{ROOT}/{pairing['id']}/cancel")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"resident": "Nobody"}, 404, "There is no resident Nobody"),
        ({"resident": "Aino Virtanen", "address": "cuff"}, 422, "address"),
        ({"resident": "Aino Virtanen", "profile": "a-and-d/ua-651"}, 422, "did you mean"),
        ({"resident": "Aino Virtanen", "placement": "roof"}, 422, "no placement"),
        ({"resident": "Aino Virtanen", "language": "de"}, 422, "language"),
        ({"resident": "Aino Virtanen", "address": CUFF, "bind_key": "xyz"}, 422, "bind_key"),
        ({"resident": "Aino Virtanen", "pin": 1}, 422, "pin is no field"),
    ],
)
async def test_what_cannot_be_meant(
    technician: httpx.AsyncClient, body: dict[str, Any], status: int, words: str
) -> None:
    reply = await technician.post(ROOT, json=body)
    assert (reply.status_code, words in reply.json()["error"]) == (status, True), reply.text


async def test_without_a_radio_it_says_what_to_do(home: Home) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        reply = await technician.get(f"{ROOT}/nearby")
    assert reply.status_code == 404
    assert "no radio runs: start the gateway" in reply.json()["error"]


async def test_there_is_an_end_to_open_pairings(technician: httpx.AsyncClient) -> None:
    made = [await begin(technician, address=f"AA:BB:CC:DD:EE:{number:02X}") for number in range(64)]
    reply = await technician.post(ROOT, json={"resident": "Aino Virtanen", "address": CUFF})
    assert (reply.status_code, "finish or cancel" in reply.json()["error"]) == (409, True)
    for one in made:
        await technician.post(f"{ROOT}/{one['id']}/cancel")


OLD_KEY, NEW_KEY = "11" * 16, "22" * 16


async def key_and_counter(home: Home, address: str = CUFF) -> tuple[str | None, str | None]:
    remembered = await home.services.acts.memory.of(address)
    return remembered.get("bind-key"), remembered.get("replay-counter")


async def test_a_refused_pairing_leaves_the_bind_key_alone(technician: httpx.AsyncClient, pairing_home: Home) -> None:
    acts = pairing_home.services.acts
    await acts.add_resident("Eino Testi", actor="t")
    await acts.assign(CUFF, "Eino Testi", actor="t")
    await acts.set_bind_key(CUFF, OLD_KEY, actor="t")
    await acts.memory.keep(CUFF, {"replay-counter": "77"})
    before = await acts.memory.of(CUFF)
    reply = await technician.post(ROOT, json={"resident": "Aino Virtanen", "address": CUFF, "bind_key": NEW_KEY})
    assert reply.status_code == 409
    assert await acts.memory.of(CUFF) == before


@pytest.mark.parametrize("owned", [True, False])
async def test_a_cancelled_pairing_brings_the_old_key_back(
    technician: httpx.AsyncClient, radio: HandRadio, pairing_home: Home, owned: bool
) -> None:
    acts = pairing_home.services.acts
    if owned:
        await acts.assign(CUFF, "Aino Virtanen", actor="t")
    await acts.set_bind_key(CUFF, OLD_KEY, actor="t")
    await acts.memory.keep(CUFF, {"replay-counter": "77"})
    entered = (await acts.memory.of(CUFF))["key-entered"]
    pairing = await begin(technician, address=CUFF, bind_key=NEW_KEY)
    await radio.watch()
    assert await key_and_counter(pairing_home) == (NEW_KEY, "")
    await technician.post(f"{ROOT}/{pairing['id']}/bind-key", json={"bind_key": "33" * 16})
    await technician.post(f"{ROOT}/{pairing['id']}/cancel")
    await until(technician, pairing, outcome="cancelled")
    assert await key_and_counter(pairing_home) == (OLD_KEY, "77")
    assert (await acts.memory.of(CUFF))["key-entered"] != entered, "the radio must read the counter anew"
    assert await acts.memory.of(f"{CUFF}/before") == {}
    assert OLD_KEY not in str(await acts.registry.audit())


async def test_a_pairing_that_ends_well_keeps_the_new_key(
    technician: httpx.AsyncClient, radio: HandRadio, pairing_home: Home
) -> None:
    await pairing_home.services.acts.set_bind_key(CUFF, OLD_KEY, actor="t")
    pairing = await begin(technician, address=CUFF, bind_key=NEW_KEY)
    watch = await radio.watch()
    radio.tell_all(watch)
    radio.measure(watch)
    await until(technician, pairing, outcome="ready")
    assert (await key_and_counter(pairing_home))[0] == NEW_KEY
    assert await pairing_home.services.acts.memory.of(f"{CUFF}/before") == {}
    assert NEW_KEY not in str(await until(technician, pairing))


async def test_the_code_of_a_user_on_the_device_is_taken(
    technician: httpx.AsyncClient, radio: HandRadio, pairing_home: Home
) -> None:
    pairing = await begin(technician, address=CUFF)
    path = f"{ROOT}/{pairing['id']}"
    watch = await radio.watch()
    watch.failed(CodeNeeded("the scale refuses the consent code of user 2: look it up"))
    ask = (await technician.get(path)).json()["ask"]
    assert ask["kind"] == "consent-code"
    assert "which user of the device the resident is" in ask["words"]
    for body in ({"user": 2, "code": "canary"}, {"user": 11, "code": "0042"}, {"code": "0042"}, {"user": 2}):
        reply = await technician.post(f"{path}/consent-code", json=body)
        assert (reply.status_code, "canary" in reply.text) == (422, False)
    reply = await technician.post(f"{path}/consent-code", json={"user": 2, "code": "0042"})
    assert (reply.status_code, reply.json()["ask"], "0042" in reply.text) == (200, None, False)
    memory = pairing_home.services.acts.memory
    assert (await memory.of(CUFF))["consent-code:2"] == "0042"
    await technician.post(f"{path}/cancel")
    async with asyncio.timeout(5):
        while (await memory.of(CUFF)).get("consent-code:2"):  # noqa: ASYNC110  # of another task
            await asyncio.sleep(0.01)
