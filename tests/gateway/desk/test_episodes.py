"""One fall that a wearable and a radar see is one alert, whichever tells first; two falls are two."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.core.subject import Subject, SubjectType
from gateway.desk import machine
from gateway.desk.episodes import FUSED_S, RADAR, together
from gateway.desk.events import Alert, Priority, State
from gateway.desk.machine import Report
from gateway.desk.service import Desk
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.notifying import virtual
from tests.gateway.desk.words import AT, KITCHEN, ORIGIN, RESIDENT, fall, not_up
from tests.virtual_time import VirtualClock

HOME = Subject(type=SubjectType.HOME, id="home-1")
OTHER = Subject(type=SubjectType.RESIDENT, id="resident-2")


def desk() -> Desk:
    return Desk(store=MemoryAlertStore(), clock=VirtualClock(), origin=ORIGIN)


def strap(after_s: float = 0.0, **changes: Any) -> Report:
    return fall(at=AT + timedelta(seconds=after_s), probability=0.8, **changes)


def radar(after_s: float = 0.0, **changes: Any) -> Report:
    report = fall(
        subject=KITCHEN, at=AT + timedelta(seconds=after_s), probability=0.6, device_identity="port:kitchen",
        summary="Fall suspected by the radar in the kitchen", witness=RADAR,
    )  # fmt: skip
    return replace(report, **changes)


async def told(*reports: Report) -> list[Alert]:
    one = desk()
    for report in reports:
        await one.report(report)
    return await one.store.find()


@pytest.mark.parametrize("apart_s", [-8.0, -3.0, 0.0, 0.4, 5.0, 8.0])
@pytest.mark.parametrize("radar_first", [True, False])
async def test_one_alert_about_who_wears_the_strap(apart_s: float, radar_first: bool) -> None:
    reports = [strap(), radar(apart_s)]
    (alert,) = await told(*(reversed(reports) if radar_first else reports))
    assert (alert.subject, alert.witnesses) == (RESIDENT, 2)
    assert alert.probability is not None
    assert alert.probability > 0.8


async def test_told_at_the_same_moment_it_is_still_one() -> None:
    one = desk()
    first, second = await asyncio.gather(one.report(radar()), one.report(strap(2.0)))
    assert first.id == second.id
    (alert,) = await one.store.find()
    assert alert.subject == RESIDENT


async def test_the_first_witness_waits_for_nobody() -> None:
    one = desk()
    first = await one.report(radar())
    assert (first.state, first.subject, first.probability) == (State.RAISED, KITCHEN, 0.6)
    second = await one.report(strap(8.0))
    assert second.id == first.id


@pytest.mark.parametrize("report", [strap(), radar()])
async def test_alone_each_is_an_alert_as_likely_as_it_says(report: Report) -> None:
    (alert,) = await told(report)
    assert (alert.subject, alert.probability) == (report.subject, report.probability)


async def test_the_history_gives_the_same_alert_as_was_kept() -> None:
    one = desk()
    alert = await one.report(radar())
    alert = await one.report(strap(3.0))
    assert machine.fold_all(await one.store.history(alert.id)) == alert


async def test_later_than_that_it_is_another_fall() -> None:
    assert len(await told(radar(), strap(FUSED_S + 0.1))) == 2


async def test_a_second_person_in_the_same_room_is_another_fall() -> None:
    alerts = await told(radar(), strap(1.0), strap(4.0, subject=OTHER, device_identity="H10-2"))
    assert {alert.subject for alert in alerts} == {RESIDENT, OTHER}


async def test_two_straps_are_two_people_and_two_rooms_are_two_places() -> None:
    assert len(await told(strap(), strap(subject=HOME, device_identity="H10-2"))) == 2
    assert len(await told(radar(), radar(subject=Subject(type=SubjectType.ROOM, id="hall"), device_identity="p"))) == 2


async def test_two_that_are_worn_are_two_people_wherever_they_are() -> None:
    assert len(await told(strap(), strap(1.0, subject=KITCHEN, device_identity="H10-2"))) == 2


async def test_a_radar_that_tells_again_joins_the_alert_that_knows_who_it_is() -> None:
    (alert,) = await told(radar(), strap(2.0), radar(4.0))
    assert (alert.subject, alert.witnesses) == (RESIDENT, 3)


async def test_a_strap_of_nobody_says_less_than_the_room() -> None:
    (alert,) = await told(strap(subject=HOME), radar(2.0))
    assert alert.subject == KITCHEN


async def test_the_radar_that_told_first_also_tells_that_nobody_got_up() -> None:
    one = desk()
    first = await one.report(radar())
    await one.report(strap(3.0))
    last = await one.report(not_up(subject=KITCHEN, device_identity="port:kitchen", episode=first.id))
    assert (last.id, last.priority, last.subject) == (first.id, Priority.CRITICAL, RESIDENT)
    assert len(await one.store.find()) == 1


@virtual
async def test_a_new_impact_after_the_answer_calls_again() -> None:
    one = desk()
    first = await one.report(radar())
    await one.report(strap(3.0))
    await one.acknowledge(first.id, "aino")
    (held,) = await one.store.find()
    assert held.acknowledged_at is not None
    later = (held.acknowledged_at - AT).total_seconds() + machine.EPISODE_S + 60.0
    again = await one.report(radar(later))
    both = await one.report(strap(later + 2.0))
    assert again.id == both.id != first.id
    assert both.state is State.RAISED


@virtual
async def test_a_witness_of_an_answered_alert_calls_nobody() -> None:
    one = desk()
    first = await one.report(radar())
    await one.acknowledge(first.id, "aino")
    second = await one.report(strap(3.0))
    assert (second.id, second.state, second.subject) == (first.id, State.ACKNOWLEDGED, RESIDENT)


async def test_the_same_device_again_makes_it_no_likelier() -> None:
    (alert,) = await told(strap(), strap(5.0), strap(9.0))
    assert (alert.probability, alert.witnesses) == (0.8, 3)


async def test_two_wearables_of_one_person_err_alike() -> None:
    (alert,) = await told(strap(), strap(1.0, device_identity="H10-2"))
    assert alert.probability == 0.8


def test_together() -> None:
    assert together([]) is None
    assert together([0.3]) == 0.3
    assert together([0.6, 0.6]) == pytest.approx(20.25 / 21.25)
    assert together([0.9, 0.02]) == pytest.approx(0.9)  # one that says little takes nothing away
    assert together([0.6, 0.02, 0.6]) == pytest.approx(20.25 / 21.25)  # from what the others say together
    for one in (0.2, 0.5, 0.8, 0.99, 1.0):
        found = together([one, 0.4])
        assert found is not None
        assert max(one, 0.4) <= found <= 1.0


async def test_a_radar_that_tells_after_nobody_got_up_is_of_the_same_fall() -> None:
    """A late look: told a minute after, of the moment the body was down."""
    one = desk()
    known = await one.report(strap())
    await one.report(not_up(at=AT + timedelta(seconds=30), episode=known.id))
    again = await one.report(radar(1.0))
    assert again.id == known.id
    assert len(await one.store.find()) == 1
    # A strap of somebody else at that moment is another fall.
    other = await one.report(strap(1.0, subject=OTHER))
    assert other.id != known.id
