"""Pairings as they go over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.pairing import Candidate, PairingState

ADDRESS: Final = r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPairing(_Body):
    """What a technician sets out to pair: a device by its address, or whichever of a model calls."""

    resident: str = Field(description="id, or a name that only one resident has", max_length=200)
    address: str | None = Field(default=None, pattern=ADDRESS, description="of the device; else it is looked for")
    profile: str | None = Field(default=None, max_length=200, description='the model, such as "a-and-d/ua-651ble"')
    user_slot: int | None = Field(default=None, ge=0, le=255, description="only readings under this user button")
    placement: str | None = Field(
        default=None, max_length=64, description='where it is worn or stands, such as "chest"'
    )
    language: Literal["fi", "sv", "en"] = "en"
    shared: bool = Field(default=False, description="several residents use it")
    replaces: str | None = Field(default=None, pattern=ADDRESS, description="the device in whose place it comes")
    bind_key: str | None = Field(
        default=None, pattern=r"^[0-9A-Fa-f]{32}$", description="of a device that encrypts its advertisements"
    )


class Passkey(_Body):
    """The six digits that the device displays."""

    passkey: str = Field(pattern=r"^[0-9]{1,6}$", repr=False)


class Comparison(_Body):
    """Whether the device displays the same six digits."""

    match: bool


class Selection(_Body):
    """Which of the devices that call."""

    address: str = Field(pattern=ADDRESS)


class BindKey(_Body):
    """The key of a device's encrypted advertisements: 32 hexadecimal digits from its maker's app."""

    bind_key: str = Field(pattern=r"^[0-9A-Fa-f]{32}$", repr=False)


class CandidateView(BaseModel):
    """A device that is heard now."""

    address: str
    name: str | None
    model: str
    profile: str | None
    rssi: int
    signal: str
    pairing: bool | None = Field(description="it is in pairing mode; null when it does not tell")
    owner: str | None = Field(description="it already belongs to this resident (or room)")
    owner_name: str | None = Field(description="that resident's name")
    seconds_ago: float


class AskView(BaseModel):
    """What waits for a person."""

    kind: str = Field(description='"select", "passkey", "display", "compare", "bind-key" or "consent-code"')
    words: str
    number: str | None = Field(description="six digits to show, for display and compare")


class PairingView(BaseModel):
    """A pairing as it stands."""

    id: str
    resident_id: str
    phase: str = Field(description='"looking", "calling", "preparing", "measuring" or "ended"')
    address: str | None
    model: str | None
    user_slot: int | None
    placement: str | None
    language: str
    shared: bool
    replaces: str | None
    steps: list[str]
    ask: AskView | None
    candidates: list[CandidateView]
    found: dict[str, Any] = Field(description="firmware, battery, clock, bond, signal, first measurement: no values")
    outcome: str | None = Field(
        description='"ready", "unproven", "failed", "cancelled", "timed-out" or "cut-off"; null while it is under way'
    )
    verdict: str | None
    started_at: datetime
    ended_at: datetime | None
    seconds: float


def candidate_view(one: Candidate, signal: str) -> CandidateView:
    """A heard device for the wire."""
    return CandidateView(
        address=one.address,
        name=one.name,
        model=one.model,
        profile=one.profile_id,
        rssi=one.rssi,
        signal=signal,
        pairing=one.pairing,
        owner=one.owner,
        owner_name=one.owner_name,
        seconds_ago=one.seconds_ago,
    )


def pairing_view(state: PairingState, candidates: list[CandidateView]) -> PairingView:
    """A pairing for the wire."""
    ask = state.ask
    return PairingView(
        id=state.id,
        resident_id=state.request.resident_id,
        phase=state.phase,
        address=state.address,
        model=state.model,
        user_slot=state.request.user_slot,
        placement=state.request.placement,
        language=state.request.language,
        shared=state.request.shared,
        replaces=state.request.replaces,
        steps=list(state.steps),
        ask=None if ask is None else AskView(kind=ask.kind, words=ask.words, number=ask.number),
        candidates=candidates,
        found=dict(state.found),
        outcome=state.outcome,
        verdict=state.verdict,
        started_at=state.started_at,
        ended_at=state.ended_at,
        seconds=state.seconds,
    )
