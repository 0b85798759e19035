"""How each part of the gateway is, in three colours and one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Colour(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """One part: colour and the reason in words, with what to do when it is not green."""

    colour: Colour
    reason: str


class HealthBoard:
    """The parts report here; `/status`, `/metrics` and the log read it."""

    def __init__(self) -> None:
        self._parts: dict[str, PartHealth] = {}

    def report(self, part: str, colour: Colour, reason: str) -> None:
        """Say how a part is now. Replaces what it said before."""
        self._parts[part] = PartHealth(colour=colour, reason=reason)

    def parts(self) -> Mapping[str, PartHealth]:
        """All parts, by name."""
        return dict(self._parts)

    def worst(self) -> Colour:
        """The colour of the whole: that of its worst part."""
        order = (Colour.GREEN, Colour.AMBER, Colour.RED)
        return max((health.colour for health in self._parts.values()), key=order.index, default=Colour.AMBER)
