"""From settings to sinks. Only what is configured is imported: httpx for FHIR, influxdb-client for InfluxDB.

The imports stand inside the function for that reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.clock import Clock
from gateway.core.errors import SettingsError
from gateway.delivery.settings import AnySinkSettings, FhirSinkSettings
from gateway.delivery.sink import Sink


def make_sink(settings: AnySinkSettings, *, clock: Clock) -> Sink:
    """One sink.

    Raises:
        SettingsError: its token file cannot be read.
    """
    if isinstance(settings, FhirSinkSettings):
        from gateway.delivery.fhir.sink import FhirSink

        return FhirSink(settings, clock=clock)
    from gateway.delivery.influx import InfluxSink

    return InfluxSink(settings, clock=clock)


def make_sinks(settings: Sequence[AnySinkSettings], *, clock: Clock) -> list[Sink]:
    """All sinks.

    Raises:
        SettingsError: two have one name, or see `make_sink`.
    """
    names = [sink.name for sink in settings]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(f"Two sinks are called {twice[0]!r}: give each its own name.")
    return [make_sink(sink, clock=clock) for sink in settings]
