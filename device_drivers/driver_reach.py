"""What each driver hands on, by the characteristics of its frames: a profile whose frames it never gets is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from device_drivers.decode import glucose, mi_scale, movesense, nonin, omron_advert, omron_eeprom, polar_pmd
from device_drivers.payloads import MQTT
from firmware_profiles.frames import JSON

_BATTERY: Final = "2a19"  # is read of all that are connected to
_HEART_RATE: Final = "2a37"
_OMRON_CALL: Final = f"{omron_advert.COMPANY_ID:04x}"

# Not all that a session would take if it came: a cuff with a strap's driver waits for ever for its acceleration.
REACH: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "sig": frozenset({_BATTERY, "2a35", "2a9d", "2a9c", _HEART_RATE, "2a5e", "2a5f", "2a1c", glucose.MEASUREMENT}),
        "glucose": frozenset({_BATTERY, glucose.MEASUREMENT}),
        "beurer-scale": frozenset({_BATTERY, "2a9d", "2a9c"}),
        "omron-sig": frozenset({_BATTERY, "2a35", _OMRON_CALL}),
        "omron-eeprom": frozenset({_BATTERY, omron_eeprom.RECORD, _OMRON_CALL}),
        "nonin": frozenset({_BATTERY, nonin.MEASUREMENT}),
        "polar-pmd": frozenset({_BATTERY, _HEART_RATE, polar_pmd.DATA}),
        "movesense": frozenset({_BATTERY, _HEART_RATE, movesense.DATA}),
        "bthome": frozenset({"fcd2"}),
        MQTT: frozenset({JSON}),
        "mi-scale": frozenset({mi_scale.SOURCE_V1, mi_scale.SOURCE_V2}),
    }
)
"""By the name that a profile's `driver` gives; UUIDs, company identifiers and records as `GoldenFrame` has them."""
