"""Settings and factory: what is refused, what is built, what is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from gateway.core.clock import SystemClock
from gateway.core.errors import SettingsError
from gateway.delivery.factory import make_sink, make_sinks
from gateway.delivery.service import open_delivery
from gateway.delivery.settings import AnySinkSettings, FhirSinkSettings, InfluxSinkSettings
from gateway.delivery.tokens import Token
from tests.gateway.delivery.support import Board, MemoryConsents, MemoryOutbox
from tests.servers import ROOT

ANY_SINK: TypeAdapter[Any] = TypeAdapter(AnySinkSettings)


@pytest.mark.parametrize(
    "url", ["https://fhir.example.org/r4", "http://127.0.0.1:8080/fhir", "http://[::1]/", "http://localhost"]
)
def test_safe_addresses(url: str) -> None:
    assert FhirSinkSettings(url=url).url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://fhir.example.org", "plain text"),
        ("http://192.168.1.4:8080", "plain text"),
        ("http://localhost.example.org", "plain text"),
        ("ftp://127.0.0.1", "no http"),
        ("fhir.example.org", "no http"),
        ("https://user:secret@fhir.example.org", "credentials"),
    ],
)
def test_unsafe_addresses_are_refused(url: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FhirSinkSettings(url=url)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "fhir", "url": "https://x.example", "tokn": "x"},
        {"type": "fhir", "url": "https://x.example", "token": "x", "token_file": "y"},
        {"type": "fhir", "url": "https://x.example", "patients": {"r": "17"}},
        {"type": "fhir", "url": "https://x.example", "name": "Has Spaces"},
        {"type": "fhir", "url": "https://x.example", "batch_size": 0},
        {"type": "influx", "url": "https://x.example"},
        {"type": "kanta", "url": "https://x.example"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ANY_SINK.validate_python(wrong)


@pytest.mark.slow
def test_the_type_chooses_the_sink() -> None:
    fhir = ANY_SINK.validate_python({"type": "fhir", "url": "https://x.example"})
    influx = ANY_SINK.validate_python({"type": "influx", "url": "https://x.example", "bucket": "b"})
    sinks = make_sinks([fhir, influx], clock=SystemClock())
    assert [sink.name for sink in sinks] == ["fhir", "influx"]
    assert "https://x.example" in sinks[0].address


def test_names_are_unique() -> None:
    settings = FhirSinkSettings(url="https://x.example")
    with pytest.raises(SettingsError, match="'fhir'"):
        make_sinks([settings, settings], clock=SystemClock())


def test_a_missing_token_or_ca_file_is_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    url = "https://x.example"
    for settings in (FhirSinkSettings(url=url, token_file=missing), FhirSinkSettings(url=url, ca_file=missing)):
        with pytest.raises(SettingsError, match="none can") as error:
            make_sink(settings, clock=SystemClock())
        assert str(error.value).count("\n") == 0


def test_tokens_do_not_show() -> None:
    settings = InfluxSinkSettings(url="https://x.example", bucket="b", token=SecretStr("hush-hush"))
    assert "hush-hush" not in repr(settings) + repr(Token(settings)) + settings.model_dump_json()


@pytest.mark.slow
async def test_the_service_tells_its_sinks_and_closes_them() -> None:
    settings: list[AnySinkSettings] = [
        FhirSinkSettings(url="https://x.example"),
        InfluxSinkSettings(url="https://x.example", bucket="b"),
    ]
    async with open_delivery(
        settings,
        store=MemoryOutbox(),
        consents=MemoryConsents(),
        clock=SystemClock(),
        report=Board().report,
        random=Random(1),
    ) as delivery:
        assert delivery.names == ("fhir", "influx")
        delivery.notify()
        delivery.notify(urgent=True)
        delivery.resume()


HEAVY = ("bleak", "bumble", "apsw", "numpy", "httpx", "aiohttp", "influxdb_client", "fastapi")


def _imported_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.slow
def test_importing_loads_no_radio_no_database_and_no_client() -> None:
    everything = (
        "import gateway.delivery.service, gateway.delivery.worker, gateway.delivery.factory, gateway.consent.door, "
        "gateway.delivery.settings"
    )
    assert _imported_by(everything) == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sink", "allowed"),
    [
        ("FhirSinkSettings(url='https://x.example')", {"httpx"}),
        ("InfluxSinkSettings(url='https://x.example', bucket='b')", {"aiohttp", "influxdb_client"}),
    ],
)
def test_a_sink_loads_its_own_client_only(sink: str, allowed: set[str]) -> None:
    build = (
        "from gateway.delivery.settings import *; from gateway.delivery.factory import make_sink; "
        f"from gateway.core.clock import SystemClock; make_sink({sink}, clock=SystemClock())"
    )
    assert _imported_by(build) - {"numpy"} == allowed


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "integrator.md").read_text(encoding="utf-8")
    names = {*FhirSinkSettings.model_fields, *InfluxSinkSettings.model_fields}
    assert {name for name in names if f"`{name}`" not in text} == set()
