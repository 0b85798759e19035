"""Which of the last events was heard when: tells a repeat from a new one. Kept as text in a device's memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RECENT: Final = "recent-events"  # the key in the memory
LIMIT: Final = 8  # with two adapters the repeats of an event may come behind those of the next few


def first_heard(memory: Mapping[str, str]) -> dict[str, float]:
    """The moment at which each of the last events was first heard, monotonic s. A damaged memory is empty."""
    found: dict[str, float] = {}
    for word in memory.get(RECENT, "").split():
        event, _, moment = word.partition("@")
        try:
            found[event] = float(moment)
        except ValueError:
            continue
    return found


def with_event(memory: Mapping[str, str], event: str, at: float) -> dict[str, str]:
    """What to keep after `event` (no spaces, no @) was heard: it and those before it."""
    known = {name: moment for name, moment in first_heard(memory).items() if name != event}
    known[event] = at
    return {RECENT: " ".join(f"{name}@{moment!r}" for name, moment in list(known.items())[-LIMIT:])}
