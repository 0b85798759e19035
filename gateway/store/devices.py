"""Devices as last seen, and how their clocks have run. Queries that run inside a transaction of the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import apsw

from gateway.ingest.received import ClockMeasurement, KnownDevice
from gateway.store.rows import insert
from gateway.store.stamp import Stamp, utc_text

_NEWEST: Final = (
    "address",
    "vendor",
    "model",
    "profile_id",
    "record_identity",
    "adapter",
    "simulated",
    "last_seen_at",
)
_KEPT: Final = ("name", "serial", "firmware", "system_id", "battery_percent")  # silence does not unsay them
_SEEN_AGAIN: Final = "ON CONFLICT (identity) DO UPDATE SET " + ", ".join(
    [f"{column} = excluded.{column}" for column in _NEWEST] + [f"{c} = coalesce(excluded.{c}, {c})" for c in _KEPT]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device as it was last seen."""

    identity: str
    address: str
    name: str | None
    vendor: str
    model: str
    profile_id: str
    record_identity: str
    adapter: str
    serial: str | None
    firmware: str | None
    battery_percent: int | None
    simulated: bool
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset:
    """One measurement of a device's clock; offset is device minus gateway."""

    measured_at: datetime
    offset_s: float
    uncertainty_s: float
    was_set: bool


def ensure_device(
    connection: apsw.Connection, stamp: Stamp, device: KnownDevice, clock: ClockMeasurement | None
) -> None:
    """Inside a transaction: the device's row is there and up to date, and the clock measurement is in the series."""
    known = device.information
    values = {
        "identity": device.identity,
        "address": device.address.upper(),
        "vendor": device.vendor,
        "model": device.model,
        "profile_id": device.profile_id,
        "record_identity": device.record_identity,
        "adapter": device.adapter,
        "simulated": int(device.simulated),
        "last_seen_at": utc_text(stamp.wall),
        "name": device.name,
        "serial": known.serial,
        "firmware": known.firmware,
        "system_id": known.system_id,
        "battery_percent": known.battery_percent,
    }
    insert(connection, "devices", stamp, values, then=_SEEN_AGAIN)
    if clock is not None:
        measured = {
            "device_identity": device.identity,
            "measured_at": utc_text(clock.measured_at),
            "offset_s": clock.offset_s,
            "uncertainty_s": clock.uncertainty_s,
            "was_set": int(clock.was_set),
        }
        insert(connection, "device_clock_offsets", stamp, measured, then="ON CONFLICT DO NOTHING")


def every(connection: apsw.Connection) -> list[DeviceRow]:
    """All ever seen, the latest first."""
    found = connection.execute(
        "SELECT identity, address, name, vendor, model, profile_id, record_identity, adapter, serial, firmware, "
        "battery_percent, simulated, last_seen_at FROM devices ORDER BY last_seen_at DESC, identity"
    )
    return [
        DeviceRow(
            identity=row[0],
            address=row[1],
            name=row[2],
            vendor=row[3],
            model=row[4],
            profile_id=row[5],
            record_identity=row[6],
            adapter=row[7],
            serial=row[8],
            firmware=row[9],
            battery_percent=row[10],
            simulated=bool(row[11]),
            last_seen_at=datetime.fromisoformat(row[12]),
        )
        for row in found
    ]


def clock_offsets(connection: apsw.Connection, device_identity: str) -> list[ClockOffset]:
    """How a device's clock has run, oldest first."""
    found = connection.execute(
        "SELECT measured_at, offset_s, uncertainty_s, was_set FROM device_clock_offsets WHERE device_identity = ? "
        "ORDER BY id",
        (device_identity,),
    )
    return [
        ClockOffset(measured_at=datetime.fromisoformat(at), offset_s=off, uncertainty_s=unc, was_set=bool(was))
        for at, off, unc, was in found
    ]


def best_name(connection: apsw.Connection, keys: set[str]) -> str:
    """The name for a new assignment: the identity of the device where it has been seen, else its address."""
    seen = [key for key in sorted(keys) if connection.execute("SELECT 1 FROM devices WHERE identity = ?", (key,)).get]
    return next((key for key in seen if not key.startswith("address:")), (seen or sorted(keys))[0])
