"""The alert desk as a pure state machine: `alert, command → events` and `alert, event → alert`.

raised → acknowledged → resolved, never back. An alert is known by its subject, its condition and its episode. While it
is raised, every further finding of the same subject and condition is a WITNESS of it: it is being announced anyway.
Once it is acknowledged, a finding less than EPISODE_S from the acknowledgement is a witness too: a person is there. The
time does not begin anew with each: a detector that goes on and on must not keep a real fall quiet. A witness that is
more urgent gives the alert its priority and its sentence, also while a person has it: they see it, and keep it. Any
other finding is
a new alert, so that one which nobody has resolved does not make a later fall silent. No finding undoes what a person
did. At most one alert per subject and condition is raised.

What has to be done outside (announcing, hushing) follows from the events and the folded state alone, so that it
survives a restart: `gateway.desk.notifier` announces what is RAISED. No list of effects can be lost with the power.

Keys of `AlertEvent.data` by type:

| type | keys |
|---|---|
| raised | kind, condition, priority, probability, summary, subject {type, id}, device_identity, witness (the kind of
  device: "worn", "radar"), evidence [names]; where somebody is asked: addressee |
| witness | kind, priority, probability, summary, device_identity, witness, evidence [names], state (the alert's at the
  time); where this finding knows better who it is: subject, whose the alert is from now on |
| notified | channel, attempt, count (deliveries this event stands for), failed_before (failures since the last event) |
| notification-failed | channel, attempt, count (failures this event stands for), reason |
| acknowledged | implied (true when it was resolved without having been acknowledged first) |
| resolved | verdict, note |
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from gateway.core.errors import Conflict, Invalid, NotFound, StoreError
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk import episodes
from gateway.desk.episodes import WORN
from gateway.desk.events import Alert, AlertEvent, AlertKind, EventType, Evidence, Priority, State, Verdict

GATEWAY: Final = "gateway"  # the actor of what the machine does itself
MAX_NOTE: Final = 2000  # characters: a nurse's line or two, not a file
MAX_ACTOR: Final = 200  # characters
# Long enough for who answered to arrive and help the person up, which looks like further falls; short enough that the
# next fall, after they have gone, calls somebody again.
EPISODE_S: Final = 600.0
MAX_EVIDENCE_WITNESSES: Final = 8  # a stuck detector may witness for ever; its evidence may not fill the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Something was noticed about a subject: a new alert, or a witness of the one of this episode.

    Attributes:
        probability: in [0, 1]; None when the detector gives none. Anything else is kept as None, because a finding is
            not thrown away for a bad number.
        summary: one sentence for a nurse, without a name.
        at: when it happened (for a fall the impact), aware.
        witness: the kind of device: those of one kind err alike.
        episode: the alert that it belongs to, where that is known: of what follows a fall.
        lasting: a condition of days, such as a week's mean: while its alert is raised or acknowledged, however long
            ago, the finding joins it, unless it is more urgent.
        addressee: who is asked to do something, in the word that the resident's plan has; None: who is on duty.
        addendum: worth a word only while the alert of its episode is open: nothing is written when it no longer is.
    """

    subject: Subject
    kind: AlertKind
    condition: str
    priority: Priority
    probability: float | None
    summary: str
    device_identity: str | None
    at: datetime
    evidence: tuple[Evidence, ...] = ()
    witness: str = WORN
    episode: str | None = None
    lasting: bool = False
    addressee: str | None = None
    addendum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a command comes to: events to append in one transaction, and the alert folded over them."""

    alert: Alert
    events: tuple[AlertEvent, ...]
    evidence: tuple[Evidence, ...] = ()


def fold(alert: Alert | None, event: AlertEvent) -> Alert:
    """The alert after one more event.

    Raises:
        StoreError: no machine of ours can have written this event here (gap, wrong order, unknown words).
    """
    if alert is None:
        if event.type is not EventType.RAISED or event.sequence != 1:
            raise _damaged(event, "it does not begin with being raised")
        return _raised(event)
    if event.alert_id != alert.id or event.sequence != alert.last_sequence + 1:
        raise _damaged(event, f"event {event.sequence} of alert {event.alert_id} follows event {alert.last_sequence}")
    after = replace(alert, last_sequence=event.sequence)
    match event.type:
        case EventType.WITNESS if alert.state is not State.RESOLVED:
            return _witnessed(after, event)
        case EventType.NOTIFIED:
            return replace(after, notified=alert.notified + int(event.data.get("count", 1)))
        case EventType.NOTIFICATION_FAILED:
            return after
        case EventType.ACKNOWLEDGED if alert.state is State.RAISED:
            return replace(after, state=State.ACKNOWLEDGED, acknowledged_at=event.at, acknowledged_by=event.actor)
        case EventType.RESOLVED if alert.state is State.ACKNOWLEDGED:
            return _resolved(after, event)
    raise _damaged(event, f"it was {event.type} while {alert.state}")


def fold_all(events: Iterable[AlertEvent]) -> Alert | None:
    """The alert after its whole history; None for an empty one."""
    alert = None
    for event in events:
        alert = fold(alert, event)
    return alert


def decide_report(known: Alert | None, report: Report, *, new_id: str, origin: Origin) -> Decision:
    """A finding: the first event of a new alert `new_id`, or a witness of `known`.

    `known` is, of this subject and condition, the raised alert, else the newest acknowledged one; or one that a witness
    of another subject may have raised of the same fall (`gateway.desk.episodes`).

    Raises:
        Invalid: the report has no condition, or a time without a zone.
    """
    if not report.condition.strip():
        raise Invalid("a report must name its condition, such as 'fall'")
    if report.at.tzinfo is None:
        raise Invalid("a report's time must have a zone")
    probability = _probability(report.probability)
    data: dict[str, Any] = {
        "priority": report.priority.value,
        "probability": probability,
        "summary": report.summary,
        "device_identity": report.device_identity,
        "witness": report.witness,
    }
    if known is not None and not _about(known, report):
        raise Invalid(f"alert {known.id} is not about {report.condition} of this {report.subject.type}")
    if known is None or not joins(known, report):
        if report.addressee is not None:
            data["addressee"] = report.addressee
        data |= {
            "kind": report.kind.value,
            "condition": report.condition,
            "subject": {"type": report.subject.type.value, "id": report.subject.id},
            "evidence": [one.name for one in report.evidence],
        }
        first = AlertEvent(
            alert_id=new_id, sequence=1, type=EventType.RAISED, at=report.at, actor=GATEWAY, origin=origin, data=data
        )
        return Decision(alert=fold(None, first), events=(first,), evidence=report.evidence)
    evidence: tuple[Evidence, ...] = ()
    if known.witnesses < MAX_EVIDENCE_WITNESSES:
        number = known.witnesses + 1
        evidence = tuple(replace(one, name=f"{one.name}-{number}") for one in report.evidence)
    data |= {"kind": report.kind.value, "evidence": [one.name for one in evidence], "state": known.state.value}
    subject = episodes.narrower(known.subject, report.subject)
    if subject != known.subject:
        data["subject"] = {"type": subject.type.value, "id": subject.id}
    return _then(known, EventType.WITNESS, at=report.at, actor=GATEWAY, data=data, evidence=evidence)


def decide_acknowledge(alert: Alert | None, *, actor: str, at: datetime) -> Decision:
    """A person takes the alert.

    Raises:
        NotFound: no such alert.
        Conflict: somebody has it already, or it is resolved; the text names who and since when.
        Invalid: no actor.
    """
    known = _known(alert)
    _check_actor(actor)
    if known.state is not State.RAISED:
        raise _taken(known)
    return _then(known, EventType.ACKNOWLEDGED, at=at, actor=actor, data={"implied": False})


def decide_resolve(
    alert: Alert | None, *, actor: str, verdict: Verdict | str, note: str | None, at: datetime
) -> Decision:
    """A person says what it was. From RAISED it implies the acknowledgement by the same person: both in one append.

    Raises:
        NotFound: no such alert.
        Conflict: it is resolved already.
        Invalid: unknown verdict, note too long, no actor.
    """
    known = _known(alert)
    _check_actor(actor)
    try:
        word = Verdict(verdict)
    except ValueError:
        choices = ", ".join(one.value for one in Verdict)
        raise Invalid(f"'{verdict}' is no verdict: give one of {choices}") from None
    if note is not None and len(note) > MAX_NOTE:
        raise Invalid(f"the note has {len(note)} characters: at most {MAX_NOTE} are kept")
    if known.state is State.RESOLVED:
        raise _taken(known)
    events: tuple[AlertEvent, ...] = ()
    if known.state is State.RAISED:
        implied = _then(known, EventType.ACKNOWLEDGED, at=at, actor=actor, data={"implied": True})
        known, events = implied.alert, implied.events
    last = _then(known, EventType.RESOLVED, at=at, actor=actor, data={"verdict": word.value, "note": note or None})
    return Decision(alert=last.alert, events=events + last.events)


def decide_notified(
    alert: Alert | None, *, channel: str, attempt: int, count: int, failed_before: int, at: datetime
) -> Decision:
    """A channel took the message. Also after an answer: the message was under way."""
    data = {"channel": channel, "attempt": attempt, "count": count, "failed_before": failed_before}
    return _then(_known(alert), EventType.NOTIFIED, at=at, actor=GATEWAY, data=data)


def decide_notification_failed(
    alert: Alert | None, *, channel: str, attempt: int, count: int, reason: str, at: datetime
) -> Decision:
    """A channel did not take the message, `count` times since the last such event."""
    data = {"channel": channel, "attempt": attempt, "count": count, "reason": reason}
    return _then(_known(alert), EventType.NOTIFICATION_FAILED, at=at, actor=GATEWAY, data=data)


def _about(known: Alert, report: Report) -> bool:
    if known.condition != report.condition:
        return False
    if known.subject == report.subject or known.id == report.episode:
        return True
    return episodes.may_be_one(
        known,
        subject=report.subject,
        kind=report.kind,
        condition=report.condition,
        at=report.at,
        witness=report.witness,
    )


def same_episode(known: Alert, at: datetime) -> bool:
    """Whether a finding at that moment is a witness of this alert, of its own subject and condition."""
    if known.state is not State.ACKNOWLEDGED:
        return known.state is State.RAISED
    # Both ways: a second device tells of the same fall a little late, with a time before the acknowledgement. A time
    # far before it is one of a clock that was set back and cannot be compared: rather an alert too many.
    answered = known.acknowledged_at
    return answered is not None and abs((at - answered).total_seconds()) < EPISODE_S


def joins(known: Alert, report: Report) -> bool:
    """Whether the report is a witness of this alert of its own subject and condition."""
    if report.lasting and known.state is State.ACKNOWLEDGED and report.priority.rank <= known.priority.rank:
        return True
    return same_episode(known, report.at)


def _then(
    alert: Alert,
    kind: EventType,
    *,
    at: datetime,
    actor: str,
    data: Mapping[str, Any],
    evidence: tuple[Evidence, ...] = (),
) -> Decision:
    event = AlertEvent(
        alert_id=alert.id,
        sequence=alert.last_sequence + 1,
        type=kind,
        at=at,
        actor=actor,
        origin=alert.origin,
        data=data,
    )
    return Decision(alert=fold(alert, event), events=(event,), evidence=evidence)


def _raised(event: AlertEvent) -> Alert:
    data = event.data
    try:
        said = data["probability"]
        return Alert(
            id=event.alert_id,
            kind=AlertKind(data["kind"]),
            condition=str(data["condition"]),
            state=State.RAISED,
            priority=Priority(data["priority"]),
            subject=Subject(type=SubjectType(data["subject"]["type"]), id=str(data["subject"]["id"])),
            origin=event.origin,
            raised_at=event.at,
            probability=said,
            summary=str(data["summary"]),
            device_identity=data["device_identity"],
            last_sequence=event.sequence,
            witnesses=1,
            notified=0,
            found_at=event.at,
            witnessed=() if said is None else ((data.get("witness", WORN), float(said)),),
            addressee=data.get("addressee"),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(event, f"its first event cannot be read ({error!r})") from error


def _witnessed(alert: Alert, event: AlertEvent) -> Alert:
    try:
        priority, said = Priority(event.data["priority"]), event.data["probability"]
        subject = alert.subject
        if "subject" in event.data:
            subject = Subject(type=SubjectType(event.data["subject"]["type"]), id=str(event.data["subject"]["id"]))
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(event, f"a witness cannot be read ({error!r})") from error
    witnessed = dict(alert.witnessed)
    if said is not None:
        kind = event.data.get("witness", WORN)
        witnessed[kind] = max(float(said), witnessed.get(kind, 0.0))
    more_urgent = priority.rank > alert.priority.rank
    return replace(
        alert,
        witnesses=alert.witnesses + 1,
        priority=priority if more_urgent else alert.priority,
        summary=str(event.data.get("summary", alert.summary)) if more_urgent else alert.summary,
        subject=subject,
        probability=episodes.together(witnessed.values()),
        found_at=event.at,
        witnessed=tuple(witnessed.items()),
    )


def _resolved(alert: Alert, event: AlertEvent) -> Alert:
    try:
        verdict = Verdict(event.data["verdict"])
    except (KeyError, ValueError) as error:
        raise _damaged(event, f"its verdict cannot be read ({error!r})") from error
    return replace(
        alert,
        state=State.RESOLVED,
        resolved_at=event.at,
        resolved_by=event.actor,
        verdict=verdict,
        note=event.data.get("note"),
    )


def _probability(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) and 0.0 <= value <= 1.0 else None


def _known(alert: Alert | None) -> Alert:
    if alert is None:
        raise NotFound("no such alert: read GET /alerts for those there are")
    return alert


def _check_actor(actor: str) -> None:
    if not actor.strip() or len(actor) > MAX_ACTOR or not actor.isprintable():
        raise Invalid("an answer needs the name of the user who gives it")


def _taken(alert: Alert) -> Conflict:
    if alert.state is State.RESOLVED:
        since = alert.resolved_at.isoformat(timespec="seconds") if alert.resolved_at else "an unknown time"
        return Conflict(f"alert {alert.id} was resolved as '{alert.verdict}' by {alert.resolved_by} at {since}")
    since = alert.acknowledged_at.isoformat(timespec="seconds") if alert.acknowledged_at else "an unknown time"
    return Conflict(f"alert {alert.id} is with {alert.acknowledged_by}, who acknowledged it at {since}")


def _damaged(event: AlertEvent, why: str) -> StoreError:
    return StoreError(f"the history of alert {event.alert_id} is damaged: {why}; restore the store from a backup")
