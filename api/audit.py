"""Who looked, and who acted: rows of the store's audit log."""

from __future__ import annotations

from typing import Any, Protocol

import structlog

from gateway.core.errors import StoreError
from gateway.store import audit
from gateway.store.database import Database
from gateway.store.stamp import Stamper


class Audit(Protocol):
    """Where acts are noted."""

    async def note(self, actor: str, action: str, target: str, **detail: Any) -> None:
        """Keep "`actor` did `action` to `target`"; durable when it returns. No names, no measurements in `detail`."""
        ...


class StoreAudit:
    """The audit log of a store."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def note(self, actor: str, action: str, target: str, **detail: Any) -> None:
        """See `Audit`.

        Raises:
            StoreError: it could not be written.
        """
        stamp = self._stamper.now()
        await self._database.write(
            lambda connection: audit.note(connection, stamp, actor=actor, action=action, target=target, detail=detail)
        )


async def note_if_possible(trail: Audit, actor: str, action: str, target: str, **detail: Any) -> None:
    """For acts on alerts: the alert's own event is committed already, and no full disk may stand in a nurse's way."""
    try:
        await trail.note(actor, action, target, **detail)
    except StoreError as error:
        structlog.get_logger("api").error("audit row not written", action=action, target=target, reason=str(error))
