"""A channel that posts signed JSON to a URL."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from gateway.core.clock import Clock
from gateway.core.errors import SettingsError
from gateway.desk.notice import NotDelivered, Notice

SIGNATURE_HEADER: Final = "Huoma-Signature"
TIMEOUT_S: Final = 10.0  # the care centre has seconds; a server that needs longer is as good as silent
MIN_SECRET: Final = 16  # characters


class Webhook:
    """POSTs a notice, signed when there is a secret. Only a 2xx in time counts; redirects are not followed."""

    def __init__(
        self, *, url: str, secret: str | None, client: httpx.AsyncClient, clock: Clock, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._url = checked_url(url)
        if secret is not None and len(secret) < MIN_SECRET:
            raise SettingsError(f"the webhook's secret is too short: give at least {MIN_SECRET} random characters")
        self._secret = secret.encode() if secret is not None else None
        self._client = client
        self._clock = clock
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        port = f":{self._url.port}" if self._url.port else ""
        host = f"[{self._url.host}]" if ":" in self._url.host else self._url.host
        return f"webhook {self._url.scheme}://{host}{port}"  # the path may be a secret

    async def send(self, notice: Notice) -> None:
        body = json.dumps(notice.document(), separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        if self._secret is not None:
            headers[SIGNATURE_HEADER] = signature(self._secret, body, int(self._clock.wall().timestamp()))
        try:
            # httpx counts its time-outs per read and write: only ours bounds a server that drips.
            async with self._clock.timeout(self._timeout_s):
                status = await self._post(body, headers)
        except TimeoutError:
            raise NotDelivered(
                f"does not answer within {self._timeout_s:g} s", advice="check that the service runs and is reachable"
            ) from None
        except httpx.HTTPError as error:
            raise NotDelivered(f"does not answer ({type(error).__name__})", advice=_advice(error)) from error
        if 300 <= status < 400:
            raise NotDelivered(f"redirects ({status})", advice="give the final address in the settings")
        if not 200 <= status < 300:
            raise NotDelivered(f"answers {status}", advice="read the service's own log")

    async def _post(self, body: bytes, headers: dict[str, str]) -> int:
        # Streamed, and the answer's body left unread: it says nothing to us and could be endless.
        async with self._client.stream("POST", self._url, content=body, headers=headers) as response:
            return response.status_code


@asynccontextmanager
async def open_webhook(
    *, url: str, secret: str | None, clock: Clock, ca_file: Path | None = None, timeout_s: float = TIMEOUT_S
) -> AsyncIterator[Webhook]:
    """A webhook with a connection pool of its own. TLS is verified against the usual authorities, or against `ca_file`.

    Raises:
        SettingsError: URL, secret or `ca_file` cannot be used.
    """
    checked_url(url)
    client = httpx.AsyncClient(
        verify=_authorities(ca_file),
        follow_redirects=False,
        timeout=timeout_s,
        trust_env=False,  # where alerts go is said in the settings alone
        limits=httpx.Limits(max_connections=8),
    )
    async with client:
        yield Webhook(url=url, secret=secret, client=client, clock=clock, timeout_s=timeout_s)


def signature(secret: bytes, body: bytes, at: int) -> str:
    """`t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>." + body>`."""
    digest = hmac.new(secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def checked_url(url: str) -> httpx.URL:
    """The URL if alerts may go there: https, or http to this machine or within the home.

    Raises:
        SettingsError: they may not.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SettingsError(f"the webhook's address cannot be read ({error}): give https://host/path") from error
    if parsed.scheme not in {"https", "http"} or not parsed.host:
        raise SettingsError("the webhook's address must be https://host/path")
    if parsed.scheme == "http" and not _within_the_home(parsed.host):
        raise SettingsError(f"the webhook to {parsed.host} would leave the home in the clear: give an https address")
    return parsed


def _within_the_home(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:  # a name: one without a domain, or of a domain that no public server has
        return "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal"))


def _authorities(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"the webhook's ca_file {ca_file} cannot be read ({error})") from error


def _advice(error: httpx.HTTPError) -> str:
    if "certificate" in str(error).lower():
        return f"its certificate is not trusted: renew it, or set ca_file to the authority's ({error})"
    return "check the address, the network and that the service runs"
