"""The desk: commands of detectors and people, decided by the pure machine, committed, announced to all who listen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from gateway.core.clock import Clock
from gateway.core.errors import Conflict
from gateway.core.faults import Fault, no_fault
from gateway.core.ids import new_id
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk import episodes, machine
from gateway.desk.changes import Changes
from gateway.desk.events import Alert, AlertKind, Evidence, PositionedEvent, Priority, State, Verdict
from gateway.desk.machine import Decision, Report
from gateway.desk.store import AlertStore

# Each lost race means that somebody else's event was committed; 20 nurses at once need at most 20 rounds, and the
# notifier's own events a few more.
_ROUNDS: Final = 64
# A commit whose waiter was cancelled, or one of another process on the same store, wakes nobody: readers look again.
_LOOK_AGAIN_S: Final = 5.0


class Desk:
    """The alerts of one store. What a method returns is committed."""

    def __init__(self, *, store: AlertStore, clock: Clock, origin: Origin, fault: Fault = no_fault) -> None:
        self.changes = Changes()
        self.store = store
        self._clock = clock
        self._origin = origin
        self._fault = fault
        # Two witnesses of one fall, told at the same moment, must not each find nobody's alert and raise their own.
        self._one_report = asyncio.Lock()

    async def raise_alert(
        self,
        *,
        subject: Subject,
        kind: AlertKind,
        condition: str,
        priority: Priority,
        probability: float | None,
        summary: str,
        device_identity: str | None = None,
        evidence: Sequence[Evidence] = (),
        at: datetime | None = None,
    ) -> Alert:
        """A new alert, or the one of this episode with one more witness. See `machine.decide_report`."""
        return await self.report(
            Report(
                subject=subject,
                kind=kind,
                condition=condition,
                priority=priority,
                probability=probability,
                summary=summary,
                device_identity=device_identity,
                evidence=tuple(evidence),
                at=at if at is not None else self._clock.wall(),
            )
        )

    async def report(self, report: Report) -> Alert:
        """As `raise_alert`.

        Raises:
            Conflict: lost the race against others too many times; nothing was written, report again.
            Invalid: see `machine.decide_report`.
            StoreError: the store could not commit; nothing was written.
        """
        minted = new_id(self._clock.wall())  # once: every round of the race tries to commit the same id
        async with self._one_report:
            for _ in range(_ROUNDS):
                known = await self._episode(report)
                if report.addendum and report.episode is not None:
                    own = await self.store.load(report.episode)
                    if own is not None and (known != own or not machine.joins(own, report)):
                        return own
                decision = machine.decide_report(known, report, new_id=minted, origin=self._origin)
                with suppress(Conflict):
                    return await self._append(decision)
        raise Conflict(f"too many findings of {report.condition} at once: report again")

    async def technical(
        self,
        condition: str,
        summary: str,
        *,
        priority: Priority = Priority.MEDIUM,
        subject: Subject | None = None,
        device_identity: str | None = None,
    ) -> Alert:
        """A fault that a person must mend. While its alert is raised or acknowledged, saying it again writes nothing.

        However long ago it was acknowledged: a fault lasts until it is mended, it is not a new one every ten minutes.

        `subject` is the home unless given; `condition` names the fault ("radio-silent", "disk-full").
        """
        about = subject or Subject(type=SubjectType.HOME, id=self._origin.home_id)
        known = await self.store.open_episode(about, condition)
        if known is not None:
            return known
        return await self.raise_alert(
            subject=about,
            kind=AlertKind.TECHNICAL,
            condition=condition,
            priority=priority,
            probability=None,
            summary=summary,
            device_identity=device_identity,
        )

    async def acknowledge(self, alert_id: str, actor: str) -> Alert:
        """A person takes the alert. Raises as `machine.decide_acknowledge`: of many at once exactly one succeeds."""
        at = self._clock.wall()
        return await self._change(alert_id, lambda alert: machine.decide_acknowledge(alert, actor=actor, at=at))

    async def resolve(self, alert_id: str, actor: str, verdict: Verdict | str, note: str | None = None) -> Alert:
        """A person says what it was. Raises as `machine.decide_resolve`."""
        at = self._clock.wall()
        return await self._change(
            alert_id,
            lambda alert: machine.decide_resolve(alert, actor=actor, verdict=verdict, note=note, at=at),
        )

    async def notified(
        self, alert_id: str, *, channel: str, attempt: int, count: int = 1, failed_before: int = 0
    ) -> Alert:
        """Record that a channel took the message `count` times since the last record."""
        at = self._clock.wall()
        return await self._change(
            alert_id,
            lambda alert: machine.decide_notified(
                alert, channel=channel, attempt=attempt, count=count, failed_before=failed_before, at=at
            ),
        )

    async def notification_failed(
        self, alert_id: str, *, channel: str, attempt: int, reason: str, count: int = 1
    ) -> Alert:
        """Record that a channel did not take the message `count` times since the last record."""
        at = self._clock.wall()
        return await self._change(
            alert_id,
            lambda alert: machine.decide_notification_failed(
                alert, channel=channel, attempt=attempt, count=count, reason=reason, at=at
            ),
        )

    async def open_alerts(self, *, limit: int = 200) -> list[Alert]:
        """Alerts that are not resolved, newest first."""
        return await self.store.find(frozenset({State.RAISED, State.ACKNOWLEDGED}), limit=limit)

    async def next_events(self, position: int, *, limit: int = 500) -> list[PositionedEvent]:
        """Events after `position` in the order of commits, at least one: waits for it.

        Reads the store first, so a client that was away resumes from the last position it saw and misses nothing. A
        position the store has not reached yet is one of another store (a damaged one was set aside): such a client gets
        everything, because a repeated alert is better than a missed one.
        """
        while True:
            batch = await self.store.since(position, limit=limit)
            if batch:
                return batch
            if position > await self.store.last_position():
                position = 0
                continue
            with suppress(TimeoutError):
                async with self._clock.timeout(_LOOK_AGAIN_S):
                    await self.changes.wait_beyond(position)

    async def _episode(self, report: Report) -> Alert | None:
        """The alert that the report belongs to, as far as one is open."""
        if report.episode is not None:
            known = await self.store.load(report.episode)
            if known is not None and known.state is not State.RESOLVED and known.condition == report.condition:
                return known
        own = await self.store.open_episode(report.subject, report.condition)
        if own is not None and machine.joins(own, report):
            return own
        others = [
            alert
            for alert in await self.open_alerts()
            if episodes.may_be_one(
                alert,
                subject=report.subject,
                kind=report.kind,
                condition=report.condition,
                at=report.at,
                witness=report.witness,
            )
        ]
        return episodes.nearest(others, report.at) or own

    async def _change(self, alert_id: str, decide: Callable[[Alert | None], Decision]) -> Alert:
        for _ in range(_ROUNDS):
            decision = decide(await self.store.load(alert_id))  # its refusals go to the caller
            with suppress(Conflict):
                return await self._append(decision)
        raise Conflict(f"alert {alert_id} changes too fast: try again")

    async def _append(self, decision: Decision) -> Alert:
        self._fault("desk.before-append")
        position = await self.store.append(decision.alert, decision.events, decision.evidence)
        self._fault("desk.after-append")
        self.changes.advance(position)
        return decision.alert
