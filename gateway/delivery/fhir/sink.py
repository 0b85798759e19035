"""The FHIR sink: readings as conditional creates, each entry's status read, lost replies searched for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from gateway.core.clock import Clock
from gateway.core.envelope import ReadingDocument
from gateway.delivery.fhir import identifiers, phd
from gateway.delivery.fhir.client import FhirClient, NoReply, judge
from gateway.delivery.fhir.directory import Directory, matches
from gateway.delivery.fhir.retraction import take_back
from gateway.delivery.items import is_reading
from gateway.delivery.runs import in_runs
from gateway.delivery.settings import FhirSinkSettings
from gateway.delivery.sink import Answer, Ruling
from gateway.delivery.store import Item

IDENTIFIERS_PER_SEARCH: Final = 20  # about 1,600 characters of URL, far below every server's limit
# The worst word on any part of an item is the word on the item.
_SEVERITY: Final = (
    Ruling.ACCEPTED,
    Ruling.NOT_CARRIED,
    Ruling.CONFLICT,
    Ruling.BUSY,
    Ruling.UNKNOWN,
    Ruling.REFUSED,
    Ruling.NO_PATIENT,
    Ruling.FORBIDDEN,
    Ruling.UNAUTHORISED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One resource of one item."""

    item_id: int
    resource: dict[str, Any]

    @property
    def token(self) -> str:
        return identifiers.token(self.resource["identifier"][0])


class FhirSink:
    """One FHIR R4 server."""

    def __init__(self, settings: FhirSinkSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._client = FhirClient(settings, clock=clock)
        self._directory = Directory(settings, self._client)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def address(self) -> str:
        return f"FHIR server {self._settings.url}"

    @property
    def batch_size(self) -> int:
        return self._settings.batch_size

    def refresh(self) -> None:
        self._client.refresh()
        self._directory.forget()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send(self, items: Sequence[Item], *, in_doubt: Collection[int]) -> list[Answer]:
        return await in_runs(items, lambda some: self._send(some, in_doubt), self._take_back)

    async def _take_back(self, item: Item) -> Answer:
        return await take_back(self._client, self.name, item.envelope)

    async def _send(self, items: Sequence[Item], in_doubt: Collection[int]) -> list[Answer]:
        answers: dict[int, list[Answer]] = {item.item_id: [] for item in items}
        expected = Counter({item.item_id: 1 for item in items})
        try:
            parts = await self._map(items, answers)
            expected |= Counter(part.item_id for part in parts)
            parts = await self._leave_out_known(parts, in_doubt, answers)
            if len(parts) == 1:
                answers[parts[0].item_id].append(await self._send_one(parts[0]))
            elif parts:
                await self._send_batch(parts, answers)
        except NoReply as no_reply:
            # An item all of whose parts have their answer keeps it; the rest shares the fate of the request.
            for item_id, found in answers.items():
                if len(found) < expected[item_id]:
                    found.append(no_reply.answer)
        return [_worst(answers[item.item_id]) for item in items]

    async def _map(self, items: Sequence[Item], answers: dict[int, list[Answer]]) -> list[_Part]:
        """Items as resources; those that have none get their answer here."""
        parts: list[_Part] = []
        for item in items:
            if not is_reading(item.envelope):
                answers[item.item_id].append(_not_carried("this health record takes readings only"))
                continue
            document: ReadingDocument = item.envelope["body"]  # type: ignore[assignment]  # its schema says so
            try:
                phd.check(document)
                references = await self._directory.references(item.envelope, document)
                resources = phd.observations(document, references, time_stamps=self._settings.time_stamps)
            except phd.NotMapped as reason:
                answers[item.item_id].append(_not_carried(str(reason)))
            except (KeyError, TypeError, ValueError) as error:  # not the document its schema promises
                words = f"the document is damaged ({type(error).__name__})"
                answers[item.item_id].append(Answer(ruling=Ruling.REFUSED, words=words))
            except NoReply as no_reply:
                if no_reply.answer.whole:
                    raise
                answers[item.item_id].append(no_reply.answer)
            else:
                parts += [_Part(item_id=item.item_id, resource=resource) for resource in resources]
        return parts

    async def _leave_out_known(
        self, parts: list[_Part], in_doubt: Collection[int], answers: dict[int, list[Answer]]
    ) -> list[_Part]:
        """Search for what a lost request may have left there."""
        doubtful = [part for part in parts if part.item_id in in_doubt]
        known: dict[str, str] = {}
        try:
            for some in _chunks(doubtful, IDENTIFIERS_PER_SEARCH):
                known |= await self._search([part.token for part in some])
        except NoReply as no_reply:
            if no_reply.answer.ruling is not Ruling.FORBIDDEN:
                raise
            # May write and not read: then the server's own If-None-Exist has to do.
        for part in doubtful:
            if part.token in known:
                answers[part.item_id].append(Answer(ruling=Ruling.ACCEPTED, words=known[part.token]))
        return [part for part in parts if part.token not in known]

    async def _search(self, tokens: Sequence[str]) -> dict[str, str]:
        """Which of these identifiers the server has, and as what."""
        query = ",".join(quote(token, safe="") for token in tokens)
        count = len(tokens) * 2  # room for a duplicate that somebody else made
        reply = await self._client.request("GET", f"Observation?identifier={query}&_count={count}")
        known: dict[str, str] = {}
        for resource in matches(reply, "Observation"):
            for identifier in resource.get("identifier", []):
                if "system" in identifier and "value" in identifier:
                    known[identifiers.token(identifier)] = f"Observation/{resource['id']}"
        return known

    async def _send_one(self, part: _Part) -> Answer:
        """Without a bundle: the status is the word on this resource."""
        request = self._request(part)
        headers = {"If-None-Exist": request["ifNoneExist"]} if "ifNoneExist" in request else None
        reply = await self._client.request(request["method"], request["url"], body=part.resource, headers=headers)
        answer = judge(reply.status, reply.body, reply.retry_after_s)
        if answer.ruling is Ruling.CONFLICT:
            return await self._reconcile(part, answer)
        if answer.ruling is Ruling.ACCEPTED:
            resource_id = reply.body.get("id")
            words = f"Observation/{resource_id}" if resource_id else reply.location or str(reply.status)
            return Answer(ruling=Ruling.ACCEPTED, words=words)
        whole = answer.ruling in (Ruling.BUSY, Ruling.UNAUTHORISED)
        return Answer(
            ruling=answer.ruling, words=answer.words, retry_after_s=answer.retry_after_s, whole=whole, spoke=True
        )

    async def _send_batch(self, parts: Sequence[_Part], answers: dict[int, list[Answer]]) -> None:
        """As one batch: each entry has its own status. Entries of the answer stand in the order of the request."""
        entries = [{"resource": part.resource, "request": self._request(part)} for part in parts]
        bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        reply = await self._client.request("POST", "", body=bundle)
        if not reply.ok:
            raise NoReply(judge(reply.status, reply.body, reply.retry_after_s))
        responses = reply.body.get("entry")
        if not isinstance(responses, list) or len(responses) != len(parts):
            raise NoReply(Answer(ruling=Ruling.UNKNOWN, words="the answer does not fit the batch", whole=True))
        for part, entry in zip(parts, responses, strict=True):
            answer = _entry_answer(entry)
            if answer.ruling is Ruling.CONFLICT:
                answer = await self._reconcile(part, answer)
            answers[part.item_id].append(answer)

    async def _reconcile(self, part: _Part, conflict: Answer) -> Answer:
        """409 or 412: somebody else was first, or there are several. Either way the record has it if we find it."""
        known = await self._search([part.token])
        if part.token in known:
            return Answer(ruling=Ruling.ACCEPTED, words=known[part.token])
        return Answer(ruling=Ruling.CONFLICT, words=f"in conflict ({conflict.words}) with something we cannot find")

    def _request(self, part: _Part) -> dict[str, str]:
        if self._settings.create_with == "put":
            resource_id = part.resource["identifier"][0]["value"].removeprefix("urn:uuid:")
            part.resource["id"] = resource_id
            return {"method": "PUT", "url": f"Observation/{resource_id}"}
        token = quote(part.token, safe="")
        return {"method": "POST", "url": "Observation", "ifNoneExist": f"identifier={token}"}


def _chunks(parts: Sequence[_Part], size: int) -> list[Sequence[_Part]]:
    return [parts[start : start + size] for start in range(0, len(parts), size)]


def _entry_answer(entry: Any) -> Answer:
    response = entry.get("response") if isinstance(entry, dict) else None
    status_text = str(response.get("status", "")) if isinstance(response, dict) else ""
    if not status_text[:3].isdigit() or not isinstance(response, dict):
        return Answer(ruling=Ruling.UNKNOWN, words="an entry of the answer has no status")
    outcome = response.get("outcome")
    answer = judge(int(status_text[:3]), outcome if isinstance(outcome, dict) else {}, whole=False)
    if answer.ruling is Ruling.ACCEPTED:
        return Answer(ruling=Ruling.ACCEPTED, words=str(response.get("location") or status_text))
    return answer


def _not_carried(words: str) -> Answer:
    return Answer(ruling=Ruling.NOT_CARRIED, words=words)


def _worst(answers: Sequence[Answer]) -> Answer:
    return max(answers, key=lambda answer: _SEVERITY.index(answer.ruling))
