"""How the days of a household are watched, as people are shown it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from analytics.activity.named import silence_words
from analytics.activity.outages import silences
from gateway.core.health import Colour
from gateway.days.first_week import Plain
from gateway.days.household import Days
from gateway.days.quiet import Quiet, called
from gateway.days.record import Record
from gateway.store.day_promises import DayPromise

DEAF_S: Final = 3600.0  # nothing is listened to for that long: worth a word
_GIVE: Final = "say whose each is and where it stands ('huoma device assign')"
LEARN_S: Final = 3600.0  # how often sensors that are silent are looked for, and today's habits


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a household's days are watched, as people are shown it.

    Attributes:
        record: what was known; None where no sensor of movement is theirs.
        quiet: None likewise.
        out: sensors that are silent or lost, for a person.
        plain: the rule that stands in until a week is known.
    """

    days: Days
    promise: DayPromise
    record: Record | None
    quiet: Quiet | None
    out: tuple[str, ...]
    plain: Plain | None = None


def silent(days: Days, record: Record) -> tuple[str, ...]:
    """Sensors that are silent or lost now, for a person."""
    if days.learnt is None:
        return ()
    now = {one.sensor for one in days.learnt.outages if one.to_s >= record.now_s - LEARN_S}
    return tuple(called(days.sensors[index]) for index in sorted(now))


def long_silences(days: Days, record: Record, since_s: float) -> list[str]:
    """Silences that ended since a moment (or go on) and were stranger than ever: what failed and came back, perhaps.

    Only of sensors that speak only when somebody moves: of the others it is known whether they live.
    """
    known = () if days.learnt is None else days.learnt.outages
    events = replace(record.events, sensors=tuple(replace(one, name=called(one)) for one in record.events.sensors))
    own = [
        one
        for one in silences(events, known, end_s=record.now_s)
        if one.sensor in record.unsupervised and one.to_s >= since_s
        if record.listening[int(one.from_s // 60) : int(one.to_s // 60)].all()
    ]
    return [words[0].upper() + words[1:] + "." for words in silence_words(events, own)]


def _unwatched(standing: Sequence[Standing]) -> int:
    return sum(len(one.days.household.people) for one in standing if one.quiet is None)


def _unseen(people: int) -> tuple[Colour, str]:
    """Of homes where nobody can be watched."""
    if people:
        return Colour.AMBER, f"There are sensors of movement, but nobody's days can be watched: {_GIVE}."
    return Colour.GREEN, "No sensor of movement is anybody's: no quiet can be noticed."


def state(
    standing: Sequence[Standing], *, now: datetime, why: str | None, deaf_s: float, moving: bool
) -> tuple[Colour, str]:
    """What is said of all of them.

    Args:
        standing: of each household.
        now: aware.
        why: nothing comes; None while it does.
        deaf_s: for how long that has been so.
        moving: there are sensors of movement, whosever they are.
    """
    known = [one for one in standing if one.quiet is not None]
    watched = [one for one in known if one.promise.watched]
    if known and not watched:
        return Colour.GREEN, "Nobody's days are watched: 'huoma tune NAME --watch' changes that."
    unseen = _unwatched(standing) if moving else 0
    if not watched:
        return _unseen(unseen)
    count = len(watched)
    words = [f"Watching the days of {count} household{'' if count == 1 else 's'}."]
    words += sorted({one.plain.words for one in watched if one.plain is not None})
    crowd = sum(len(one.days.household.people) > 1 for one in watched)
    if crowd:
        words.append(
            "Several residents share rooms: who moved nobody can tell, so a quiet is noticed when nobody moves."
        )
    if unseen:
        words.append(f"Of {unseen} resident{'' if unseen == 1 else 's'} no sensor of movement tells: {_GIVE}.")
    out = [words for one in watched for words in one.out]
    if out:
        words.append(f"Silent: {', '.join(out)}.")
    for one in watched:
        deaf = one.record.deaf_since if one.record is not None else None
        if deaf is not None and (now - deaf).total_seconds() >= DEAF_S:
            words.append("No sensor of movement is heard, so no quiet can be noticed.")
            return Colour.AMBER, " ".join(words)
    if why is not None and deaf_s >= DEAF_S:
        words.append(f"Nothing is heard ({why}), so no quiet can be noticed.")
        return Colour.AMBER, " ".join(words)
    doubted = any(one.days.all_doubted for one in watched)
    if doubted:
        words.append("Nothing is expected of any sensor of movement just now: a quiet is noticed late.")
    return (Colour.AMBER if out or doubted else Colour.GREEN), " ".join(words)
