"""Test calls of alarm pendants, in the audit log: when each was last known to work."""

from __future__ import annotations

import apsw

from device_drivers.readings import Press
from gateway.ingest.received import KnownDevice
from gateway.store import audit
from gateway.store.database import Database
from gateway.store.devices import ensure_device
from gateway.store.stamp import Stamper

ACTOR = "gateway"
ACTION = "pendant.test"


class PressNotes:
    """Durable notes of presses that call nobody."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def tested(self, device: KnownDevice, press: Press, *, owned: bool) -> None:
        """A test call came. A device of the home was seen by it, too. Raises StoreError."""
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            if owned:
                ensure_device(connection, stamp, device, None)
            detail = {"pattern": press.pattern.value, "button": press.button}
            audit.note(connection, stamp, actor=ACTOR, action=ACTION, target=device.identity, detail=detail)

        await self._database.write(work)
