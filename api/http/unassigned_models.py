"""Readings that nobody was given, and what a person says about them, as they go over the wire."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.http.models import SubjectView
from api.http.registry_models import ValueView, values_view
from gateway.core.subject import Subject
from gateway.ingest.decisions import Offered
from gateway.store.corrections import Correction


class BandView(BaseModel):
    """What a resident is expected to weigh now: near to `centre` it can be theirs, beyond `clear` it cannot."""

    centre: float
    near: float
    clear: float


class CandidateView(BaseModel):
    """Somebody who shares the device. `band`: of whom weights are known; not for technicians."""

    resident_id: str
    band: BandView | None


class UnassignedView(BaseModel):
    """A reading that waits for a person. `seq` is where a client goes on from (`before_seq`)."""

    seq: int
    id: str
    kind: str
    values: dict[str, ValueView] | None = Field(description="null for technicians")
    effective_at: str | None
    received_at: str
    device_identity: str
    user_slot: int | None
    candidates: list[CandidateView] = Field(description="who shares the device; empty: it was nobody's then")
    why: str = Field(description="why it could not be decided")


class Owner(BaseModel):
    """Whose a reading is."""

    model_config = ConfigDict(extra="forbid")

    resident: str = Field(description="id, or a name that only one resident has")


class NewOwner(BaseModel):
    """Whose a reading is in truth."""

    model_config = ConfigDict(extra="forbid")

    resident: str | None = Field(default=None, description="id, or a name that only one resident has")
    nobody: bool = Field(default=False, description="it is nobody's who lives here")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.resident is None) is not self.nobody:
            raise ValueError('say whose it is: {"resident": …}, or {"nobody": true}')
        return self


class DecisionEffect(BaseModel):
    """What a decision did."""

    readings: int = Field(description="how many readings it moved: parts of one weighing, and what is clear now")


class CorrectionView(BaseModel):
    """Somebody said that a reading is `after`'s, not `before`'s; null is nobody."""

    at: str
    actor: str
    before: SubjectView | None
    after: SubjectView | None


def unassigned_view(offered: Offered, *, values: bool) -> UnassignedView:
    """A reading that waits, for the wire."""
    row = offered.reading
    return UnassignedView(
        seq=row.seq,
        id=row.id,
        kind=row.kind,
        values=values_view(row) if values else None,
        effective_at=None if row.effective_at is None else row.effective_at.isoformat(),
        received_at=row.received_at.isoformat(),
        device_identity=row.device_identity,
        user_slot=row.user_slot,
        candidates=[_candidate(offered, one, values=values) for one in offered.candidates],
        why=offered.why,
    )


def _candidate(offered: Offered, resident_id: str, *, values: bool) -> CandidateView:
    band = offered.bands.get(resident_id) if values else None
    view = None
    if band is not None:
        view = BandView(centre=round(band.centre_kg, 1), near=round(band.near_kg, 1), clear=round(band.clear_kg, 1))
    return CandidateView(resident_id=resident_id, band=view)


def correction_view(correction: Correction) -> CorrectionView:
    """A correction for the wire."""
    return CorrectionView(
        at=correction.at, actor=correction.actor, before=_subject(correction.before), after=_subject(correction.after)
    )


def _subject(subject: Subject | None) -> SubjectView | None:
    return None if subject is None else SubjectView(type=subject.type, id=subject.id)
