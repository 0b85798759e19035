"""What delivery reads from an envelope, whatever is inside."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from gateway.core.envelope import ALERT_SCHEMA, READING_SCHEMA, RETRACTION_SCHEMA, Envelope
from gateway.core.errors import Invalid
from gateway.core.subject import Subject, SubjectType

ALERT_TYPE: Final = "alert"


def subject_of(envelope: Envelope) -> Subject:
    """Whom the content is about.

    Raises:
        Invalid: the envelope names no subject; nothing can be delivered without one, as nobody can consent to it.
    """
    document: Any = envelope["body"].get("subject")
    try:
        return Subject(type=SubjectType(document["type"]), id=str(document["id"]))
    except (TypeError, KeyError, ValueError):
        raise Invalid("The envelope names no subject: nobody can consent to its delivery.") from None


def data_type_of(envelope: Envelope) -> str:
    """What consent is asked for: the kind of a reading, or "alert"."""
    of_reading = is_reading(envelope) or is_retraction(envelope)
    return str(envelope["body"].get("kind", "")) if of_reading else ALERT_TYPE


def received_at_of(envelope: Envelope) -> datetime | None:
    """When a reading came to the gateway, as far as its clock was synchronised then; None: that cannot be compared.

    None for alerts too: a wrong clock must not hold one back.
    """
    body = envelope["body"]
    if not is_reading(envelope) or not body.get("clock_synchronised"):
        return None
    try:
        at = datetime.fromisoformat(str(body.get("received_at")))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def is_reading(envelope: Envelope) -> bool:
    """True for `huoma.reading/1`."""
    return envelope["schema"] == READING_SCHEMA


def is_retraction(envelope: Envelope) -> bool:
    """True for `huoma.retraction/1`."""
    return envelope["schema"] == RETRACTION_SCHEMA


def is_alert(envelope: Envelope) -> bool:
    """True for `huoma.alert/1`."""
    return envelope["schema"] == ALERT_SCHEMA


def order_key(envelope: Envelope) -> str:
    """Items of one key are delivered in their order: the device of a reading, the alert of an alert event.

    A reading that is taken back has the key of the reading.
    """
    body = envelope["body"]
    if is_reading(envelope) or is_retraction(envelope):
        return "device:" + str(body.get("device", {}).get("identity", ""))
    return "alert:" + str(body.get("id", envelope["message_id"]))
