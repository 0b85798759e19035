"""What a channel tells outside, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from gateway.core.errors import HuomaError
from gateway.core.subject import Subject
from gateway.desk.events import Alert, AlertKind, Priority, State

NOTICE_SCHEMA: Final = "huoma.notice/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message about one alert: that there is one, how urgent, where to read it. No name, no measured value.

    Attributes:
        to: who is asked, in the word of the resident's plan; None: who is on duty.
        attempt: how often this channel has tried this alert since the gateway started, this time included.
        clock_synchronised: False when the gateway's wall clock may be wrong: `raised_at` and the signature's time too.
        simulated: True when the gateway runs on made-up devices: nobody is in need.
    """

    alert_id: str
    kind: AlertKind
    priority: Priority
    state: State
    subject: Subject
    raised_at: datetime
    attempt: int
    url: str
    clock_synchronised: bool
    simulated: bool = False
    to: str | None = None

    def document(self) -> dict[str, Any]:
        """`huoma.notice/1`, JSON-able."""
        return {
            "schema": NOTICE_SCHEMA,
            "id": self.alert_id,
            "kind": self.kind.value,
            "priority": self.priority.value,
            "state": self.state.value,
            "subject": {"type": self.subject.type.value, "id": self.subject.id},
            "raised_at": self.raised_at.isoformat(),
            "attempt": self.attempt,
            "url": self.url,
            "clock_synchronised": self.clock_synchronised,
            "simulated": self.simulated,
            "to": self.to,
        }


def notice_of(alert: Alert, *, attempt: int, url: str, clock_synchronised: bool, simulated: bool = False) -> Notice:
    """The message about an alert as it is now."""
    return Notice(
        alert_id=alert.id,
        kind=alert.kind,
        priority=alert.priority,
        state=alert.state,
        subject=alert.subject,
        raised_at=alert.raised_at,
        attempt=attempt,
        url=url,
        clock_synchronised=clock_synchronised,
        simulated=simulated,
        to=alert.addressee,
    )


class NotDelivered(HuomaError):  # noqa: N818
    """The channel did not take the message: it is tried again.

    The text follows the channel's name in a sentence ("does not answer (ConnectError)").

    Attributes:
        advice: what a person can check.
    """

    def __init__(self, reason: str, *, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


class Channel(Protocol):
    """A way to a person outside. Stateless towards the desk: asked again until somebody has answered the alert."""

    @property
    def name(self) -> str:
        """As people know it, without secrets: "webhook https://care.example"."""
        ...

    async def send(self, notice: Notice) -> None:
        """Return when the other side has taken the message.

        Raises:
            NotDelivered: it has not.
        """
        ...
