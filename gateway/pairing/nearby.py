"""Who is heard, and whose each is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from device_drivers.advertising import Call
from gateway.core.clock import Clock
from gateway.pairing.model import Candidate
from gateway.store.registry import Registry

HEARD_FOR_S: Final = 0.4  # one look at the radio serves all pairings of a moment


class Seen(Protocol):
    """One device that the radio hears (`gateway.radio.seen.Seen`)."""

    @property
    def address(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def model(self) -> str: ...
    @property
    def profile_id(self) -> str | None: ...
    @property
    def rssi(self) -> int: ...
    @property
    def heard_monotonic(self) -> float: ...
    @property
    def call(self) -> Call | None: ...


class Ears(Protocol):
    """The radio, as far as it hears."""

    def seen(self) -> Sequence[Seen]:
        """The latest first."""
        ...


class Nearby:
    """The list that candidates are chosen from."""

    def __init__(self, radio: Ears, registry: Registry, clock: Clock) -> None:
        self._radio = radio
        self._registry = registry
        self._clock = clock
        self._listing: tuple[float, tuple[Candidate, ...]] = (-HEARD_FOR_S, ())

    def look_again(self) -> None:
        """The next `heard` is not the list of a moment ago."""
        self._listing = (-HEARD_FOR_S, ())

    async def heard(self) -> tuple[Candidate, ...]:
        """Everybody, also devices that no profile knows: now, or a moment ago."""
        now = self._clock.monotonic()
        if now - self._listing[0] < HEARD_FOR_S:
            return self._listing[1]
        owners, names = await self.owners(), {one.id: one.name for one in await self._registry.residents()}
        found = tuple(
            Candidate(
                address=one.address.upper(), name=one.name, model=one.model, profile_id=one.profile_id, rssi=one.rssi,
                pairing=None if one.call is None else one.call.pairing, owner=owners.get(one.address.upper()),
                owner_name=names.get(owners.get(one.address.upper(), "")),
                seconds_ago=round(max(0.0, now - one.heard_monotonic), 1),
            )
            for one in self._radio.seen()
        )  # fmt: skip
        self._listing = (now, found)
        return found

    async def owners(self) -> dict[str, str]:
        """Whose each device is, by address."""
        addresses = {device.identity: device.address for device in await self._registry.devices()}
        return {
            addresses.get(one.device_identity, one.device_identity.removeprefix("address:")): one.subject.id
            for one in await self._registry.assigned()
        }
