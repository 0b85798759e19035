"""The objects of BTHome v2: how long each is, what it counts in, and which of our quantities it is, if any.

Source: bthome.io/format, BTHome v2 (sensor data, binary sensor data, events, device information, miscellaneous); 3B
(command), 62 to 65 and 81 (hold released) as bthome-ble 3.25 reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.nomenclature import Quantity

PACKET_ID: Final = 0x00
BATTERY: Final = 0x01
MASS_KG: Final = 0x06
MASS_LB: Final = 0x07
BATTERY_LOW: Final = 0x15
BUTTON: Final = 0x3A
COMMAND: Final = 0x3B
DIMMER: Final = 0x3C
TEXT: Final = 0x53
RAW: Final = 0x54

MEASURED_LENGTH: Final = frozenset({COMMAND, TEXT, RAW})  # a byte behind the id says how long they are
COMMAND_LENGTH_MASK: Final = 0x1F  # of its arguments; the upper bits are reserved, the operation comes on top


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One row. The value is the little-endian number times `step` / 10 ** `digits`.

    Attributes:
        size: bytes behind the id; 0 where a length byte says it.
        quantity: None where we keep nothing of it.
        state: a binary sensor: 0 or 1 and nothing else.
    """

    name: str
    size: int = 1
    signed: bool = False
    step: int = 1
    digits: int = 0
    quantity: Quantity | None = None
    state: bool = False


def _state(name: str, quantity: Quantity | None = None) -> Object:
    return Object(name=name, quantity=quantity, state=True)


def _number(
    name: str, size: int, digits: int = 0, quantity: Quantity | None = None, *, signed: bool = False, step: int = 1
) -> Object:
    return Object(name=name, size=size, digits=digits, quantity=quantity, signed=signed, step=step)


OBJECTS: Final[Mapping[int, Object]] = MappingProxyType(
    {
        PACKET_ID: _number("packet id", 1),
        BATTERY: _number("battery", 1, 0, Quantity.BATTERY_LEVEL),
        0x02: _number("temperature", 2, 2, Quantity.ROOM_TEMPERATURE, signed=True),
        0x03: _number("humidity", 2, 2, Quantity.HUMIDITY),
        0x04: _number("pressure", 3, 2, Quantity.AIR_PRESSURE),
        0x05: _number("illuminance", 3, 2, Quantity.ILLUMINANCE),
        MASS_KG: _number("mass in kg", 2, 2, Quantity.WEIGHT),
        MASS_LB: _number("mass in lb", 2, 2, Quantity.WEIGHT),
        0x08: _number("dew point", 2, 2, Quantity.DEW_POINT, signed=True),
        0x09: _number("count", 1),
        0x0A: _number("energy", 3, 3),
        0x0B: _number("power", 3, 2),
        0x0C: _number("voltage", 2, 3),
        0x0D: _number("pm2.5", 2, 0, Quantity.PM2_5),
        0x0E: _number("pm10", 2, 0, Quantity.PM10),
        0x0F: _state("generic state"),
        0x10: _state("power state"),
        0x11: _state("opening", Quantity.OPENING_OPEN),
        0x12: _number("co2", 2, 0, Quantity.CO2),
        0x13: _number("tvoc", 2, 0, Quantity.TVOC),
        0x14: _number("soil moisture", 2, 2),
        BATTERY_LOW: _state("battery low"),
        0x16: _state("battery charging"),
        0x17: _state("carbon monoxide", Quantity.CARBON_MONOXIDE_DETECTED),
        0x18: _state("cold", Quantity.COLD_DETECTED),
        0x19: _state("connectivity"),
        0x1A: _state("door", Quantity.DOOR_OPEN),
        0x1B: _state("garage door", Quantity.GARAGE_DOOR_OPEN),
        0x1C: _state("gas", Quantity.GAS_DETECTED),
        0x1D: _state("heat", Quantity.HEAT_DETECTED),
        0x1E: _state("light", Quantity.LIGHT_DETECTED),
        0x1F: _state("lock", Quantity.UNLOCKED),
        0x20: _state("moisture", Quantity.MOISTURE_DETECTED),
        0x21: _state("motion", Quantity.MOTION_DETECTED),
        0x22: _state("moving"),
        0x23: _state("occupancy", Quantity.OCCUPIED),
        0x24: _state("plug"),
        0x25: _state("presence", Quantity.PRESENCE_DETECTED),
        0x26: _state("problem"),
        0x27: _state("running"),
        0x28: _state("safety"),
        0x29: _state("smoke", Quantity.SMOKE_DETECTED),
        0x2A: _state("sound", Quantity.SOUND_DETECTED),
        0x2B: _state("tamper", Quantity.TAMPERED),
        0x2C: _state("vibration", Quantity.VIBRATION_DETECTED),
        0x2D: _state("window", Quantity.WINDOW_OPEN),
        0x2E: _number("humidity", 1, 0, Quantity.HUMIDITY),
        0x2F: _number("soil moisture", 1),
        BUTTON: _number("button", 1),
        COMMAND: _number("command", 0),
        DIMMER: _number("dimmer", 2),
        0x3D: _number("count", 2),
        0x3E: _number("count", 4),
        0x3F: _number("rotation", 2, 1, Quantity.ROTATION, signed=True),
        0x40: _number("distance in mm", 2),
        0x41: _number("distance in m", 2, 1),
        0x42: _number("duration", 3, 3),
        0x43: _number("current", 2, 3),
        0x44: _number("speed", 2, 2),
        0x45: _number("temperature", 2, 1, Quantity.ROOM_TEMPERATURE, signed=True),
        0x46: _number("uv index", 1, 1),
        0x47: _number("volume in l", 2, 1),
        0x48: _number("volume in ml", 2),
        0x49: _number("volume flow rate", 2, 3),
        0x4A: _number("voltage", 2, 1),
        0x4B: _number("gas volume", 3, 3),
        0x4C: _number("gas volume", 4, 3),
        0x4D: _number("energy", 4, 3),
        0x4E: _number("volume in l", 4, 3),
        0x4F: _number("water", 4, 3),
        0x50: _number("timestamp", 4),
        0x51: _number("acceleration", 2, 3),
        0x52: _number("gyroscope", 2, 3),
        TEXT: _number("text", 0),
        RAW: _number("raw", 0),
        0x55: _number("volume storage", 4, 3),
        0x56: _number("conductivity", 2),
        0x57: _number("temperature", 1, 0, Quantity.ROOM_TEMPERATURE, signed=True),
        0x58: _number("temperature", 1, 2, Quantity.ROOM_TEMPERATURE, signed=True, step=35),
        0x59: _number("count", 1, signed=True),
        0x5A: _number("count", 2, signed=True),
        0x5B: _number("count", 4, signed=True),
        0x5C: _number("power", 4, 2, signed=True),
        0x5D: _number("current", 2, 3, signed=True),
        0x5E: _number("direction", 2, 2),
        0x5F: _number("precipitation", 2, 1),
        0x60: _number("channel", 1),
        0x61: _number("rotational speed", 2),
        0x62: _number("speed", 4, 6, signed=True),
        0x63: _number("acceleration", 4, 6, signed=True),
        0x64: _number("light level", 1),
        0x65: _number("settings revision", 1),
        0xF0: _number("device type id", 2),
        0xF1: _number("firmware version", 4),
        0xF2: _number("firmware version", 3),
    }
)
