"""Devices with a memory: records go oldest first by indication and are forgotten when confirmed; pairing; a clock."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from device_drivers.virtual.attributes import (
    INDICATE,
    READ,
    WRITE,
    computed,
    device_information,
    measured,
    service,
)
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.pairing_io import Io
from device_drivers.virtual.peripheral import LE_ONLY, LIMITED_DISCOVERABLE, VirtualPeripheral
from device_drivers.virtual.radio import VirtualRadio

MEMORY: Final = 100  # records; the oldest is overwritten
PATIENCE_S: Final = 30.0  # for a gateway that connected and does not subscribe
CLOSE_AFTER_S: Final = 0.5  # behind the last confirmation


class Recorder(VirtualPeripheral):
    """A device that measures by itself, calls, and sends what it has to whoever it is bonded with.

    Attributes:
        records: what is still unsent, oldest first.
        confirmed: every frame whose indication was confirmed, in order.
        battery: percent.
        clock: None for a device without one.
        between_s: a pause behind each record (A&D's take up to 1 s).
        patience_s: how long it waits for a subscription before it hangs up.
        pairing_finished: set once a gateway has paired (a device without encryption: once it has subscribed).
    """

    measurement_uuid: str
    service_uuid: str
    maker: str
    model: str
    clock_uuid = "2a08"
    encrypted = True

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        name: str,
        address: str,
        appearance: int,
        serial: str,
        clock: DeviceClock | None,
        battery: int = 100,
        records: Iterable[bytes] = (),
        memory: int = MEMORY,
        io: Io = Io.NOTHING,
    ) -> None:
        super().__init__(radio, name=name, address=address, appearance=appearance, max_mtu=23, io=io)
        self.encrypted = type(self).encrypted or io is not Io.NOTHING
        self.clock = clock
        self.battery = battery
        self.records: deque[bytes] = deque(records, maxlen=memory)
        self.confirmed: list[bytes] = []
        self.accepts_pairing = False
        self.between_s = 0.0
        self.patience_s = PATIENCE_S
        self.pairing_finished = asyncio.Event()
        self.subscribed = asyncio.Event()
        self._serial = serial
        self._measurement = measured(self.device.gatt_server, self.measurement_uuid, INDICATE, encrypted=self.encrypted)
        self._measurement.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)

    @abstractmethod
    def features(self) -> Characteristic[bytes]:
        """The feature characteristic of the measurement's service."""

    @abstractmethod
    async def measure_something(self) -> None:
        """Somebody measures something plausible."""

    def advertised_services(self) -> tuple[str, ...]:
        return (self.service_uuid,)

    def information(self) -> Service:
        """Service 180A."""
        return device_information(
            strings={"2a29": self.maker, "2a24": self.model, "2a25": self._serial, "2a26": "1.0"}, system_id=None
        )

    def services(self) -> list[Service]:
        clock = self._clock_characteristics()
        beside = clock if self.clock_uuid == "2a08" else []  # A&D keep it with the measurement
        table = [service(self.service_uuid, self._measurement, self.features(), *beside)]
        if clock and not beside:
            table.append(service("1805", *clock))
        return [*table, self.information(), service("180f", computed("2a19", READ, read=self._battery))]

    async def pairing_mode(self) -> None:
        """The button held: calls for a new central."""
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
        self.subscribed.clear()
        try:
            async with asyncio.timeout(self.patience_s):
                await self.subscribed.wait()
            await self.serve(connection)
        except TimeoutError:
            pass
        await self.hang_up()

    async def serve(self, connection: Connection) -> None:
        """Somebody has subscribed: send everything, then the link is closed."""
        await self.send_records(connection)
        await asyncio.sleep(CLOSE_AFTER_S)

    async def paired(self) -> None:
        self._finish_pairing()

    async def disconnected(self, *, by_central: bool) -> None:
        del by_central
        if self.accepts_pairing:
            await self.pairing_mode()
        elif self.records:
            await self.call()

    async def send_records(self, connection: Connection) -> None:
        """Oldest first; what is not confirmed stays."""
        while self.records:
            frame = self.records[0]
            if not await self.indicate(connection, self._measurement, frame):
                return
            self.records.popleft()
            self.confirmed.append(frame)
            if self.between_s:
                await asyncio.sleep(self.between_s)

    def heeds_subscription(self) -> bool:
        """Whether a subscription now is one for this device."""
        return True

    def _clock_characteristics(self) -> list[Characteristic[bytes]]:
        if self.clock is None:
            return []
        plain = self.clock_uuid == "2a08"
        read, write = (
            (self.clock.read, self.clock.write) if plain else (self.clock.read_current, self.clock.write_current)
        )
        return [computed(self.clock_uuid, READ | WRITE, read=read, write=write, encrypted=self.encrypted)]

    def _battery(self) -> bytes:
        return bytes([self.battery])

    def _finish_pairing(self) -> None:
        self.accepts_pairing = False
        self.pairing_finished.set()

    def _on_subscription(self, _connection: Connection, _notify: bool, indicate: bool) -> None:
        if indicate and self.heeds_subscription():
            if not self.encrypted:
                self._finish_pairing()
            self.subscribed.set()
