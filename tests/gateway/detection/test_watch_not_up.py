"""Not up after a fall: from packets to the desk, as durable as the fall itself, and over a restart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.core.errors import StoreError
from gateway.core.health import Colour
from gateway.core.subject import Subject, SubjectType
from gateway.desk import machine
from gateway.desk.events import AlertKind, Priority, State
from gateway.desk.machine import Decision, Report
from gateway.desk.service import Desk
from gateway.detection import Detection as Streams
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.words import fall, not_up
from tests.gateway.detection.test_watch import ORIGIN, STRAP, Book, watched

if TYPE_CHECKING:
    from tests.gateway.detection.conftest import Strap

Walk = Callable[..., NDArray[np.float32]]
RESIDENT = Subject(type=SubjectType.RESIDENT, id="r1")
FALL_S = 12.2
STARTED = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=1000)  # about when the watch begins, see TickingClock


@pytest.fixture
def lying(walk: Walk, strap: type[Strap]) -> Strap:
    return strap(walk(rate_hz=50.0, seconds=50, fall_at=FALL_S), 50.0, packet=25)


async def test_it_reaches_the_desk_as_the_alert_of_that_fall(detection: Streams, lying: Strap) -> None:
    reports, _ = await watched(detection, list(lying.packets()), Book(RESIDENT))
    assert [one.kind for one in reports] == [AlertKind.FALL, AlertKind.NO_RECOVERY]
    suspected, not_recovered = reports
    assert (not_recovered.subject, not_recovered.condition) == (suspected.subject, suspected.condition)
    assert (not_recovered.priority, not_recovered.device_identity) == (Priority.CRITICAL, STRAP.identity)
    assert not_recovered.summary == "Not up 30 s after a suspected fall (the chest strap)"
    assert not_recovered.at - suspected.at == pytest.approx(timedelta(seconds=30), abs=timedelta(seconds=0.2))
    assert [one.name for one in not_recovered.evidence] == ["recovery"]


async def test_nobody_has_said_where_it_is_worn(detection: Streams, lying: Strap) -> None:
    reports, _ = await watched(detection, list(lying.packets()), Book(None))
    assert reports[1].summary == "Not seen to be up 30 s after a suspected fall (a wearable)"


async def test_a_strap_taken_off_after_a_suspicion(detection: Streams, lying: Strap) -> None:
    packets = [one for one in lying.packets() if one[0] < lying.begin + FALL_S + 6]
    reports, _ = await watched(detection, packets, Book(RESIDENT), more_s=60)
    assert [one.priority for one in reports] == [Priority.HIGH, Priority.CRITICAL]
    assert reports[1].summary == (
        "Not known to be up 30 s after a suspected fall: nothing is heard from the chest strap"
    )


async def test_both_wait_for_the_store_in_their_order(detection: Streams, lying: Strap) -> None:
    reports, colours = await watched(detection, list(lying.packets()), Book(RESIDENT, failures=80), more_s=10)
    assert [one.kind for one in reports] == [AlertKind.FALL, AlertKind.NO_RECOVERY]
    assert colours.count(Colour.RED) == 80
    assert colours[-1] is Colour.GREEN


class Moved(Book):
    """The strap is given to somebody else as soon as the fall is told."""

    async def report(self, report: Report) -> Any:
        alert = await super().report(report)
        self.subject = Subject(type=SubjectType.RESIDENT, id="r2")
        return alert


async def test_it_is_about_who_wore_it_at_the_fall(detection: Streams, lying: Strap) -> None:
    reports, _ = await watched(detection, list(lying.packets()), Moved(RESIDENT))
    assert [one.subject for one in reports] == [RESIDENT, RESIDENT]


class Home(Book):
    """A desk with a store in memory; a nurse answers the first alert when asked to."""

    def __init__(self, *, acknowledges: bool) -> None:
        super().__init__(RESIDENT)
        self._acknowledges = acknowledges

    async def report(self, report: Report) -> Any:
        if not self.reports:
            clock: Any = None
            self.memory = MemoryAlertStore()
            self.desk = Desk(store=self.memory, clock=clock, origin=ORIGIN)
        await super().report(report)
        known = await self.memory.open_episode(report.subject, report.condition)
        decision = machine.decide_report(known, report, new_id=f"alert-{len(self.reports)}", origin=ORIGIN)
        await self.memory.append(decision.alert, decision.events, decision.evidence)
        if known is None and self._acknowledges:
            answer = machine.decide_acknowledge(decision.alert, actor="aino", at=report.at + timedelta(seconds=9))
            await self.memory.append(answer.alert, answer.events)
        return decision.alert


@pytest.mark.parametrize("acknowledges", [False, True])
async def test_the_alert_keeps_its_id_and_its_answer(detection: Streams, lying: Strap, acknowledges: bool) -> None:
    home = Home(acknowledges=acknowledges)
    await watched(detection, list(lying.packets()), home)
    (alert,) = await home.memory.find()
    assert (alert.id, alert.kind, alert.priority) == ("alert-1", AlertKind.FALL, Priority.CRITICAL)
    assert alert.state is (State.ACKNOWLEDGED if acknowledges else State.RAISED)
    assert alert.summary == "Not up 30 s after a suspected fall (the chest strap)"
    assert [one.name for one in await home.memory.evidence(alert.id)] == ["acceleration", "recovery-2"]


def raised(seconds_ago: float, known: Decision | None = None) -> Decision:
    at = STARTED - timedelta(seconds=seconds_ago)
    alert = None if known is None else known.alert
    more = machine.decide_report(alert, fall(at=at), new_id="a1", origin=ORIGIN)
    return more if known is None else Decision(alert=more.alert, events=known.events + more.events)


def critical(seconds_ago: float) -> Decision:
    first = raised(seconds_ago)
    more = machine.decide_report(first.alert, not_up(), new_id="a2", origin=ORIGIN)
    return Decision(alert=more.alert, events=first.events + more.events)


def answered(seconds_ago: float) -> Decision:
    first = raised(seconds_ago)
    more = machine.decide_acknowledge(first.alert, actor="aino", at=STARTED)
    return Decision(alert=more.alert, events=first.events + more.events)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (raised(20), True),
        (raised(590), True),
        (raised(620), False),
        (raised(-86400), True),  # the clock was set back
        (raised(60, raised(7200)), True),  # a second fall of an alert that nobody answers
        (critical(20), False),
        (answered(20), False),  # a person is there
    ],
)
async def test_a_fall_of_shortly_before_the_start_was_not_watched_to_its_end(
    detection: Streams, walk: Walk, strap: type[Strap], before: Decision, told: bool
) -> None:
    book = Book(RESIDENT)
    book.decided = [before]
    packets = list(strap(walk(rate_hz=50.0, seconds=5, fall_at=None), 50.0, packet=25).packets())
    reports, _ = await watched(detection, packets, book)
    assert [(one.kind, one.priority, one.subject) for one in reports] == (
        [(AlertKind.NO_RECOVERY, Priority.CRITICAL, before.alert.subject)] if told else []
    )
    if told:
        assert reports[0].summary == "Not known to be up after a suspected fall: the gateway did not run"


class Away(Book):
    async def open_alerts(self, *, limit: int) -> list[Any]:
        if self.failures:
            self.failures -= 1
            raise StoreError("disk full")
        return await super().open_alerts(limit=limit)


async def test_looking_back_waits_for_the_store_and_is_done_once(
    detection: Streams, walk: Walk, strap: type[Strap]
) -> None:
    book = Away(RESIDENT, failures=3)
    book.decided = [raised(20)]
    packets = list(strap(walk(rate_hz=50.0, seconds=5, fall_at=None), 50.0, packet=25).packets())
    reports, colours = await watched(detection, packets, book)
    assert len(reports) == 1
    assert colours[:4] == [Colour.RED] * 3 + [Colour.GREEN]
