"""Which of the devices that call is meant? Chosen by itself only when there can be no doubt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_profiles import Profile
from gateway.core.words import with_article
from gateway.pairing.log import PairingLog
from gateway.pairing.model import Candidate, PairingRequest

# A second one of the same model may be in pairing mode beside it: it is heard within some advertising intervals.
ALONE_FOR_S: Final = 2.0
STALE_S: Final = 20.0  # calls each second or so while in pairing mode; not heard for this long, it has stopped


class Choice:
    """Looks at what is heard until one is chosen."""

    def __init__(
        self, request: PairingRequest, profile: Profile | None, log: PairingLog, free: Callable[[str], bool]
    ) -> None:
        self._request = request
        self._profile = profile
        self._log = log
        self._free = free  # no other pairing has chosen it
        self._told: set[str] = set()  # at most one entry per address that the radio remembers
        self._alone: tuple[str, float] | None = None
        self._asked: tuple[str, ...] = ()
        self.question: str | None = None

    def look(self, candidates: tuple[Candidate, ...], now: float) -> Candidate | None:
        """The one that is meant, or None; then `question` is what a person must answer, if anything."""
        heard = [one for one in candidates if one.profile_id is not None and one.seconds_ago <= STALE_S]
        mine = [one for one in heard if self._profile is None or one.profile_id == self._profile.id]
        self._tell_others(heard, mine)
        free = [one for one in mine if self.refusal(one) is None]
        possible = [one for one in free if one.pairing is not False]
        calling = [one for one in free if one.pairing]
        if self._profile is not None and len(calling) == 1 and len(possible) == 1:
            one = calling[0]
            if self._alone is None or self._alone[0] != one.address:
                self._alone = (one.address, now)
            self.question = None
            return one if now - self._alone[1] >= ALONE_FOR_S else None
        self._alone = None
        self.question = self._ask(calling or possible)
        return None

    def refusal(self, one: Candidate) -> str | None:
        """Why this one cannot be meant."""
        if self._profile is not None and one.profile_id != self._profile.id:
            wanted = f"{self._profile.vendor} {self._profile.model}"
            return f"{one.words()} is not {with_article(wanted)}: cancel, and begin with its model."
        if not self._free(one.address):
            return f"{one.words()} is being paired already: go on there, or cancel that one."
        if one.owner is None or one.owner == self._request.resident_id:
            return None
        if self._request.shared or self._request.user_slot is not None:
            return None
        return (
            f"{one.words()} already belongs to {one.owner_name or one.owner}: take it away there first "
            f"('huoma unpair {one.address}'), or pair it as shared or with a user slot. A scale that knows its users "
            "takes one more: ask for it by its address."
        )

    def _ask(self, possible: list[Candidate]) -> str | None:
        if not possible:
            return None
        addresses = tuple(sorted(one.address for one in possible))
        if addresses == self._asked and self.question is not None:
            return self.question  # the signal of each varies all the time: that is no new question
        self._asked = addresses
        nearest = sorted(possible, key=lambda one: (-one.rssi, one.address))
        listed = "; ".join(one.words() for one in nearest)
        if len(nearest) == 1:
            return f"Is this the device? {listed}. Say yes by selecting its address."
        return f"{len(nearest)} devices call: {listed}. Which is meant? Select its address; the nearest is named first."

    def _tell_others(self, heard: list[Candidate], mine: list[Candidate]) -> None:
        for one in heard:
            if one.address in self._told:
                continue
            if one in mine:
                words = self.refusal(one)
                if words is None and one.pairing is False:
                    words = f"{one.words()} is heard, but not in pairing mode: follow the steps."
                if words is not None:
                    self._told.add(one.address)
                    self._log.say("heard", words, address=one.address)
            elif one.pairing and one.owner is None and self._profile is not None:
                self._told.add(one.address)
                wanted = f"{self._profile.vendor} {self._profile.model}"
                words = f"{one.words()} calls in pairing mode; {with_article(wanted)} was asked for. Waiting for that."
                self._log.say("wrong-model", words, address=one.address)
