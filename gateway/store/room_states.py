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
LATELY: Final = 50  # words of a device that tell what it is
_LATELY: Final = (
    'SELECT "values", missing FROM (SELECT "values", missing, kind FROM readings WHERE device_identity = ? '
    "ORDER BY seq DESC LIMIT ?) WHERE kind = ?"
)
_SELECT: Final = (
    'SELECT seq, device_identity, "values", missing, coalesce(effective_at, received_at), '
    "boot_id, monotonic_s, wall, synchronised FROM readings "
    "WHERE kind = ? AND seq > ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    """One thing that a sensor said, or (`on` None) that it cannot be reached.

    Attributes:
        quantity: "motion-detected", "door-open" …
        at: when it was so, as far as that is known.
        boot_id: in which boot of the gateway it was heard.
        offset_s: of its wall clock, in seconds since 1970, from its monotonic one then.
        synchronised: whether the wall clock was.
    """

    seq: int
    device_identity: str
    quantity: str
    on: bool | None
    at: datetime
    boot_id: str = "unknown"
    offset_s: float = 0.0
    synchronised: bool = True


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

    async def told_lately(self, identity: str) -> frozenset[str]:
        """The quantities of a device's last words."""

        def work(connection: apsw.Connection) -> frozenset[str]:
            rows = connection.execute(_LATELY, (identity, LATELY, Kind.ROOM_STATE.value))
            return frozenset(name for values, missing in rows for name in (*json.loads(values), *json.loads(missing)))

        return await self._database.read(work)

    async def _read(self, sql: str, values: tuple[Any, ...], seq: int) -> tuple[list[StateRow], int]:
        def work(connection: apsw.Connection) -> tuple[list[StateRow], int]:
            # First: what is committed meanwhile is looked at the next time. Rows of other kinds are passed for good.
            newest = int(connection.execute("SELECT ifnull(max(seq), 0) FROM readings").get)
            rows = list(connection.execute(sql, values))
            last = int(rows[-1][0]) if len(rows) == MOST else max(seq, newest)
            return [state for row in rows for state in _states(row)], last

        return await self._database.read(work)


def _states(row: tuple[Any, ...]) -> list[StateRow]:
    seq, identity, values, missing, at, boot_id, monotonic_s, wall, synchronised = row
    told: dict[str, bool | None] = {name: value > 0 for name, value in json.loads(values).items()}
    told |= dict.fromkeys(json.loads(missing))
    when = datetime.fromisoformat(at)
    offset_s = datetime.fromisoformat(wall).timestamp() - monotonic_s
    return [
        StateRow(
            seq=seq, device_identity=identity, quantity=name, on=on, at=when, boot_id=boot_id, offset_s=offset_s,
            synchronised=bool(synchronised),
        )
        for name, on in told.items()
    ]  # fmt: skip
