"""How the rules about vital signs stood when they were last judged."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import apsw

from gateway.store.database import Database
from gateway.store.rows import insert
from gateway.store.stamp import STAMP_COLUMNS, Stamper

_AGAIN: Final = "ON CONFLICT (resident_id, rule) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in ("beyond", "told", *STAMP_COLUMNS.split(", "))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalState:
    """How bad it was when that was told (None: not beyond its limit), and when it was judged."""

    told: Mapping[str, float] | None
    judged_at: datetime


class VitalStates:
    """Of all residents."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def of(self, resident_id: str) -> Mapping[str, VitalState]:
        """By rule; only those that were judged."""
        sql = "SELECT rule, beyond, told, wall FROM vital_states WHERE resident_id = ?"

        def work(connection: apsw.Connection) -> dict[str, VitalState]:
            return {
                rule: VitalState(
                    told=json.loads(told or "{}") if beyond else None, judged_at=datetime.fromisoformat(wall)
                )
                for rule, beyond, told, wall in connection.execute(sql, (resident_id,))
            }

        return await self._database.read(work)

    async def keep(self, resident_id: str, rule: str, *, told: Mapping[str, float] | None) -> None:
        """Judged now."""
        stamp = self._stamper.now()
        kept = None if told is None else json.dumps(dict(told), allow_nan=False)
        values = {"resident_id": resident_id, "rule": rule, "beyond": int(told is not None), "told": kept}
        await self._database.write(lambda connection: insert(connection, "vital_states", stamp, values, then=_AGAIN))

    async def forget(self, resident_id: str, rules: Collection[str]) -> None:
        """Those that were switched off: switched on again, they begin anew."""
        sql = "DELETE FROM vital_states WHERE resident_id = ? AND rule = ?"
        rows = [(resident_id, rule) for rule in sorted(rules)]
        await self._database.write(lambda connection: connection.executemany(sql, rows).get)
