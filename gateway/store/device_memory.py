"""What drivers remember of a device between connections. Consent codes and bind keys are among it: never logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import apsw

from gateway.store.database import Database
from gateway.store.rows import insert
from gateway.store.stamp import STAMP_COLUMNS, Stamper

_AGAIN: Final = "ON CONFLICT (address, key) DO UPDATE SET value = excluded.value, " + ", ".join(
    f"{column} = excluded.{column}" for column in STAMP_COLUMNS.split(", ")
)


class DeviceMemory:
    """Words by address and key, durable."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def of(self, address: str) -> Mapping[str, str]:
        """Everything of one device."""
        sql = "SELECT key, value FROM device_memory WHERE address = ?"
        return await self._database.read(
            lambda connection: {str(key): str(value) for key, value in connection.execute(sql, (address.upper(),))}
        )

    async def keep(self, address: str, kept: Mapping[str, str]) -> None:
        """Add or replace words. Raises StoreError."""
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            for key, value in kept.items():
                row = {"address": address.upper(), "key": key, "value": value}
                insert(connection, "device_memory", stamp, row, then=_AGAIN)

        await self._database.write(work)

    async def forget(self, address: str) -> None:
        """Nothing is remembered of the device any more. Raises StoreError."""
        await self._database.write(
            lambda connection: connection.execute("DELETE FROM device_memory WHERE address = ?", (address.upper(),))
        )
