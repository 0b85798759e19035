"""When this gateway listened to the sensors of the rooms: between two spans nobody knows what happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import apsw

from gateway.store.database import Database
from gateway.store.rows import insert
from gateway.store.stamp import Stamper, utc_text

# A restart, or a minute in which the store was busy, is no gap: whoever is well is heard again soon after it.
SHORT: Final = timedelta(minutes=30)
KEPT: Final = timedelta(days=200)


class Listening:
    """Spans on SQLite."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def goes_on(self) -> None:
        """It is listened to at this moment. Within `SHORT` of the last time it was listened to in between, too.

        Raises StoreError.
        """
        stamp = self._stamper.now()
        now, old = utc_text(stamp.wall), utc_text(stamp.wall - KEPT)

        def work(connection: apsw.Connection) -> None:
            last = connection.execute("SELECT id, from_at, to_at FROM listening ORDER BY id DESC LIMIT 1").fetchone()
            # A clock that was set back begins a span of its own: nobody knows where the old one belongs.
            if last is not None and last[1] <= now and last[2] >= utc_text(stamp.wall - SHORT) and last[2] <= now:
                connection.execute("UPDATE listening SET to_at = ? WHERE id = ?", (now, last[0]))
                return
            insert(connection, "listening", stamp, {"from_at": now, "to_at": now})
            if stamp.synchronised:  # a clock that is years ahead for a moment may not make everything too old
                connection.execute("DELETE FROM listening WHERE to_at < ?", (old,))

        await self._database.write(work)

    async def spans(self, since: datetime) -> list[tuple[datetime, datetime]]:
        """Those that end after a moment, in the order in which they were begun."""
        sql = "SELECT from_at, to_at FROM listening WHERE to_at > ? ORDER BY id"
        rows = await self._database.read(lambda connection: list(connection.execute(sql, (utc_text(since),))))
        return [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in rows]
