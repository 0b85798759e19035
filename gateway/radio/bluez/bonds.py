"""What BlueZ says about one device while a client of ours is on it.

No version says "stale bond" in an error. 5.82 with kernel 6.12 ends Connect with `br-connection-canceled`, a name that
other causes share; 5.66 encrypts again and again until the caller's patience ends. Newer ones give the end of a link a
reason (`Device1.Disconnected`), and where that is "authentication" there is nothing to guess; where there is none,
`gateway.radio.visits.bonds` counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_AUTHENTICATION: Final = "org.bluez.Reason.Authentication"


@dataclass(slots=True, kw_only=True)
class LinkWatch:
    """From before Connect until the client has left.

    Attributes:
        newly_bonded: a bond was made.
        key_refused: the link ended because encryption did not come about.
    """

    newly_bonded: bool = False
    key_refused: bool = False

    def changed(self, *, bonded: bool | None) -> None:
        """The device's property; None: it has not changed."""
        self.newly_bonded = self.newly_bonded or bool(bonded)

    def hung_up(self, reason: str) -> None:
        """The link ended, by BlueZ's word for the reason."""
        self.key_refused = self.key_refused or reason == _AUTHENTICATION
