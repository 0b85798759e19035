"""What a source of radar frames (a serial port, a broker) hands them to."""

from __future__ import annotations

from collections.abc import Callable

from device_drivers.radar_frame import RadarFrame
from gateway.ingest.received import KnownDevice

# The module, what it said, and when that came (monotonic, s). Never blocks and never raises.
RadarFeed = Callable[[KnownDevice, RadarFrame, float], None]
