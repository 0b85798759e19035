"""Users on the device (User Data Service, 181C): measurements are behind a consent code of four digits each.

Remembered of the device: "consent-index" and "consent-code" of the user that was registered from here; "consent-code:N"
of the user N whose code a person entered.

Source: Bluetooth SIG, User Data Service 1.1, §3.2.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from device_drivers.decode import user_control
from device_drivers.errors import CodeNeeded, DeviceRefused
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, drain
from device_drivers.sessions.control_point import ControlPoint
from device_drivers.sessions.link import Link, uuid128

CONSENT_INDEX: Final = "consent-index"  # in the device's memory
CONSENT_CODE: Final = "consent-code"
# What the device holds too once it was told, whatever becomes of the pairing: without the code the next pairing would
# make another user, until every place is taken. Not the index: by the code the user is looked for, or made anew.
STORED_S: Final = 2.0  # after consent: the device sends what it has at once
MOST_USERS: Final = 10  # of any scale known here
HELD_BY_DEVICE: Final = frozenset({CONSENT_CODE, *(f"{CONSENT_CODE}:{user}" for user in range(MOST_USERS + 1))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A user of the device and the code that opens his measurements."""

    user: int
    code: int = field(repr=False)


class UserSlots:
    """The users of one device, on one connection."""

    def __init__(self, link: Link, clock: SessionClock, memory: Memory) -> None:
        self._memory = memory
        self._control = ControlPoint(
            link, clock, uuid=user_control.CHARACTERISTIC, decode=user_control.decode, silence=DeviceRefused
        )

    @staticmethod
    def on(link: Link) -> bool:
        """The device has users."""
        return uuid128(user_control.CHARACTERISTIC) in link.characteristics

    async def open(self) -> None:
        """Subscribe to the answers. Raises as `Link` does."""
        await self._control.open()

    def remembered(self) -> Sequence[Consent]:
        """Every user whose index and code are known."""
        found: dict[int, int] = {}
        for user in range(MOST_USERS + 1):
            code = self._number(f"{CONSENT_CODE}:{user}")
            if code is not None:
                found[user] = code
        user_index, code = self._number(CONSENT_INDEX), self._number(CONSENT_CODE)
        if user_index is not None and code is not None and user_index < user_control.UNKNOWN_USER:
            found[user_index] = code
        return [Consent(user=user, code=code) for user, code in found.items() if code <= user_control.LAST_CODE]

    async def consent(self, consent: Consent) -> str:
        """Be this user; what the device says to it (`user_control.SUCCESS`, `NOT_AUTHORISED`, …).

        Raises:
            LinkLost, BondLost, DeviceRefused: as `Link` does; DeviceRefused also when it does not answer.
        """
        answer = await self._control.ask(
            user_control.consent(consent.user, consent.code),
            answers=lambda answer: answer.operation == user_control.CONSENT,
        )
        return answer.outcome

    async def fetch(self, users: Sequence[Consent], link: Link, clock: SessionClock, arrivals: Arrivals) -> End:
        """What is stored for each of these users, one after the other: the device sends to whoever consented last.

        Raises:
            CodeNeeded: it refuses the code of one of them; the others were fetched.
            LinkLost, BondLost, DeviceRefused: as `consent`.
        """
        refused: list[int] = []
        end = End.NOTHING_MORE
        for consent in users:
            if await self.consent(consent) != user_control.SUCCESS:
                refused.append(consent.user)
                continue
            end = await drain(link, clock, arrivals, idle_s=STORED_S)
            if end is End.DEVICE_CLOSED:
                return end
        if refused:
            raise _refusal(refused)
        return end

    async def enrol(self) -> Consent:
        """Be a user of the device for the first time, and remember it.

        The code is remembered before the device is told: a user made on a connection that broke off is found again.

        Raises:
            CodeNeeded: every place is taken.
            DeviceRefused: it registers nobody; both in words that say what to do.
        """
        known = self._number(CONSENT_CODE)
        if known is not None and known <= user_control.LAST_CODE:
            found = await self._whose(known)
            if found is not None:
                return found
        code = secrets.randbelow(user_control.LAST_CODE + 1) if known is None else known
        await self._memory.keep(CONSENT_CODE, f"{code:04d}")
        answer = await self._control.ask(
            user_control.register(code), answers=lambda answer: answer.operation == user_control.REGISTER
        )
        if answer.outcome == user_control.FAILED:
            raise CodeNeeded(
                "every place for a user is taken on the scale: enter the code of one of them ('huoma device code "
                "ADDRESS'), or delete one in its menu and pair it again"
            )
        if answer.user is None:
            raise DeviceRefused(f"the scale makes no user ({answer.outcome}): restart it and pair it again")
        return await self._known(Consent(user=answer.user, code=code))

    async def _whose(self, code: int) -> Consent | None:
        """The user that opens with this code, if there is one."""
        for user in range(1, MOST_USERS + 1):
            consent = Consent(user=user, code=code)
            if await self.consent(consent) == user_control.SUCCESS:
                return await self._known(consent)
        return None

    async def _known(self, consent: Consent) -> Consent:
        await self._memory.keep(CONSENT_INDEX, str(consent.user))
        return consent

    def _number(self, key: str) -> int | None:
        text = self._memory.get(key)
        return int(text) if text is not None and text.isascii() and text.isdigit() else None


def _refusal(users: Sequence[int]) -> CodeNeeded:
    """The sentence for codes that the device does not take."""
    whose = " and ".join(str(user) for user in users)
    return CodeNeeded(
        f"the scale refuses the consent code of user {whose}: enter the right one ('huoma device code ADDRESS'), or "
        "delete that user in the menu of the scale and pair it again"
    )


def is_word(key: str) -> bool:
    """A key of the device's memory that belongs to users and their codes."""
    return key in (CONSENT_INDEX, CONSENT_CODE) or key.startswith(f"{CONSENT_CODE}:")


def entered(known: Mapping[str, str], user: int, code: int | None) -> Mapping[str, str]:
    """What to remember when a person enters the code of a user; None forgets it. `known`: what is remembered now."""
    kept = {f"{CONSENT_CODE}:{user}": "" if code is None else f"{code:04d}"}
    if known.get(CONSENT_INDEX) == str(user):  # what was registered from here holds no longer
        kept |= {CONSENT_INDEX: "", CONSENT_CODE: ""}
    return kept
