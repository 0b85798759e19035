"""What sensors say over a broker: JSON → readings and radar frames, by the rows of their profiles. Sans-I/O, total."""

from __future__ import annotations

from typing import Final

MQTT: Final = "mqtt"  # the driver of profiles whose devices speak over a broker
