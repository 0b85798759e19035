"""What goes over the wire. Times are ISO 8601 with an offset (UTC)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.core.subject import SubjectType
from gateway.desk.events import Alert, AlertEvent, AlertKind, EventType, Evidence, Priority, State, Verdict


class SubjectView(BaseModel):
    """Whom an alert is about: a resident, or a room or home whose person is unknown."""

    type: SubjectType
    id: str


class AlertView(BaseModel):
    """One alert as it stands now."""

    id: str
    kind: AlertKind
    condition: str = Field(description='what is watched, such as "fall" or "pressure-week"')
    state: State
    priority: Priority
    subject: SubjectView
    resident_id: str | None = Field(description="null while only the room or home is known")
    raised_at: datetime
    probability: float | None
    summary: str
    device_identity: str | None
    witnesses: int = Field(description="findings of this episode, the first among them")
    notified: int = Field(description="how often a channel has taken the message")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    verdict: Verdict | None
    note: str | None
    addressee: str | None = Field(description="who is asked, in the word of the resident's plan; null: who is on duty")
    simulated: bool


class EventView(BaseModel):
    """One thing that happened to an alert."""

    sequence: int
    type: EventType
    at: datetime
    actor: str
    data: dict[str, Any]


class EvidenceView(BaseModel):
    """What was kept with an alert: for a fall the acceleration around it."""

    name: str
    media_type: str
    content: Any


class AlertDetail(AlertView):
    """One alert with its history and evidence."""

    history: list[EventView]
    evidence: list[EvidenceView]


class StreamedAlert(AlertView):
    """The data of one event of the stream: the alert as it stands now, and what happened to it."""

    position: int | None = Field(description="place in the order of commits; null for alerts that were open already")
    event: EventView | None = Field(description="what happened; null for alerts that were open already")


class Resolution(BaseModel):
    """What a person found."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    note: str | None = Field(default=None, max_length=2000)


class PartView(BaseModel):
    """How one part of the gateway is."""

    colour: str
    reason: str


class StatusView(BaseModel):
    """How the gateway is: the colour of its worst part, and each part with its reason in words."""

    status: str
    simulated: bool
    version: str
    time: datetime
    clock_synchronised: bool
    parts: dict[str, PartView]


class CallerView(BaseModel):
    """Who the token belongs to."""

    name: str
    role: str


def alert_fields(alert: Alert, *, simulated: bool) -> dict[str, Any]:
    """The fields of `AlertView`."""
    return {
        "id": alert.id,
        "kind": alert.kind,
        "condition": alert.condition,
        "state": alert.state,
        "priority": alert.priority,
        "subject": SubjectView(type=alert.subject.type, id=alert.subject.id),
        "resident_id": alert.subject.resident_id,
        "raised_at": alert.raised_at,
        "probability": alert.probability,
        "summary": alert.summary,
        "device_identity": alert.device_identity,
        "witnesses": alert.witnesses,
        "notified": alert.notified,
        "acknowledged_at": alert.acknowledged_at,
        "acknowledged_by": alert.acknowledged_by,
        "resolved_at": alert.resolved_at,
        "resolved_by": alert.resolved_by,
        "verdict": alert.verdict,
        "note": alert.note,
        "addressee": alert.addressee,
        "simulated": simulated,
    }


def event_view(event: AlertEvent) -> EventView:
    """An event for the wire."""
    return EventView(sequence=event.sequence, type=event.type, at=event.at, actor=event.actor, data=dict(event.data))


def evidence_view(evidence: Evidence) -> EvidenceView:
    """Evidence for the wire: JSON text becomes JSON."""
    content: Any = evidence.content
    if evidence.media_type == "application/json":
        content = json.loads(evidence.content)
    return EvidenceView(name=evidence.name, media_type=evidence.media_type, content=content)
