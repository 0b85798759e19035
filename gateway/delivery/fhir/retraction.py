"""Taking an Observation back: it is marked `entered-in-error` (FHIR R4, Observation.status), never deleted."""

from __future__ import annotations

import re
from typing import Any, Final, cast
from urllib.parse import quote

from gateway.core.envelope import Envelope, RetractionDocument
from gateway.delivery.fhir import identifiers
from gateway.delivery.fhir.client import FhirClient, NoReply, judge
from gateway.delivery.fhir.directory import matches
from gateway.delivery.items import subject_of
from gateway.delivery.sink import Answer, Ruling

IN_ERROR: Final = "entered-in-error"
_RECEIPT: Final = re.compile(r"(?:.*/)?(Observation/[A-Za-z0-9\-.]{1,64})(?:/_history/.*)?")
_GONE: Final = frozenset({404, 410})

Resource = dict[str, Any]


async def take_back(client: FhirClient, sink: str, envelope: Envelope) -> Answer:
    """Mark what is there of a reading about a resident: the Observation, and the time stamp that went with it.

    What is not there needs no marking: it was never sent, or somebody removed it.
    """
    if subject_of(envelope).resident_id is None:
        return Answer(ruling=Ruling.NOT_CARRIED, words="a health record belongs to a person, not to a room")
    document = cast("RetractionDocument", envelope["body"])
    try:
        tokens = _tokens(document)
        receipt = document["receipts"].get(sink, "")
    except (KeyError, TypeError, AttributeError) as error:  # not the document its schema promises
        return Answer(ruling=Ruling.REFUSED, words=f"the document is damaged ({type(error).__name__})")
    try:
        found = await _search(client, tokens) or await _by_receipt(client, receipt, tokens)
        for resource in found:
            answer = await _mark(client, resource)
            if answer.ruling is not Ruling.ACCEPTED:
                return answer
    except NoReply as no_reply:
        return no_reply.answer
    marked = ", ".join(f"Observation/{resource['id']}" for resource in found)
    return Answer(ruling=Ruling.ACCEPTED, words=f"{marked} {IN_ERROR}" if found else "it was not there")


def _tokens(document: RetractionDocument) -> list[str]:
    whose = (document["id"], document["subject"]["id"], document["revision"])
    uuids = (identifiers.observation_uuid(*whose), identifiers.time_stamp_uuid(*whose))
    return [identifiers.token(identifiers.uuid_identifier(uuid)) for uuid in uuids]


async def _search(client: FhirClient, tokens: list[str]) -> list[Resource]:
    query = ",".join(quote(token, safe="") for token in tokens)
    reply = await client.request("GET", f"Observation?identifier={query}&_count=20")
    return [resource for resource in matches(reply, "Observation") if _is_meant(resource, tokens)]


async def _by_receipt(client: FhirClient, receipt: str, tokens: list[str]) -> list[Resource]:
    """A server whose search lags behind has it all the same, where it said that it put it."""
    place = _RECEIPT.fullmatch(receipt)
    if place is None:
        return []
    reply = await client.request("GET", place[1])
    if reply.status in _GONE:
        return []
    if not reply.ok:
        raise NoReply(judge(reply.status, reply.body, reply.retry_after_s))
    return [reply.body] if _is_meant(reply.body, tokens) else []


def _is_meant(resource: Resource, tokens: list[str]) -> bool:
    """A search is not trusted: somebody else's Observation must never be marked."""
    named = resource.get("identifier")
    return isinstance(resource.get("id"), str) and any(
        isinstance(one, dict) and f"{one.get('system')}|{one.get('value')}" in tokens
        for one in (named if isinstance(named, list) else [])
    )


async def _mark(client: FhirClient, resource: Resource) -> Answer:
    if resource.get("status") == IN_ERROR:
        return Answer(ruling=Ruling.ACCEPTED, words="already")
    version = resource.get("meta", {}).get("versionId")
    headers = {"If-Match": f'W/"{version}"'} if version else None  # nobody's change in between is overwritten
    path = f"Observation/{resource['id']}"
    reply = await client.request("PUT", path, body={**resource, "status": IN_ERROR}, headers=headers)
    if reply.ok or reply.status in _GONE:
        return Answer(ruling=Ruling.ACCEPTED, words=path)
    answer = judge(reply.status, reply.body, reply.retry_after_s)
    whole = answer.ruling in (Ruling.BUSY, Ruling.UNAUTHORISED)
    words = f"taking a reading back: {answer.words}"
    return Answer(ruling=answer.ruling, words=words, retry_after_s=answer.retry_after_s, whole=whole, spoke=True)
