"""Permission to pair one device, for as long as a technician is at it."""

from __future__ import annotations

from dataclasses import dataclass

from device_drivers.errors import DeviceError
from device_drivers.readings import Press
from device_drivers.sessions.base import End
from firmware_profiles import Profile
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.radio.contracts import PairingWatch
from gateway.radio.host import PairingAgent


class Relay:
    """A `PairingWatch` that passes on to another one until it is closed: a session may outlive its pairing."""

    def __init__(self, watch: PairingWatch | None = None) -> None:
        self._watch = watch

    @property
    def open(self) -> bool:
        """Somebody is being told."""
        return self._watch is not None

    def close(self) -> None:
        """Nobody is told any more."""
        self._watch = None

    def connecting(self) -> None:
        if self._watch is not None:
            self._watch.connecting()

    def bonded(self) -> None:
        if self._watch is not None:
            self._watch.bonded()

    def known(self, device: KnownDevice) -> None:
        if self._watch is not None:
            self._watch.known(device)

    def clock(self, offset: ClockMeasurement) -> None:
        if self._watch is not None:
            self._watch.clock(offset)

    def reading(self, received: Received) -> None:
        if self._watch is not None:
            self._watch.reading(received)

    def press(self, device: KnownDevice, press: Press) -> None:
        if self._watch is not None:
            self._watch.press(device, press)

    def motion(self, device: KnownDevice) -> None:
        if self._watch is not None:
            self._watch.motion(device)

    def failed(self, error: DeviceError) -> None:
        if self._watch is not None:
            self._watch.failed(error)

    def ended(self, end: End) -> None:
        if self._watch is not None:
            self._watch.ended(end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """One pairing under way: who answers the device, who is told, and which profile it must have (None: any)."""

    agent: PairingAgent | None
    relay: Relay
    profile_id: str | None = None

    def covers(self, profile: Profile | None) -> bool:
        """What is heard to be another model is not connected to. One that hides its name may be the right one."""
        return self.profile_id is None or profile is None or profile.generic or profile.id == self.profile_id
