"""What is wrong with devices that only advertise, in words: once each, and on the status page while it lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.advertising import Trouble
from gateway.core.health import Colour, HealthBoard

PART: Final = "broadcasts"
BUTTON: Final = "press"  # the kind of a profile whose device somebody may call with
AGAIN_S: Final = 3600.0  # who comes and goes between two troubles is told of once an hour
_NAMED: Final = 3  # on the status page, in full

_KEY: Final = "'huoma device key {address}'"
_SENTENCES: Final[Mapping[Trouble, str]] = MappingProxyType(
    {
        Trouble.NEEDS_KEY: f"it is encrypted and needs its bind key: {_KEY} asks for it.",
        Trouble.WRONG_KEY: f"its bind key does not open what it sends: enter the right one with {_KEY}.",
        Trouble.NOT_ENCRYPTED: (
            "what it sent was not encrypted although its bind key is known, so it was not taken: somebody imitates it, "
            f"or its encryption was switched off. Switch it on again, or forget the key with {_KEY} --forget."
        ),
        Trouble.OLD_COUNTER: (
            "what it sent bears a lower number than before, so it was not taken: its battery was changed, or somebody "
            f"plays a recording of it. After a change of the battery enter its bind key again with {_KEY}."
        ),
    }
)


@dataclass(slots=True, kw_only=True)
class _Told:
    trouble: Trouble
    at: float
    words: str
    button: bool


class Troubles:
    """By address; bounded by the devices of the home."""

    def __init__(self, health: HealthBoard) -> None:
        self._health = health
        self._now: dict[str, _Told] = {}
        self._said: dict[tuple[str, Trouble], float] = {}

    def begin(self, address: str, name: str, trouble: Trouble, at: float, *, button: bool) -> str | None:
        """There is trouble. Returns the sentence when it is to be said now."""
        known = self._now.get(address)
        if known is not None and known.trouble is trouble:
            return None
        words = _SENTENCES[trouble].format(address=address)
        self._now[address] = _Told(trouble=trouble, at=at, words=f"{name}: {words}", button=button)
        self.report()
        said = self._said.get((address, trouble))
        if said is not None and at - said < AGAIN_S:
            return None
        self._said[address, trouble] = at
        return words

    def end(self, address: str) -> None:
        """It could be taken."""
        if self._now.pop(address, None) is not None:
            self.report()

    def forget(self, address: str) -> None:
        """The device is nobody's any more, or begins anew."""
        for trouble in Trouble:
            self._said.pop((address, trouble), None)
        self.end(address)

    def report(self) -> None:
        """To the health board. A pendant that cannot be understood is red: somebody relies on it."""
        if not self._now:
            self._health.report(PART, Colour.GREEN, "What sensors and pendants advertise is understood.")
            return
        told = sorted(self._now.values(), key=lambda one: (not one.button, one.at))
        words = [one.words for one in told[:_NAMED]]
        if len(told) > _NAMED:
            words.append(f"So have {len(told) - _NAMED} more.")
        colour = Colour.RED if any(one.button for one in told) else Colour.AMBER
        self._health.report(PART, colour, " ".join(words))
