"""What drivers remember of a device between connections. Consent codes and bind keys are among it: never logged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

import apsw

from gateway.store import audit
from gateway.store.database import Database
from gateway.store.rows import insert
from gateway.store.stamp import STAMP_COLUMNS, Stamp, Stamper

_AGAIN: Final = "ON CONFLICT (address, key) DO UPDATE SET value = excluded.value, " + ", ".join(
    f"{column} = excluded.{column}" for column in STAMP_COLUMNS.split(", ")
)


class DeviceMemory:
    """Words by address and key, durable."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper
        self._listeners: list[Callable[[], None]] = []

    def on_entry(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each word that a person entered. Returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def of(self, address: str) -> Mapping[str, str]:
        """Everything of one device."""
        sql = "SELECT key, value FROM device_memory WHERE address = ?"
        return await self._database.read(
            lambda connection: {str(key): str(value) for key, value in connection.execute(sql, (address.upper(),))}
        )

    async def keep(self, address: str, kept: Mapping[str, str]) -> None:
        """Add or replace words. Raises StoreError."""
        stamp = self._stamper.now()
        await self._database.write(lambda connection: keep_words(connection, stamp, address, kept))

    async def enter(self, address: str, kept: Mapping[str, str], *, actor: str, action: str) -> None:
        """As `keep`, by a person: the act is audited (never its words), and the radio is told. Raises StoreError."""
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            keep_words(connection, stamp, address, kept)
            audit.note(connection, stamp, actor=actor, action=action, target=f"address:{address.upper()}")

        await self._database.write(work)
        for listener in list(self._listeners):
            listener()

    async def drop(self, address: str, key: str) -> None:
        """This word is remembered no more. Raises StoreError."""
        sql = "DELETE FROM device_memory WHERE address = ? AND key = ?"
        await self._database.write(lambda connection: connection.execute(sql, (address.upper(), key)))

    async def forget(self, address: str, *, but: Collection[str] = ()) -> None:
        """Nothing is remembered of the device any more, `but` these keys. Raises StoreError."""
        kept = ", ".join("?" * len(but))
        sql = f"DELETE FROM device_memory WHERE address = ? AND key NOT IN ({kept})"  # noqa: S608  # marks only
        await self._database.write(lambda connection: connection.execute(sql, (address.upper(), *but)))


def keep_words(connection: apsw.Connection, stamp: Stamp, address: str, kept: Mapping[str, str]) -> None:
    """Inside a transaction of the caller."""
    for key, value in kept.items():
        insert(
            connection, "device_memory", stamp, {"address": address.upper(), "key": key, "value": value}, then=_AGAIN
        )
