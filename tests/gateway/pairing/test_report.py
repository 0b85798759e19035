"""The installation report: what was paired, in three languages, without values unless they are asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.acts import PLACEMENTS
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock
from gateway.pairing.report import Installation, markdown
from gateway.pairing.report_words import KINDS, PLACES, WORDS
from gateway.store.pairings import PairingRow
from gateway.store.users import LOCAL_ADMINISTRATOR
from tests.gateway.pairing.home import CUFF, HELSINKI, Household
from tests.virtual_time import EPOCH

ROW = PairingRow(
    id="p1",
    actor="Tekla",
    resident_id="aino",
    language="fi",
    started_at=EPOCH,
    ended_at=EPOCH + timedelta(seconds=14),
    address=CUFF,
    placement="bedroom",
    outcome="ready",
    bonded=True,
    prepared=True,
    found={
        "model_words": "A&D UA-651BLE",
        "firmware": "1.2",
        "battery_percent": 66,
        "bond": "bonded",
        "clock": {"state": "set", "offset_s": 3.0},
        "rssi": -90,
        "first": {"at": "2026-03-01T08:00:10+00:00", "kinds": ["blood-pressure"]},
    },
)
HOME = Installation(
    home_id="home-1",
    gateway_id="gw-1",
    adapters=["hci0 00:11:22:33:44:55"],
    simulated=False,
    written_at=EPOCH,
    rows=[ROW],
    owned=frozenset({CUFF}),
    residents={"aino": "Aino Virtanen"},
    values={},
)


def test_in_finnish() -> None:
    page = markdown(HOME, language="fi", zone=HELSINKI)
    for line in (
        "# Asennusraportti",
        "## 1. A&D UA-651BLE",
        "- Asukas: Aino Virtanen, makuuhuone",
        "- Paritettu: 2026-03-01 10:00:00, tekijä Tekla",
        "- Kello: asetettu ja tarkistettu",
        "- Ensimmäinen mittaus: verenpaine, 2026-03-01 10:00:10",
        "- Signaali: HEIKKO (-90 dBm)",
        "- Tulos: **valmis**",
    ):
        assert line in page.splitlines()
    assert "SIMUL" not in page


def test_what_is_not_proven_is_listed_and_what_is_not_in_use_is_not() -> None:
    old = replace(ROW, id="p0", outcome="unproven", found={**ROW.found, "verdict": "Measure once.", "first": None})
    page = markdown(replace(HOME, rows=[old], simulated=True), language="en", zone=HELSINKI)
    assert "## Still to be done" in page
    assert f"- {CUFF}: Measure once." in page
    assert "SIMULATED" in page
    assert "- First measurement: NOT PROVEN: measure once" in page
    assert "UA-651BLE" not in markdown(replace(HOME, owned=frozenset()), language="sv", zone=HELSINKI)
    failed = replace(ROW, outcome="failed")
    assert "Ingenting har parats" in markdown(replace(HOME, rows=[failed]), language="sv", zone=HELSINKI)


def test_where_it_is_worn_and_who_did_it_is_said_in_the_language() -> None:
    strap = replace(ROW, placement="chest", actor=LOCAL_ADMINISTRATOR)
    page = markdown(replace(HOME, rows=[strap]), language="fi", zone=HELSINKI)
    assert "- Asukas: Aino Virtanen, rinta" in page.splitlines()
    assert "tekijä paikallinen ylläpitäjä" in page
    page = markdown(replace(HOME, rows=[strap]), language="sv", zone=HELSINKI)
    assert "- Boende: Aino Virtanen, bröst" in page.splitlines()
    assert "av lokal administratör" in page


def test_every_place_has_a_word_in_every_language() -> None:
    assert {language: set(places) for language, places in PLACES.items()} == {key: set(PLACEMENTS) for key in WORDS}


def test_every_word_is_in_every_language() -> None:
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}
    assert set(KINDS["fi"]) == set(KINDS["sv"])


@pytest.mark.slow
async def test_of_a_home(household: Household) -> None:
    cuff = BloodPressureCuff(household.air, clock=DeviceClock(household.local_now()))
    await cuff.power_on()
    async with household.gateway() as gateway:
        pairing = await gateway.begin(CUFF)
        await cuff.pairing_mode()
        await gateway.until(lambda: gateway.state(pairing).phase == "measuring")
        await cuff.measure(systolic=133, diastolic=81, pulse=64)
        await gateway.ended(pairing)
        page = await gateway.pairings.report("en", values=False, simulated=True)
        assert "blood pressure" in page
        assert "133" not in page
        assert "systolic 133 mm[Hg]" in await gateway.pairings.report("en", values=True, simulated=True)
