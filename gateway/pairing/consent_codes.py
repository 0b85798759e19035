"""The consent code of a user on the device, as far as a pairing asks for it: why, how often, in which words."""

from __future__ import annotations

from typing import Final

from device_drivers.errors import CodeNeeded
from gateway.pairing.model import Ask, AskKind
from gateway.pairing.who import capital

TRIES: Final = 3
_WHICH: Final = (
    "which user of the device the resident is, and that user's consent code: four digits, which the device shows in "
    "the user's settings, or its maker's app"
)


class ConsentCodes:
    """What stands between the gateway and the measurements of a user.

    Attributes:
        refused: why the device gives nothing, by its own word; None when it gives, or has not said.
        answered: a code was entered since, and not tried yet.
        gives_without: it gave, and never was one asked for.
    """

    def __init__(self) -> None:
        self.refused: str | None = None
        self.answered = False
        self.gives_without = False
        self._asked = 0
        self._perhaps = False

    @staticmethod
    def asks(ask: Ask | None) -> bool:
        """The technician is asked for a code at this moment."""
        return ask is not None and ask.kind is AskKind.CONSENT_CODE

    def needed(self, error: CodeNeeded) -> Ask | None:
        """The question; None when it was answered wrongly often enough."""
        self.refused, self.answered = str(error).partition(":")[0], False
        if self._asked == TRIES:
            return None
        self._asked += 1
        return Ask(kind=AskKind.CONSENT_CODE, words=f"{capital(self.refused)}. Enter {_WHICH}. Then measure once more.")

    def not_needed(self) -> None:
        """It gives as it is."""
        self.refused = None
        self.gives_without = self._asked == 0 and not self._perhaps

    def perhaps(self) -> Ask:
        """The question about a device that may only have had nothing to give."""
        self._perhaps = True
        return Ask(
            kind=AskKind.CONSENT_CODE,
            words=f"The device has users of its own and gave nothing. Measure once; if nothing comes, enter {_WHICH}.",
        )

    def verdict(self) -> str:
        """Of a pairing that fails for want of the right code."""
        if self.answered:
            return "The code was entered, but the device did not call again to prove it: begin anew, and measure then."
        return (
            f"{capital(self.refused or '')}, and no code that it takes was entered: look one up in the menu of the "
            "device or in its maker's app, or delete a user there, and begin anew."
        )
