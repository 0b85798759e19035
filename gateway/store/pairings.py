"""Pairings: the durable note of each, so that one that was cut off leaves nothing half done; and for the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import apsw

from gateway.store import audit
from gateway.store.database import Database
from gateway.store.outgoing import json_text
from gateway.store.rows import insert
from gateway.store.stamp import Stamper, utc_text

KEPT: Final = 500  # ended ones, the newest: a home has some ten devices, each paired a few times in its life


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingRow:
    """One pairing.

    Attributes:
        owned_before: the device belonged to this resident already: undoing leaves its bond and assignment alone.
        bonded: a bond was made by it.
        prepared: everything but the first measurement is done.
        outcome: None while it is under way (or was cut off).
        found: what was learnt of the device, for the report: no measured value, no secret.
    """

    id: str
    actor: str
    resident_id: str
    language: str
    started_at: datetime
    address: str | None = None
    profile_id: str | None = None
    user_slot: int | None = None
    placement: str | None = None
    shared: bool = False
    replaces: str | None = None
    owned_before: bool = False
    bonded: bool = False
    prepared: bool = False
    outcome: str | None = None
    found: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    ended_at: datetime | None = None


_COLUMNS: Final = (
    *("id", "actor", "resident_id", "language", "started_at", "address", "profile_id", "user_slot", "placement"),
    *("shared", "replaces", "owned_before", "bonded", "prepared", "outcome", "found", "ended_at"),
)
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM pairings"  # noqa: S608  # names of our own
_KEPT_AS_IT_WAS: Final = frozenset({"id", "actor", "started_at"})
_UPDATE: Final = "ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in _COLUMNS if column not in _KEPT_AS_IT_WAS
)


class PairingNotes:
    """The rows. Each change is durable when its call returns; all raise StoreError."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def keep(self, row: PairingRow) -> None:
        """Write it, new or changed. Beginning and ending one is audited."""
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            known = connection.execute("SELECT outcome FROM pairings WHERE id = ?", (row.id,)).fetchone()
            insert(connection, "pairings", stamp, _values(row), then=_UPDATE)
            if known is None:
                audit.note(connection, stamp, actor=row.actor, action="pairing.begin", target=row.id)
            if row.outcome is not None and (known is None or known[0] is None):
                detail = {"outcome": row.outcome, "device": row.address}
                audit.note(connection, stamp, actor=row.actor, action="pairing.end", target=row.id, detail=detail)
                connection.execute(
                    "DELETE FROM pairings WHERE outcome IS NOT NULL AND id NOT IN "
                    "(SELECT id FROM pairings ORDER BY started_at DESC LIMIT ?)",
                    (KEPT,),
                )

        await self._database.write(work)

    async def one(self, pairing_id: str) -> PairingRow | None:
        """By id."""
        return await self._database.read(
            lambda connection: next(
                (_row(row) for row in connection.execute(f"{_SELECT} WHERE id = ?", (pairing_id,))), None
            )
        )

    async def first_values(self, device_identity: str, *, since: datetime) -> Mapping[str, float]:
        """What the device's first good reading since then measured, by quantity; empty when there is none."""
        sql = (
            'SELECT "values" FROM readings WHERE device_identity = ? AND failed = 0 AND received_at >= ? '
            "ORDER BY seq LIMIT 1"
        )
        found = await self._database.read(
            lambda connection: connection.execute(sql, (device_identity, utc_text(since))).get
        )
        return {} if found is None else {str(name): float(value) for name, value in json.loads(found).items()}

    async def measured(self, device_identity: str, *, resident_id: str, since: datetime) -> bool:
        """Whether a good reading of the device has come since then that is the resident's. Its battery is none."""
        sql = (
            "SELECT 1 FROM readings WHERE device_identity = ? AND failed = 0 AND kind <> 'battery' AND "
            "received_at >= ? AND subject_id = ? LIMIT 1"
        )
        return await self._database.read(
            lambda connection: connection.execute(sql, (device_identity, utc_text(since), resident_id)).get is not None
        )

    async def cut_off(self) -> list[PairingRow]:
        """Those without an outcome, the oldest first."""
        return await self._database.read(
            lambda connection: [
                _row(row) for row in connection.execute(f"{_SELECT} WHERE outcome IS NULL ORDER BY started_at, id")
            ]
        )

    async def ended(self) -> list[PairingRow]:
        """Those with an outcome, the latest first."""
        return await self._database.read(
            lambda connection: [
                _row(row)
                for row in connection.execute(f"{_SELECT} WHERE outcome IS NOT NULL ORDER BY started_at DESC, id")
            ]
        )


def _values(row: PairingRow) -> dict[str, Any]:
    values: dict[str, Any] = {column: getattr(row, column) for column in _COLUMNS}
    values |= {flag: int(values[flag]) for flag in ("shared", "owned_before", "bonded", "prepared")}
    values["found"] = json_text(dict(row.found))
    values["started_at"] = utc_text(row.started_at)
    values["ended_at"] = None if row.ended_at is None else utc_text(row.ended_at)
    return values


def _row(cells: tuple[Any, ...]) -> PairingRow:
    values: dict[str, Any] = dict(zip(_COLUMNS, cells, strict=True))
    values |= {flag: bool(values[flag]) for flag in ("shared", "owned_before", "bonded", "prepared")}
    values["found"] = MappingProxyType(json.loads(values["found"]))
    values["started_at"] = datetime.fromisoformat(values["started_at"])
    values["ended_at"] = None if values["ended_at"] is None else datetime.fromisoformat(values["ended_at"])
    return PairingRow(**values)
