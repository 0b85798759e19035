"""The reading as `huoma.reading/1`: with its codes, so that no receiver needs a table of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from device_drivers.nomenclature import KINDS, QUANTITIES, Code
from gateway.core.envelope import (
    READING_SCHEMA,
    CodeDocument,
    DeviceDocument,
    EffectiveDocument,
    MissingDocument,
    ReadingDocument,
    SubjectDocument,
    ValueDocument,
)
from gateway.core.ids import derived_id
from gateway.core.subject import Subject, SubjectType
from gateway.ingest.effective import Effective
from gateway.ingest.identity import RecordIdentity
from gateway.ingest.received import KnownDevice, Received
from gateway.store.outgoing import READING_RANK, Letter
from gateway.store.stamp import utc_text


def reading_document(
    received: Received,
    subject: Subject,
    identity: RecordIdentity,
    effective: Effective,
    *,
    failed: bool,
    doubtful: list[str],
    zone: ZoneInfo,
) -> ReadingDocument:
    """Everything a receiver may want to know of one reading.

    The time of the measurement is written with the offset of the home's `zone`: a receiver sees whether it was morning.
    """
    reading = received.reading
    return ReadingDocument(
        id=identity.id,
        kind=reading.kind.value,
        code=_code(KINDS[reading.kind]),
        subject=SubjectDocument(type=subject.type.value, id=subject.id),
        values=[
            ValueDocument(
                quantity=quantity.value,
                value=float(value),
                ucum=QUANTITIES[quantity].ucum,
                **_code(QUANTITIES[quantity]),
            )
            for quantity, value in reading.values.items()
        ],
        missing=[
            MissingDocument(quantity=quantity.value, reason=why.value, **_code(QUANTITIES[quantity]))
            for quantity, why in reading.missing.items()
        ],
        failed=failed,
        doubtful=doubtful,
        flags=list(reading.flags),
        series={name: list(values) for name, values in reading.series.items()},
        effective=EffectiveDocument(
            at=None if effective.at is None else effective.at.astimezone(zone).isoformat(timespec="milliseconds"),
            source=effective.source,
            uncertainty_s=effective.uncertainty_s,
            offset_s=effective.offset_s,
        ),
        device_time=None if reading.time is None else reading.time.text(),
        received_at=iso(received.received_at),
        clock_synchronised=received.synchronised,
        identity_rule=identity.rule,
        may_repeat=identity.may_repeat,
        user_slot=reading.user_slot,
        sequence=reading.sequence,
        device=_device(received.device),
        simulated=received.device.simulated,
    )


def letter_of(document: ReadingDocument) -> Letter:
    """The envelope's content; the same document is the same message on every gateway."""
    subject = Subject(type=SubjectType(document["subject"]["type"]), id=document["subject"]["id"])
    revision = document.get("revision", 0)
    again = (str(revision),) if revision else ()
    return Letter(
        message_id=derived_id("reading-message", document["id"], subject.type.value, subject.id, *again),
        schema=READING_SCHEMA,
        data_type=document["kind"],
        subject=subject,
        received_at=utc_text(datetime.fromisoformat(document["received_at"])),
        body=cast("dict[str, Any]", document),
        rank=READING_RANK,
    )


def iso(at: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond: FHIR's `instant` takes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _code(code: Code) -> CodeDocument:
    return CodeDocument(mdc=code.mdc, loinc=code.loinc, display=code.display)


def _device(device: KnownDevice) -> DeviceDocument:
    known = device.information
    return DeviceDocument(
        identity=device.identity,
        vendor=known.manufacturer or device.vendor,
        model=known.model or device.model,
        serial=known.serial,
        firmware=known.firmware,
        address=device.address,
        system_id=None if known.system_id is None else known.system_id[::-1].hex(),
        profile=device.profile_id,
    )
