"""Errors in one shape: {"error": a sentence, "code": a word for programs}."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from gateway.core.errors import Conflict, HuomaError, Invalid, NotFound, StoreError


class Forbidden(HuomaError):  # noqa: N818
    """The caller's role may not do this."""


class ErrorView(BaseModel):
    """What went wrong."""

    error: str
    code: str


# Everything the page needs lies on this server. Swagger UI's images are data: URLs within its style sheet.
_CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
)

_STATUS: Final[tuple[tuple[type[HuomaError], int, str], ...]] = (
    (Forbidden, 403, "forbidden"),
    (NotFound, 404, "not-found"),
    (Conflict, 409, "conflict"),
    (Invalid, 422, "invalid"),
    (StoreError, 503, "store-unavailable"),
)


_AN_ADDRESS: Final = "give an address such as AA:BB:CC:DD:EE:FF; 'huoma devices' lists them."
_SHAPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "address": _AN_ADDRESS,
        "replaces": _AN_ADDRESS,
        "passkey": "a passkey has six digits, as the device shows them.",
        "bind_key": "a bind key has 32 hexadecimal digits; the app of the device's maker shows it.",
    }
)  # what is meant by a field that has a pattern: nobody reads a regular expression


def error_response(status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A reply that says what went wrong."""
    return JSONResponse({"error": sentence, "code": code}, status, headers)


async def _known(_request: Request, error: Exception) -> Response:
    for kind, status, code in _STATUS:
        if isinstance(error, kind):
            return error_response(status, code, str(error))
    return error_response(500, "internal", str(error))


async def _not_valid(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return error_response(422, "invalid", _sentence(error.errors()[0]))


def _sentence(first: Any) -> str:
    """What to send instead, without what was sent: that may be a name or a value."""
    where = ".".join(str(part) for part in first["loc"][1:])
    match first["type"]:
        case "json_invalid":
            return 'The body is no valid JSON: send an object such as {"name": "value"}.'
        case "missing" if not where:
            return "The body is missing: send a JSON object; /openapi.json tells its fields."
        case "missing":
            return f"{where} is missing: give it; /openapi.json tells what it is."
        case "extra_forbidden":
            return f"{where} is no field of this request: leave it out; /openapi.json tells the fields."
        case "model_attributes_type" | "model_type" | "dict_type":
            return f"{where or 'The body'} should be a JSON object; /openapi.json tells its fields."
        case "string_pattern_mismatch" if first["loc"][-1] in _SHAPES:
            return f"{where} is wrong: {_SHAPES[first['loc'][-1]]}"
    said = str(first["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{where}: {said}" if where else f"The body {said}"


async def _http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    phrase = HTTPStatus(error.status_code).phrase
    return error_response(error.status_code, phrase.lower().replace(" ", "-"), str(error.detail), error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    endpoint = getattr(request.scope.get("endpoint"), "__name__", "?")  # never the path: it may hold a name
    structlog.get_logger("api").error("request failed", endpoint=endpoint, error=type(error).__name__)
    # Answered outside `api.http.guard`, where errors nobody expected end up.
    return error_response(500, "internal", "The gateway failed at this; its log says more.", SECURITY_HEADERS)


def install(app: FastAPI) -> None:
    """Give the application's errors their shape."""
    app.add_exception_handler(HuomaError, _known)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
