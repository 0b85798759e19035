"""Which devices may be meant, when the gateway asks."""

from __future__ import annotations

from typing import Any

import pytest

from api.cli.candidates import lines, possible

CUFF = "a-and-d/ua-651ble"


def one(address: str, **other: Any) -> dict[str, Any]:
    known = {"profile": CUFF, "pairing": None, "seconds_ago": 1.0, "owner": None, "owner_name": None, "rssi": -60}
    return {"address": address, "model": "A&D UA-651BLE", "signal": "fair", **known, **other}


def pairing(*candidates: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"resident_id": "aino", "shared": False, "user_slot": None, "candidates": list(candidates), **other}


@pytest.mark.parametrize(
    "other",
    [
        {"profile": None},
        {"profile": "polar/h10"},
        {"pairing": False},
        {"seconds_ago": 60.0},
        {"owner": "eino", "owner_name": "Eino"},
    ],
)
def test_who_cannot_be_meant(other: dict[str, Any]) -> None:
    mine = one("A")
    assert possible(pairing(mine, one("B", **other)), CUFF) == [mine]


def test_who_wants_to_be_paired_goes_before_who_says_nothing_and_the_nearest_first() -> None:
    silent, far, near = one("A", rssi=-40), one("B", pairing=True, rssi=-80), one("C", pairing=True)
    assert possible(pairing(silent, far, near), None) == [near, far]


def test_what_several_have_may_be_anothers() -> None:
    eino = one("A", owner="eino", owner_name="Eino")
    assert possible(pairing(eino, shared=True), None) == [eino]
    assert possible(pairing(eino, user_slot=2), None) == [eino]
    assert list(lines([eino])) == ["  1  A&D UA-651BLE  A  fair (-60 dBm) · already belongs to Eino"]
