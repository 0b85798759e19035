"""Names that follow from what they name: the same on every gateway, so that a receiver knows a record again.

Source: HL7 Personal Health Device IG 2.0.0, PhdBaseObservation (conditional-create identifier), PhdDevice, PhgDevice.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from gateway.core.envelope import DeviceDocument, Envelope, ReadingDocument
from gateway.core.ids import derived_id

URI: Final = "urn:ietf:rfc:3986"
EUI64: Final = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
BLUETOOTH: Final = "http://hl7.org/fhir/sid/eui-48/bluetooth"
DEVICE_IDENTIFIERS: Final = "http://hl7.org/fhir/uv/phd/CodeSystem/ContinuaDeviceIdentifiers"
_EPOCH_2000: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # PHD counts the device's naive local seconds from here
_EUI64_HEX: Final = re.compile(r"[0-9A-F]{16}")
_EUI48_HEX: Final = re.compile(r"[0-9A-F]{12}")

Identifier = dict[str, Any]


def observation_uuid(reading_id: str, subject_id: str, revision: int = 0) -> str:
    """Of the Observation: derived from reading and subject, so a reassignment makes another one.

    `revision`: of a reading that was taken back, and given to the same subject again.
    """
    return derived_id("fhir", "observation", reading_id, subject_id, *_again(revision))


def time_stamp_uuid(reading_id: str, subject_id: str, revision: int = 0) -> str:
    """Of the coincident time stamp that goes with it."""
    return derived_id("fhir", "coincident-time-stamp", reading_id, subject_id, *_again(revision))


def _again(revision: int) -> tuple[str, ...]:
    return (str(revision),) if revision else ()


def device_uuid(identity: str) -> str:
    """Of the Device resource of a sensor."""
    return derived_id("fhir", "device", identity)


def gateway_uuid(envelope: Envelope) -> str:
    """Of the Device resource of the gateway."""
    return derived_id("fhir", "gateway", envelope["organisation_id"], envelope["home_id"], envelope["gateway_id"])


def uuid_identifier(value: str) -> Identifier:
    """A UUID as FHIR writes it."""
    return {"system": URI, "value": f"urn:uuid:{value}"}


def token(identifier: Identifier) -> str:
    """For a search: `system|value`."""
    return f"{identifier['system']}|{identifier['value']}"


def system_id(device: DeviceDocument) -> str | None:
    """The EUI-64 as 16 capital hex digits, if the device told one."""
    return _hex(device["system_id"], _EUI64_HEX)


def bluetooth_address(device: DeviceDocument) -> str | None:
    """The identity address as 12 capital hex digits."""
    return _hex(device["address"], _EUI48_HEX)


def dashed(digits: str) -> str:
    """`0011AA` as `00-11-AA`, the IEEE way."""
    return "-".join(digits[index : index + 2] for index in range(0, len(digits), 2))


def phd_key(document: ReadingDocument, patient_reference: str) -> Identifier | None:
    """PHD's own key against duplicates: `device-patient-type-timestamp`, with the sensor's own time stamp.

    None when the device has no EUI-64 and no address, or told no full time: there is nothing to make it of.
    """
    device = system_id(document["device"]) or bluetooth_address(document["device"])
    local = _local(document["device_time"])
    if device is None or local is None or document["code"]["mdc"] is None:
        return None
    seconds = int((local - _EPOCH_2000).total_seconds())
    patient = patient_reference.removeprefix("Patient/")
    return {"value": f"{device}-{patient}-{document['code']['mdc']}-{seconds}"}


def _hex(text: str | None, pattern: re.Pattern[str]) -> str | None:
    digits = re.sub(r"[:\-. ]", "", text or "").upper()
    return digits if pattern.fullmatch(digits) else None


def _local(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007  # the device knows no zone
    except ValueError:  # parts that the device did not know are written as dashes
        return None
