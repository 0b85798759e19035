"""A reading as HL7 Personal Health Device observations (PHD 2.0.0 on FHIR R4), in plain dicts.

One Observation per measurement. Its parts (pressures, the cuff's pulse, a scale's height and BMI) are components; codes
and units come with the document. docs/health-record.md tells the decisions and why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from gateway.core.envelope import CodeDocument, MissingDocument, ReadingDocument, ValueDocument
from gateway.delivery.fhir import identifiers

MDC: Final = "urn:iso:std:iso:11073:10101"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
PHD_CATEGORY: Final = "http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories"
PHD: Final = "http://hl7.org/fhir/uv/phd/StructureDefinition/"
GATEWAY_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"
TIME_STAMP_EXTENSION: Final = PHD + "CoincidentTimeStampReference"
ABSENT: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ABSENT_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TAGS: Final = "https://huoma.example/ns/tags"
MDC_ATTR_TIME_ABS: Final = 67975

PANEL: Final = "blood-pressure"  # the one kind whose values are all components
# What the record takes, with its category. R4's own profiles want "vital-signs" of what they know.
CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys((PANEL, "weight", "heart-rate", "oxygen-saturation", "body-temperature"), "vital-signs"),
        "body-composition": "vital-signs",
        "glucose": "laboratory",
    }
)
# R4's oxygen saturation profile demands 2708-6; 59408-5 says that it is a pulse oximeter's.
EXTRA_LOINC: Final = {"2708-6": ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry")}
# Special values of IEEE 11073-20601: the nearest code of R4's data-absent-reason.
ABSENT_CODES: Final = {
    "not-a-number": "not-a-number",
    "not-at-this-resolution": "unsupported",
    "out-of-range": "unsupported",
    "reserved": "unknown",
    "measurement-failed": "error",
}

Resource = dict[str, Any]


class NotMapped(Exception):  # noqa: N818
    """This reading does not go into a health record; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What the Observation points to, as the server names it ("Patient/17")."""

    patient: str
    device: str
    gateway: str


def check(document: ReadingDocument) -> None:
    """Raises NotMapped for what must never reach a health record."""
    if document["failed"] or not document["values"]:
        raise NotMapped("a failed measurement is kept at home, not delivered")
    if not all(math.isfinite(value["value"]) for value in document["values"]):
        raise NotMapped("a value is no number")
    if document["kind"] not in CATEGORIES:
        raise NotMapped(f"the health record takes no reading of kind {document['kind']!r}")
    codes = {_key(value) for value in document["values"]}
    quantities = {value["quantity"] for value in document["values"]}
    if document["kind"] != PANEL and _key(document["code"]) not in codes:
        raise NotMapped(f"the main value of this {document['kind']!r} is missing")
    if document["kind"] == PANEL and not {"systolic", "diastolic"} <= quantities:
        raise NotMapped("a blood pressure without systolic or diastolic value is no result")


def observations(document: ReadingDocument, references: References, *, time_stamps: bool = True) -> list[Resource]:
    """The Observation, and with `time_stamps` the coincident time stamp when the gateway corrected the device's clock.

    Raises:
        NotMapped: see `check`.
    """
    check(document)
    main = _observation(document, references)
    offset_s = document["effective"]["offset_s"]
    if not time_stamps or document["effective"]["source"] != "device-corrected" or offset_s is None:
        return [main]
    stamp = _time_stamp(document, references, offset_s)
    reference = {"type": "Observation", "identifier": stamp["identifier"][0]}
    main["extension"].append({"url": TIME_STAMP_EXTENSION, "valueReference": reference})
    return [main, stamp]


def _observation(document: ReadingDocument, references: References) -> Resource:
    panel = document["kind"] == PANEL
    uuid = identifiers.observation_uuid(document["id"], document["subject"]["id"], document.get("revision", 0))
    key = identifiers.phd_key(document, references.patient)
    resource: Resource = {
        "resourceType": "Observation",
        "meta": _meta(document, "PhdCompoundNumericObservation" if panel else "PhdNumericObservation"),
        "extension": [{"url": GATEWAY_EXTENSION, "valueReference": {"reference": references.gateway}}],
        "identifier": [identifiers.uuid_identifier(uuid), *([key] if key else [])],
        "status": "final",
        "category": [
            {"coding": [{"system": PHD_CATEGORY, "code": "phd"}]},
            {"coding": [{"system": CATEGORY, "code": CATEGORIES[document["kind"]]}]},
        ],
        "code": _concept(document["code"]),
        "subject": {"reference": references.patient},
        **_effective(document),
        "issued": document["received_at"],
        "device": {"reference": references.device},
    }
    parts: list[Resource] = []
    for value in document["values"]:
        if not panel and _key(value) == _key(document["code"]):
            resource["valueQuantity"] = _quantity(value)
        elif _coded(value):
            parts.append({"code": _concept(value), "valueQuantity": _quantity(value)})
    missing = [part for part in document["missing"] if _coded(part)]
    parts += [{"code": _concept(part), "dataAbsentReason": _absent(part)} for part in missing]
    if parts:
        resource["component"] = parts
    notes = _notes(document)
    if notes:
        resource["note"] = [{"text": note} for note in notes]
    return resource


def _time_stamp(document: ReadingDocument, references: References, offset_s: float) -> Resource:
    """What the device's clock said at the gateway's time: from it the device's own stamps can be computed again."""
    gateway_time = datetime.fromisoformat(document["received_at"])
    uuid = identifiers.time_stamp_uuid(document["id"], document["subject"]["id"], document.get("revision", 0))
    return {
        "resourceType": "Observation",
        "meta": _meta(document, "PhdCoincidentTimeStampObservation", plain=True),
        "identifier": [identifiers.uuid_identifier(uuid)],
        "status": "final",
        "code": {"coding": [{"system": MDC, "code": str(MDC_ATTR_TIME_ABS), "display": "MDC_ATTR_TIME_ABS"}]},
        "subject": {"reference": references.device},
        "effectiveDateTime": gateway_time.isoformat(timespec="milliseconds"),
        "valueDateTime": (gateway_time + timedelta(seconds=offset_s)).isoformat(timespec="milliseconds"),
        "device": {"reference": references.gateway},
    }


def _meta(document: ReadingDocument, profile: str, *, plain: bool = False) -> Resource:
    meta: Resource = {"profile": [PHD + profile]}
    if document["simulated"]:
        meta["security"] = [{"system": ACT_REASON, "code": "HTEST", "display": "test health data"}]
    tags = ["doubtful"] * bool(document["doubtful"]) + ["may-repeat"] * document["may_repeat"]
    if tags and not plain:
        meta["tag"] = [{"system": TAGS, "code": tag} for tag in tags]
    return meta


def _effective(document: ReadingDocument) -> Resource:
    at = document["effective"]["at"]
    if at is not None:
        return {"effectiveDateTime": at}
    return {"_effectiveDateTime": {"extension": [{"url": ABSENT_EXTENSION, "valueCode": "unknown"}]}}


def _notes(document: ReadingDocument) -> list[str]:
    notes = []
    if document["flags"]:
        notes.append("Device: " + ", ".join(document["flags"]))
    if document["doubtful"]:
        notes.append("Doubtful: " + ", ".join(document["doubtful"]))
    if document["may_repeat"]:
        notes.append("The device names its records by nothing: this may be a repeat of an earlier one.")
    return notes


def _key(code: CodeDocument) -> tuple[int | None, str | None]:
    return code["mdc"], code["loinc"]


def _coded(code: CodeDocument) -> bool:
    return code["mdc"] is not None or code["loinc"] is not None


def _concept(code: CodeDocument) -> Resource:
    coding: list[Resource] = []
    if code["loinc"] is not None:
        coding.append({"system": LOINC, "code": code["loinc"], "display": code["display"]})
        if code["loinc"] in EXTRA_LOINC:
            extra, display = EXTRA_LOINC[code["loinc"]]
            coding.append({"system": LOINC, "code": extra, "display": display})
    if code["mdc"] is not None:
        coding.append({"system": MDC, "code": str(code["mdc"])})
    return {"coding": coding, "text": code["display"]}


def _quantity(value: ValueDocument) -> Resource:
    unit = value["ucum"] or "1"
    return {"value": value["value"], "unit": unit, "system": UCUM, "code": unit}


def _absent(part: MissingDocument) -> Resource:
    code = ABSENT_CODES.get(part["reason"], "unknown")
    return {"coding": [{"system": ABSENT, "code": code}], "text": part["reason"]}
