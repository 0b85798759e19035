"""How the bonding of a pairing goes: digits asked for and refused, an old key removed, a bond made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.pairing import verdict as say
from gateway.pairing.model import Act, AskKind
from gateway.pairing.who import capital

PASSKEY_TRIES: Final = 3
_OF_DIGITS: Final = frozenset({AskKind.PASSKEY, AskKind.DISPLAY, AskKind.COMPARE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What follows when no bond was made. `act` None: the pairing fails."""

    words: str
    code: str = "failed"
    act: Act | None = None


class Bonding:
    """The state of it.

    Attributes:
        made: there is a bond of this pairing.
        old_gone: the bond of before was removed, and no new one was made since.
    """

    def __init__(self) -> None:
        self.made = False
        self.old_gone = False
        self._renewed = False
        self._digits = 0  # how often they were asked for
        self._asked = False  # on this connection

    def asks(self, kind: AskKind) -> None:
        """A question is put."""
        if kind in _OF_DIGITS:
            self._asked = True
            self._digits += 1

    def bonded(self) -> None:
        """A bond was made."""
        self.made, self.old_gone = True, False

    def begins_anew(self) -> None:
        """The device is to call in pairing mode once more."""
        self.made = False

    def ended(self) -> bool:
        """The connection did; whether digits were asked for on it."""
        asked, self._asked = self._asked, False
        return asked

    def failed(self, why: str, *, digits: bool) -> Failure:
        """No bond was made, or the device did not know it any more."""
        if digits and self._digits < PASSKEY_TRIES:
            words = "The digits were not accepted. Put it into pairing mode again."
            return Failure(code="passkey-refused", words=words, act=Act.TRY_AGAIN)
        if digits:
            return Failure(
                words=f"The digits were not accepted {self._digits} times: take new batteries, and begin anew."
            )
        if not self._renewed:
            # A technician stands there with the device in pairing mode: the one moment at which an old key may go.
            self._renewed = self.old_gone = True
            words = f"{capital(why)}. If there was an old key it is removed, and pairing tried anew."
            return Failure(code="renewing", words=words, act=Act.RENEW_BOND)
        return Failure(words=say.does_not_pair(why))
