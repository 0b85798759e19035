"""What the radio hands to ingest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from device_drivers.readings import DeviceInformation, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device as the radio knows it at the moment of a frame.

    `identity` is, in this order: "serial:<vendor>:<serial>" (profile vendor, serial number of 180A), "eui64:<16 hex>"
    (System ID), "address:<AA:BB:…>" (identity address). It names the device in every id that leaves the home.
    """

    address: str
    identity: str
    name: str | None
    vendor: str
    model: str
    profile_id: str
    record_identity: str  # "device-time" | "sequence" | "reception"
    information: DeviceInformation
    adapter: str  # address of the adapter that holds the bond
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMeasurement:
    """The device's clock as read on this connection, before it was set."""

    offset_s: float  # device minus gateway, as if the device spoke the home's local time
    uncertainty_s: float
    measured_at: datetime
    was_set: bool  # set and verified on this connection, after the measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One reading with all that is known about its arrival."""

    device: KnownDevice
    reading: Reading
    clock: ClockMeasurement | None
    received_at: datetime
    received_monotonic: float
    synchronised: bool
