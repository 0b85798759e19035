"""What the desk's tests speak of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk.events import AlertKind, Evidence, Priority
from gateway.desk.machine import Report

AT: Final = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ORIGIN: Final = Origin(organisation_id="org", home_id="home-1", gateway_id="gw-1")
RESIDENT: Final = Subject(type=SubjectType.RESIDENT, id="resident-1")
KITCHEN: Final = Subject(type=SubjectType.ROOM, id="kitchen")

FALL: Final = Report(
    subject=RESIDENT,
    kind=AlertKind.FALL,
    condition="fall",
    priority=Priority.HIGH,
    probability=0.9,
    summary="Fall suspected by the chest strap",
    device_identity="H10-1",
    at=AT,
    evidence=(Evidence(name="acceleration", media_type="application/json", content='{"rate_hz": 50}'),),
)


def fall(**changes: Any) -> Report:
    return replace(FALL, **changes)


def not_up(**changes: Any) -> Report:
    """What follows FALL when the person stays down."""
    report = replace(
        FALL,
        kind=AlertKind.NO_RECOVERY,
        priority=Priority.CRITICAL,
        summary="Not up 30 s after a suspected fall (the chest strap)",
        at=AT + timedelta(seconds=30),
        evidence=(Evidence(name="recovery", media_type="application/json", content='{"rate_hz": 10}'),),
    )
    return replace(report, **changes)
