"""Does this measurement prove that the pairing works?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from firmware_profiles import Profile
from gateway.pairing import sentences
from gateway.pairing.log import PairingLog
from gateway.pairing.model import PairingRequest
from gateway.pairing.who import capital

MOTION: Final = "motion"
PENDING_LIMIT: Final = 16  # measurements that came before the device was given to somebody; later ones tell no more

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


def counts(measured: Measured, user_slot: int | None, assigned_at: datetime) -> tuple[str, str] | None:
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
    if user_slot is not None and measured.user_slot != user_slot:
        if measured.user_slot is None:
            words = f"It does not say which user measured, so user {user_slot} can never be known:"
            return "no-user-slot", f"{words} cancel, and pair it without a user slot."
        return (
            "other-user",
            f"Measured as user {measured.user_slot}: switch the device to user {user_slot} and measure again.",
        )
    return None


class FirstMeasurement:
    """What has come of a device that is being paired.

    Args:
        request: what the technician set out to do.
        found: "first" is written there: when, and of which kinds.
        log: is told what came, and what does not count.
    """

    def __init__(self, request: PairingRequest, found: dict[str, Any], log: PairingLog) -> None:
        self.user_slot = request.user_slot  # the only user who counts, where one is asked for or was made
        self._found = found
        self._log = log
        self._arrived: dict[str, None] = {}  # in order
        self._pending: list[Measured] = []

    @property
    def kinds(self) -> Collection[str]:
        """Of what counts as measured, in the order in which they came."""
        return self._arrived.keys()

    def came(self, measured: Measured, assigned_at: datetime | None) -> None:
        """One measurement. Before the device is given to somebody it waits for that."""
        if assigned_at is None:
            if len(self._pending) < PENDING_LIMIT:
                self._pending.append(measured)
            return
        verdict = counts(measured, self.user_slot, assigned_at)
        if verdict is not None:
            code, words = verdict
            self._log.say(code, words)
        elif measured.kind not in self._arrived:
            self._arrived[measured.kind] = None
            at = (measured.at or measured.received_at).isoformat(timespec="seconds")
            first = self._found.setdefault("first", {"at": at, "kinds": [], "user_slot": measured.user_slot})
            first["kinds"].append(measured.kind)
            self._log.say("measured", f"{capital(sentences.kinds((measured.kind,)))} has arrived.", kind=measured.kind)

    def waited(self) -> Sequence[Measured]:
        """What waited, once."""
        pending, self._pending = self._pending, []
        return pending

    def missing(self, profile: Profile | None) -> str | None:
        """The kind that has to come and has not; "measurement" for any."""
        if profile is not None and MOTION in profile.kinds:
            return None if MOTION in self._arrived else MOTION
        return None if self._arrived else "measurement"
