"""Nothing leaves the home without consent: asked at the door of each sink, at the moment of sending."""

from __future__ import annotations

from typing import Protocol

from gateway.core.subject import Subject


class ConsentStore(Protocol):
    """Consents of residents, per recipient (a sink's name)."""

    async def allows(self, subject: Subject, recipient: str, data_type: str) -> bool:
        """True when a consent for this recipient and data type (a reading kind, or "alert") is in force now.

        For a room or home the residents who live there are asked: all must agree.
        """
        ...
