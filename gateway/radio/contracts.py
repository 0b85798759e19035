"""What the radio asks of the gateway: whose a device is, and where to put what was heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from device_drivers.errors import DecodeError, DeviceError
from device_drivers.readings import Motion, Press
from device_drivers.sessions.base import End
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A device of ours.

    Attributes:
        may_pair: a bond may be made when the device asks for one and there is none.
        identity: how the device was known before ("serial:…"): kept when it does not tell its serial number this time.
        memory: what its driver remembers (`device_drivers.sessions.Memory`): consent codes, bind keys, counters.
            Secrets may be among them: never logged.
    """

    may_pair: bool = True
    identity: str | None = None
    memory: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)


class DeviceBook(Protocol):
    """Which devices are ours. An answer may be kept until `on_change` calls."""

    async def wanted(self, address: str) -> Wanted | None:
        """None: not ours, never to be connected to."""
        ...

    async def memory(self, address: str) -> Mapping[str, str]:
        """What is remembered of a device, ours or not (one that is being paired is not ours yet)."""
        ...

    async def remember(self, address: str, kept: Mapping[str, str]) -> None:
        """Durable when it returns. Raises StoreError."""
        ...

    def on_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have `changed` called after each assignment and withdrawal. Returns what ends that."""
        ...


class Severity(StrEnum):
    """How much a sentence about a device matters."""

    INFORMATION = "information"
    WARNING = "warning"  # it will try again by itself
    FAULT = "fault"  # a person must act


class RadioSink(Protocol):
    """Where the radio puts what it heard."""

    async def reading(self, received: Received) -> None:
        """Returns when it is committed: only then an indication is confirmed to the device (where the host can wait).

        A `HuomaError` means "not stored": the link is closed unconfirmed and the device sends it again.
        """
        ...

    async def press(self, device: KnownDevice, press: Press, at_monotonic: float) -> None:
        """A button was pressed. Returns when what it means (an alert, a test) is committed.

        Raises:
            StoreError: it is not; the radio tries again until it is.
        """
        ...

    def motion(self, device: KnownDevice, motion: Motion, at_monotonic: float) -> None:
        """A piece of acceleration; `at_monotonic` is its moment of reception."""
        ...

    def undecodable(self, device: KnownDevice, source: str, frame: bytes, error: DecodeError) -> None:
        """A frame that is none: to be counted and kept raw."""
        ...

    def known(self, device: KnownDevice) -> None:
        """Called once on each connection, when the device has told who it is (model, serial number, battery)."""
        ...

    def device_state(self, address: str, words: str, severity: Severity) -> None:
        """What happened with a device, as a sentence."""
        ...


class PairingWatch(Protocol):
    """Told what happens with the one device that a technician is pairing, as it happens: plain calls, never await."""

    def connecting(self) -> None:
        """It called, and is being connected to. May come again after `failed`."""
        ...

    def bonded(self) -> None:
        """A bond was made, on this connection."""
        ...

    def known(self, device: KnownDevice) -> None:
        """It has told who it is."""
        ...

    def clock(self, offset: ClockMeasurement) -> None:
        """Its clock was read, and perhaps set and verified."""
        ...

    def reading(self, received: Received) -> None:
        """A reading of it was committed."""
        ...

    def press(self, device: KnownDevice, press: Press) -> None:
        """Its button was pressed."""
        ...

    def motion(self, device: KnownDevice) -> None:
        """It streams acceleration."""
        ...

    def failed(self, error: DeviceError) -> None:
        """The connection broke off: LinkLost is tried again by itself; BondLost and DeviceRefused end the attempt.

        KeyNeeded: there is no connection, but what it advertises cannot be read; said with each advertisement.
        """
        ...

    def ended(self, end: End) -> None:
        """The session ran to its end."""
        ...
