"""A condition of days stays one alert, until it is resolved or becomes more urgent; and who is asked is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.desk import machine
from gateway.desk.events import Alert, AlertKind, Priority, State
from gateway.desk.machine import Report
from gateway.desk.notice import notice_of
from gateway.desk.service import Desk
from gateway.store.alert_text import alert_document, alert_from
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.notifying import virtual
from tests.gateway.desk.words import AT, ORIGIN, fall
from tests.virtual_time import VirtualClock


def week(**changes: Any) -> Report:
    return fall(
        **{
            "kind": AlertKind.VITAL_SIGN,
            "condition": "pressure-week",
            "priority": Priority.MEDIUM,
            "probability": None,
            "evidence": (),
            "lasting": True,
            **changes,
        }
    )


def acknowledged(**changes: Any) -> Alert:
    first = machine.decide_report(None, week(**changes), new_id="a-1", origin=ORIGIN).alert
    return machine.decide_acknowledge(first, actor="nurse", at=AT + timedelta(hours=1)).alert


@pytest.mark.parametrize("days", [0.001, 1, 30])
def test_it_joins_the_alert_that_somebody_has_however_long_ago(days: float) -> None:
    known = acknowledged()
    found = machine.decide_report(
        known, week(at=AT + timedelta(days=days)), new_id="a-2", origin=ORIGIN
    ).alert  # fmt: skip
    assert (found.id, found.witnesses, found.state) == ("a-1", 2, State.ACKNOWLEDGED)


def test_unless_it_is_more_urgent_by_then() -> None:
    later = week(at=AT + timedelta(days=2), priority=Priority.HIGH)
    assert machine.decide_report(acknowledged(), later, new_id="a-2", origin=ORIGIN).alert.id == "a-2"


def test_what_does_not_last_is_a_new_alert_as_ever() -> None:
    later = week(at=AT + timedelta(days=2), lasting=False)
    assert machine.decide_report(acknowledged(), later, new_id="a-2", origin=ORIGIN).alert.id == "a-2"


@virtual
async def test_the_desk_finds_it_too() -> None:
    desk = Desk(store=MemoryAlertStore(), clock=VirtualClock(), origin=ORIGIN)
    first = await desk.report(week())
    await desk.acknowledge(first.id, "nurse")
    again = await desk.report(week(at=AT + timedelta(days=5)))
    assert again.id == first.id
    await desk.resolve(first.id, "nurse", "real")
    assert (await desk.report(week(at=AT + timedelta(days=6)))).id != first.id


def test_who_is_asked_is_kept_over_everything_and_told_to_channels_without_a_name() -> None:
    asked = acknowledged(addressee="home-carer")
    assert asked.addressee == "home-carer"
    assert alert_from(alert_document(asked)) == asked
    notice = notice_of(asked, attempt=1, url="https://gateway.example/a-1", clock_synchronised=True)
    assert notice.document()["to"] == "home-carer"
    document = alert_document(asked)
    del document["addressee"]  # as an earlier version wrote it
    assert alert_from(document).addressee is None
