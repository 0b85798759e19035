"""Every virtual radar module by the word that names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from device_drivers.virtual.radar.ceiling import Mount
from device_drivers.virtual.radar.ld24xx_modules import Ld2410, Ld2450
from device_drivers.virtual.radar.module import RadarModule
from device_drivers.virtual.radar.r60_module import Mr60fda1
from device_drivers.virtual.radar.room import BATHROOM, BEDROOM, Plan
from device_drivers.virtual.radar.ti_module import RATES_HZ, TiPeopleTracking
from device_drivers.virtual.radar.tinyframe_modules import Ld6002c, Mr60fda2


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How it is made, and the room that it hangs in."""

    make: Callable[[int, bool], RadarModule]  # seed; installed, or as from the factory
    plan: Plan


_OVER_BATHROOM: Final = Mount(y=BATHROOM.depth / 2)

MODULES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "ld6002c": Kind(
            make=lambda seed, installed: Ld6002c(seed=seed, mount=_OVER_BATHROOM, installed=installed), plan=BATHROOM
        ),
        "mr60fda2": Kind(
            make=lambda seed, installed: Mr60fda2(seed=seed, mount=_OVER_BATHROOM, installed=installed), plan=BATHROOM
        ),
        "mr60fda1": Kind(
            make=lambda seed, installed: Mr60fda1(seed=seed, mount=_OVER_BATHROOM, installed=installed), plan=BATHROOM
        ),
        "ld2410": Kind(make=lambda seed, _: Ld2410(seed=seed), plan=BEDROOM),
        "ld2450": Kind(make=lambda seed, _: Ld2450(seed=seed), plan=BEDROOM),
        "ti": Kind(make=lambda seed, _: TiPeopleTracking(seed=seed), plan=BEDROOM),
        "ti-18": Kind(make=lambda seed, _: TiPeopleTracking(seed=seed, rate_hz=RATES_HZ[0]), plan=BEDROOM),
        "ti-old": Kind(make=lambda seed, _: TiPeopleTracking(seed=seed, old=True, counted_in=True), plan=BEDROOM),
    }
)
