"""Bind keys that technicians enter while they pair: the one before is kept until the pairing has ended well."""

from __future__ import annotations

from secrets import token_hex
from typing import Final, Protocol

from device_drivers.broadcasts.bthome import BIND_KEY, REPLAY_COUNTER
from gateway.radio.broadcast.memory import KEY_ENTERED
from gateway.store.device_memory import DeviceMemory

_HELD: Final = "held"  # there is something to bring back, even when there was no key before


class KeyActs(Protocol):
    """`api.acts.Acts`, as far as bind keys go."""

    async def set_bind_key(self, address: str, bind_key: str, *, actor: str) -> None:
        """The key of its encrypted advertisements. Raises Invalid."""
        ...


class BindKeys:
    """Durable: what was before a pairing survives a stop of the gateway. All methods may be called twice."""

    def __init__(self, memory: DeviceMemory, acts: KeyActs) -> None:
        self._memory = memory
        self._acts = acts

    async def give(self, address: str, bind_key: str, *, actor: str) -> None:
        """A new key; the old one and its counter are held. Raises Invalid, StoreError."""
        if not await self._memory.of(_aside(address)):
            before = await self._memory.of(address)
            old = {word: before[word] for word in (BIND_KEY, REPLAY_COUNTER) if word in before}
            await self._memory.keep(_aside(address), {_HELD: "yes", **old})
        await self._acts.set_bind_key(address, bind_key, actor=actor)

    async def bring_back(self, address: str, *, actor: str) -> None:
        """As it was before the first `give`, counter and all; nothing when no key was given. Raises StoreError."""
        held = await self._memory.of(_aside(address))
        if not held:
            return
        now = await self._memory.of(address)
        if BIND_KEY in held or BIND_KEY in now:
            old = {BIND_KEY: held.get(BIND_KEY, ""), REPLAY_COUNTER: held.get(REPLAY_COUNTER, "")}
            entered = {KEY_ENTERED: token_hex(8)}  # so that the radio takes the counter of the store, not its own
            await self._memory.enter(address, {**old, **entered}, actor=actor, action="device.key-back")
        await self._memory.forget(_aside(address))

    async def settle(self, address: str) -> None:
        """The new key stays: the one before is forgotten. Raises StoreError."""
        await self._memory.forget(_aside(address))


def _aside(address: str) -> str:
    """Under a name that no device has."""
    return f"{address.upper()}/before"
