"""Pairings of earlier runs of the gateway, as their notes tell of them."""

from __future__ import annotations

from gateway.pairing.model import PairingRequest, PairingState, Phase
from gateway.store.pairings import PairingRow


def state_of(row: PairingRow) -> PairingState:
    """Of a pairing of an earlier run."""
    ended = row.ended_at
    return PairingState(
        id=row.id,
        request=PairingRequest(
            resident_id=row.resident_id, actor=row.actor, address=row.address, profile_id=row.profile_id,
            user_slot=row.user_slot, placement=row.placement, language=row.language, shared=row.shared,
            replaces=row.replaces,
        ),
        phase=Phase.ENDED if row.outcome else Phase.PREPARING, address=row.address,
        model=row.found.get("model_words"), steps=(), ask=None, candidates=(), found=row.found, outcome=row.outcome,
        verdict=row.found.get("verdict"), started_at=row.started_at, ended_at=ended,
        seconds=0.0 if ended is None else round((ended - row.started_at).total_seconds(), 1),
    )  # fmt: skip
