"""Every virtual device that can be connected to, by the id of the profile that serves it."""

from __future__ import annotations

from collections.abc import Mapping
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
from device_drivers.virtual.omron_cuff import OmronCuff
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


def _ua651(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return BloodPressureCuff(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _ua656(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return ImpatientCuff(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _uc352(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return Scale(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _bm57(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return BeurerCuff(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _bm85(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return OddBeurerCuff(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _bf720(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return UserScale(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _bp5250(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return OmronCuff(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _hem7142t2(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return MemoryCuff(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _nonin3230(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    del now
    return FingerOximeter(radio, address=address, serial=_serial(address), io=io)


def _thermometer(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return Thermometer(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _glucose(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return GlucoseMeter(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


def _h10(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    del now
    return HeartRateStrap(radio, address=address, serial=_serial(address), motion=_worn(address), io=io)


def _verity(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    del now
    return VeritySense(radio, address=address, serial=_serial(address), motion=_worn(address), io=io)


def _oh1(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    del now
    return OH1(radio, address=address, serial=_serial(address), motion=_worn(address), io=io)


def _movesense(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    del now
    return MovesenseSensor(radio, address=address, serial=_serial(address), motion=_worn(address), io=io)


def _unknown(radio: VirtualRadio, *, address: str, now: datetime, io: Io = Io.NOTHING) -> Twin:
    return UnknownOximeter(radio, address=address, serial=_serial(address), clock=DeviceClock(now), io=io)


TWINS: Final[Mapping[str, TwinMaker]] = MappingProxyType(
    {
        "a-and-d/ua-651ble": _ua651,
        "a-and-d/ua-656ble": _ua656,
        "a-and-d/uc-352ble": _uc352,
        "beurer/bm57": _bm57,
        "beurer/bm85": _bm85,
        "beurer/bf720": _bf720,
        "omron/bp5250": _bp5250,
        "omron/hem-7142t2": _hem7142t2,
        "nonin/3230": _nonin3230,
        "thermometer": _thermometer,
        "glucose": _glucose,
        "polar/h10": _h10,
        "polar/verity-sense": _verity,
        "polar/oh1": _oh1,
        "movesense/movesense": _movesense,
        "generic/sig": _unknown,
    }
)


def _serial(address: str) -> str:
    """Its own for each address."""
    return address.replace(":", "")[-8:]


def _worn(address: str) -> Person:
    """Somebody who sits and walks, and does not fall by himself."""
    return Person(seed=int(address.replace(":", "")[-6:], 16), fall_after_s=None)
