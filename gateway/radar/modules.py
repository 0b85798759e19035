"""A radar module as a technician installed it: where it hangs, how high, and where in its room people lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from analytics.radar.places import Zone
from device_drivers.decode.radar.protocols import PROTOCOLS
from device_drivers.radar_commands import HIGHEST_M, LOWEST_M
from gateway.core.errors import Invalid

ROOMS: Final = ("bedroom", "living-room", "kitchen", "bathroom", "toilet", "hall")
MODULES_MOST: Final = 16  # of a home; each costs a thread of nothing, and a row of the detector's table
ZONES_MOST: Final = 8  # beds and sofas of one room
_WIDEST_M: Final = 12.0
_HIGHEST_BED_M: Final = 1.2
_CALLED: Final = {
    "tinyframe": ("Hi-Link or Seeed", "LD6002, MR60 radar"),
    "r60": ("Seeed", "MR60FDA1 radar"),
    "ld2410": ("Hi-Link", "LD2410 radar"),
    "ld2450": ("Hi-Link", "LD2450 radar"),
    "ti": ("Texas Instruments", "3D People Tracking radar"),
}


class Mounting(StrEnum):
    WALL = "wall"  # looks across the room, tilted down
    CEILING = "ceiling"  # looks straight down


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One that hangs somewhere.

    Attributes:
        identity: "port:<name>": a module does not say who it is.
        port: its path.
        protocol, baud: its name in `PROTOCOLS` and its speed; found out when it is installed.
        room: one of `ROOMS`.
        height_m: of the module above the floor.
        tilt_deg: how far a module on the wall looks down.
        zones: where people lie, in the module's own axes on the floor: x to its right, y away from it, m.
        resident_id: whose it is, of one behind a broker that was given to a resident.
    """

    identity: str
    port: str
    room: str
    height_m: float
    mounting: Mounting
    protocol: str = "tinyframe"
    baud: int = 115200
    tilt_deg: float = 0.0
    zones: tuple[Zone, ...] = ()
    resident_id: str | None = None

    @property
    def vendor(self) -> str:
        """Who makes modules that speak so."""
        return _CALLED[self.protocol][0]

    @property
    def model(self) -> str:
        """What they are called."""
        return _CALLED[self.protocol][1]


def checked(module: Module) -> Module:
    """As it is.

    Raises:
        Invalid: something in it cannot be meant; the sentence says what is allowed.
    """
    if module.protocol not in PROTOCOLS:
        raise Invalid(f"'{module.protocol}' is no radar protocol: known are {', '.join(PROTOCOLS)}.")
    if module.room not in ROOMS:
        raise Invalid(f"'{module.room}' is no room: give one of {', '.join(ROOMS)}.")
    if not LOWEST_M <= module.height_m <= HIGHEST_M:  # NaN too
        raise Invalid(
            f"The height is that of the module above the floor, {LOWEST_M:g} to {HIGHEST_M:g} m: measure it again."
        )
    if not 0.0 <= module.tilt_deg <= 90.0:
        raise Invalid("The tilt is how far the module looks down, 0 to 90 degrees.")
    if len(module.zones) > ZONES_MOST:
        raise Invalid(f"At most {ZONES_MOST} beds and sofas can be told of one room.")
    for zone in module.zones:
        _check(zone)
    return module


def _check(zone: Zone) -> None:
    numbers = (*zone.low, *zone.high, zone.height)
    if not all(math.isfinite(one) and abs(one) <= _WIDEST_M for one in numbers):
        raise Invalid(f"A place where people lie is told in metres, at most {_WIDEST_M:g} from the module.")
    if zone.low[0] >= zone.high[0] or zone.low[1] >= zone.high[1]:
        raise Invalid("A place where people lie goes from its smaller x and y to its greater ones.")
    if not 0.0 <= zone.height <= _HIGHEST_BED_M:
        raise Invalid(f"A bed or sofa is 0 to {_HIGHEST_BED_M:g} m high.")
