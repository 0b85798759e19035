"""Installed radar modules on SQLite. The room of one is its assignment's: its history is kept like any other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import apsw

from analytics.radar.places import Zone
from device_drivers.readings import DeviceInformation
from gateway.core.errors import NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.received import KnownDevice
from gateway.radar.modules import Module, Mounting
from gateway.store import assignment_ends, assignments, audit
from gateway.store.database import Database
from gateway.store.devices import ensure_device
from gateway.store.outgoing import json_text
from gateway.store.rows import insert
from gateway.store.stamp import STAMP_COLUMNS, Stamp, Stamper, utc_text

_COLUMNS: Final = ("port", "protocol", "baud", "height_m", "mounting", "tilt_deg", "zones", "removed_at")
_AGAIN: Final = "ON CONFLICT (identity) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in (*_COLUMNS, *STAMP_COLUMNS.split(", "))
)
_ALL: Final = (
    "SELECT m.identity, m.port, m.protocol, m.baud, a.subject_id, m.height_m, m.mounting, m.tilt_deg, m.zones "
    "FROM radar_modules m JOIN assignments a ON a.device_identity = m.identity AND a.valid_to IS NULL "
    "AND a.subject_type = 'room' WHERE m.removed_at IS NULL ORDER BY m.identity"
)


class RadarModules:
    """What hangs where."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def all(self) -> list[Module]:
        """Every module that hangs somewhere."""
        return await self._database.read(lambda connection: [_module(row) for row in connection.execute(_ALL)])

    async def install(self, module: Module, *, actor: str, simulated: bool = False) -> None:
        """It hangs there from now on; how it hung before is over. Raises StoreError."""
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            _device(connection, stamp, module, simulated=simulated)
            room = Subject(type=SubjectType.ROOM, id=module.room)
            keys = {module.identity}
            ended = assignment_ends.close_open(connection, stamp, keys, None, None)
            made = assignments.add(
                connection, stamp, device_identity=module.identity, subject=room, placement=module.room,
                user_slot=None, actor=actor, since=None, shared=False, reference=None, pairing_id=None,
            )  # fmt: skip
            assignment_ends.in_place_of(connection, ended, made.id)
            insert(connection, "radar_modules", stamp, _row(module), then=_AGAIN)
            detail = {"room": module.room, "height_m": module.height_m, "protocol": module.protocol}
            audit.note(connection, stamp, actor=actor, action="radar.install", target=module.identity, detail=detail)

        await self._database.write(work)

    async def remove(self, identity: str, *, actor: str) -> None:
        """It was taken down.

        Raises:
            NotFound: there is no such module.
        """
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            sql = "UPDATE radar_modules SET removed_at = ? WHERE identity = ? AND removed_at IS NULL RETURNING 1"
            if connection.execute(sql, (utc_text(stamp.wall), identity)).get is None:
                raise NotFound(f"No radar module {identity} hangs anywhere: 'huoma radar' lists those that do.")
            assignment_ends.close_open(connection, stamp, {identity}, None, None)
            audit.note(connection, stamp, actor=actor, action="radar.remove", target=identity)

        await self._database.write(work)


def known(module: Module, *, simulated: bool = False) -> KnownDevice:
    """The module as every device is known."""
    return KnownDevice(
        address=module.identity, identity=module.identity, name=None, vendor=module.vendor, model=module.model,
        profile_id=f"radar/{module.protocol}", record_identity="reception", information=DeviceInformation(),
        adapter=module.port, simulated=simulated,
    )  # fmt: skip


def _device(connection: apsw.Connection, stamp: Stamp, module: Module, *, simulated: bool) -> None:
    ensure_device(connection, stamp, known(module, simulated=simulated), None)


def _row(module: Module) -> dict[str, Any]:
    zones = [{"low": list(one.low), "high": list(one.high), "height": one.height} for one in module.zones]
    return {
        "identity": module.identity,
        "port": module.port,
        "protocol": module.protocol,
        "baud": module.baud,
        "height_m": module.height_m,
        "mounting": module.mounting.value,
        "tilt_deg": module.tilt_deg,
        "zones": json_text(zones),
        "removed_at": None,
    }


def _module(row: tuple[Any, ...]) -> Module:
    identity, port, protocol, baud, room, height_m, mounting, tilt_deg, zones = row
    lies = tuple(
        Zone(low=(one["low"][0], one["low"][1]), high=(one["high"][0], one["high"][1]), height=one["height"])
        for one in json.loads(zones)
    )
    module = Module(
        identity=identity, port=port, protocol=protocol, baud=baud, room=room, height_m=height_m,
        mounting=Mounting(mounting), tilt_deg=tilt_deg,
    )  # fmt: skip
    return replace(module, zones=lies)
