"""What a device says to everybody: its advertisement, what it tells, and whether it asks to be connected to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from device_drivers.readings import Press, Reading
from firmware_profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Advert:
    """One advertisement, with its scan response where there was one.

    Attributes:
        address: the device's identity address, "AA:BB:CC:DD:EE:FF".
        rssi: dBm.
        services, service_data: UUIDs short ("181b") or 128-bit, lower case.
        manufacturer_data: by Bluetooth company identifier.
    """

    address: str
    name: str | None = None
    rssi: int = 0
    services: frozenset[str] = frozenset()
    manufacturer_data: Mapping[int, bytes] = field(default_factory=lambda: MappingProxyType({}))
    service_data: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """What one advertisement tells.

    Attributes:
        remember: for the device's memory: a replay counter, say. Kept before `presses` are acted on.
    """

    readings: tuple[Reading, ...] = ()
    presses: tuple[Press, ...] = ()
    remember: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Broadcaster(Protocol):
    """The driver of a device that is never connected to: a pure function of an advertisement and what is remembered.

    The same advertisement heard again (devices repeat each for seconds) gives an empty `Broadcast`.

    Raises:
        DecodeError: the advertisement is none of this device.
    """

    def __call__(self, advert: Advert, profile: Profile, memory: Mapping[str, str]) -> Broadcast: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an advertisement tells about connecting.

    Attributes:
        pairing: it is in pairing mode; None when it does not tell.
        waiting: how many records it holds that nobody has fetched; None when it does not tell.
    """

    pairing: bool | None = None
    waiting: int | None = None


class Caller(Protocol):
    """Reads a `Call` from an advertisement, for devices that tell: the radio connects only when it is worth it."""

    def __call__(self, advert: Advert, profile: Profile) -> Call: ...
