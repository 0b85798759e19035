"""Nothing leaves the home without consent: asked at the door of each sink, at the moment of sending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.core.subject import Subject


class Consent(StrEnum):
    """What is on record now for one subject, recipient and data type."""

    GRANTED = "granted"
    NEVER = "never"  # nobody has been asked, or nobody has answered: it may still come
    WITHDRAWN = "withdrawn"  # it was granted once (or refused), and is not in force now


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is on record now, and from when on it covers.

    Attributes:
        begin: of what is GRANTED: what was received before stays at home. None: the clock was not synchronised when the
            consent was given, so times cannot be compared with it; what was queued before was withheld with the grant.
    """

    consent: Consent
    begin: datetime | None = None


class ConsentStore(Protocol):
    """Consents of residents, per recipient (a sink's name)."""

    async def word(self, subject: Subject, recipient: str, data_type: str) -> Word:
        """The newest word for this recipient and data type (a reading kind, or "alert"), in force now.

        A consent that names no data type (or "*") covers every type; the newer of the two words counts. One that ran
        out counts as WITHDRAWN. For a room or home the residents who live there are asked: WITHDRAWN when any of them
        withdrew, else NEVER when any never answered or nobody lives there, else GRANTED since the last of them agreed.
        """
        ...
