"""The file of bonds by itself."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bumble.keys import PairingKeys

from gateway.radio.bumble.keys import BumbleKeyStore, KeyFile, KeysDamaged, KeysNotWritable

ADAPTER, OTHER = "00:1B:DC:F0:00:01", "00:1B:DC:F0:00:02"
PEER = "5C:31:3E:5D:3F:1A"
KEYS: dict[str, Any] = {"ltk": {"value": "00112233445566778899aabbccddeeff", "authenticated": False}, "address_type": 0}


def now() -> datetime:
    return datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def test_round_trip_per_adapter(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "bonds.json"
    KeyFile(path, now=now).put(ADAPTER, PEER, KEYS)
    again = KeyFile(path, now=now)
    assert again.peers(ADAPTER) == {PEER: KEYS}
    assert again.peers(OTHER) == {}
    again.remove(ADAPTER, PEER)
    again.remove(ADAPTER, PEER)
    assert KeyFile(path, now=now).peers(ADAPTER) == {}


def test_the_static_address_is_minted_once(tmp_path: Path) -> None:
    first = KeyFile(tmp_path / "bonds.json", now=now).static_address()
    assert KeyFile(tmp_path / "bonds.json", now=now).static_address() == first
    assert int(first[:2], 16) >= 0xC0  # the two top bits of a static address


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "bonds.json"
    KeyFile(path, now=now).put(ADAPTER, PEER, KEYS)
    raw = path.read_bytes()
    start = raw.index(b"00112233")
    for at in range(start, start + 32, 5):
        spoiled = bytearray(raw)
        spoiled[at] ^= 0x01
        path.write_bytes(spoiled)
        file = KeyFile(path, now=now)
        assert file.damage is not None
        assert "damaged" in file.damage
        assert file.peers(ADAPTER) == {}


def test_a_newer_version_is_not_touched_silently(tmp_path: Path) -> None:
    path = tmp_path / "bonds.json"
    path.write_text(json.dumps({"version": 2, "adapters": {}, "checksum": "x"}))
    damage = KeyFile(path, now=now).damage
    assert damage is not None
    assert "its version is 2, this gateway knows 1" in damage
    assert (tmp_path / "bonds.json.damaged-20260301T080000Z").exists()


def test_the_sentence_stays_until_it_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "bonds.json"
    path.write_bytes(b"{")
    first = KeyFile(path, now=now)
    first.put(ADAPTER, PEER, KEYS)
    again = KeyFile(path, now=now)
    assert again.damage == first.damage is not None
    again.accept_damage()
    assert KeyFile(path, now=now).damage is None
    assert KeyFile(path, now=now).peers(ADAPTER) == {PEER: KEYS}


def test_a_cut_in_the_middle_of_a_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bonds.json"
    KeyFile(path, now=now).put(ADAPTER, PEER, KEYS)
    before = path.read_bytes()

    def cut(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", cut)
    file = KeyFile(path, now=now)
    with pytest.raises(KeysNotWritable, match=r"Input/output error.*pair the device again"):
        file.put(ADAPTER, OTHER, KEYS)
    assert path.read_bytes() == before
    assert OTHER not in file.peers(ADAPTER)


def test_a_damaged_file_that_cannot_be_moved_stops_the_radio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bonds.json"
    path.write_bytes(b"{")

    def refuse(_self: Path, _target: Path) -> Path:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(KeysDamaged, match=r"Read-only file system.*restore it from a backup"):
        KeyFile(path, now=now)
    assert path.read_bytes() == b"{"


async def test_the_store_knows_public_addresses_by_either_name(tmp_path: Path) -> None:
    store = BumbleKeyStore(KeyFile(tmp_path / "bonds.json", now=now), ADAPTER)
    await store.update(f"{PEER}/P", PairingKeys.from_dict(KEYS))
    for name in (PEER, f"{PEER}/P"):
        keys = await store.get(name)
        assert keys is not None
        assert keys.ltk is not None
        assert keys.ltk.value.hex() == KEYS["ltk"]["value"]
    assert [name for name, _ in await store.get_all()] == [PEER]


def test_two_adapters_on_one_file_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "bonds.json"
    one, two = KeyFile(path, now=now), KeyFile(path, now=now)
    one.put(ADAPTER, PEER, KEYS)
    two.put(OTHER, "5C:31:3E:00:00:02", KEYS)
    one.put(ADAPTER, "5C:31:3E:00:00:03", KEYS)
    assert one.static_address() != two.static_address("2")
    again = KeyFile(path, now=now)
    assert set(again.peers(ADAPTER)) == {PEER, "5C:31:3E:00:00:03"}
    assert set(again.peers(OTHER)) == {"5C:31:3E:00:00:02"}
    assert (again.static_address(), again.static_address("2")) == (one.static_address(), two.static_address("2"))
    assert again.holder(PEER, besides=OTHER) == ADAPTER
    assert again.holder(PEER, besides=ADAPTER) is None
    two.forget(PEER)
    assert set(KeyFile(path, now=now).peers(ADAPTER)) == {"5C:31:3E:00:00:03"}


def test_a_file_of_one_controller_keeps_its_static_address(tmp_path: Path) -> None:
    path = tmp_path / "bonds.json"
    body = {"version": 1, "static_address": "C1:02:03:04:05:06", "adapters": {}, "damage": None}
    checksum = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps({"checksum": checksum, **body}))
    file = KeyFile(path, now=now)
    assert file.damage is None
    assert file.static_address() == "C1:02:03:04:05:06"
