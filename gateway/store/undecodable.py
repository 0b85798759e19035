"""Frames that no decoder understood: kept raw, so that a driver can be mended and nothing a device said is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import apsw

from gateway.store.database import Database
from gateway.store.rows import insert
from gateway.store.stamp import Stamper

KEPT: Final = 1000  # newest; a device that babbles must not fill the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class UndecodableFrame:
    """One frame and why it is none."""

    device_identity: str
    source: str
    raw: bytes
    why: str


class UndecodableFrames:
    """The newest of them, in the order of arrival."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def keep(self, frame: UndecodableFrame) -> None:
        """Commit one; the oldest beyond the bound goes.

        Raises:
            StoreError: it could not be written.
        """
        stamp = self._stamper.now()
        values = {
            "device_identity": frame.device_identity,
            "source": frame.source,
            "raw": frame.raw,
            "why": frame.why,
        }

        def work(connection: apsw.Connection) -> None:
            insert(connection, "undecodable_frames", stamp, values)
            connection.execute("DELETE FROM undecodable_frames WHERE seq <= last_insert_rowid() - ?", (KEPT,))

        await self._database.write(work)

    async def all(self) -> list[UndecodableFrame]:
        """What is kept, oldest first."""

        def work(connection: apsw.Connection) -> list[UndecodableFrame]:
            rows = connection.execute("SELECT device_identity, source, raw, why FROM undecodable_frames ORDER BY seq")
            return [UndecodableFrame(device_identity=d, source=s, raw=r, why=w) for d, s, r, w in rows]

        return await self._database.read(work)
