"""One channel's side of the notifier: each open alert is a task that sends until a person has answered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from gateway.core.clock import Clock
from gateway.core.errors import HuomaError
from gateway.core.faults import Fault
from gateway.desk.events import Alert, Priority, State
from gateway.desk.hours import LONGEST_NIGHT_S, Hours
from gateway.desk.notice import Channel, NotDelivered, notice_of
from gateway.desk.service import Desk

log = structlog.get_logger(__name__)

_PLAN_READ_S: Final = 60.0  # how soon a changed plan, or a wall clock that was set, is heeded by what waits for the day
_JITTER: Final = 0.25  # of a backoff, downwards: homes whose care centre was away do not all come back at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How a channel repeats. All on the monotonic clock: a step of the wall clock changes nothing.

    Attributes:
        repeat_s: between messages about an alert that nobody has answered.
        first_backoff_s: after a failure; doubled at each further one.
        longest_backoff_s: the most it grows to.
        red_after_s: a channel that has failed this long while alerts are open is a fault. Three tries in a row have
            failed by then: more than a hiccup, and still before the person has lain there for long.
        record_every_s: at most one event per alert and channel in this time is written for repeated successes, and one
            for repeated failures; it carries their count.
        send_s: the most one try may take.
        parallel: tries under way at once, per priority: a pile of technical alerts never stands before a fall.
    """

    repeat_s: float = 60.0
    first_backoff_s: float = 2.0
    longest_backoff_s: float = 30.0
    red_after_s: float = 10.0
    record_every_s: float = 300.0
    send_s: float = 15.0
    parallel: int = 4


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What happened since the last event, and when that was written."""

    count: int = 0
    recorded_at: float | None = None

    def due(self, now: float, every_s: float) -> bool:
        return self.count > 0 and (self.recorded_at is None or now - self.recorded_at >= every_s)


@dataclass(slots=True, kw_only=True)
class _Duty:
    alert: Alert
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False
    waits: bool = False  # for the day
    attempts: int = 0
    failures: int = 0  # in a row
    delivered: bool = False
    sent: _Tally = field(default_factory=_Tally)
    failed: _Tally = field(default_factory=_Tally)


class Announcer:
    """Sends through one channel. Knows no other channel, so none can delay it."""

    def __init__(
        self,
        *,
        channel: Channel,
        desk: Desk,
        clock: Clock,
        times: Times,
        rng: random.Random,
        url: Callable[[str], str],
        simulated: bool,
        changed: Callable[[], None],
        fault: Fault,
        hours: Hours | None = None,
    ) -> None:
        """Without `hours` everything is announced at every hour."""
        self._channel = channel
        self._desk = desk
        self._clock = clock
        self._times = times
        self._rng = rng
        self._url = url
        self._simulated = simulated
        self._changed = changed
        self._fault = fault
        self._hours = hours
        self._duties: dict[str, _Duty] = {}
        self._slots = {priority: asyncio.Semaphore(times.parallel) for priority in Priority}
        self._failing_since: float | None = None
        self.failure: NotDelivered | None = None  # the last one, until a message is taken again

    @property
    def name(self) -> str:
        """The channel's."""
        return self._channel.name

    @property
    def unannounced(self) -> int:
        """Open alerts of which the channel has not taken the newest message, but for those that wait for the day."""
        duties = [duty for duty in self._duties.values() if not duty.ended and not duty.waits]
        return sum(not duty.delivered or duty.failures > 0 for duty in duties)

    @property
    def waiting(self) -> int:
        """Open alerts whose messages wait for the day."""
        return sum(not duty.ended and duty.waits for duty in self._duties.values())

    @property
    def failing_s(self) -> float:
        """For how long nothing has been taken; 0 when the last message was."""
        return self._clock.monotonic() - self._failing_since if self._failing_since is not None else 0.0

    def update(self, alert: Alert) -> None:
        """The alert as it is now. An answer ends its messages at once (one under way may still arrive).

        An alert that has become more urgent is announced again at once, whoever has been told before.
        """
        duty = self._duties.get(alert.id)
        if duty is None:
            return
        more_urgent = alert.priority.rank > duty.alert.priority.rank
        duty.alert = alert
        if more_urgent:
            duty.nudge.set()
        if alert.state is not State.RAISED:
            duty.ended = True
            duty.nudge.set()

    def begin(self) -> None:
        """A new run of the notifier: what an earlier one was about to send is forgotten, for it is read again."""
        self._duties.clear()

    def announce(self, tasks: asyncio.TaskGroup, alert: Alert) -> None:
        """Send at once, and again until answered, in a task of `tasks`."""
        known = self._duties.get(alert.id)
        if known is not None and not known.ended:
            return  # it is being announced
        # Known before its task runs, because the answer may come in the same batch of events.
        duty = self._duties[alert.id] = _Duty(alert=alert)
        tasks.create_task(self._keep(duty))

    async def _keep(self, duty: _Duty) -> None:
        try:
            while not duty.ended:
                await self._until_day(duty)
                async with self._slots.get(duty.alert.priority, self._slots[Priority.CRITICAL]):
                    if not duty.ended:  # it may have been answered while all slots were taken
                        await self._attempt(duty)
                self._changed()
                await self._pause(duty)
        finally:
            if self._duties.get(duty.alert.id) is duty:
                del self._duties[duty.alert.id]
            self._changed()

    async def _until_day(self, duty: _Duty) -> None:
        """Returns when people may be called about it, or when it has ended or become urgent."""
        began = self._clock.monotonic()
        while self._hours is not None and not duty.ended:
            wait_s = await self._hours.wait_s(duty.alert, self._clock.wall())
            waits = wait_s > 0 and self._clock.monotonic() - began < LONGEST_NIGHT_S
            if waits is not duty.waits:
                duty.waits = waits
                self._changed()
            if not waits:
                return
            with suppress(TimeoutError):
                async with self._clock.timeout(min(wait_s, _PLAN_READ_S)):
                    await duty.nudge.wait()
            duty.nudge.clear()

    async def _attempt(self, duty: _Duty) -> None:
        duty.attempts += 1
        started = self._clock.monotonic()
        self._fault("notify.before-send")
        failure = await self._send(duty)
        if failure is None:
            self._fault("notify.after-send-before-record")
            duty.failures, duty.delivered = 0, True
            duty.sent.count += 1
            self._working_again()
            await self._record_sent(duty)
        else:
            self._fault("notify.after-failure-before-record")
            duty.failures += 1
            duty.failed.count += 1
            self._failed(failure, started)
            await self._record_failed(duty, failure)
        self._fault("notify.after-record")

    async def _send(self, duty: _Duty) -> NotDelivered | None:
        notice = notice_of(
            duty.alert,
            attempt=duty.attempts,
            url=self._url(duty.alert.id),
            clock_synchronised=self._clock.synchronised(),
            simulated=self._simulated,
        )
        try:
            async with self._clock.timeout(self._times.send_s):
                await self._channel.send(notice)
        except NotDelivered as failure:
            return failure
        except TimeoutError:
            return NotDelivered(f"does not answer within {self._times.send_s:g} s", advice="check that it is reachable")
        except Exception as error:  # this is its supervisor: one channel's defect may not silence the others
            if self.failure is None:  # not at every try
                log.exception("channel failed unexpectedly", channel=self.name)
            return NotDelivered(f"fails unexpectedly ({type(error).__name__})", advice="see the log")
        return None

    def _working_again(self) -> None:
        if self.failure is None:
            return
        log.info("channel works again", channel=self.name, after_s=round(self.failing_s))
        self.failure = self._failing_since = None
        for duty in self._duties.values():
            if duty.failures > 0:
                duty.nudge.set()  # what waits for its next try need not wait any longer

    def _failed(self, failure: NotDelivered, started: float) -> None:
        if self.failure is None:
            log.warning("channel failed", channel=self.name, reason=str(failure))
            self._failing_since = started
        self.failure = failure
        self._changed()

    async def _pause(self, duty: _Duty) -> None:
        wait = self._times.repeat_s
        if duty.failures > 0:
            doubled = self._times.first_backoff_s * 2 ** min(duty.failures - 1, 16)
            wait = min(doubled, self._times.longest_backoff_s) * (1 - _JITTER * self._rng.random())
        with suppress(TimeoutError):
            async with self._clock.timeout(wait):
                await duty.nudge.wait()
        duty.nudge.clear()

    async def _record_sent(self, duty: _Duty) -> None:
        now = self._clock.monotonic()
        if not (duty.sent.due(now, self._times.record_every_s) or duty.failed.count):
            return
        with suppress(HuomaError):  # a store that cannot write must not stop the messages: it is counted into the next
            await self._desk.notified(
                duty.alert.id,
                channel=self.name,
                attempt=duty.attempts,
                count=duty.sent.count,
                failed_before=duty.failed.count,
            )
            duty.sent = _Tally(recorded_at=now)
            duty.failed = _Tally()  # the next failure is a first one again

    async def _record_failed(self, duty: _Duty, failure: NotDelivered) -> None:
        now = self._clock.monotonic()
        if not duty.failed.due(now, self._times.record_every_s):
            return
        with suppress(HuomaError):
            await self._desk.notification_failed(
                duty.alert.id,
                channel=self.name,
                attempt=duty.attempts,
                reason=str(failure),
                count=duty.failed.count,
            )
            duty.failed = _Tally(recorded_at=now)
