"""Servers and helpers of the delivery tests."""

from __future__ import annotations

from hypothesis.configuration import set_hypothesis_home_dir

from tests.servers import (
    ROOT,
    fhir_server,
    fhir_server_process,
    influx_server,
    influx_server_process,
    victoria_server,
)

set_hypothesis_home_dir(ROOT / "build" / "hypothesis")  # a `.hypothesis` at the top would be collected as tests

__all__ = ["fhir_server", "fhir_server_process", "influx_server", "influx_server_process", "victoria_server"]
