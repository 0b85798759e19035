"""The parts of one broker, put together."""

from __future__ import annotations

import random
from datetime import tzinfo

from firmware_profiles import Catalogue
from gateway.core.clock import Clock
from gateway.core.health import HealthBoard
from gateway.ingest.intake import Intake
from gateway.mqtt.contracts import Broker
from gateway.mqtt.listener import BrokerListener
from gateway.mqtt.sensors import Owners, Sensors
from gateway.mqtt.sources import sources_of
from gateway.mqtt.status import Status
from gateway.radar.contracts import RadarFeed


def listener_on(
    broker: Broker,
    *,
    catalogue: Catalogue,
    owners: Owners,
    intake: Intake,
    radar: RadarFeed,
    clock: Clock,
    zone: tzinfo,
    health: HealthBoard,
    rng: random.Random,
) -> BrokerListener:
    """Ready to run. `owners` says whose the sensors are; readings go to `intake`, radar frames to `radar`."""
    status = Status(broker.name, health)
    sensors = Sensors(broker.name, owners=owners, sink=intake, radar=radar, status=status, clock=clock, zone=zone)
    return BrokerListener(
        broker,
        sources=sources_of(broker, sensors=sensors, status=status, catalogue=catalogue, clock=clock),
        sensors=sensors,
        status=status,
        owners=owners,
        commit=intake.together,
        clock=clock,
        rng=rng,
    )
