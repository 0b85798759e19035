"""The durable note of a pairing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.store import pairings
from gateway.store.database import Database
from gateway.store.pairings import PairingNotes, PairingRow
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper
from tests.virtual_time import EPOCH


def row(number: int = 1) -> PairingRow:
    return PairingRow(
        id=f"p{number}",
        actor="a technician",
        resident_id="r1",
        language="fi",
        started_at=EPOCH + timedelta(minutes=number),
        address="AA:BB:CC:DD:EE:FF",
        user_slot=2,
        found={"model": "UA-651BLE"},
    )


async def test_what_is_kept_is_found_again(database: Database, stamper: Stamper) -> None:
    notes = PairingNotes(database, stamper)
    await notes.keep(row())
    assert await notes.one("p1") == row()
    assert await notes.cut_off() == [row()]
    done = replace(row(), outcome="ready", bonded=True, prepared=True, ended_at=EPOCH)
    await notes.keep(done)
    assert (await notes.cut_off(), await notes.ended(), await notes.one("p1")) == ([], [done], done)
    assert await notes.one("p2") is None
    await notes.keep(done)
    acts = [act.action for act in await Registry(database, stamper).audit()]
    assert acts == ["pairing.end", "pairing.begin"], "each once"


async def test_ended_ones_are_bounded_and_open_ones_are_not_lost(
    database: Database, stamper: Stamper, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = PairingNotes(database, stamper)
    await notes.keep(row(0))
    monkeypatch.setattr(pairings, "KEPT", 3)
    for number in range(1, 7):
        await notes.keep(replace(row(number), outcome="failed"))
    assert [one.id for one in await notes.ended()] == ["p6", "p5", "p4"]
    assert [one.id for one in await notes.cut_off()] == ["p0"]
