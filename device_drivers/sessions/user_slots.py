"""Users on the device (User Data Service, 181C): measurements are behind a consent code of four digits each.

What is remembered of the device is in `user_words`.

Source: Bluetooth SIG, User Data Service 1.1, §3.2.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from device_drivers.decode import user_control
from device_drivers.errors import CodeNeeded, DeviceRefused
from device_drivers.sessions import user_words
from device_drivers.sessions.base import Arrivals, End, Memory, SessionClock, drain
from device_drivers.sessions.control_point import ControlPoint
from device_drivers.sessions.link import Link, uuid128
from device_drivers.sessions.user_words import MOST_USERS, Consent, Wanted

STORED_S: Final = 2.0  # after consent: the device sends what it has at once


class UserSlots:
    """The users of one device, on one connection."""

    def __init__(self, link: Link, clock: SessionClock, memory: Memory) -> None:
        self._memory = memory
        self._address = link.address
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
        """Every user whose code is known."""
        return user_words.remembered(self._memory)

    @property
    def pairing(self) -> bool:
        """Somebody is being paired."""
        return Wanted.of(self._memory).pairing

    async def wanted(self, *, enrols: bool) -> Sequence[Consent]:
        """Whose measurements are to be fetched: of all that are known; while somebody is being paired of that one.

        Where it `enrols`, a resident who is no user yet becomes one.

        Raises:
            CodeNeeded: the code of the one that is wanted is not known, or every place is taken.
            LinkLost, BondLost, DeviceRefused: as `enrol`.
        """
        known, wanted = self.remembered(), Wanted.of(self._memory)
        if wanted.user is not None:
            found = [one for one in known if one.user == wanted.user]
            if not found:
                raise CodeNeeded(f"the consent code of user {wanted.user} is not known: enter it")
            return found
        if known and not wanted.new:
            return known
        if not wanted.pairing and user_words.slots(self._memory):
            raise CodeNeeded("no resident is a user of the device any more: pair it again for each")
        return [await self.enrol()] if enrols else []

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
        for one in users:
            if await self.consent(one) != user_control.SUCCESS:
                renewed = await self._renewed(one)
                if renewed is None or await self.consent(renewed) != user_control.SUCCESS:
                    refused.append(one.user)
                    continue
            end = await drain(link, clock, arrivals, idle_s=STORED_S)
            if end is End.DEVICE_CLOSED:
                return end
        if refused:
            raise self._refusal(refused)
        return end

    async def _renewed(self, refused: Consent) -> Consent | None:
        """A user of ours whom the device knows no more is made anew, while somebody is at it to say whose he is."""
        wanted = Wanted.of(self._memory)
        his = wanted.pairing and (
            wanted.user == refused.user or [one.user for one in self.remembered()] == [refused.user]
        )
        if not (his and user_words.is_own(self._memory, refused.user)):
            return None
        # First: whatever breaks off behind it, a new one is still wanted, and he whom it refuses is not.
        forgotten = dict.fromkeys(user_words.keys_of_own(self._memory, refused.user), "")
        await self._memory.keep({user_words.WANTED: str(Wanted(new=True, again=wanted.again)), **forgotten})
        return await self.enrol()

    async def enrol(self) -> Consent:
        """Be a user of the device for the first time, and remember it.

        The code is remembered before the device is told: a user made on a connection that broke off is found again.

        Raises:
            CodeNeeded: every place is taken.
            DeviceRefused: it registers nobody; both in words that say what to do.
        """
        for one in user_words.nobodys(self._memory):
            if await self.consent(one) == user_control.SUCCESS:
                return await self._known(one)
            await self._memory.keep({user_words.nobody(one.user): ""})  # deleted on the device
        code = user_words.pending(self._memory)
        if code is not None:
            found = await self._whose(code)
            if found is not None and self._free(found.user):
                return await self._known(found)
            code = None if found is not None else code
        if code is None:
            code = secrets.randbelow(user_control.LAST_CODE + 1)
        await self._memory.keep({user_words.CONSENT_CODE: f"{code:04d}"})
        answer = await self._control.ask(
            user_control.register(code), answers=lambda answer: answer.operation == user_control.REGISTER
        )
        if answer.outcome == user_control.FAILED:
            # Nobody has this code: were it kept, it would be tried on the places of others.
            await self._memory.keep({user_words.CONSENT_CODE: ""})
            raise CodeNeeded(
                "every place for a user is taken on the scale: enter the code of one of them ('huoma device code "
                f"{self._address}'), or delete one in its menu and pair it again"
            )
        if answer.user is None:
            raise DeviceRefused(f"the scale makes no user ({answer.outcome}): restart it and pair it again")
        return await self._known(Consent(user=answer.user, code=code))

    async def _whose(self, code: int) -> Consent | None:
        """The user that opens with this code, if there is one: also in the place of one who was known and is gone."""
        for user in range(1, MOST_USERS + 1):
            consent = Consent(user=user, code=code)
            if await self.consent(consent) == user_control.SUCCESS:
                return consent
        return None

    def _free(self, user: int) -> bool:
        """Not given to a resident by hand meanwhile, who never had a code of ours."""
        known = any(one.user == user for one in self.remembered())
        return known or Wanted.of(self._memory).again or user not in user_words.slots(self._memory)

    async def _known(self, made: Consent) -> Consent:
        wanted = Wanted.of(self._memory)
        kept = {user_words.own(made.user): f"{made.code:04d}", user_words.nobody(made.user): ""}
        if wanted.pairing:
            kept[user_words.WANTED] = str(Wanted(user=made.user, made=True, again=wanted.again))
        if user_words.pending(self._memory) == made.code:
            kept[user_words.CONSENT_CODE] = ""
        await self._memory.keep(kept)
        return made

    def _refusal(self, users: Sequence[int]) -> CodeNeeded:
        """The sentence for codes that the device does not take."""
        whose = " and ".join(str(user) for user in users)
        return CodeNeeded(
            f"the scale refuses the consent code of user {whose}: pair it again, so that the resident becomes a user "
            f"anew, or enter the right code ('huoma device code {self._address}')"
        )
