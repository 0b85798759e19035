"""Logs: pretty on a terminal, one JSON object per line elsewhere; never a name, a measurement or a token."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import UTC
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from api.settings import LogSettings
from gateway.core.clock import Clock

# Keys under which somebody might log what belongs to a person, or a secret. The last guard, not the first: a line that
# needs one of these says too much.
_PRIVATE: Final = frozenset(
    {"name", "resident", "resident_name", "value", "values", "note", "summary", "token", "secret", "password"}
    | {"authorization", "body", "frame", "raw", "samples"}
)
_TOKEN: Final = re.compile(r"(?i)(bearer\s+)\S+|\b[A-Za-z0-9_-]{43}\b")  # 43: 256 bits in base64url
# Third parties whose chatter hides ours, or that write addresses with query strings.
_QUIET: Final = ("uvicorn", "uvicorn.error", "httpx", "httpcore", "bleak", "bumble", "asyncio")
_SEES_REQUESTS: Final = ("api", "uvicorn")  # first words of logger names
_STANDARD: Final = ("timestamp", "level", "event", "logger")


def configure(settings: LogSettings, clock: Clock, *, stream: TextIO = sys.stderr) -> None:
    """Send everything (structlog's and the standard library's) to `stream`. Call it once, in `main()`."""
    pretty = settings.format == "pretty" or (settings.format == "auto" and stream.isatty())
    level = logging.getLevelNamesMapping()[settings.level.upper()]

    def stamp(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event["timestamp"] = clock.wall().astimezone(UTC).isoformat(timespec="milliseconds")
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        stamp,
        stacks,
        redact,
    ]
    render: Processor = _pretty if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def stacks(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The stack of an exception as text; of one from the API without its message, which may quote a request."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        sees_requests = str(event.get("logger", "")).partition(".")[0] in _SEES_REQUESTS
        lines = _without_message(error) if sees_requests else traceback.format_exception(error)
        event["exception"] = "".join(lines).rstrip()
    return event


def _without_message(error: BaseException) -> list[str]:
    """The frames and types of an exception, of those it groups and of the one that caused it."""
    inner = [*error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    inner += [error.__cause__] if error.__cause__ is not None else []
    own = [*traceback.format_tb(error.__traceback__), f"{type(error).__name__} (its message is private)\n"]
    return [line for one in inner for line in _without_message(one)] + own


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out what no log may hold."""
    for key, value in list(event.items()):
        event[key] = "[private]" if key.lower() in _PRIVATE else _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _TOKEN.sub(lambda match: (match.group(1) or "") + "[private]", value)
    if isinstance(value, Mapping):
        return {key: "[private]" if str(key).lower() in _PRIVATE else _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def _pretty(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """`08:00:01 info  gateway.radio  connected  device=… reason=…`; a stack on lines of its own."""
    stack = event.pop("exception", None)
    head = f"{str(event.get('timestamp', ''))[11:19]} {event.get('level', ''):<7} {event.get('event', '')}"
    rest = _pairs((key, value) for key, value in event.items() if key not in _STANDARD)
    return f"{head}{rest}" + (f"\n{stack}" if stack else "")


def _pairs(items: Iterable[tuple[str, Any]]) -> str:
    return "".join(f"  {key}={value}" for key, value in items)
