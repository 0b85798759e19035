"""What the API needs of the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from api.acts import Acts
from api.audit import Audit
from api.http.auth import TokenBook
from api.vital_settings import VitalSettings
from gateway.capture import Recorder
from gateway.core.clock import Clock
from gateway.core.health import HealthBoard
from gateway.days.watch import DayWatch
from gateway.desk.service import Desk
from gateway.doctor import Doctor
from gateway.ingest.decisions import Decisions
from gateway.pairing import Pairings
from gateway.radar.service import Radars
from gateway.store.day_promises import DayPromises
from gateway.store.readings import Readings


class Heard(Protocol):
    """One device that the radio hears (`gateway.radio.seen.Seen`) or a broker (`gateway.mqtt.sensors.HeardSensor`).

    One that has no radio address has its identity for one.
    """

    @property
    def address(self) -> str: ...
    @property
    def identity(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def model(self) -> str: ...
    @property
    def profile_id(self) -> str | None: ...
    @property
    def rssi(self) -> int | None: ...
    @property
    def last_state(self) -> str | None: ...
    @property
    def heard_monotonic(self) -> float: ...
    @property
    def state(self) -> str: ...
    @property
    def last_useful_monotonic(self) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the routes.

    Attributes:
        heard: whom the radio hears now, the latest first; then whom brokers hear.
        pairings, recorder: None when no radio runs.
        radars, days: None when no gateway runs.
        promises: how sparing the alerts of residents' days are meant to be.
        bonds: addresses with which each adapter has a bond; None when no radio runs.
        closing: set when the server goes down: open streams then end.
    """

    desk: Desk
    readings: Readings
    decisions: Decisions
    promises: DayPromises
    acts: Acts
    vital_settings: VitalSettings
    audit: Audit
    tokens: TokenBook
    health: HealthBoard
    clock: Clock
    metrics: CollectorRegistry
    simulated: bool
    version: str
    heard: Callable[[], Sequence[Heard]] = tuple
    pairings: Pairings | None = None
    recorder: Recorder | None = None
    radars: Radars | None = None
    days: DayWatch | None = None
    doctor: Doctor | None = None
    bonds: Callable[[], Awaitable[Mapping[str, Collection[str]]]] | None = None
    closing: asyncio.Event = field(default_factory=asyncio.Event)


def services_of(request: Request) -> Services:
    """The services of the application a request came to."""
    services: Services = request.app.state.services
    return services


Given = Annotated[Services, Depends(services_of)]
