"""A store as the first release left it: schema 1, with something of everything in it. Written by SQL alone, because
today's code writes today's schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import apsw

from gateway.store.opening import APPLICATION_ID, migrations

READINGS: Final = 400
_STAMP: Final = {
    "organisation_id": "org",
    "home_id": "home-1",
    "gateway_id": "gw-1",
    "boot_id": "boot-0",
    "monotonic_s": 12.5,
    "wall": "2026-01-02T08:00:00.000000+00:00",
    "synchronised": 1,
}
DEVICE: Final = "serial:a-and-d:5160900001"
ADDRESS: Final = "C0:FF:EE:00:00:01"


def make(path: Path) -> None:
    """Two residents, a scale of Aino's, readings with letters, one that waits, an alert, consents."""
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "WAL")
    connection.execute("BEGIN")
    connection.execute(migrations()[0][1])
    connection.pragma("application_id", APPLICATION_ID)
    connection.pragma("user_version", 1)
    for resident in ("aino", "bertta"):
        _insert(connection, "residents", {"id": resident, "name": resident.title()})
    known = {"vendor": "A&D", "model": "UC-352BLE", "profile_id": "a-and-d/uc-352ble", "adapter": "hci0"}
    device = {"identity": DEVICE, "address": ADDRESS, "record_identity": "device-time", "simulated": 0, **known}
    _insert(connection, "devices", {**device, "last_seen_at": _STAMP["wall"]})
    owner = {"device_identity": DEVICE, "subject_type": "resident", "assigned_by": "t", "valid_from": _STAMP["wall"]}
    _insert(
        connection, "assignments", {**owner, "subject_id": "bertta", "valid_to": "2026-01-02T08:00:01.000000+00:00"}
    )
    _insert(connection, "assignments", {**owner, "subject_id": "aino"})
    offset = {"device_identity": DEVICE, "measured_at": _STAMP["wall"], "offset_s": 2.0, "uncertainty_s": 1.0}
    _insert(connection, "device_clock_offsets", {**offset, "was_set": 1})
    for number in range(1, READINGS + 1):
        _reading(connection, number)
    for counter, number in (("envelope", READINGS - 1), ("consent", 1)):
        _insert(connection, "counters", {"name": counter, "value": number})
    consent = {"resident_id": "aino", "recipient": "fhir", "data_type": "*", "granted_by": "t", "word": 1}
    _insert(connection, "consents", {**consent, "granted_at": _STAMP["wall"]})
    _insert(connection, "audit", {"actor": "t", "action": "resident.add", "target": "aino", "detail": "{}"})
    alert = {"id": "a-1", "kind": "fall", "condition": "fall", "state": "raised", "raised_at": _STAMP["wall"]}
    subject = {"subject_type": "resident", "subject_id": "aino"}
    _insert(connection, "alerts", {**alert, **subject, "last_sequence": 1, "folded": "{}"})
    event = {"alert_id": "a-1", "sequence": 1, "type": "raised", "at": _STAMP["wall"], "actor": "gateway", "data": "{}"}
    _insert(connection, "alert_events", event)
    connection.execute("COMMIT")
    connection.close()


def _reading(connection: apsw.Connection, number: int) -> None:
    """The last one belongs to nobody; the others were sent, or wait to be."""
    nobody = number == READINGS
    at = f"2026-01-{2 + number // 86:02d}T09:00:{number % 60:02d}.000000+00:00"
    values = {"weight": 60.0 + number / 100}
    row = {
        "id": f"r-{number}", "identity_rule": "device-time", "may_repeat": 0, "device_identity": DEVICE,
        "subject_type": None if nobody else "resident", "subject_id": None if nobody else "aino", "kind": "weight",
        "failed": 0, "values": json.dumps(values), "missing": "{}", "flags": "[]", "doubtful": "[]", "series": "{}",
        "device_time": at[:19], "effective_at": at, "effective_source": "device", "effective_uncertainty_s": 1.0,
        "source": "2a9d", "raw": number.to_bytes(8, "little"), "received_at": at,
    }  # fmt: skip
    _insert(connection, "readings", row)
    document = {
        "id": f"r-{number}", "kind": "weight", "code": {"mdc": 188736, "loinc": "29463-7", "display": "Body weight"},
        "subject": {"type": "resident", "id": "aino"}, "received_at": at, "simulated": False,
        "effective": {"at": at, "source": "device", "uncertainty_s": 1.0, "offset_s": None},
        "values": [{"quantity": "weight", "value": values["weight"], "ucum": "kg"}], "device": {"identity": DEVICE},
    }  # fmt: skip
    if nobody:
        waiting = {"seq": number, "device_identity": DEVICE, "age_s": 1.0, "uncertainty_s": 1.0}
        _insert(connection, "waiting_readings", {**waiting, "document": json.dumps(document)})
        return
    letter = {"sequence": number, "message_id": f"m-{number}", "schema": "huoma.reading/1", "data_type": "weight"}
    whose = {"subject_type": "resident", "subject_id": "aino", "received_at": at}
    _insert(connection, "envelopes", {**letter, **whose, "body": json.dumps(document)})
    state = "delivered" if number % 3 else "queued"
    _insert(connection, "outbox", {"sink": "fhir", "envelope_sequence": number, "rank": 1, "state": state})


def _insert(connection: apsw.Connection, table: str, values: Mapping[str, Any]) -> None:
    row = {**values, **_STAMP}
    columns = ", ".join(f'"{name}"' for name in row)
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


def content(path: Path, columns: Mapping[str, list[str]]) -> dict[str, list[Any]]:
    """Every row of these columns, by table."""
    connection = apsw.Connection(str(path))
    try:
        found: dict[str, list[Any]] = {}
        for table, names in columns.items():
            quoted = ", ".join(f'"{name}"' for name in names)
            found[table] = sorted(connection.execute(f"SELECT {quoted} FROM {table}"), key=repr)
        return found
    finally:
        connection.close()


def columns_of(path: Path) -> dict[str, list[str]]:
    """The columns of each table."""
    connection = apsw.Connection(str(path))
    try:
        tables = [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            table: [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in tables
            if not table.startswith("sqlite_")
        }
    finally:
        connection.close()
