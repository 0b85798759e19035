"""What sensors of rooms said, as little of it as the days need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import apsw

from device_drivers.nomenclature import Kind
from gateway.store.database import Database
from gateway.store.stamp import utc_text

MOST: Final = 5000  # rows of one look
_SELECT: Final = (
    'SELECT seq, device_identity, "values", missing, coalesce(effective_at, received_at) FROM readings '
    "WHERE kind = ? AND seq > ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """One thing that a sensor said, or (`on` None) that it cannot be reached.

    Attributes:
        quantity: "motion-detected", "door-open" …
        at: when it was so, as far as that is known.
    """

    seq: int
    device_identity: str
    quantity: str
    on: bool | None
    at: datetime


class RoomStates:
    """Looks into the readings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_device(self, identity: str, since: datetime, after_seq: int = 0) -> tuple[list[StateRow], int]:
        """What a device said since a moment, in the order of commits, and up to which position it was looked.

        At most `MOST` rows; ask again from that position on until it stays.
        """
        sql = _SELECT + " AND device_identity = ? AND received_at >= ? ORDER BY seq LIMIT ?"
        return await self._read(sql, (Kind.ROOM_STATE.value, after_seq, identity, utc_text(since), MOST), after_seq)

    async def after(self, seq: int) -> tuple[list[StateRow], int]:
        """What all devices said after a position; as `of_device`."""
        return await self._read(_SELECT + " ORDER BY seq LIMIT ?", (Kind.ROOM_STATE.value, seq, MOST), seq)

    async def _read(self, sql: str, values: tuple[Any, ...], seq: int) -> tuple[list[StateRow], int]:
        def work(connection: apsw.Connection) -> tuple[list[StateRow], int]:
            # First: what is committed meanwhile is looked at the next time. Rows of other kinds are passed for good.
            newest = int(connection.execute("SELECT ifnull(max(seq), 0) FROM readings").get)
            rows = list(connection.execute(sql, values))
            last = int(rows[-1][0]) if len(rows) == MOST else max(seq, newest)
            return [state for row in rows for state in _states(row)], last

        return await self._database.read(work)


def _states(row: tuple[Any, ...]) -> list[StateRow]:
    seq, identity, values, missing, at = row
    told: dict[str, bool | None] = {name: value > 0 for name, value in json.loads(values).items()}
    told |= dict.fromkeys(json.loads(missing))
    when = datetime.fromisoformat(at)
    return [StateRow(seq=seq, device_identity=identity, quantity=name, on=on, at=when) for name, on in told.items()]
