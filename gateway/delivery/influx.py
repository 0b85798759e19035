"""The InfluxDB sink, through influxdb-client. The outbox is the buffer: the client's own would be lost in a crash.

Every point carries its own time stamp, so a point that is written twice is one point: after a lost reply it is simply
sent again.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
from influxdb_client import Point
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException

from gateway.core.clock import Clock
from gateway.core.envelope import Envelope, ReadingDocument, RetractionDocument
from gateway.core.ids import derived_id
from gateway.delivery.items import is_reading, subject_of
from gateway.delivery.runs import in_runs
from gateway.delivery.settings import InfluxSinkSettings
from gateway.delivery.sink import Answer, Ruling
from gateway.delivery.statuses import judge_status, retry_after, unreachable
from gateway.delivery.store import Item
from gateway.delivery.tls import tls_context
from gateway.delivery.tokens import Token

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
# VictoriaMetrics and InfluxDB 3 have no such path; some say so with 400.
_CANNOT_DELETE: Final = frozenset({400, 404, 405, 501})
_NOT_CARRIED_KINDS: Final = frozenset({"cuff-pressure"})  # while the cuff deflates: never a result


class InfluxSink:
    """One bucket behind an InfluxDB v2 API."""

    def __init__(self, settings: InfluxSinkSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._token = Token(settings)
        self._client: Any = None  # made at the first send: it wants a running loop

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def address(self) -> str:
        return f"InfluxDB {self._settings.url}, bucket {self._settings.bucket}"

    @property
    def batch_size(self) -> int:
        return self._settings.batch_size

    def refresh(self) -> None:
        self._token.refresh()
        if self._client is not None:
            self._client.api_client.default_headers["Authorization"] = f"Token {self._token.value or ''}"

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def send(self, items: Sequence[Item], *, in_doubt: Collection[int]) -> list[Answer]:
        del in_doubt  # the same point again is the same point, and removed twice is removed
        return await in_runs(items, self._send, self._take_back)

    async def _take_back(self, item: Item) -> Answer:
        """The point is deleted. A server that deletes nothing gets a field on it that says so: `retracted`."""
        try:
            start, stop, predicate = deletion(item.envelope)
            mark = retracted_point(item.envelope)
        except (KeyError, TypeError, ValueError) as error:  # not the document its schema promises
            return _damaged(error)
        answer = await self._delete(start, stop, predicate)
        return answer if answer is not None else await self._write([mark])

    async def _delete(self, start: str, stop: str, predicate: str) -> Answer | None:
        """None: the server cannot delete."""
        delete = self._connected().delete_api().delete
        bucket = self._settings.bucket
        return await self._ask(
            lambda: delete(start=start, stop=stop, predicate=predicate, bucket=bucket, org=self._settings.org),
            "deleted",
            unsupported=_CANNOT_DELETE,
        )

    async def _send(self, items: Sequence[Item]) -> list[Answer]:
        answers: list[Answer | None] = []
        points: list[Any] = []
        for item in items:
            found = self._point(item.envelope)
            answers.append(found if isinstance(found, Answer) else None)
            if not isinstance(found, Answer):
                points.append(found)
        word = await self._write(points) if points else Answer(ruling=Ruling.ACCEPTED, words="")
        return [answer if answer is not None else word for answer in answers]

    async def _write(self, points: Sequence[Any]) -> Answer:
        write = self._connected().write_api().write
        answer = await self._ask(lambda: write(bucket=self._settings.bucket, record=points), "204")
        return answer or Answer(ruling=Ruling.UNKNOWN, words="no answer", whole=True)

    async def _ask(
        self, request: Callable[[], Awaitable[bool]], receipt: str, *, unsupported: frozenset[int] = frozenset()
    ) -> Answer | None:
        """What the server said of a request; None when it answers with one of the statuses `unsupported`."""
        try:
            async with self._clock.timeout(self._settings.timeout_s):
                accepted = await request()
        except ApiException as error:
            if error.status in unsupported:
                return None
            headers = error.headers or {}
            wait = retry_after(headers.get("Retry-After"), self._clock.wall())
            return judge_status(int(error.status or 500), str(error.reason or "")[:60], wait)
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            return unreachable(error)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Answer(ruling=Ruling.UNKNOWN, words=f"no answer ({type(error).__name__})", whole=True)
        if not accepted:
            return Answer(ruling=Ruling.UNKNOWN, words="an answer that is no confirmation", whole=True)
        return Answer(ruling=Ruling.ACCEPTED, words=receipt)

    def _connected(self) -> Any:
        if self._client is None:
            self._client = InfluxDBClientAsync(
                url=self._settings.url,
                token=self._token.value or "",
                org=self._settings.org,
                timeout=int(self._settings.timeout_s * 1000),
                allow_redirects=False,  # a redirect could carry health data elsewhere
                ssl_context=tls_context(self._settings),
            )
        return self._client

    def _point(self, envelope: Envelope) -> Any:
        """A point, or the answer for what makes none."""
        try:
            if is_reading(envelope):
                return reading_point(envelope)
            return alert_point(envelope) if self._settings.alerts else _not_carried("alerts are off for this sink")
        except NotCarried as reason:
            return _not_carried(str(reason))
        except (KeyError, TypeError, ValueError) as error:  # not the document its schema promises
            return _damaged(error)


class NotCarried(Exception):  # noqa: N818
    """Makes no point; the text says why."""


def reading_point(envelope: Envelope) -> Any:
    """Measurement = kind; tags = resident, device (pseudonym), home, gateway; one field per quantity.

    Raises:
        NotCarried: a failed measurement, or no number at all.
    """
    document: ReadingDocument = envelope["body"]  # type: ignore[assignment]  # its schema says so
    if document["failed"] or document["kind"] in _NOT_CARRIED_KINDS:
        raise NotCarried("only measurements that succeeded leave the home")
    point = _of_device(envelope, document)
    numbers = 0
    for value in document["values"]:
        if math.isfinite(value["value"]):
            point.field(value["quantity"].replace("-", "_"), float(value["value"]))
            numbers += 1
    if not numbers:
        raise NotCarried("no quantity has a number")
    if document["flags"]:
        point.field("flags", ",".join(document["flags"]))
    if document["doubtful"]:
        point.field("doubtful", value=True)
    if document["effective"]["at"] is None:
        point.field("time_unknown", value=True)
    return point.time(_time(document))


def retracted_point(envelope: Envelope) -> Any:
    """The point of a reading that is taken back, with nothing but the word that it is."""
    document: RetractionDocument = envelope["body"]  # type: ignore[assignment]  # its schema says so
    return _of_device(envelope, document).field("retracted", value=True).time(_time(document))


def deletion(envelope: Envelope) -> tuple[str, str, str]:
    """What is deleted of a reading that is taken back: (start, stop, predicate), by its series and its time."""
    document: RetractionDocument = envelope["body"]  # type: ignore[assignment]  # its schema says so
    subject = subject_of(envelope)
    tags = {
        "_measurement": _measurement(document["kind"]),
        subject.type.value: subject.id,
        "device": derived_id("influx", "device", document["device"]["identity"]),
    }
    predicate = " AND ".join(f'{name}="{_quoted(value)}"' for name, value in tags.items())
    at = _time(document)
    return _rfc3339(at), _rfc3339(at + 1), predicate


def alert_point(envelope: Envelope) -> Any:
    """One point per state of an alert."""
    body = envelope["body"]
    point = _tagged("alert", envelope)
    point.tag("kind", str(body["kind"])).tag("state", str(body["state"])).tag("priority", str(body["priority"]))
    point.field("id", str(body["id"]))
    if body.get("probability") is not None:
        point.field("probability", float(body["probability"]))
    return point.time(nanoseconds(str(body["raised_at"])))


def nanoseconds(text: str) -> int:
    """ISO 8601 with an offset as whole nanoseconds since 1970, exact (floats would round to 200 ns).

    Raises:
        ValueError: no time, or one without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _time(document: ReadingDocument | RetractionDocument) -> int:
    return nanoseconds(document["effective"]["at"] or document["received_at"])


def _rfc3339(at_ns: int) -> str:
    whole = _EPOCH + timedelta(seconds=at_ns // 1_000_000_000)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{at_ns % 1_000_000_000:09d}Z"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _measurement(kind: str) -> str:
    return kind.replace("-", "_")


def _of_device(envelope: Envelope, document: ReadingDocument | RetractionDocument) -> Any:
    point = _tagged(document["kind"], envelope)
    point.tag("device", derived_id("influx", "device", document["device"]["identity"]))
    if document["device"]["model"]:
        point.tag("model", document["device"]["model"])
    if document["simulated"]:
        point.tag("simulated", "true")
    return point


def _tagged(measurement: str, envelope: Envelope) -> Any:
    subject = subject_of(envelope)
    point = Point(_measurement(measurement))
    point.tag(subject.type.value, subject.id)
    return point.tag("home", envelope["home_id"]).tag("gateway", envelope["gateway_id"])


def _damaged(error: Exception) -> Answer:
    return Answer(ruling=Ruling.REFUSED, words=f"the document is damaged ({type(error).__name__})")


def _not_carried(words: str) -> Answer:
    return Answer(ruling=Ruling.NOT_CARRIED, words=words)
