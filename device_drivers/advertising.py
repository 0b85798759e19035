"""What a device says to everybody: its advertisement, what it tells, and whether it asks to be connected to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
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


class Trouble(StrEnum):
    """Why an advertisement of a device cannot be taken as it is: a technician's matter."""

    NEEDS_KEY = "needs-key"  # it is encrypted and nobody has entered its bind key
    WRONG_KEY = "wrong-key"  # the bind key that was entered does not open it
    NOT_ENCRYPTED = "not-encrypted"  # a bind key was entered, and it came in plain: anybody could have sent it
    OLD_COUNTER = "old-counter"  # numbered lower than one that was taken: a recording, or its battery was changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """What one advertisement tells.

    Attributes:
        readings: new ones. They take the place of what was `unfinished`.
        unfinished: readings that a later advertisement may complete; taken as they are if none does for a while.
        over: nothing completes what was unfinished before this advertisement: it is taken as it is, first.
        presses: new ones. One with a `doubt` is not to be acted on as it is, and not to be passed over either.
        remember: for the device's memory: a replay counter, say. Kept once what it tells is committed: after a power
            cut it is rather told twice than never.
        meanwhile: likewise, for as long as the gateway runs: what keeps repeats apart, with the moments of hearing.
        trouble: why it could not be taken as it is.
    """

    readings: tuple[Reading, ...] = ()
    unfinished: tuple[Reading, ...] = ()
    over: bool = False
    presses: tuple[Press, ...] = ()
    remember: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    meanwhile: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    trouble: Trouble | None = None


class Broadcaster(Protocol):
    """The driver of a device that is never connected to: a pure function of an advertisement and what is remembered.

    The same advertisement heard again (devices repeat each for seconds) gives an empty `Broadcast`.

    Args:
        memory: all that was to be remembered of the device, in both ways. Secrets may be among it.
        at: when it was heard, monotonic s.

    Raises:
        DecodeError: the advertisement is none of this device.
    """

    def __call__(self, advert: Advert, profile: Profile, memory: Mapping[str, str], *, at: float) -> Broadcast: ...


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
