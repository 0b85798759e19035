"""The golden frames of a device as TOML says them, and how a UUID is written in a profile."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import Final

from firmware_profiles.schema import (
    CALL_KEYS,
    CARRIERS,
    FRAME_KEYS,
    MOTION_KEYS,
    OUTCOME_KEYS,
    RADAR_KEYS,
    READING_KEYS,
    Carrier,
    ExpectedCall,
    ExpectedMotion,
    ExpectedRadar,
    ExpectedReading,
    GoldenFrame,
    Outcome,
    ProfileError,
)
from firmware_profiles.table import Table

JSON: Final = "json"  # what a payload comes by
_SAME: Final = "same"  # a frame's source: that of the frame above it
_BASE_UUID: Final = re.compile(r"0000([0-9a-f]{4})-0000-1000-8000-00805f9b34fb")
_UUID: Final = re.compile(r"[0-9a-f]{4}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ADDRESS: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")
_BIND_KEY: Final = re.compile(r"[0-9A-Fa-f]{32}")
_TIME: Final = re.compile(r"(\d{4}|----)-(\d\d|--)-(\d\d|--)T\d\d:\d\d:\d\d")


def uuid_of(table: Table, key: str, text: str) -> str:
    """Lower case; the long form of a SIG number becomes its short one."""
    lower = text.lower()
    if not _UUID.fullmatch(lower):
        raise table.refuse(key, 'four hexadecimal digits ("1810") or a 128-bit UUID with its hyphens')
    return _BASE_UUID.sub(r"\1", lower)


def golden_frames(device: Table) -> tuple[GoldenFrame, ...]:
    """Every `[[device.frame]]` of a device.

    Raises:
        ProfileError: one of them is not as the schema says.
    """
    frames: list[GoldenFrame] = []
    for raw in device.tables("frame"):
        table = raw.known(FRAME_KEYS)
        source = table.text("source", "where the frame comes from")
        if source == _SAME:
            if not frames:
                raise table.refuse("source", 'a source; "same" means the one of the frame above')
            source = frames[-1].source
        frames.append(_frame(table, source))
    return tuple(frames)


def _frame(table: Table, source: str) -> GoldenFrame:
    carrier = _carrier(table)
    outcome = _outcome(table)
    return GoldenFrame(
        characteristic=_carried_by(table, carrier),
        carrier=carrier,
        data=_payload(table) if carrier == "payload" else _bytes(table),
        address=_address(table) if "address" in table else None,
        bind_key=_bind_key(table) if "bind_key" in table else None,
        outcome=outcome,
        reading=_reading(table.table("reading", None)) if "reading" in table or outcome == "failed" else None,
        presses=table.texts("press"),
        call=_call(table.table("call", CALL_KEYS)) if "call" in table else None,
        motion=_motion(table.table("motion", MOTION_KEYS)) if "motion" in table else None,
        radar=_radar(table.table("radar", RADAR_KEYS)) if "radar" in table else None,
        source=source,
    )


def _bytes(table: Table) -> bytes:
    try:
        return bytes.fromhex(table.text("hex", "the bytes in hexadecimal"))
    except ValueError as odd:
        raise table.refuse("hex", "the bytes in hexadecimal, two digits each") from odd


def _payload(table: Table) -> bytes:
    """As it came. One that must be refused need not be JSON."""
    if "hex" in table:
        raise ProfileError(f"{table.where}: a payload is text, which stands there already: leave hex out.")
    text = table.text("payload", "the JSON text of one message")
    if "error" not in table:
        try:
            json.loads(text)
        except ValueError as wrong:
            raise table.refuse("payload", "it as it was published: this is no JSON") from wrong

    return text.encode("utf-8")


def _carrier(table: Table) -> Carrier:
    named = [carrier for carrier in CARRIERS if carrier in table]
    if len(named) != 1:
        raise ProfileError(
            f"{table.where}: came by {' and '.join(named) or 'nothing'}: say what it came by, with one of "
            f"{', '.join(CARRIERS)}."
        )
    return named[0]


def _carried_by(table: Table, carrier: Carrier) -> str:
    if carrier == "manufacturer_data":
        return f"{table.integer(carrier, 0, 0xFFFF):04x}"
    if carrier == "payload":
        return JSON
    text = table.text(carrier)
    return text if carrier == "record" else uuid_of(table, carrier, text)


def _outcome(table: Table) -> Outcome:
    """`reading` may stand beside `failed` (its time), `press` and `radar`; every other key stands alone."""
    stated = [key for key in OUTCOME_KEYS if key in table]
    if len(stated) != 1 and stated not in (["reading", "failed"], ["reading", "press"], ["reading", "radar"]):
        raise ProfileError(
            f"{table.where}: states {' and '.join(stated) or 'nothing at all'}: state what the frame must give by one "
            "of reading, press, call, motion, radar, failed = true, nothing = true or error = true (reading beside "
            "failed may hold its time)."
        )
    if any(not table.truth(key) for key in ("failed", "nothing", "error") if key in table):
        raise ProfileError(f"{table.where}: failed, nothing and error are only ever true: leave the key out otherwise.")
    outcomes: tuple[Outcome, ...] = ("failed", "reading", "press", "call", "motion", "radar", "nothing")
    return next((outcome for outcome in outcomes if outcome in stated), "error")


def _address(table: Table) -> str:
    text = table.text("address").upper()
    if not _ADDRESS.fullmatch(text):
        raise table.refuse("address", '"54:48:E6:8F:80:A5"')
    return text


def _bind_key(table: Table) -> bytes:
    text = table.text("bind_key")
    if not _BIND_KEY.fullmatch(text):
        raise table.refuse("bind_key", "the 32 hexadecimal digits of a key that is published")
    return bytes.fromhex(text)


def _call(table: Table) -> ExpectedCall:
    return ExpectedCall(
        pairing=table.truth("pairing") if "pairing" in table else None,
        stored=table.integer("stored", 0, 0xFFFF) if "stored" in table else None,
    )


def _radar(table: Table) -> ExpectedRadar:
    return ExpectedRadar(
        present=table.truth("present") if "present" in table else None,
        moving=table.truth("moving") if "moving" in table else None,
        fallen=table.truth("fallen") if "fallen" in table else None,
        targets=table.places("targets") if "targets" in table else None,
    )


def _reading(table: Table) -> ExpectedReading:
    time = table.text("time") if "time" in table else None
    if time is not None and not _TIME.fullmatch(time):
        raise table.refuse("time", '"2017-01-16T12:39:54", with ---- or -- for what the device says is unknown')
    missing, series = table.table("missing", None), table.table("series", None)
    return ExpectedReading(
        values=MappingProxyType({key: table.number(key) for key in table.keys() if key not in READING_KEYS}),  # noqa: SIM118
        missing=MappingProxyType({key: missing.text(key) for key in missing.keys()}),  # noqa: SIM118
        series=MappingProxyType({key: series.numbers(key) for key in series.keys()}),  # noqa: SIM118
        flags=table.texts("flags"),
        time=time,
        user_slot=table.integer("user_slot", 0, 255) if "user_slot" in table else None,
        sequence=table.integer("sequence", 0, (1 << 32) - 1) if "sequence" in table else None,
    )


def _motion(table: Table) -> ExpectedMotion:
    return ExpectedMotion(
        samples_mg=table.rows("samples_mg"),
        last_sample_ns=table.integer("last_sample_ns", 0, (1 << 63) - 1) if "last_sample_ns" in table else None,
        first_sample_ms=table.integer("first_sample_ms", 0, (1 << 32) - 1) if "first_sample_ms" in table else None,
    )
