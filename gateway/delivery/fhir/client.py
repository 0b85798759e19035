"""HTTP to a FHIR server: bounded, and every reply turned into a status and a body, or into why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from gateway.core.clock import Clock
from gateway.delivery.settings import FhirSinkSettings
from gateway.delivery.sink import Answer, Ruling
from gateway.delivery.statuses import judge_status, retry_after, unreachable
from gateway.delivery.tls import tls_context
from gateway.delivery.tokens import Token

LONGEST_REPLY_BYTES: Final = 8_000_000  # 500 entries with their resources are about 1 MB
FHIR_JSON: Final = "application/fhir+json"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server said."""

    status: int
    body: Json
    location: str | None
    retry_after_s: float | None

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300


class NoReply(Exception):  # noqa: N818
    """There is none. `answer` says whether the server may have got the request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.words)
        self.answer = answer


class FhirClient:
    """One keep-alive connection pool to one server."""

    def __init__(self, settings: FhirSinkSettings, *, clock: Clock) -> None:
        self._token = Token(settings)
        self._clock = clock
        self._base = settings.url
        self._timeout_s = settings.timeout_s
        self._client = httpx.AsyncClient(
            timeout=settings.timeout_s,
            verify=tls_context(settings),
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1),
            follow_redirects=False,  # a redirect could carry health data elsewhere
            trust_env=False,  # a proxy from the environment would see it
        )

    def refresh(self) -> None:
        """Read the token again."""
        self._token.refresh()

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def request(
        self, method: str, path: str, *, body: Json | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request.

        Raises:
            NoReply: none within the time-out, or the link broke, or it is too long to be read.
        """
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        all_headers = {"Accept": FHIR_JSON, "Content-Type": FHIR_JSON, **(headers or {})}
        if self._token.value:
            all_headers["Authorization"] = f"Bearer {self._token.value}"
        url = f"{self._base}/{path}" if path else self._base
        try:
            async with (
                self._clock.timeout(self._timeout_s),
                self._client.stream(method, url, content=content, headers=all_headers) as response,
            ):
                data = await _bounded(response)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise NoReply(unreachable(error)) from error
        except (httpx.HTTPError, TimeoutError) as error:
            words = f"no answer ({type(error).__name__})"
            raise NoReply(Answer(ruling=Ruling.UNKNOWN, words=words, whole=True)) from error
        return Reply(
            status=response.status_code,
            body=_json(data),
            location=response.headers.get("Location"),
            retry_after_s=retry_after(response.headers.get("Retry-After"), self._clock.wall()),
        )


def judge(status: int, body: Json, retry_after_s: float | None = None, *, whole: bool = True) -> Answer:
    """A FHIR status as a ruling. For a whole request and for an entry of a batch alike."""
    return judge_status(status, diagnosis(body), retry_after_s, whole=whole)


def diagnosis(body: Json) -> str:
    """The codes of an OperationOutcome and the elements meant; free text stays out, it may repeat the data."""
    issues = body.get("issue") if body.get("resourceType") == "OperationOutcome" else None
    found: list[str] = []
    for issue in issues if isinstance(issues, list) else []:
        if not isinstance(issue, dict):
            continue
        places = issue.get("expression")
        place = str(places[0]) if isinstance(places, list) and places else ""
        found.append(f"{issue.get('code', '')} {place}".strip()[:80])
    return "; ".join(found[:3])


async def _bounded(response: httpx.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > LONGEST_REPLY_BYTES:
            raise NoReply(Answer(ruling=Ruling.UNKNOWN, words="the answer is too long", whole=True))
    return bytes(data)


def _json(data: bytes) -> Json:
    try:
        body = json.loads(data) if data else {}
    except ValueError:  # a proxy's page
        return {}
    return body if isinstance(body, dict) else {}
