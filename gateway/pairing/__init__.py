"""Pairing as a technician's flow: from "what calls here?" to a first measurement, or nothing at all."""

from gateway.pairing.model import (
    Ask,
    AskKind,
    Candidate,
    Happened,
    Outcome,
    PairingRequest,
    PairingState,
    Phase,
)
from gateway.pairing.service import Pairings

__all__ = [
    "Ask",
    "AskKind",
    "Candidate",
    "Happened",
    "Outcome",
    "PairingRequest",
    "PairingState",
    "Pairings",
    "Phase",
]
