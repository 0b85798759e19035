"""The words of a pairing: what was asked for, what is heard, what happened, where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Phase(StrEnum):
    """Where a pairing stands."""

    LOOKING = "looking"  # for a device that calls; with several, until a person says which
    CALLING = "calling"  # one is chosen: until it calls in pairing mode and is connected to
    PREPARING = "preparing"  # who it is, its bond, its clock, whose it is
    MEASURING = "measuring"  # everything is done but the first measurement
    ENDED = "ended"


class Outcome(StrEnum):
    """How a pairing ended. All but the first two leave nothing behind."""

    READY = "ready"  # a first real measurement has arrived
    UNPROVEN = "unproven"  # paired and given to the resident; no measurement came while somebody waited for it
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed-out"
    CUT_OFF = "cut-off"  # the gateway stopped in the middle


STANDING: frozenset[str] = frozenset({Outcome.READY, Outcome.UNPROVEN})


class Act(StrEnum):
    """What the runner is to do."""

    LISTEN = "listen"  # let the radio connect to the chosen device
    ASSIGN = "assign"
    TRY_AGAIN = "try-again"  # leave the radio and listen anew
    RENEW_BOND = "renew-bond"  # the same, the old bond being removed between
    KEEP = "keep"  # it ended well: leave everything as it is
    UNDO = "undo"  # it did not: take back what was made


class AskKind(StrEnum):
    """What only a person can answer."""

    SELECT = "select"  # which of several devices
    PASSKEY = "passkey"  # the six digits that the device displays
    DISPLAY = "display"  # enter these six digits on the device: no answer
    COMPARE = "compare"  # does the device display these six digits?
    BIND_KEY = "bind-key"  # the key of its encrypted advertisements
    CONSENT_CODE = "consent-code"  # which of the device's users the resident is, and the four digits that open his


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to the technician. `number`: six digits to show, for DISPLAY and COMPARE; never logged."""

    kind: AskKind
    words: str
    number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingRequest:
    """What a technician sets out to do.

    Attributes:
        resident_id: whose the device will be.
        address: of the device; None: it is looked for.
        profile_id: the model it must be; None: whatever calls, and a person says which.
        language: of the steps: fi, sv or en.
        shared: several residents use it.
        replaces: address of the device in whose place it comes.
        actor: the technician.
        bind_key: of its encrypted advertisements; entered once the device is chosen. Never logged.
    """

    resident_id: str
    actor: str
    address: str | None = None
    profile_id: str | None = None
    user_slot: int | None = None
    placement: str | None = None
    language: str = "en"
    shared: bool = False
    replaces: str | None = None
    bind_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A device that is heard now.

    Attributes:
        model: for people; "unknown" when no profile claims it.
        pairing: it is in pairing mode; None when it does not tell.
        owner: id of the resident (or room) to whom it belongs already; `owner_name` for people.
        seconds_ago: when it was heard last.
    """

    address: str
    name: str | None
    model: str
    profile_id: str | None
    rssi: int
    pairing: bool | None
    owner: str | None
    seconds_ago: float
    owner_name: str | None = None

    def words(self) -> str:
        """How sentences call it."""
        return f"{self.model} {self.address} ({self.rssi} dBm)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened, as a sentence. `code` is for programs; `data` holds no measured value."""

    number: int
    at: datetime
    code: str
    words: str
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingState:
    """A pairing as it stands.

    Attributes:
        model: of the chosen device, for people.
        found: what was learnt so far: see `gateway.pairing.finding`.
        ask: what waits for a person.
        outcome, verdict: once it has ended.
        seconds: how long it has taken.
    """

    id: str
    request: PairingRequest
    phase: Phase
    address: str | None
    model: str | None
    steps: tuple[str, ...]
    ask: Ask | None
    candidates: tuple[Candidate, ...]
    found: Mapping[str, Any]
    outcome: str | None
    verdict: str | None
    started_at: datetime
    ended_at: datetime | None
    seconds: float
