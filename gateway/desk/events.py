"""An alert is the fold of its append-only events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.core.subject import Origin, Subject


class AlertKind(StrEnum):
    FALL = "fall"
    NO_RECOVERY = "no-recovery"
    PRESS = "press"  # an alarm pendant
    INACTIVITY = "inactivity"  # nothing was heard of somebody at home for far longer than is usual
    ABSENCE = "absence"  # not back for far longer than is usual
    CHANGE = "change"  # somebody's days are not as they were
    TECHNICAL = "technical"
    VITAL_SIGN = "vital-sign"  # a rule about measurements of a resident


class Priority(StrEnum):
    """How urgent, most urgent first. A word of a later version is kept as it is, and no less urgent than any other."""

    CRITICAL = "critical"  # a person lies somewhere and does not get up
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @classmethod
    def _missing_(cls, value: object) -> Priority | None:
        if not isinstance(value, str):
            return None
        kept = str.__new__(cls, value)
        kept._name_, kept._value_ = value.upper(), value
        return kept

    @property
    def rank(self) -> int:
        """The greater, the more urgent."""
        known = list(type(self))
        return len(known) - known.index(self) if self in known else len(known) + 1


class State(StrEnum):
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Verdict(StrEnum):
    REAL = "real"
    FALSE = "false"
    TEST = "test"
    ACCIDENTAL = "accidental"
    NOT_CONFIRMED = "not-confirmed"
    INFORMATION = "information"
    TECHNICAL = "technical"


class EventType(StrEnum):
    RAISED = "raised"
    WITNESS = "witness"  # another finding of the same episode
    NOTIFIED = "notified"  # a channel took the message: not yet a human
    NOTIFICATION_FAILED = "notification-failed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One thing that happened to one alert.

    Attributes:
        sequence: 1, 2, 3 … within the alert, without gaps.
        actor: "gateway" or the name of a user; never free text of a resident.
        data: small and JSON-able; its keys depend on `type` and are documented in `gateway/desk/machine.py`.
    """

    alert_id: str
    sequence: int
    type: EventType
    at: datetime
    actor: str
    origin: Origin
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionedEvent:
    """An event with its place in the order of commits of this store: what a stream resumes from."""

    position: int
    event: AlertEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The state of one alert, folded from its events."""

    id: str
    kind: AlertKind
    condition: str  # what is watched, such as "fall": with the subject it names the episode
    state: State
    priority: Priority
    subject: Subject
    origin: Origin
    raised_at: datetime
    probability: float | None
    summary: str  # one sentence for a nurse, without a name
    device_identity: str | None
    last_sequence: int
    witnesses: int
    notified: int
    found_at: datetime  # when the newest finding happened
    witnessed: tuple[tuple[str, float], ...]  # kind of device ("worn", "radar") and the most that one of it said
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    verdict: Verdict | None = None
    note: str | None = None
    addressee: str | None = None  # who is asked to do something about it; None: whoever is on duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What travels with an alert. For a fall the acceleration around it, for a vital sign the readings behind it.

    `content` is JSON text. Of an acceleration: {"rate_hz": …, "unit": "g", "start_s": …, "samples": [[x, y, z], …]};
    `start_s` is the time of the first sample relative to the impact. "placement" says where the device was worn, when
    that is known.
    """

    name: str
    media_type: str
    content: str
