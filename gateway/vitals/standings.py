"""From what a rule says now to the desk: told when a limit is newly crossed or worse by a step, not each day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta, tzinfo
from typing import Final

from analytics.findings import Standing, crossed, told_from
from gateway.core.clock import Clock
from gateway.core.subject import Subject
from gateway.desk.events import Alert, AlertKind, Priority, State
from gateway.desk.machine import Report
from gateway.desk.service import Desk
from gateway.store.vital_states import VitalState, VitalStates
from gateway.vitals.rules import CANNOT_BE, FAR, ONCE, TWICE, Judged, Rule
from gateway.vitals.words import ids_of, readings_of

# A standing that was not judged for so long (nobody measured) says nothing of now.
FORGOTTEN_AFTER: Final = timedelta(days=28)
# A saturation is judged by the last day alone, and is another illness sooner. Three days: urgent by itself, but who is
# as ill each day and forgets one is not told anew. Two weeks: nor who has a little too low measured once a week.
_FORGOTTEN_SOONER: Final[Mapping[str, timedelta]] = {
    **dict.fromkeys([FAR, *CANNOT_BE.values()], timedelta(days=3)),
    TWICE: timedelta(days=14),
    ONCE: timedelta(days=14),
}
_JOINS: Final = (Priority.MEDIUM, Priority.LOW)
_KEPT_FOR: Final = timedelta(days=1)  # until it is written again that it still is so


class Standings:
    """Compares each rule with how it stood. The alert is committed first, then how it stands: never the other way."""

    def __init__(self, *, desk: Desk, states: VitalStates, clock: Clock, zone: tzinfo) -> None:
        self._desk = desk
        self._states = states
        self._clock = clock
        self._zone = zone

    async def settle(self, subject: Subject, judged: Sequence[Judged], *, missing_too: bool) -> None:
        """All rules of a resident that are on. Without `missing_too` it is too early to say that something is missing.

        Raises StoreError, Conflict: do it again.
        """
        states = await self._states.of(subject.id)
        gone = states.keys() - {one.key for one in judged}
        if gone:
            await self._states.forget(subject.id, gone)
        for one in judged:
            if missing_too or not one.condition.startswith(Rule.MISSING):
                await self._settle(subject, one, states.get(one.key))

    async def taken_away(self, resident: str, rule_keys: Collection[str]) -> None:
        """A reading that these rest on is not this resident's: how they stood may be somebody else's doing."""
        await self._states.forget(resident, rule_keys)

    async def _settle(self, subject: Subject, judged: Judged, state: VitalState | None) -> None:
        now, judgement = self._clock.wall(), judged.judgement
        kept_for = _FORGOTTEN_SOONER.get(judged.key, FORGOTTEN_AFTER)
        told = state.told if state is not None and now - state.judged_at < kept_for else None
        heard = crossed(told, judgement)
        if heard:
            heard = await self._tell(subject, judged, worse=told is not None)
        elif judgement.standing is Standing.BEYOND:
            known = await self._desk.store.open_episode(subject, judged.condition)
            if known is not None and self._of_another_day(known, judged):
                await self._desk.report(self._report(subject, judged, lasting=True))
        if judgement.standing is Standing.UNKNOWN:
            return
        told = told_from(told, judgement, now=heard)
        if state is None or state.told != told or now - state.judged_at >= _KEPT_FOR:
            await self._states.keep(subject.id, judged.key, told=told)

    async def _tell(self, subject: Subject, judged: Judged, *, worse: bool) -> bool:
        """Whether somebody hears it: what is worse and joins quietly, a person being there, calls once they are not."""
        known = await self._desk.store.open_episode(subject, judged.condition)
        if worse and known is None:
            known = await self._desk.store.newest(subject, judged.condition)
        if known is None or not await self._told(known, judged):
            # An urgent one calls again, also where somebody has had an earlier one for days; so does what is worse.
            lasting = judged.priority in _JOINS and not worse
            known = await self._desk.report(self._report(subject, judged, lasting=lasting))
        return not worse or known.state is State.RAISED

    async def _told(self, known: Alert, judged: Judged) -> bool:
        """Whether the alert rests on the newest of these readings: the gateway stopped before it noted that."""
        if not judged.rows or known.priority.rank < judged.priority.rank:
            return False
        return judged.rows[-1].id in ids_of(await self._desk.store.evidence(known.id))

    def _of_another_day(self, known: Alert, judged: Judged) -> bool:
        """Whether something was measured on a later day than the alert was last told of: it is added once a day."""
        if not judged.rows:
            return False
        measured, told = judged.rows[-1].received_at, known.found_at
        return measured.astimezone(self._zone).date() > told.astimezone(self._zone).date()

    def _report(self, subject: Subject, judged: Judged, *, lasting: bool) -> Report:
        return Report(
            subject=subject,
            kind=AlertKind.VITAL_SIGN,
            condition=judged.condition,
            priority=judged.priority,
            probability=None,
            summary=judged.summary,
            device_identity=judged.rows[-1].device_identity if judged.rows else None,
            at=self._clock.wall(),
            evidence=readings_of(judged.rows),
            lasting=lasting,
        )
