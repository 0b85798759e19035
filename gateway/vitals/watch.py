"""Follows what is committed, and judges the rules of each resident whose measurements have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Final

from device_drivers.nomenclature import Kind
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Subject, SubjectType
from gateway.store.followed import Followed
from gateway.store.readings import ReadingRow, Readings
from gateway.store.registry import Registry
from gateway.store.resident_plans import ResidentPlans
from gateway.vitals.crisis import Crises
from gateway.vitals.plan import VitalPlan
from gateway.vitals.rules import KEYS, KINDS, judge
from gateway.vitals.standings import Standings

PART: Final = "vital-signs"
# A cuff hands over what it has one by one: what comes within this is looked at together, a high reading and its repeat.
GATHER_S: Final = 2.0
ALL_EVERY_S: Final = 3600.0  # time alone changes what a week's mean is, and what is missing
STORE_PAUSE_S: Final = 1.0  # before a store that failed is asked again
# What was measured while the gateway did not run comes when devices are heard again: until then nothing is missing.
MISSING_AFTER_S: Final = 6 * 3600.0
_READINGS: Final = "vital-signs"  # positions that are kept
_MOVES: Final = "vital-signs/moves"
_AT_ONCE: Final = 200
# Six readings a day over the 31 days that the slowest rule looks back, and repeats.
_NEWEST: Final = 400


class VitalWatch:
    """One part of the gateway. Everything it has to know after a restart is in the store.

    Args:
        crises: what single readings come to.
        standings: what rules come to.
        on_commit: how to be told that the store has grown.
    """

    def __init__(
        self,
        *,
        readings: Readings,
        registry: Registry,
        plans: ResidentPlans,
        followed: Followed,
        crises: Crises,
        standings: Standings,
        clock: Clock,
        zone: tzinfo,
        health: HealthBoard,
        home: Subject,
        on_commit: Callable[[Callable[[], None]], object],
    ) -> None:
        self._readings = readings
        self._registry = registry
        self._plans = plans
        self._followed = followed
        self._crises = crises
        self._standings = standings
        self._clock = clock
        self._zone = zone
        self._health = health
        self._home = home
        self._grown = asyncio.Event()
        self._changed: set[str] = set()  # residents to judge; as many as live here
        self._position: int | None = None
        self._moves = 0
        self._judged_all_at: float | None = None
        self._began = clock.monotonic()
        on_commit(self._grown.set)
        plans.on_change(self._plan_changed)

    async def run(self) -> None:
        """Until cancelled."""
        self._position = self._judged_all_at = None  # a run that failed knows nothing for sure
        while True:
            try:
                await self._begin()
                await self._follow()
                await self._judge()
            except (StoreError, Conflict) as error:
                self._health.report(PART, Colour.RED, f"Measurements are not being watched: {error}")
                await self._clock.sleep(STORE_PAUSE_S)
                continue
            await self._pause(self._until_all_s())

    def _until_all_s(self) -> float:
        judged_at = self._judged_all_at
        return 0.0 if judged_at is None else max(0.0, judged_at + ALL_EVERY_S - self._clock.monotonic())

    def _plan_changed(self, resident_id: str) -> None:
        self._changed.add(resident_id)
        self._grown.set()

    async def _pause(self, wait_s: float) -> None:
        with suppress(TimeoutError):
            async with self._clock.timeout(wait_s):
                await self._grown.wait()
                await self._clock.sleep(GATHER_S)
        self._grown.clear()

    async def _begin(self) -> None:
        """Where an earlier run was; the first one of all begins with what comes from now on."""
        if self._position is not None:
            return
        position, moves = await self._followed.position(_READINGS), await self._followed.position(_MOVES)
        if position is None:
            position = await self._readings.last_seq()
            await self._followed.keep(_READINGS, position)
        if moves is None:
            moves = await self._readings.last_move()
            await self._followed.keep(_MOVES, moves)
        self._position, self._moves = position, moves

    async def _follow(self) -> None:
        more = True
        while more:
            rows, position = await self._readings.single_after(self._position or 0, KINDS, limit=_AT_ONCE)
            for row in rows:
                await self._new(row, moved=False)
            if rows:
                await self._followed.keep(_READINGS, position)
            self._position, more = position, len(rows) == _AT_ONCE
        for one in await self._readings.moved_after(self._moves, limit=_AT_ONCE):
            if one.from_id is not None and one.row.kind in KINDS:
                self._changed.add(one.from_id)
                await self._standings.taken_away(one.from_id, KEYS[Kind(one.row.kind)])
                await self._crises.taken_away(one.row, Subject(type=SubjectType.RESIDENT, id=one.from_id))
            await self._new(one.row, moved=True)
            await self._followed.keep(_MOVES, one.position)
            self._moves = one.position

    async def _new(self, row: ReadingRow, *, moved: bool) -> None:
        if row.kind not in KINDS:
            return
        resident = None if row.subject is None else row.subject.resident_id
        if resident is None:
            if row.subject is None and not moved and row.kind == Kind.BLOOD_PRESSURE:
                await self._of_nobody(row)
            return
        self._changed.add(resident)
        if row.kind == Kind.BLOOD_PRESSURE:
            await self._crises.heed(row, VitalPlan.of(await self._plans.of(resident)), moved=moved)

    async def _of_nobody(self, row: ReadingRow) -> None:
        """Of a device that residents share it is one of theirs; of another user's place on it a stranger's."""
        if any(one.shared for one in await self._registry.assigned(row.device_identity)):
            await self._crises.of_somebody(row, self._home)

    async def _judge(self) -> None:
        now = self._clock.monotonic()
        everybody = {one.id for one in await self._registry.residents()}
        if self._judged_all_at is None or now - self._judged_all_at >= ALL_EVERY_S:
            self._changed |= everybody
            self._judged_all_at = now
        for resident in sorted(self._changed):
            if resident in everybody:
                await self._resident(resident, self._clock.wall())
            self._changed.discard(resident)
        number = len(everybody)
        self._health.report(
            PART, Colour.GREEN, f"Watching the measurements of {number} resident{'' if number == 1 else 's'}."
        )

    async def _resident(self, resident: str, now: datetime) -> None:
        plan = VitalPlan.of(await self._plans.of(resident))
        readings = {kind: await self._readings.newest(resident, kind, limit=_NEWEST) for kind in KINDS}
        judged = judge(readings, plan, now, self._zone)
        settled = self._clock.monotonic() - self._began >= MISSING_AFTER_S
        await self._standings.settle(Subject(type=SubjectType.RESIDENT, id=resident), judged, missing_too=settled)
