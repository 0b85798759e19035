"""What the log says, and what it never says."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from api.logs import configure
from api.settings import LogSettings
from tests.virtual_time import VirtualClock


class _Clock(VirtualClock):
    def monotonic(self) -> float:
        return 1000.0


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(settings: LogSettings) -> tuple[io.StringIO, structlog.stdlib.BoundLogger]:
    stream = io.StringIO()
    configure(settings, _Clock(), stream=stream)
    return stream, structlog.get_logger("gateway.test")


def test_one_json_object_per_line_from_both_worlds() -> None:
    stream, log = lines(LogSettings())
    log.info("connected", device="AA:BB")
    logging.getLogger("other").warning("odd %s", "thing")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first == {
        "event": "connected",
        "device": "AA:BB",
        "level": "info",
        "logger": "gateway.test",
        "timestamp": "2026-03-01T08:00:00.000+00:00",
    }
    assert (second["event"], second["level"], second["logger"]) == ("odd thing", "warning", "other")


def test_pretty_lines_are_for_people() -> None:
    stream, log = lines(LogSettings(format="pretty"))
    log.warning("radio silent", adapter="hci0")
    assert stream.getvalue() == "08:00:00 warning radio silent  adapter=hci0\n"


def test_level_is_kept() -> None:
    stream, log = lines(LogSettings(level="warning"))
    log.info("small")
    log.error("big")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["big"]


def test_canaries_never_get_through() -> None:
    stream, log = lines(LogSettings())
    token = "q" * 43
    log.info("asked", name="Aino Canary", values={"systolic": 123.25}, detail={"token": "tCanary", "ok": 1})
    log.info(f"header Authorization: Bearer {token}", headers=[f"bearer {token}"])  # noqa: G004  # as somebody might
    logging.getLogger("x").error("failed with %s", token)
    logging.getLogger("uvicorn.access").info("GET /?token=%s", token)
    try:
        raise ValueError(f"bad token {token}")
    except ValueError:
        log.exception("failed")
    sent = {"name": "Aino Canary"}
    try:
        raise ExceptionGroup("tasks", [ValueError(f"input: {sent}")])
    except ExceptionGroup as error:
        logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)  # noqa: TRY400
    said = stream.getvalue()
    assert "test_logs.py" in said  # where it happened is said
    assert "ValueError (its message is private)" in said
    for canary in ("Aino", "123.25", "tCanary", token):
        assert canary not in said
    assert said.count("[private]") >= 6
    assert '"ok": 1' in said


def test_stack_of_a_part_keeps_its_message() -> None:
    stream, log = lines(LogSettings())
    try:
        raise ValueError("no such adapter")
    except ValueError as error:
        log.error("part failed", exc_info=error)  # noqa: TRY400
    said = json.loads(stream.getvalue())
    assert said["exception"].endswith("ValueError: no such adapter")
