"""Whom something is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SubjectType(StrEnum):
    RESIDENT = "resident"
    ROOM = "room"  # a radar cannot know who fell
    HOME = "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A resident, or a room or home whose person is unknown."""

    type: SubjectType
    id: str

    @property
    def resident_id(self) -> str | None:
        """The resident, when known."""
        return self.id if self.type is SubjectType.RESIDENT else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a row was made: on every row and envelope from the first schema on."""

    organisation_id: str
    home_id: str
    gateway_id: str
