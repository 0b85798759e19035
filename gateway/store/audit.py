"""Who did what to whom: append-only, written in the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import apsw

from gateway.store.outgoing import json_text
from gateway.store.rows import insert
from gateway.store.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One act. `detail` is JSON text without names or measurements."""

    id: int
    at: str
    actor: str
    action: str
    target: str
    detail: str


def note(
    connection: apsw.Connection,
    stamp: Stamp,
    *,
    actor: str,
    action: str,
    target: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add a row. `action` is "<thing>.<verb>", such as "device.assign"."""
    values = {"actor": actor, "action": action, "target": target, "detail": json_text(detail or {})}
    insert(connection, "audit", stamp, values)


def rows(connection: apsw.Connection, limit: int) -> list[AuditRow]:
    """The newest acts first."""
    found = connection.execute(
        "SELECT id, wall, actor, action, target, detail FROM audit ORDER BY id DESC LIMIT ?", (limit,)
    )
    return [AuditRow(id=i, at=at, actor=who, action=what, target=whom, detail=d) for i, at, who, what, whom, d in found]
