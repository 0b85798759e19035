"""Detection as the home has it: known devices in, falls with their devices out."""

from __future__ import annotations

from dataclasses import dataclass

from device_drivers.readings import Motion
from gateway.detection.detection import Detected, open_detection
from gateway.detection.detection import Detection as Streams
from gateway.ingest.received import KnownDevice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeviceDetected:
    """A fall, or that somebody is not up after one, and the device that noticed it."""

    device: KnownDevice
    detected: Detected


class Detection:
    """One stream for each device identity. Reads no clock; `streams` is made with the shipped models when not given.

    Raises:
        ArtefactError: the shipped model is missing, damaged or of another version.
    """

    def __init__(self, streams: Streams | None = None) -> None:
        self.streams = open_detection() if streams is None else streams
        self._devices: dict[str, KnownDevice] = {}  # of the streams that have a place: bounded as they are

    def feed(self, device: KnownDevice, motion: Motion, at_monotonic: float) -> None:
        """Take one packet of a device."""
        if self.streams.feed(device.identity, motion, at_monotonic):
            self._devices[device.identity] = device

    def silence(self, at_monotonic: float) -> list[tuple[KnownDevice, float]]:
        """Every wearable that has streamed and was not forgotten, with the seconds since it last sent anything."""
        heard = self.streams.heard()
        return [(device, at_monotonic - heard[key]) for key, device in self._devices.items() if key in heard]

    def faults(self) -> list[tuple[KnownDevice, str]]:
        """Wearables that no fall can be noticed by, and why."""
        return [(self._devices[key], words) for key, words in self.streams.faults().items() if key in self._devices]

    def forget(self, device: KnownDevice) -> None:
        """Nobody expects this wearable to stream any more; it gets a place again when it does."""
        self.streams.forget(device.identity)  # what that finds is given by the next tick, with its device

    def worn(self, device: KnownDevice, placement: str | None) -> None:
        """Where it is worn, as the assignment says."""
        self.streams.worn(device.identity, placement, device.profile_id)

    def streaming(self) -> list[KnownDevice]:
        """Every device that has a place."""
        return list(self._devices.values())

    def tick(self, at_monotonic: float) -> list[DeviceDetected]:
        """Judge what came since the last tick, and what waits too long for a silent stream; `at_monotonic` is now."""
        now = self.streams.tick(at_monotonic)
        found = [DeviceDetected(device=self._devices[one.stream], detected=one) for one in now]
        for identity in self._devices.keys() - self.streams.streams:
            del self._devices[identity]
        return found
