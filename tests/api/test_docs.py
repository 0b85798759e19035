"""Every endpoint and every error code is in docs/api.md, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi.routing import iter_route_contexts

from gateway.desk.events import AlertKind, EventType, Verdict
from gateway.pairing import AskKind, Outcome, Phase
from gateway.radar.installing import Outcome as InstallationOutcome
from tests.api.home import Home

TEXT = Path("docs/api.md").read_text(encoding="utf-8")


async def test_every_endpoint_is_documented_and_every_documented_one_exists(home: Home) -> None:
    documented = set(re.findall(r"`(GET|POST|PUT|DELETE) (/[^`]*)`", TEXT))
    existing = {
        (method, str(context.path_format))
        for context in iter_route_contexts(home.app.routes)
        for method in context.methods or ()
    }
    assert existing == documented


def test_every_error_code_is_documented() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path("api/http").glob("*.py"))
    codes = set(re.findall(r'error_response\(\d+, "([a-z-]+)"', source)) | set(
        re.findall(r'\d{3}, "([a-z-]+)"\)', source)
    )
    assert len(codes) >= 9
    assert [code for code in sorted(codes) if f"`{code}`" not in TEXT] == []


def test_every_word_of_an_alert_is_documented() -> None:
    for word in (*AlertKind, *EventType, *Verdict):
        assert f"`{word}`" in TEXT, word


def test_every_word_of_a_radar_installation_is_documented() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path("gateway/radar").glob("*.py"))
    codes = set(re.findall(r'\.say\(\s*"([a-z-]+)"', source)) | {"walk-test", "fall-test"}
    assert len(codes) >= 12
    for word in (*codes, *InstallationOutcome):
        assert f"`{word}`" in TEXT, word


def test_every_word_of_a_pairing_is_documented() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path("gateway/pairing").glob("*.py"))
    codes = set(re.findall(r'\.say\(\s*"([a-z-]+)"', source)) | set(re.findall(r'return "([a-z-]+)", f?"', source))
    assert len(codes) >= 20
    for word in (*codes, *Outcome, *Phase, *AskKind):
        assert f"`{word}`" in TEXT, word
