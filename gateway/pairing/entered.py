"""Keys and codes that technicians enter while they pair: what was before is kept until the pairing has ended well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Final, Protocol

from device_drivers.broadcasts.bthome import BIND_KEY, REPLAY_COUNTER
from device_drivers.sessions.user_words import is_nobodys, is_word
from gateway.radio.broadcast.memory import KEY_ENTERED
from gateway.store.device_memory import DeviceMemory

# There is something to bring back, even when there was nothing before.
_KEY_HELD: Final = "held"
_CODES_HELD: Final = "codes-held"


class EntryActs(Protocol):
    """`api.acts.Acts`, as far as what people enter of a device goes."""

    async def set_bind_key(self, address: str, bind_key: str, *, actor: str) -> None:
        """The key of its encrypted advertisements. Raises Invalid."""
        ...

    async def enter_code(self, address: str, user: int, code: str, *, actor: str) -> None:
        """The code of one of its users. Raises Invalid."""
        ...


class Entered:
    """Durable: what was before a pairing survives a stop of the gateway. All methods may be called twice."""

    def __init__(self, memory: DeviceMemory, acts: EntryActs) -> None:
        self._memory = memory
        self._acts = acts

    async def bind_key(self, address: str, bind_key: str, *, actor: str) -> None:
        """A new key; the old one and its counter are held. Raises Invalid, StoreError."""
        await self._hold(address, _KEY_HELD, _of_key)
        await self._acts.set_bind_key(address, bind_key, actor=actor)

    async def consent_code(self, address: str, user: int, code: str, *, actor: str) -> None:
        """The code of a user; all that was known of users is held. Raises Invalid, StoreError."""
        await self._hold(address, _CODES_HELD, is_word)
        await self._acts.enter_code(address, user, code, actor=actor)

    async def bring_back(self, address: str, *, actor: str) -> None:
        """As it was before the first entry, counter and all; nothing where none was made. Raises StoreError.

        Users who are nobody's by now are on the device, whatever was before.
        """
        held = await self._memory.of(_aside(address))
        if not held:
            return
        now = await self._memory.of(address)
        old: dict[str, str] = {}
        if _KEY_HELD in held and (BIND_KEY in held or BIND_KEY in now):
            old = {BIND_KEY: held.get(BIND_KEY, ""), REPLAY_COUNTER: held.get(REPLAY_COUNTER, "")}
            old[KEY_ENTERED] = token_hex(8)  # so that the radio takes the counter of the store, not its own
        if _CODES_HELD in held:
            old |= {word: held.get(word, "") for word in {*now, *held} if is_word(word)}
            old |= {word: value for word, value in now.items() if value and is_nobodys(word)}
        if old:
            await self._memory.enter(address, old, actor=actor, action="device.entry-back")
        await self._memory.forget(_aside(address))

    async def before(self, address: str) -> Mapping[str, str]:
        """What is held. Raises StoreError."""
        return await self._memory.of(_aside(address))

    async def settle(self, address: str) -> None:
        """What was entered stays: what was before is forgotten. Raises StoreError."""
        await self._memory.forget(_aside(address))

    async def _hold(self, address: str, mark: str, belongs: Callable[[str], bool]) -> None:
        if mark in await self._memory.of(_aside(address)):
            return
        before = await self._memory.of(address)
        old = {word: value for word, value in before.items() if belongs(word)}
        await self._memory.keep(_aside(address), {mark: "yes", **old})


def _of_key(word: str) -> bool:
    return word in (BIND_KEY, REPLAY_COUNTER)


def _aside(address: str) -> str:
    """Under a name that no device has."""
    return f"{address.upper()}/before"
