"""What a sensor of a room tells of the day, by what it measures and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from analytics.activity.events import Kind, Place, Sensor
from device_drivers.nomenclature import Quantity

PLACES: Final[Mapping[str, Place]] = {
    "bedroom": Place.BEDROOM,
    "living-room": Place.LIVING,
    "kitchen": Place.KITCHEN,
    "bathroom": Place.BATHROOM,
    "toilet": Place.BATHROOM,
    "hall": Place.ENTRANCE,
}
# Who lies still is still there: only that somebody comes into a room is a sign of life.
PRESENCE: Final = frozenset({Quantity.PRESENCE_DETECTED, Quantity.OCCUPIED})
_MOVES: Final = frozenset({Quantity.MOTION_DETECTED, Quantity.VIBRATION_DETECTED}) | PRESENCE
_OPENS: Final = frozenset({Quantity.DOOR_OPEN, Quantity.OPENING_OPEN, Quantity.UNLOCKED, Quantity.GARAGE_DOOR_OPEN})
_TOUCHED: Final = frozenset({Quantity.WINDOW_OPEN})


def sensor_of(identity: str, quantity: str, placement: str | None) -> Sensor | None:
    """The sensor of one quantity of a device; None where it tells nothing of anybody (smoke, light).

    What opens in the hall is the outer door; anywhere else it is a cupboard, a fridge, a door between two rooms.
    """
    place = PLACES.get(placement or "", Place.OTHER)
    if quantity in _MOVES:
        kind = Kind.MOTION
    elif quantity in _OPENS:
        kind = Kind.DOOR if place is Place.ENTRANCE else Kind.CONTACT
    elif quantity in _TOUCHED:
        kind = Kind.CONTACT
    else:
        return None
    return Sensor(name=f"{identity}/{quantity}", kind=kind, place=place)


def sees_movement(quantities: Iterable[str]) -> bool:
    """Whether a device that tells these sees who moves or who is there."""
    return not _MOVES.isdisjoint(quantities)


def tells_presence(sensor: Sensor) -> bool:
    """Whether it sees who is there, not who moves."""
    return sensor.name.rpartition("/")[2] in PRESENCE
