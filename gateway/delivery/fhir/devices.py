"""The sensor and the gateway as Device resources (PhdDevice, PhgDevice of PHD 2.0.0)."""

from __future__ import annotations

from typing import Any, Final

from gateway.core.envelope import DeviceDocument, Envelope
from gateway.delivery.fhir import identifiers
from gateway.delivery.fhir.phd import MDC, PHD

MDC_MOC_VMS_MDS_SIMP: Final = "65573"  # a personal health device
MDC_MOC_VMS_MDS_AHD: Final = "531981"  # a gateway
MDC_ID_PROD_SPEC_FW: Final = "531976"
# IEEE 11073-104xx specialisations, by the kind of reading that the device just sent.
SPECIALISATIONS: Final = {
    "blood-pressure": ("528391", "MDC_DEV_SPEC_PROFILE_BP"),
    "weight": ("528399", "MDC_DEV_SPEC_PROFILE_SCALE"),
    "oxygen-saturation": ("528388", "MDC_DEV_SPEC_PROFILE_PULS_OXIM"),
    "body-temperature": ("528392", "MDC_DEV_SPEC_PROFILE_TEMP"),
    "heart-rate": ("528425", "MDC_DEV_SPEC_PROFILE_HF_CARDIO"),
}

Resource = dict[str, Any]


def sensor(device: DeviceDocument, kind: str) -> Resource:
    """The device that measured. Found again by the UUID of its identity, the first identifier."""
    names = [identifiers.uuid_identifier(identifiers.device_uuid(device["identity"]))]
    eui64 = identifiers.system_id(device)
    if eui64 is not None:
        names.append(_typed("SYSID", identifiers.EUI64, eui64))
    address = identifiers.bluetooth_address(device)
    if address is not None:
        names.append(_typed("BTMAC", identifiers.BLUETOOTH, address))
    resource: Resource = {
        "resourceType": "Device",
        "meta": {"profile": [PHD + "PhdDevice"]},
        "identifier": names,
        "manufacturer": device["vendor"] or "unknown",
        "modelNumber": device["model"] or "unknown",
        "type": {"coding": [{"system": MDC, "code": MDC_MOC_VMS_MDS_SIMP, "display": "MDC_MOC_VMS_MDS_SIMP"}]},
    }
    if kind in SPECIALISATIONS:
        code, display = SPECIALISATIONS[kind]
        system_type = {"coding": [{"system": MDC, "code": code, "display": display}]}
        resource["specialization"] = [{"systemType": system_type, "version": "1"}]
    if device["serial"]:
        resource["serialNumber"] = device["serial"]
    if device["firmware"]:
        version_type = {"coding": [{"system": MDC, "code": MDC_ID_PROD_SPEC_FW, "display": "MDC_ID_PROD_SPEC_FW"}]}
        resource["version"] = [{"type": version_type, "value": device["firmware"]}]
    return resource


def gateway(envelope: Envelope) -> Resource:
    """This gateway."""
    return {
        "resourceType": "Device",
        "meta": {"profile": [PHD + "PhgDevice"]},
        "identifier": [identifiers.uuid_identifier(identifiers.gateway_uuid(envelope))],
        "manufacturer": "Huoma",
        "modelNumber": "Huoma gateway",
        "type": {"coding": [{"system": MDC, "code": MDC_MOC_VMS_MDS_AHD, "display": "MDC_MOC_VMS_MDS_AHD"}]},
    }


def _typed(code: str, system: str, digits: str) -> Resource:
    kind = {"coding": [{"system": identifiers.DEVICE_IDENTIFIERS, "code": code}]}
    return {"type": kind, "system": system, "value": identifiers.dashed(digits)}
