"""Devices that speak the standard services, each in its own way: Beurer's cuffs, a thermometer, a device nobody knows.

Sources: derdilla/blood-pressure-monitor-fl, ble_measurement_data_test.dart (a frame of a BM85) and its issues (a pause
before subscribing); the Bluetooth SIG's services for the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from struct import Struct
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic

from device_drivers.virtual.and_medical import plausible_pressure, pressure_frame
from device_drivers.virtual.attributes import constant
from device_drivers.virtual.device_clock import DeviceClock, encode
from device_drivers.virtual.pairing_io import Io
from device_drivers.virtual.radio import VirtualRadio
from device_drivers.virtual.recorder import Recorder

DEAF_S: Final = 0.1  # BM48, BM59, BM85: a subscription within this time of connecting comes to nothing
_PRESSURES: Final = Struct("<BHHH")
_BIG_UINT16: Final = Struct(">H")
_UINT16: Final = Struct("<H")


class BeurerCuff(Recorder):
    """BM57: the Blood Pressure Service as it is written, and a clock of the Current Time Service."""

    maker = "Beurer GmbH"
    model = "BM57"
    measurement_uuid = "2a35"
    service_uuid = "1810"
    clock_uuid = "2a2b"

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        clock: DeviceClock,
        address: str = "A4:C1:38:57:00:01",
        serial: str = "BM57000001",
        model: str | None = None,
        records: Iterable[bytes] = (),
        io: Io = Io.NOTHING,
    ) -> None:
        self.model = model or type(self).model
        super().__init__(
            radio,
            name=self.model,
            address=address,
            appearance=0x0380,
            serial=serial,
            clock=clock,
            records=records,
            io=io,
        )

    def features(self) -> Characteristic[bytes]:
        return constant("2a49", b"\x04\x00")  # irregular pulse

    def frame(self, *, systolic: int, diastolic: int, pulse: int, at: datetime) -> bytes:
        """2A35 as this cuff writes it."""
        return pressure_frame(systolic=systolic, diastolic=diastolic, pulse=pulse, status=0, at=at)

    async def measure(self, *, systolic: int, diastolic: int, pulse: int) -> bytes:
        """One measurement by the button; returns its frame."""
        at = self.clock.now() if self.clock is not None else datetime.min  # noqa: DTZ901  # every cuff here has a clock
        frame = self.frame(systolic=systolic, diastolic=diastolic, pulse=pulse, at=at)
        await self.record(frame)
        return frame

    async def measure_something(self) -> None:
        systolic, diastolic, pulse = plausible_pressure(self.chance)
        await self.measure(systolic=systolic, diastolic=diastolic, pulse=pulse)


class OddBeurerCuff(BeurerCuff):
    """BM85 and its family: the pulse big-endian, user 0 without its flag, no mean; deaf for the first 0.1 s."""

    model = "BM85"
    _connected_at = 0.0

    async def connected(self, connection: Connection) -> None:
        self._connected_at = asyncio.get_running_loop().time()
        await super().connected(connection)

    def heeds_subscription(self) -> bool:
        return asyncio.get_running_loop().time() - self._connected_at >= DEAF_S

    def frame(self, *, systolic: int, diastolic: int, pulse: int, at: datetime) -> bytes:
        user, status = b"\x00", b"\x00\x00"
        return _PRESSURES.pack(0x56, systolic, diastolic, 0) + encode(at) + _BIG_UINT16.pack(pulse) + user + status


class Thermometer(Recorder):
    """A thermometer of the Health Thermometer Service (1809): °C with a time stamp, under the tongue."""

    maker = "A&D Medical"
    model = "UT-201BLE"
    measurement_uuid = "2a1c"
    service_uuid = "1809"

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        clock: DeviceClock,
        address: str = "5C:31:3E:20:10:01",
        serial: str = "5200100001",
        name: str = "A&D_UT201BLE_201001",
        records: Iterable[bytes] = (),
        io: Io = Io.NOTHING,
    ) -> None:
        super().__init__(
            radio,
            name=name,
            address=address,
            appearance=0x0300,  # thermometer
            serial=serial,
            clock=clock,
            records=records,
            io=io,
        )

    def features(self) -> Characteristic[bytes]:
        return constant("2a1d", b"\x06")  # where it measures: the mouth

    async def measure(self, celsius: float) -> bytes:
        """Somebody takes his temperature; returns the frame."""
        frame = temperature_frame(celsius, at=self.clock.now() if self.clock is not None else None)
        await self.record(frame)
        return frame

    async def measure_something(self) -> None:
        await self.measure(self.chance.uniform(36.0, 37.8))


class UnknownOximeter(Recorder):
    """A device that nobody has written a profile for: the Pulse Oximeter Service (1822), open to everybody."""

    maker = "Acme"
    model = "Finger 1"
    measurement_uuid = "2a5e"
    service_uuid = "1822"
    clock_uuid = "2a2b"
    encrypted = False

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        clock: DeviceClock | None,
        address: str = "C0:FF:EE:00:00:01",
        serial: str = "1",
        records: Iterable[bytes] = (),
        io: Io = Io.NOTHING,
    ) -> None:
        super().__init__(
            radio,
            name="AcmeOx",
            address=address,
            appearance=0x0C40,  # pulse oximeter
            serial=serial,
            clock=clock,
            records=records,
            io=io,
        )

    def features(self) -> Characteristic[bytes]:
        return constant("2a60", b"\x01\x00")

    async def measure(self, *, spo2: int, pulse: int) -> bytes:
        """A finger is put in; returns the frame."""
        at = b"" if self.clock is None else encode(self.clock.now())
        frame = bytes([0x01 if at else 0x00]) + _UINT16.pack(spo2) + _UINT16.pack(pulse) + at
        await self.record(frame)
        return frame

    async def measure_something(self) -> None:
        await self.measure(spo2=self.chance.randint(92, 99), pulse=self.chance.randint(56, 90))


def temperature_frame(celsius: float, *, at: datetime | None) -> bytes:
    """2A1C: a FLOAT with one decimal (exponent -1), time and site when there is a time."""
    number = round(celsius * 10).to_bytes(3, "little", signed=True) + b"\xff"
    return b"\x00" + number if at is None else b"\x06" + number + encode(at) + b"\x06"
