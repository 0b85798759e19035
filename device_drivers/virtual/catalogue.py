"""Every virtual device that can be connected to, by the id of the profile that serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from device_drivers.virtual.and_medical import BloodPressureCuff, ImpatientCuff, Scale
from device_drivers.virtual.beurer_scale import UserScale
from device_drivers.virtual.controller import VirtualController
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.glucose_meter import GlucoseMeter
from device_drivers.virtual.motion import Person
from device_drivers.virtual.movesense_sensor import MovesenseSensor
from device_drivers.virtual.nonin_oximeter import FingerOximeter
from device_drivers.virtual.omron_cuff import MODEL_NUMBERS, OmronCuff
from device_drivers.virtual.omron_memory import MemoryCuff
from device_drivers.virtual.pairing_io import Io, Panel
from device_drivers.virtual.polar_armband import OH1, VeritySense
from device_drivers.virtual.polar_h10 import HeartRateStrap
from device_drivers.virtual.radio import VirtualRadio
from device_drivers.virtual.standard import BeurerCuff, OddBeurerCuff, Thermometer, UnknownOximeter


class Twin(Protocol):
    """What every virtual device can be told, whatever it is."""

    name: str
    address: str
    io: Io
    panel: Panel
    controller: VirtualController
    connections: int

    async def power_on(self) -> None:
        """Boot; silent until it is told to call."""
        ...

    async def pairing_mode(self) -> None:
        """What the technician does so that it takes a new central; a device without pairing just calls."""
        ...

    async def measure_something(self) -> None:
        """Somebody measures something plausible; it calls. A wearable measures all the time."""
        ...

    async def power_off(self) -> None:
        """Batteries out."""
        ...

    async def lose_bonds(self) -> None:
        """Batteries out for so long that it forgot every central."""
        ...


class TwinMaker(Protocol):
    """Makes one on a radio. `now` is what its clock shows (a device without one does not mind)."""

    def __call__(self, radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin: ...


@dataclass(frozen=True, slots=True)
class _Clocked:
    """A device with a clock; `more` are words of its own."""

    make: Callable[..., Twin]
    more: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __call__(self, radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
        return self.make(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io, **self.more)


@dataclass(frozen=True, slots=True)
class _Worn:
    """A wearable, on somebody."""

    make: Callable[..., Twin]

    def __call__(self, radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
        del now
        return self.make(radio, address=address, serial=_serial(address), motion=_wearer(address), io=io)


@dataclass(frozen=True, slots=True)
class _Timeless:
    """A device without a clock."""

    make: Callable[..., Twin]

    def __call__(self, radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
        del now
        return self.make(radio, address=address, serial=_serial(address), io=io)


TWINS: Final[Mapping[str, TwinMaker]] = MappingProxyType(
    {
        "a-and-d/ua-651ble": _Clocked(BloodPressureCuff),
        "a-and-d/ua-656ble": _Clocked(ImpatientCuff),
        "a-and-d/uc-352ble": _Clocked(Scale),
        "beurer/bm57": _Clocked(BeurerCuff),
        **{
            f"beurer/{model.lower()}": _Clocked(OddBeurerCuff, {"model": model})
            for model in ("BM48", "BM59", "BM85", "ELITE900")
        },
        **{
            f"beurer/{model.lower()}": _Clocked(UserScale, {"model": model})
            for model in ("BF105", "BF500", "BF600", "BF720", "BF788", "BF850", "BF950")
        },
        **{f"omron/{model.lower()}": _Clocked(OmronCuff, {"model": model}) for model in MODEL_NUMBERS},
        "omron/hem-7142t2": _Clocked(MemoryCuff),
        "nonin/3230": _Timeless(FingerOximeter),
        "roche/accu-chek-guide": _Clocked(GlucoseMeter),
        "polar/h10": _Worn(HeartRateStrap),
        "polar/verity-sense": _Worn(VeritySense),
        "polar/oh1": _Worn(OH1),
        "movesense/sensor": _Worn(MovesenseSensor),
        "generic/sig": _Clocked(Thermometer),
        "generic/glucose-meter": _Clocked(GlucoseMeter, {"maker": "Acme"}),
    }
)

STRANGERS: Final[Mapping[str, TwinMaker]] = MappingProxyType({"oximeter": _Clocked(UnknownOximeter)})
"""Further devices that no vendor's profile claims, by what they are."""


def _serial(address: str) -> str:
    """Its own for each address."""
    return address.replace(":", "")[-8:]


def _wearer(address: str) -> Person:
    """Somebody who sits and walks, and does not fall by himself."""
    return Person(seed=int(address.replace(":", "")[-6:], 16), fall_after_s=None)
