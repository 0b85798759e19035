"""An alert as JSON and back: the folded state in the store, and the body of `huoma.alert/1`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk.episodes import WORN
from gateway.desk.events import Alert, AlertEvent, AlertKind, Priority, State, Verdict


def alert_document(alert: Alert) -> dict[str, Any]:
    """Every field under its name; times ISO 8601, subject and origin as objects."""
    return {
        "id": alert.id,
        "kind": alert.kind.value,
        "condition": alert.condition,
        "state": alert.state.value,
        "priority": alert.priority.value,
        "subject": {"type": alert.subject.type.value, "id": alert.subject.id},
        "origin": {
            "organisation_id": alert.origin.organisation_id,
            "home_id": alert.origin.home_id,
            "gateway_id": alert.origin.gateway_id,
        },
        "raised_at": alert.raised_at.isoformat(),
        "probability": alert.probability,
        "summary": alert.summary,
        "device_identity": alert.device_identity,
        "last_sequence": alert.last_sequence,
        "witnesses": alert.witnesses,
        "notified": alert.notified,
        "found_at": alert.found_at.isoformat(),
        "witnessed": dict(alert.witnessed),
        "acknowledged_at": _text(alert.acknowledged_at),
        "acknowledged_by": alert.acknowledged_by,
        "resolved_at": _text(alert.resolved_at),
        "resolved_by": alert.resolved_by,
        "verdict": None if alert.verdict is None else alert.verdict.value,
        "note": alert.note,
        "addressee": alert.addressee,
    }


def alert_from(document: dict[str, Any]) -> Alert:
    """The alert again."""
    return Alert(
        id=document["id"],
        kind=AlertKind(document["kind"]),
        condition=document["condition"],
        state=State(document["state"]),
        priority=Priority(document["priority"]),
        subject=Subject(type=SubjectType(document["subject"]["type"]), id=document["subject"]["id"]),
        origin=Origin(**document["origin"]),
        raised_at=datetime.fromisoformat(document["raised_at"]),
        probability=document["probability"],
        summary=document["summary"],
        device_identity=document["device_identity"],
        last_sequence=document["last_sequence"],
        witnesses=document["witnesses"],
        notified=document["notified"],
        # Alerts of a store that was written before these were kept.
        found_at=datetime.fromisoformat(document.get("found_at", document["raised_at"])),
        witnessed=tuple(document.get("witnessed", _once(document)).items()),
        acknowledged_at=_time(document["acknowledged_at"]),
        acknowledged_by=document["acknowledged_by"],
        resolved_at=_time(document["resolved_at"]),
        resolved_by=document["resolved_by"],
        verdict=None if document["verdict"] is None else Verdict(document["verdict"]),
        note=document["note"],
        addressee=document.get("addressee"),  # not in a store that was written before it was kept
    )


def event_document(event: AlertEvent) -> dict[str, Any]:
    """One event for a receiver."""
    return {
        "sequence": event.sequence,
        "type": event.type.value,
        "at": event.at.isoformat(),
        "actor": event.actor,
        "data": dict(event.data),
    }


def _once(document: dict[str, Any]) -> dict[str, float]:
    said = document["probability"]
    return {} if said is None else {WORN: said}


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
