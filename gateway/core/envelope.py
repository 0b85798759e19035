"""The versioned envelope in which everything leaves the home, and the documents inside it.

The documents carry their own codes (MDC, LOINC, UCUM), so that a receiver, the hub among them, needs no table of ours
and understands a gateway of another version.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict

ENVELOPE_SCHEMA: Final = "huoma.envelope/1"
READING_SCHEMA: Final = "huoma.reading/1"
ALERT_SCHEMA: Final = "huoma.alert/1"
RETRACTION_SCHEMA: Final = "huoma.retraction/1"

EffectiveSource = Literal["device", "device-corrected", "reception", "unknown"]


class SubjectDocument(TypedDict):
    type: str
    id: str


class CodeDocument(TypedDict):
    mdc: int | None
    loinc: str | None
    display: str


class ValueDocument(CodeDocument):
    quantity: str
    value: float
    ucum: str | None


class MissingDocument(CodeDocument):
    quantity: str
    reason: str


class EffectiveDocument(TypedDict):
    """When it was measured, and how well that is known. `at` is ISO 8601 with an offset; None when unknown."""

    at: str | None
    source: EffectiveSource
    uncertainty_s: float | None
    offset_s: float | None  # device clock minus gateway clock, as measured on this connection


class DeviceDocument(TypedDict):
    """`identity` is the serial number, EUI-64 or identity address: never a local row."""

    identity: str
    vendor: str | None
    model: str | None
    serial: str | None
    firmware: str | None
    address: str | None
    system_id: str | None  # EUI-64 as hex, most significant byte first
    profile: str


class ReadingDocument(TypedDict):
    """`huoma.reading/1`: one measurement, ready to be mapped to any record."""

    id: str  # derived from device and record: the same on every gateway
    kind: str
    code: CodeDocument
    subject: SubjectDocument
    values: list[ValueDocument]
    missing: list[MissingDocument]
    failed: bool
    doubtful: list[str]  # quantities outside their plausible range, and other reasons to look twice
    flags: list[str]
    series: dict[str, list[float]]
    effective: EffectiveDocument
    device_time: str | None  # what the device said, verbatim
    received_at: str
    clock_synchronised: bool
    identity_rule: str  # "device-time" | "sequence" | "reception"
    may_repeat: bool  # true when a resend could not be told from a new measurement
    user_slot: int | None
    sequence: int | None
    device: DeviceDocument
    simulated: bool
    revision: NotRequired[int]  # how often the reading had been taken back before this was said of it; absent is 0


class RetractionDocument(TypedDict):
    """`huoma.retraction/1`: this reading is not about this subject. No measurement is in it."""

    id: str  # of the reading
    kind: str
    subject: SubjectDocument
    effective: EffectiveDocument
    received_at: str
    device: DeviceDocument
    simulated: bool
    revision: int  # of the reading that is taken back
    receipts: dict[str, str]  # what each sink that took it said: "Observation/17"


class Envelope(TypedDict):
    """`huoma.envelope/1`. `sequence` counts per gateway without gaps in the order of commits."""

    envelope: str
    message_id: str
    organisation_id: str
    home_id: str
    gateway_id: str
    sequence: int
    schema: str
    created_at: str
    body: dict[str, Any]
    retracts: NotRequired[str]  # id of the reading that this one takes back
