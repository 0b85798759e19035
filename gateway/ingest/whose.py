"""Whose reading is it? The owner of the device, the user button, the band around a resident's weight, or a question.

| the device is | decided by |
|---|---|
| assigned to one | that assignment, at the moment of the measurement ("owner") |
| assigned by user slot | the slot that the device names ("slot") |
| shared, a scale | personal bands ("band", `gateway.ingest.bands`); the other parts of a weighing follow ("weighing") |
| shared, anything else | a person: a blood pressure tells nobody apart |

What is not decided is nobody's. It is kept, offered to a person, and delivered when a person has said whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import apsw

from gateway.core.subject import Subject
from gateway.core.words import with_article
from gateway.ingest import bands
from gateway.store import assignments, weighings
from gateway.store.assignments import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a reading says about whose it is.

    Attributes:
        seq: its position, once it is stored.
        at: when it was measured; None when that is not known well enough to compare weights.
        weight_kg: None where it has none, or failed.
    """

    seq: int | None
    device_identity: str
    kind: str
    user_slot: int | None
    device_time: str | None
    received_at: datetime
    measured: Measured
    at: datetime | None
    weight_kg: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whose it is and how that was found, or nobody's and `why`.

    Attributes:
        shared: those it may be of; empty when the device was not shared.
        dismissed: a person has said of another part of the same weighing that it is nobody's who lives here.
    """

    subject: Subject | None
    how: str = "owner"
    why: str = ""
    shared: tuple[Subject, ...] = ()
    dismissed: bool = False


def decide(connection: apsw.Connection, keys: set[str], facts: Facts, *, by_weight: bool = True) -> Decision:
    """Inside a transaction. Without `by_weight` bands are not looked at: what needs them stays undecided."""
    owners = assignments.owners(connection, keys, facts.user_slot, facts.measured)
    if owners.subject is not None:
        return Decision(subject=owners.subject, how=owners.how)
    if not owners.shared:
        return Decision(subject=None, why=_nobodys(facts, known=owners.slots))
    for part in same_act(connection, facts):
        if part.subject in owners.shared:
            return Decision(subject=part.subject, how="weighing")
        if part.dismissed:
            return Decision(subject=None, why="a visitor's weighing", shared=owners.shared, dismissed=True)
    found, why = _by_weight(connection, facts, owners.shared) if by_weight else (None, "not looked at")
    return Decision(subject=found, how="band", why=why, shared=owners.shared)


def comparable(at: datetime | None, source: str, uncertainty_s: float | None, *, doubtful: bool) -> datetime | None:
    """When it was measured, if that is known to the day: weights are compared over weeks.

    Not of a record without a stamp from a device that has a clock (it may be old), and of nothing that is doubtful.
    """
    return None if doubtful or (source == "reception" and uncertainty_s is None) else at


def same_act(connection: apsw.Connection, facts: Facts) -> list[weighings.Part]:
    """The other parts of the same act of weighing."""
    return weighings.same_act(
        connection, facts.device_identity, facts.kind,
        user_slot=facts.user_slot, device_time=facts.device_time, received_at=facts.received_at, but=facts.seq,
    )  # fmt: skip


def verdict(connection: apsw.Connection, facts: Facts, shared: Sequence[Subject]) -> bands.Verdict | None:
    """What the bands say of a weight; None of what has no weight, or no time."""
    if facts.weight_kg is None or facts.at is None:
        return None
    known = weighings.history(connection, shared, facts.device_identity, facts.at, facts.seq)
    return bands.decide(facts.weight_kg, facts.at.timestamp(), [one.id for one in shared], known)


def _by_weight(connection: apsw.Connection, facts: Facts, shared: Sequence[Subject]) -> tuple[Subject | None, str]:
    said = verdict(connection, facts, shared)
    if said is None and facts.kind not in weighings.KINDS:
        return None, f"{len(shared)} residents share the device, and {with_article(facts.kind)} tells nobody apart"
    if said is None:
        return None, "it has no weight of its own" if facts.weight_kg is None else "when it was measured is not known"
    return next((one for one in shared if one.id == said.whose), None), said.why


def _nobodys(facts: Facts, *, known: bool) -> str:
    if known:
        return "the device named no user" if facts.user_slot is None else f"user {facts.user_slot} is nobody"
    return "the device belonged to nobody when it measured"
