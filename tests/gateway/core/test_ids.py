"""Identifiers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from gateway.core.ids import derived_id, new_id

T = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def test_new_ids_are_uuid7_sort_by_time_and_differ() -> None:
    ids = [new_id(T + timedelta(milliseconds=i)) for i in range(1000)]
    assert ids == sorted(ids)
    assert all(uuid.UUID(i).version == 7 and uuid.UUID(i).variant == uuid.RFC_4122 for i in ids)
    assert len({new_id(T) for _ in range(10_000)}) == 10_000


def test_derived_ids_follow_from_their_parts_only() -> None:
    assert derived_id("a", "b") == derived_id("a", "b")
    assert derived_id("a", "b") != derived_id("ab")
    assert derived_id("a", "b") != derived_id("b", "a")
    # Receivers know readings by these: the function may never change.
    assert derived_id("reading", "serial:A&D:5161100001") == "dafc2c81-7c95-5ade-a676-5c8cbeaac57f"
