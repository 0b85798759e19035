"""A second person in the room holds back what is told of a person who does not move, and nothing else.

Falls, and that nobody got up after one, are told whoever is there. What is held back is told two hours after it was
due at the latest: a reflection that looks like a second person hides nobody for ever.
"""

from __future__ import annotations

from typing import Final

NO_MOVEMENT: Final = "no-movement"
LONGEST_S: Final = 2 * 3600.0
STILL_THERE_S: Final = 300.0  # somebody who sits still is lost by the module for some minutes


def held_back(kind: str, *, due_s: float, now_s: float, second_seen_s: float | None) -> bool:
    """Whether a finding waits.

    Args:
        kind: of the finding.
        due_s: when it was to be told first.
        now_s: on the same time line.
        second_seen_s: when two people were in that room last; None for never.
    """
    if kind != NO_MOVEMENT or second_seen_s is None:
        return False
    return now_s - second_seen_s <= STILL_THERE_S and now_s - due_s < LONGEST_S
