"""The drivers of devices that only advertise: pure functions of an advertisement and what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from device_drivers.advertising import Broadcaster
from device_drivers.broadcasts.bthome import bthome
from device_drivers.broadcasts.mi_scale import mi_scale

# By the name that a profile's `driver` gives. A device with one of these is never connected to.
BROADCASTS: Final[Mapping[str, Broadcaster]] = MappingProxyType({"bthome": bthome, "mi-scale": mi_scale})

__all__ = ["BROADCASTS", "bthome", "mi_scale"]
