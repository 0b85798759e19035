# ruff: noqa: S608  # the SQL is put together from constants of this file; values are bound
"""The readings: one row each, in the order of commits."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import apsw

from device_drivers.nomenclature import Kind
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.streams import STREAMS
from gateway.store.database import Database

_COLUMNS: Final = (
    "seq", "id", "subject_type", "subject_id", "device_identity", "kind", "failed", "values", "missing", "flags",
    "doubtful", "series", "device_time", "effective_at", "effective_source", "effective_uncertainty_s", "offset_s",
    "user_slot", "received_at", "synchronised", "identity_rule", "may_repeat",
)  # fmt: skip
_SELECT: Final = "SELECT " + ", ".join(f'"{name}"' for name in _COLUMNS) + " FROM readings "
MOST_READINGS: Final = 1000  # of one answer
_SINGLE: Final = "source NOT IN (" + ", ".join(f"'{source}'" for source in sorted(STREAMS)) + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRow:
    """A stored reading. `subject` is None while its device belongs to nobody; `values` in the nomenclature's units."""

    seq: int
    id: str
    subject: Subject | None
    device_identity: str
    kind: str
    failed: bool
    values: Mapping[str, float]
    missing: Mapping[str, str]
    flags: tuple[str, ...]
    doubtful: tuple[str, ...]
    series: Mapping[str, tuple[float, ...]]
    device_time: str | None
    effective_at: datetime | None
    effective_source: str
    effective_uncertainty_s: float | None
    offset_s: float | None
    user_slot: int | None
    received_at: datetime
    synchronised: bool
    identity_rule: str
    may_repeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A reading that has become somebody else's since it was committed. `row` says whose it is now."""

    position: int
    from_id: str | None
    row: ReadingRow


class Readings:
    """Looks into the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_resident(self, resident_id: str, *, after_seq: int = 0, limit: int = 200) -> list[ReadingRow]:
        """Readings about a resident after a position, in the order of commits; the failed ones too."""
        sql = _SELECT + "WHERE subject_type = 'resident' AND subject_id = ? AND seq > ? ORDER BY seq LIMIT ?"
        return await self._rows(sql, (resident_id, after_seq, min(limit, MOST_READINGS)))

    async def after(self, seq: int = 0, *, limit: int = 200) -> list[ReadingRow]:
        """Readings of all after a position, in the order of commits."""
        return await self._rows(_SELECT + "WHERE seq > ? ORDER BY seq LIMIT ?", (seq, min(limit, MOST_READINGS)))

    async def latest(self, resident_id: str) -> list[ReadingRow]:
        """The newest successful reading of each kind about a resident, by the order of commits."""
        sql = _SELECT + "WHERE subject_id = ? AND kind = ? AND failed = 0 ORDER BY seq DESC LIMIT 1"

        def work(connection: apsw.Connection) -> list[ReadingRow]:
            found = (connection.execute(sql, (resident_id, kind.value)).fetchone() for kind in Kind)
            return sorted((_row(row) for row in found if row is not None), key=lambda row: row.seq)

        return await self._database.read(work)

    async def single_after(
        self, seq: int, kinds: Collection[Kind], *, limit: int = 200
    ) -> tuple[list[ReadingRow], int]:
        """Readings of these kinds after a position, but those of streams; and up to where that is all there is."""
        sql = f"{_SELECT}WHERE seq > ? AND kind IN ({', '.join('?' * len(kinds))}) AND {_SINGLE} ORDER BY seq LIMIT ?"

        def work(connection: apsw.Connection) -> tuple[list[ReadingRow], int]:
            last = int(connection.execute("SELECT ifnull(max(seq), 0) FROM readings").get)
            rows = [_row(row) for row in connection.execute(sql, (seq, *(kind.value for kind in kinds), limit))]
            return rows, rows[-1].seq if len(rows) == limit else last

        return await self._database.read(work)

    async def newest(self, resident_id: str, kind: Kind, *, limit: int) -> list[ReadingRow]:
        """The newest of a kind about a resident, in the order of commits, and as many failed ones; no streams."""
        found = (  # the limit counts what is looked for, not what a stream has put between
            f"SELECT seq FROM readings WHERE subject_id = ? AND kind = ? AND failed = {{}} AND {_SINGLE} "
            "AND subject_type = 'resident' ORDER BY seq DESC LIMIT ?"
        )
        sql = f"{_SELECT}WHERE seq IN ({found.format(0)}) OR seq IN ({found.format(1)}) ORDER BY seq"
        return await self._rows(sql, (resident_id, kind.value, limit) * 2)

    async def one(self, reading_id: str) -> ReadingRow | None:
        """By its id."""
        found = await self._rows(_SELECT + "WHERE id = ?", (reading_id,))
        return found[0] if found else None

    async def moved_after(self, position: int, *, limit: int = 200) -> list[Moved]:
        """Readings that have become somebody else's, after a position, in the order of commits."""
        columns = ", ".join(f'r."{name}"' for name in _COLUMNS)
        sql = (
            f"SELECT m.position, m.from_id, {columns} FROM reading_moves m JOIN readings r ON r.seq = m.reading_seq "
            "WHERE m.position > ? ORDER BY m.position LIMIT ?"
        )
        return await self._database.read(
            lambda connection: [
                Moved(position=position, from_id=from_id, row=_row(tuple(row)))
                for position, from_id, *row in connection.execute(sql, (position, limit))
            ]
        )

    async def last_move(self) -> int:
        """The newest position of `moved_after`; 0 when none has moved."""
        sql = "SELECT ifnull(max(position), 0) FROM reading_moves"
        return int(await self._database.read(lambda connection: connection.execute(sql).get))

    async def last_seq(self) -> int:
        """The newest position; 0 in an empty store."""
        found = await self._database.read(lambda c: c.execute("SELECT ifnull(max(seq), 0) FROM readings").get)
        return int(found)

    async def unassigned(self) -> Mapping[str, int]:
        """How many readings wait without a subject, per device identity."""
        sql = "SELECT device_identity, count(*) FROM waiting_readings WHERE dismissed = 0 GROUP BY device_identity"
        return dict(await self._database.read(lambda connection: list(connection.execute(sql))))

    async def _rows(self, sql: str, values: tuple[Any, ...]) -> list[ReadingRow]:
        return await self._database.read(lambda connection: [_row(row) for row in connection.execute(sql, values)])


def row_of(connection: apsw.Connection, seq: int) -> ReadingRow:
    """Inside a transaction: the reading at a position that exists."""
    return _row(next(iter(connection.execute(_SELECT + "WHERE seq = ?", (seq,)))))


def find(connection: apsw.Connection, record_id: str) -> tuple[int, bool] | None:
    """Inside a transaction: (seq, it is decided whose it is) of a stored record."""
    row = connection.execute(
        "SELECT seq, subject_id IS NOT NULL OR EXISTS (SELECT 1 FROM waiting_readings w WHERE w.seq = readings.seq "
        "AND w.dismissed = 1) OR decided_by IS NOT NULL FROM readings WHERE id = ?",
        (record_id,),
    ).fetchone()
    return None if row is None else (int(row[0]), bool(row[1]))


def _row(row: tuple[Any, ...]) -> ReadingRow:
    got = dict(zip(_COLUMNS, row, strict=True))
    subject = None
    if got["subject_id"] is not None:
        subject = Subject(type=SubjectType(got["subject_type"]), id=got["subject_id"])
    return ReadingRow(
        seq=got["seq"],
        id=got["id"],
        subject=subject,
        device_identity=got["device_identity"],
        kind=got["kind"],
        failed=bool(got["failed"]),
        values=json.loads(got["values"]),
        missing=json.loads(got["missing"]),
        flags=tuple(json.loads(got["flags"])),
        doubtful=tuple(json.loads(got["doubtful"])),
        series={name: tuple(values) for name, values in json.loads(got["series"]).items()},
        device_time=got["device_time"],
        effective_at=None if got["effective_at"] is None else datetime.fromisoformat(got["effective_at"]),
        effective_source=got["effective_source"],
        effective_uncertainty_s=got["effective_uncertainty_s"],
        offset_s=got["offset_s"],
        user_slot=got["user_slot"],
        received_at=datetime.fromisoformat(got["received_at"]),
        synchronised=bool(got["synchronised"]),
        identity_rule=got["identity_rule"],
        may_repeat=bool(got["may_repeat"]),
    )
