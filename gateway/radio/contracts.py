"""What the radio asks of the gateway: whose a device is, and where to put what was heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from device_drivers.errors import DecodeError
from device_drivers.readings import Motion
from gateway.ingest.received import KnownDevice, Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A device of ours.

    Attributes:
        may_pair: a bond may be made when the device asks for one and there is none.
        identity: how the device was known before ("serial:…"): kept when it does not tell its serial number this time.
    """

    may_pair: bool = True
    identity: str | None = None


class DeviceBook(Protocol):
    """Which devices are ours. An answer may be kept until `on_change` calls."""

    async def wanted(self, address: str) -> Wanted | None:
        """None: not ours, never to be connected to."""
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
