"""A real cuff's captured session, from a twin in another process over an HCI socket, into a real FHIR server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from firmware_profiles import load
from tests.api.whole_path.processes import command, devices, gateway, until
from tests.servers import FhirServer, fhir_server, fhir_server_process  # noqa: F401  # fixtures

pytestmark = [pytest.mark.slow, pytest.mark.servers, pytest.mark.timeout(180)]

CUFF = "5C:31:3E:5D:3F:1A"
ANOTHER = "167c0056006100e807060f11111b33000000"  # 124/86, pulse 51, 2024-06-15 17:17:27


def captured(recordings: Path | None) -> list[str]:
    """The session as it was captured, a record sent twice and all; without it the profile's distinct frames."""
    if recordings is not None:
        session: dict[str, Any] = json.loads((recordings / "captures" / "ua-651ble.json").read_text())
        return list(session["2a35_indications"])
    profile = load().get("a-and-d/ua-651ble")
    assert profile is not None
    return [frame.data.hex() for frame in profile.frames if frame.characteristic == "2a35"]


def configure(folder: Path, server: FhirServer, *, name: str = "home") -> Path:
    config = folder / f"{name}.toml"
    config.write_text(f"""
time_zone = "Europe/Helsinki"
data_dir = "{name}-data"
[api]
port = 0
[radio]
kind = "bumble"
transport = "unix-client:{folder / "hci"}"
[[sink]]
type = "fhir"
url = "{server.url}"
token = "{server.token}"
create_patients = true
""")
    return config


def pressures(server: FhirServer) -> dict[str, dict[str, float]]:
    """{effective: {LOINC: value}} of every blood pressure the server holds."""
    found = {}
    for observation in server.search("Observation?code=85354-9&_count=200"):
        parts = {
            coding["code"]: component["valueQuantity"]["value"]
            for component in observation["component"]
            for coding in component["code"]["coding"]
            if coding["system"] == "http://loinc.org"
        }
        assert observation["effectiveDateTime"] not in found
        found[observation["effectiveDateTime"]] = parts
    return found


def test_captured_session_into_the_health_record(
    tmp_path: Path,
    recordings: Path | None,
    fhir_server: FhirServer,  # noqa: F811
) -> None:
    frames = captured(recordings)
    (tmp_path / "records").write_text("\n".join(frames))
    config = configure(tmp_path, fhir_server)
    resident = command(config, "resident", "add", "Aino", "Testi")
    command(config, "device", "assign", CUFF, "--resident", resident, "--since", "2016-01-01T00:00+02:00")
    command(config, "consent", "grant", resident, "--recipient", "fhir")
    nurse = command(config, "user", "add", "nurse-one", "--role", "nurse").split()[-1]
    options = ("--scene", "cuff", "--records", str(tmp_path / "records"), "--repeat-first", "--clock-error", "0")
    with devices(tmp_path, *options, "--measure-every", "never") as twin:
        with gateway(config) as home:
            until(lambda: len(pressures(fhir_server)) == 2, within_s=40)
            readings = home.api(f"/api/v1/residents/{resident}/readings?limit=1000", nurse)
            cuffs = [reading for reading in readings if reading["kind"] == "blood-pressure"]
            failed = [reading for reading in cuffs if reading["failed"]]
            assert len(cuffs) == len(set(frames)) == 31
            assert len(failed) == 29
            assert all(not reading["values"] for reading in failed)
            home.kill()
        assert pressures(fhir_server) == {
            "2017-01-16T12:39:54.000+02:00": {"8480-6": 125, "8462-4": 80, "8478-0": 102, "8867-4": 64},
            "2017-01-16T13:00:24.000+02:00": {"8480-6": 134, "8462-4": 77, "8478-0": 100, "8867-4": 61},
        }
        assert len(fhir_server.search("Observation?_count=200")) == 2, "nothing else was observed"

        paired_with = twin.pairing_pdus()
        assert paired_with > 0
        with gateway(config):
            twin.tell(f"record {ANOTHER}")
            until(lambda: len(pressures(fhir_server)) == 3, within_s=40)
        assert twin.pairing_pdus() == paired_with, "the stored key was not used"

        bonds = tmp_path / "home-data" / "bonds.json"
        text = bonds.read_text()
        key = re.search(r'"ltk[^{]*\{[^}]*"value": *"([0-9a-f]{32})"', text)
        assert key is not None, text
        bonds.write_text(text.replace(key[1], key[1][::-1]))
        with gateway(config) as home:
            twin.tell("record 167b0055006000e907060f11111b33000000")
            until(lambda: home.api("/api/v1/status", nurse)["parts"]["radio"]["colour"] != "green", within_s=40)
            words = home.api("/api/v1/status", nurse)["parts"]["radio"]["reason"]
            print(words)
            assert "bonds.json" in words
            assert "pair" in words.lower()
            assert twin.pairing_pdus() == paired_with, "paired again behind everybody's back"
            assert len(pressures(fhir_server)) == 3

            command(config, "device", "accept-damaged-bonds")
            command(config, "device", "pair-again", CUFF)
            twin.tell("pair cuff")
            until(lambda: len(pressures(fhir_server)) == 4, within_s=40)
            assert home.api("/api/v1/status", nurse)["parts"]["radio"]["colour"] == "green"
