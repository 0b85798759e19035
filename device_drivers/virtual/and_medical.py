"""A&D UA-651BLE (cuff) and UC-352BLE (scale).

Sources: HEADS-project/ThingML-BLE (attribute table, frames), A&D's published sequence: hold the button until "Pr",
bond, write the time, disconnect; later the device calls after each measurement, sends its records oldest first by
indication and closes the link. A record is forgotten when its indication is confirmed.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from struct import Struct
from typing import Final

from bumble.core import ConnectionError as LinkError
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from device_drivers.virtual.attributes import (
    INDICATE,
    READ,
    WRITE,
    computed,
    constant,
    device_information,
    measured,
    service,
)
from device_drivers.virtual.device_clock import FACTORY, DeviceClock, encode
from device_drivers.virtual.peripheral import LE_ONLY, LIMITED_DISCOVERABLE, VirtualPeripheral
from device_drivers.virtual.radio import VirtualRadio

CUSTOM_SERVICE: Final = "233BF000-5A34-1B6D-975C-000D5690ABE4"
CUSTOM_CHARACTERISTIC: Final = "233BF001-5A34-1B6D-975C-000D5690ABE4"
BATTERY_PERCENTAGES: Final = (100, 66, 40, 33)  # the only ones these devices report
MEMORY: Final = 100  # records; the oldest is overwritten
PATIENCE_S: Final = 30.0  # for a gateway that connected and does not subscribe, or does not finish the pairing
CLOSE_AFTER_S: Final = 0.5  # behind the last confirmation
_DISCONNECT: Final = b"\x02\x01\x03"
_PRESSURES: Final = Struct("<BHHH")
_UINT16: Final = Struct("<H")


class RecordingDevice(VirtualPeripheral):
    """What A&D's devices share: records in memory, pairing mode, a clock, the custom service.

    Attributes:
        records: what is still unsent, oldest first.
        confirmed: every frame whose indication was confirmed, in order.
        battery: percent.
        pairing_finished: set once a gateway has paired and hung up.
    """

    measurement_uuid: str
    service_uuid: str

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        name: str,
        address: str,
        appearance: int,
        serial: str,
        model: str,
        clock: DeviceClock | None,
        battery: int = 100,
        records: Iterable[bytes] = (),
    ) -> None:
        super().__init__(radio, name=name, address=address, appearance=appearance, max_mtu=23)
        if battery not in BATTERY_PERCENTAGES:
            raise ValueError(f"{battery} %: these devices know only {BATTERY_PERCENTAGES}")
        self.clock = clock
        self.battery = battery
        self.records: deque[bytes] = deque(records, maxlen=MEMORY)
        self.confirmed: list[bytes] = []
        self.accepts_pairing = False
        self.patience_s = PATIENCE_S
        self.pairing_finished = asyncio.Event()
        self._bonding = False
        self._subscribed = asyncio.Event()
        self._serial = serial
        self._model = model
        self._measurement = measured(self.device.gatt_server, self.measurement_uuid, INDICATE, encrypted=True)
        self._measurement.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)

    @abstractmethod
    def features(self) -> Characteristic[bytes]:
        """The feature characteristic of the measurement's service."""

    def advertised_services(self) -> tuple[str, ...]:
        return (self.service_uuid,)

    def services(self) -> list[Service]:
        characteristics = [self._measurement, self.features()]
        if self.clock is not None:
            characteristics.append(
                computed("2a08", READ | WRITE, read=self.clock.read, write=self.clock.write, encrypted=True)
            )
        information = device_information(
            strings={
                "2a29": "A&D Medical",
                "2a24": self._model,
                "2a25": self._serial,
                "2a27": "1.00",
                "2a26": "BLP008_d016",
                "2a28": "1.00",
            },
            system_id=bytes.fromhex(self.address.replace(":", ""))[::-1][:3]
            + b"\xfe\xff"
            + bytes.fromhex(self.address.replace(":", ""))[::-1][3:],
        )
        information.characteristics.append(constant("2a2a", bytes(6)))
        return [
            service(self.service_uuid, *characteristics),
            information,
            service("180f", computed("2a19", READ, read=lambda: bytes([self.battery]))),
            service(CUSTOM_SERVICE, computed(CUSTOM_CHARACTERISTIC, READ | WRITE, write=self._on_command)),
        ]

    async def pairing_mode(self) -> None:
        """The button held until "Pr": calls for a new central."""
        self.accepts_pairing = True
        await self.advertise(flags=LE_ONLY | LIMITED_DISCOVERABLE)

    async def call(self) -> None:
        """Advertise for the central that knows us, as after a measurement."""
        if self.connection is None and not self.accepts_pairing:
            await self.advertise(flags=LE_ONLY)

    async def record(self, frame: bytes) -> None:
        """Keep a measurement and call."""
        self.records.append(frame)
        await self.call()

    async def connected(self, connection: Connection) -> None:
        self._subscribed.clear()
        try:
            async with asyncio.timeout(self.patience_s):
                await self._subscribed.wait()
            if not self.accepts_pairing:  # a fresh bond is finished first; the records wait for the next connection
                await self._send(connection)
                await asyncio.sleep(CLOSE_AFTER_S)
            else:
                await asyncio.sleep(self.patience_s)
        except TimeoutError:
            pass
        await self.hang_up()

    async def paired(self) -> None:
        self._bonding = True

    async def disconnected(self, *, by_central: bool) -> None:
        if self._bonding:
            self._bonding = False
            if by_central:
                self.accepts_pairing = False
                self.pairing_finished.set()
            else:
                await self.lose_bonds()  # the pairing was not finished: the display still shows "Pr"
        if self.accepts_pairing:
            await self.pairing_mode()
        elif self.records:
            await self.call()

    async def _send(self, connection: Connection) -> None:
        while self.records:
            frame = self.records[0]
            try:
                await self.device.indicate_subscriber(connection, self._measurement, frame)
            except LinkError:
                return
            self.records.popleft()
            self.confirmed.append(frame)

    def _on_subscription(self, _connection: Connection, _notify: bool, indicate: bool) -> None:
        if indicate:
            self._subscribed.set()

    def _on_command(self, command: bytes) -> None:
        if command == _DISCONNECT:
            self.while_connected(self.hang_up())


class BloodPressureCuff(RecordingDevice):
    """UA-651BLE."""

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
    ) -> None:
        super().__init__(
            radio,
            name=f"A&D_UA-651BLE_{address.replace(':', '')[-6:]}",
            address=address,
            appearance=0x0380,  # blood pressure monitor
            serial=serial,
            model="UA-651BLE",
            clock=clock or DeviceClock(FACTORY),
            battery=battery,
            records=records,
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


class Scale(RecordingDevice):
    """UC-352BLE. Without a clock its records carry no time stamp."""

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
    ) -> None:
        super().__init__(
            radio,
            name=f"A&D_UC-352BLE_{address.replace(':', '')[-6:]}",
            address=address,
            appearance=0x0C80,  # weight scale
            serial=serial,
            model="UC-352BLE",
            clock=clock,
            battery=battery,
            records=records,
        )

    def features(self) -> Characteristic[bytes]:
        return constant("2a9e", b"\x01\x00\x00\x00")

    async def weigh(self, kilograms: float) -> bytes:
        """Somebody steps on it; returns the frame."""
        frame = weight_frame(kilograms, at=self.clock.now() if self.clock else None)
        await self.record(frame)
        return frame


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
