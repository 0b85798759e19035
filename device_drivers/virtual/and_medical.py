"""A&D UA-651BLE and UA-656BLE (cuffs), UC-352BLE (scale).

Sources: HEADS-project/ThingML-BLE (attribute table, frames), A&D's published sequence: hold the button until "Pr",
bond, write the time, disconnect; later the device calls after each measurement, sends its records oldest first by
indication and closes the link. A record is forgotten when its indication is confirmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from random import Random
from struct import Struct
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from device_drivers.virtual.attributes import (
    READ,
    WRITE,
    computed,
    constant,
    device_information,
    service,
)
from device_drivers.virtual.device_clock import FACTORY, DeviceClock, encode
from device_drivers.virtual.pairing_io import Io
from device_drivers.virtual.radio import VirtualRadio
from device_drivers.virtual.recorder import MEMORY, Recorder

CUSTOM_SERVICE: Final = "233BF000-5A34-1B6D-975C-000D5690ABE4"
CUSTOM_CHARACTERISTIC: Final = "233BF001-5A34-1B6D-975C-000D5690ABE4"
BATTERY_PERCENTAGES: Final = (100, 66, 40, 33)  # the only ones these devices report
IMPATIENCE_S: Final = 5.0
_DISCONNECT: Final = b"\x02\x01\x03"
_PRESSURES: Final = Struct("<BHHH")
_UINT16: Final = Struct("<H")


class RecordingDevice(Recorder):
    """What A&D's devices share: the bond is kept only if the gateway hangs up after pairing; the custom service."""

    maker = "A&D Medical"
    bond_needs_disconnect = True

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        address: str,
        appearance: int,
        serial: str,
        clock: DeviceClock | None,
        battery: int = 100,
        records: Iterable[bytes] = (),
        memory: int = MEMORY,
        io: Io = Io.NOTHING,
    ) -> None:
        if battery not in BATTERY_PERCENTAGES:
            raise ValueError(f"{battery} %: these devices know only {BATTERY_PERCENTAGES}")
        super().__init__(
            radio,
            name=f"A&D_{self.model}_{address.replace(':', '')[-6:]}",
            address=address,
            appearance=appearance,
            serial=serial,
            clock=clock,
            battery=battery,
            records=records,
            memory=memory,
            io=io,
        )
        self._bonding = False

    def information(self) -> Service:
        reversed_address = bytes.fromhex(self.address.replace(":", ""))[::-1]
        information = device_information(
            strings={
                "2a29": self.maker,
                "2a24": self.model,
                "2a25": self._serial,
                "2a27": "1.00",
                "2a26": "BLP008_d016",
                "2a28": "1.00",
            },
            system_id=reversed_address[:3] + b"\xfe\xff" + reversed_address[3:],
        )
        information.characteristics.append(constant("2a2a", bytes(6)))
        return information

    def services(self) -> list[Service]:
        custom = computed(CUSTOM_CHARACTERISTIC, READ | WRITE, write=self._on_command)
        return [*super().services(), service(CUSTOM_SERVICE, custom)]

    async def serve(self, connection: Connection) -> None:
        if self.accepts_pairing:  # a fresh bond is finished first; the records wait for the next connection
            await asyncio.sleep(self.patience_s)
        else:
            await super().serve(connection)

    async def paired(self) -> None:
        if self.bond_needs_disconnect:
            self._bonding = True
        else:
            await super().paired()

    async def disconnected(self, *, by_central: bool) -> None:
        if self._bonding:
            self._bonding = False
            if by_central:
                self._finish_pairing()
            else:
                await self.lose_bonds()  # the pairing was not finished: the display still shows "Pr"
        await super().disconnected(by_central=by_central)

    def _on_command(self, command: bytes) -> None:
        if command == _DISCONNECT:
            self.while_connected(self.hang_up())


class BloodPressureCuff(RecordingDevice):
    """UA-651BLE."""

    model = "UA-651BLE"
    measurement_uuid = "2a35"
    service_uuid = "1810"

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        address: str = "5C:31:3E:5D:3F:1A",
        serial: str = "5160100734",
        clock: DeviceClock | None = None,
        battery: int = 100,
        records: Iterable[bytes] = (),
        memory: int = MEMORY,
        io: Io = Io.NOTHING,
    ) -> None:
        super().__init__(
            radio,
            address=address,
            appearance=0x0380,  # blood pressure monitor
            serial=serial,
            clock=clock or DeviceClock(FACTORY),
            battery=battery,
            records=records,
            memory=memory,
            io=io,
        )

    def features(self) -> Characteristic[bytes]:
        return constant("2a49", b"\x1f\x00")

    async def measure(self, *, systolic: int, diastolic: int, pulse: int, status: int = 0) -> bytes:
        """One measurement by the button; returns its frame."""
        frame = pressure_frame(
            systolic=systolic,
            diastolic=diastolic,
            pulse=pulse,
            status=status,
            at=self.clock.now() if self.clock else None,
        )
        await self.record(frame)
        return frame

    async def measure_something(self) -> None:
        systolic, diastolic, pulse = plausible_pressure(self.chance)
        await self.measure(systolic=systolic, diastolic=diastolic, pulse=pulse)


class ImpatientCuff(BloodPressureCuff):
    """UA-656BLE: within about 5 s of encryption its clock must be written and its records subscribed to.

    Source: obniz parts library, UA656BLE (one public source only).
    """

    model = "UA-656BLE"
    bond_needs_disconnect = False

    async def connected(self, connection: Connection) -> None:
        encrypted = asyncio.Event()
        connection.on(connection.EVENT_CONNECTION_ENCRYPTION_CHANGE, encrypted.set)
        self.subscribed.clear()
        if self.clock is not None:
            self.clock.written.clear()
        try:
            async with asyncio.timeout(self.patience_s):
                await encrypted.wait()
            async with asyncio.timeout(IMPATIENCE_S):
                await self.subscribed.wait()
                if self.clock is not None:
                    await self.clock.written.wait()
            await self.serve(connection)
        except TimeoutError:
            pass
        await self.hang_up()


class Scale(RecordingDevice):
    """UC-352BLE. Without a clock its records carry no time stamp."""

    model = "UC-352BLE"
    measurement_uuid = "2a9d"
    service_uuid = "181d"

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        address: str = "5C:31:3E:82:70:C4",
        serial: str = "5170400218",
        clock: DeviceClock | None,
        battery: int = 100,
        records: Iterable[bytes] = (),
        io: Io = Io.NOTHING,
    ) -> None:
        super().__init__(
            radio,
            address=address,
            appearance=0x0C80,  # weight scale
            serial=serial,
            clock=clock,
            battery=battery,
            records=records,
            io=io,
        )

    def features(self) -> Characteristic[bytes]:
        return constant("2a9e", b"\x01\x00\x00\x00")

    async def weigh(self, kilograms: float) -> bytes:
        """Somebody steps on it; returns the frame."""
        frame = weight_frame(kilograms, at=self.clock.now() if self.clock else None)
        await self.record(frame)
        return frame

    async def measure_something(self) -> None:
        await self.weigh(self.chance.uniform(55.0, 95.0))


def plausible_pressure(chance: Random) -> tuple[int, int, int]:
    """Systolic and diastolic in mmHg, pulse in 1/min."""
    systolic = chance.randint(112, 152)
    return systolic, systolic - chance.randint(38, 62), chance.randint(58, 88)


def pressure_frame(*, systolic: int, diastolic: int, pulse: int, status: int, at: datetime | None) -> bytes:
    """2A35 as this cuff writes it: mmHg, time, pulse, status; the mean by the usual third."""
    mean = diastolic + (systolic - diastolic) // 3
    flags = 0x14 | (0x02 if at is not None else 0)
    time = encode(at) if at is not None else b""
    return _PRESSURES.pack(flags, systolic, diastolic, mean) + time + _UINT16.pack(pulse) + _UINT16.pack(status)


def weight_frame(kilograms: float, *, at: datetime | None) -> bytes:
    """2A9D in steps of 5 g, with a time stamp when the scale has a clock."""
    flags = 0x02 if at is not None else 0x00
    return bytes([flags]) + _UINT16.pack(round(kilograms / 0.005)) + (encode(at) if at is not None else b"")
