"""What is planned for a resident: settings by name. What each may be, whoever reads it knows; here they are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import apsw

from gateway.core.subject import Subject
from gateway.store import audit, residents
from gateway.store.database import Database
from gateway.store.outgoing import json_text
from gateway.store.rows import insert
from gateway.store.stamp import STAMP_COLUMNS, Stamper

BY_NIGHT: Final = "by-night"  # findings of medium priority call by night too
_AGAIN: Final = "ON CONFLICT (resident_id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in ("settings", *STAMP_COLUMNS.split(", "))
)

Plan = Mapping[str, Any]  # setting → value, of those that somebody has set


class ResidentPlans:
    """The plans of all residents."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper
        self._listeners: list[Callable[[str], None]] = []

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the resident's id after each change."""
        self._listeners.append(listener)

    async def of(self, resident_id: str) -> Plan:
        """What somebody has set for the resident."""
        return await self._database.read(lambda connection: _plan(connection, resident_id))

    async def by_night(self, subject: Subject) -> bool:
        """Whether the plan says that findings of medium priority call by night too. No plan, no call."""
        if subject.resident_id is None:
            return False
        return bool((await self.of(subject.resident_id)).get(BY_NIGHT, False))

    async def change(
        self, resident_id: str, changes: Plan, *, actor: str, check: Callable[[Plan], object] = lambda _: None
    ) -> Plan:
        """Set these, and leave the others; None takes one back to its default. Returns what is set now.

        Args:
            resident_id: who lives here.
            changes: by name.
            actor: the user who says so.
            check: called with the whole plan before anything is written: raises what is wrong with it.

        Raises:
            NotFound: no such resident.
        """
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> Plan:
            residents.must_live_here(connection, resident_id)
            plan = {**_plan(connection, resident_id), **changes}
            plan = {name: value for name, value in plan.items() if value is not None}
            check(plan)
            insert(
                connection, "resident_plans", stamp, {"resident_id": resident_id, "settings": json_text(plan)},
                then=_AGAIN,
            )  # fmt: skip
            # Who is asked may be called by a name: that it was set is noted, not to whom.
            detail = {name: "set" if isinstance(value, str) else value for name, value in changes.items()}
            audit.note(connection, stamp, actor=actor, action="resident.plan", target=resident_id, detail=detail)
            return plan

        plan = await self._database.write(work)
        for listener in self._listeners:
            listener(resident_id)
        return plan


def _plan(connection: apsw.Connection, resident_id: str) -> dict[str, Any]:
    found = connection.execute("SELECT settings FROM resident_plans WHERE resident_id = ?", (resident_id,)).get
    return {} if found is None else dict(json.loads(found))
