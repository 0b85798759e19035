"""Does this measurement prove that the pairing works?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.pairing.model import PairingRequest

# As ingest has it (`gateway.store.assignments`): whole seconds, and a clock that nobody has read.
_WHOLE_SECOND_S = 1.0
_UNKNOWN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came, without its values.

    Attributes:
        kind: of the nomenclature, or "press", or "motion".
        failed: the device measured and got no number; `why` in its own words.
        at: when it was measured, by its corrected clock; None when that is not known: as it came.
        uncertainty_s: of `at`.
    """

    kind: str
    received_at: datetime
    failed: bool = False
    why: tuple[str, ...] = ()
    at: datetime | None = None
    uncertainty_s: float | None = None
    user_slot: int | None = None


def counts(measured: Measured, request: PairingRequest, assigned_at: datetime) -> tuple[str, str] | None:
    """None when it does; else a code and the sentence that says why not, and what to do."""
    if measured.failed:
        why = f" ({', '.join(measured.why)})" if measured.why else ""
        return "measurement-failed", f"The measurement failed{why}: measure again."
    if measured.at is not None:
        slack = _WHOLE_SECOND_S + (_UNKNOWN_S if measured.uncertainty_s is None else measured.uncertainty_s)
        if measured.at < assigned_at - timedelta(seconds=slack):
            when = f"{measured.at:%Y-%m-%d %H:%M} UTC"
            words = f"It sent a record from {when}, before it was given to the resident: nobody gets that one."
            return "older-record", f"{words} Measure once now."
    if request.user_slot is not None and measured.user_slot != request.user_slot:
        if measured.user_slot is None:
            words = f"It does not say which user measured, so user {request.user_slot} can never be known:"
            return "no-user-slot", f"{words} cancel, and pair it without a user slot."
        return (
            "other-user",
            f"Measured as user {measured.user_slot}: switch the device to user {request.user_slot} and measure again.",
        )
    return None
