"""What an Observation points to, found or made on the server once and remembered: patient, sensor, gateway."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from gateway.core.envelope import Envelope, ReadingDocument
from gateway.core.subject import Subject
from gateway.delivery.fhir import devices, identifiers
from gateway.delivery.fhir.client import FhirClient, NoReply, Reply, judge
from gateway.delivery.fhir.phd import References
from gateway.delivery.items import subject_of
from gateway.delivery.settings import FhirSinkSettings
from gateway.delivery.sink import Answer, Ruling

MOST_REMEMBERED: Final = 1000  # residents and devices of one home are a dozen; a hub's are asked again above this


class Directory:
    """Resource names of one server."""

    def __init__(self, settings: FhirSinkSettings, client: FhirClient) -> None:
        self._settings = settings
        self._client = client
        self._known: dict[str, str] = {}

    def forget(self) -> None:
        """Ask the server again for everything."""
        self._known.clear()

    async def references(self, envelope: Envelope, document: ReadingDocument) -> References:
        """For one reading.

        Raises:
            NoReply: with the answer for this reading when one of the three cannot be had.
        """
        return References(
            patient=await self._patient(subject_of(envelope)),
            device=await self._device(devices.sensor(document["device"], document["kind"])),
            gateway=await self._device(devices.gateway(envelope)),
        )

    async def _patient(self, subject: Subject) -> str:
        if subject.resident_id is None:
            raise NoReply(Answer(ruling=Ruling.NOT_CARRIED, words="a health record belongs to a person, not to a room"))
        if subject.id in self._settings.patients:
            return self._settings.patients[subject.id]
        value = f"urn:uuid:{subject.id}" if self._settings.patient_system == identifiers.URI else subject.id
        identifier = {"system": self._settings.patient_system, "value": value}
        if self._settings.create_patients:
            return await self._create("Patient", {"resourceType": "Patient", "identifier": [identifier]})
        known = self._known.get(value)
        return known if known is not None else await self._search_patient(identifier)

    async def _search_patient(self, identifier: dict[str, Any]) -> str:
        reply = await self._client.request("GET", f"Patient?identifier={quote(identifiers.token(identifier), safe='')}")
        found = matches(reply, "Patient")
        if len(found) == 1:
            return self._remember(identifier["value"], found[0]["id"], "Patient")
        words = "knows no patient with our resident id" if not found else "knows several patients with one resident id"
        mend = "name the patient in the settings (patients) or give the patient that identifier"
        raise NoReply(Answer(ruling=Ruling.NO_PATIENT, words=f"{words}: {mend}"))

    async def _device(self, resource: dict[str, Any]) -> str:
        return await self._create("Device", resource)

    async def _create(self, kind: str, resource: dict[str, Any]) -> str:
        """Create unless there is one with the same first identifier."""
        identifier = resource["identifier"][0]
        if identifier["value"] in self._known:
            return self._known[identifier["value"]]
        query = f"identifier={quote(identifiers.token(identifier), safe='')}"
        reply = await self._client.request("POST", kind, body=resource, headers={"If-None-Exist": query})
        if reply.ok and isinstance(reply.body.get("id"), str):
            return self._remember(identifier["value"], reply.body["id"], kind)
        if reply.ok or reply.status == 412:  # an empty body, or there are several: take the first
            found = matches(await self._client.request("GET", f"{kind}?{query}"), kind)
            if found:
                return self._remember(identifier["value"], min(entry["id"] for entry in found), kind)
        answer = judge(reply.status, reply.body, reply.retry_after_s)
        whole = answer.ruling in (Ruling.UNAUTHORISED, Ruling.BUSY, Ruling.NO_PATIENT)  # no /Device: a wrong address
        ruling = Ruling.REFUSED if answer.ruling is Ruling.CONFLICT else answer.ruling
        words = f"{kind}: {answer.words}"
        raise NoReply(
            Answer(ruling=ruling, words=words, retry_after_s=answer.retry_after_s, whole=whole, spoke=answer.spoke)
        )

    def _remember(self, value: str, resource_id: str, kind: str) -> str:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[value] = f"{kind}/{resource_id}"
        return self._known[value]


def matches(reply: Reply, kind: str) -> list[dict[str, Any]]:
    """The resources of a searchset.

    Raises:
        NoReply: the search itself was refused.
    """
    if not reply.ok:
        raise NoReply(judge(reply.status, reply.body, reply.retry_after_s))
    entries = reply.body.get("entry")
    resources = [entry.get("resource") for entry in entries if isinstance(entry, dict)] if entries else []
    return [
        resource
        for resource in resources
        if isinstance(resource, dict) and resource.get("resourceType") == kind and isinstance(resource.get("id"), str)
    ]
