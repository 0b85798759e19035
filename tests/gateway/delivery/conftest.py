"""Servers and helpers of the delivery tests."""

from __future__ import annotations

from tests.servers import (
    fhir_server,
    fhir_server_process,
    influx_server,
    influx_server_process,
    victoria_server,
)

__all__ = ["fhir_server", "fhir_server_process", "influx_server", "influx_server_process", "victoria_server"]
