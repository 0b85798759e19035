"""Up to where parts of the gateway have followed what is committed."""

from __future__ import annotations

from typing import Final

from gateway.store.database import Database
from gateway.store.rows import insert
from gateway.store.stamp import STAMP_COLUMNS, Stamper

_AGAIN: Final = "ON CONFLICT (name) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in ("position", *STAMP_COLUMNS.split(", "))
)


class Followed:
    """Positions by name. What is behind one is done; what is beyond it may have been done, too."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def position(self, name: str) -> int | None:
        """None: nothing was followed so far."""
        sql = "SELECT position FROM followed WHERE name = ?"
        found = await self._database.read(lambda connection: connection.execute(sql, (name,)).get)
        return None if found is None else int(found)

    async def keep(self, name: str, position: int) -> None:
        """Done up to here."""
        stamp = self._stamper.now()
        values = {"name": name, "position": position}
        await self._database.write(lambda connection: insert(connection, "followed", stamp, values, then=_AGAIN))
