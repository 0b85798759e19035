"""How sparing the alerts of each resident's days are meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import apsw

from gateway.core.errors import Invalid
from gateway.core.subject import Subject, SubjectType
from gateway.store import audit
from gateway.store.database import Database
from gateway.store.rows import insert
from gateway.store.stamp import STAMP_COLUMNS, Stamper

USUAL_PER_MONTH: Final = 2.0  # one of a quiet, one of everything else: see `analytics.activity.budget`
LEAST, MOST = 0.1, 10.0  # a false alert in ten months; one every three days
_AGAIN: Final = "ON CONFLICT (subject_type, subject_id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in ("watched", "per_month", *STAMP_COLUMNS.split(", "))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPromise:
    """Of one resident, or of a home that several share.

    Attributes:
        watched: whether unusual quiets raise alerts at all.
        per_month: false alerts that are accepted in thirty days.
    """

    watched: bool = True
    per_month: float = USUAL_PER_MONTH


class DayPromises:
    """On SQLite; who has no row has the usual promise."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def of(self, subject: Subject, people: Iterable[str] = ()) -> DayPromise:
        """What holds for them.

        Who lives together may have just changed. Where nothing was promised of a household it is what holds for each of
        its people: watched where one of them is, and as many false alerts as the most accepted for one of these.

        Raises:
            StoreError: the store cannot be read.
        """
        made = await self._made(subject)
        if made is not None:
            return made
        each = [await self._made(Subject(type=SubjectType.RESIDENT, id=one)) or DayPromise() for one in people]
        asked = [one for one in each if one.watched] or each or [DayPromise()]
        return DayPromise(watched=asked[0].watched, per_month=max(one.per_month for one in asked))

    async def _made(self, subject: Subject) -> DayPromise | None:
        sql = "SELECT watched, per_month FROM day_promises WHERE subject_type = ? AND subject_id = ?"
        values = (subject.type.value, subject.id)
        row = await self._database.read(lambda connection: connection.execute(sql, values).fetchone())
        return None if row is None else DayPromise(watched=bool(row[0]), per_month=float(row[1]))

    async def make(self, subject: Subject, promise: DayPromise, *, actor: str) -> None:
        """From now on.

        Raises:
            Invalid: a number that cannot be promised.
        """
        if not LEAST <= promise.per_month <= MOST:
            raise Invalid(f"{promise.per_month:g} false alerts a month cannot be promised: give {LEAST:g} to {MOST:g}.")
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            row = {
                "subject_type": subject.type.value,
                "subject_id": subject.id,
                "watched": int(promise.watched),
                "per_month": promise.per_month,
            }
            insert(connection, "day_promises", stamp, row, then=_AGAIN)
            detail = {"watched": promise.watched, "per_month": promise.per_month}
            audit.note(connection, stamp, actor=actor, action="days.promise", target=subject.id, detail=detail)

        await self._database.write(work)
