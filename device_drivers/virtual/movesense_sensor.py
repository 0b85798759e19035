"""Movesense: acceleration by the GATT SensorData Protocol.

Source: movesense.com, "GATT SensorData Protocol": commands 01 (subscribe) and 02 (unsubscribe) with a reference and a
path; answers 01 with HTTP's numbers; data 02 with ms since the start and float32 triples in m/s².
"""

from __future__ import annotations

import asyncio
from struct import Struct
from typing import Final

from bumble.device import Connection
from bumble.gatt import Service

from device_drivers.virtual.attributes import (
    NOTIFY,
    READ,
    WRITE,
    WRITE_WITHOUT_RESPONSE,
    computed,
    constant,
    device_information,
    measured,
    service,
)
from device_drivers.virtual.pairing_io import Io
from device_drivers.virtual.peripheral import GENERAL_DISCOVERABLE, LE_ONLY, VirtualPeripheral
from device_drivers.virtual.polar_h10 import MotionSource
from device_drivers.virtual.radio import VirtualRadio

SENSOR_SERVICE: Final = "34802252-7185-4D5D-B431-630E7050E8F0"
COMMAND: Final = "34800001-7185-4D5D-B431-630E7050E8F0"
DATA: Final = "34800002-7185-4D5D-B431-630E7050E8F0"
RATES_HZ: Final = (13, 26, 52, 104, 208, 416, 833)
SAMPLES_PER_PACKET: Final = 8
GRAVITY: Final = 9.80665
_SUBSCRIBE, _UNSUBSCRIBE = 0x01, 0x02
_RESULT, _STREAM = 0x01, 0x02
_OK, _NOT_FOUND, _CONFLICT, _BAD = 200, 404, 409, 400
_HEADER: Final = Struct("<BBI")
_ANSWER: Final = Struct("<BBH")


class MovesenseSensor(VirtualPeripheral):
    """Advertises whenever it is not connected; streams until it is unsubscribed or the link ends.

    Attributes:
        commands: every command, in order.
        streaming: the rate of the running stream, or None.
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        motion: MotionSource,
        address: str = "0C:8C:DC:21:03:01",
        serial: str = "210330000123",
        io: Io = Io.NOTHING,
    ) -> None:
        super().__init__(radio, name=f"Movesense {serial}", address=address, appearance=0, max_mtu=161, io=io)
        self.motion = motion
        self.commands: list[bytes] = []
        self.streaming: int | None = None
        self._serial = serial
        self._reference = 0
        self._stream: asyncio.Task[None] | None = None
        self._data = measured(self.device.gatt_server, DATA, NOTIFY, encrypted=io is not Io.NOTHING)

    def advertised_services(self) -> tuple[str, ...]:
        return ("fdf3",)

    def manufacturer_data(self) -> bytes | None:
        return bytes.fromhex("9f0000")  # Suunto

    def services(self) -> list[Service]:
        return [
            service(
                SENSOR_SERVICE,
                computed(COMMAND, WRITE | WRITE_WITHOUT_RESPONSE, write=self._on_command),
                self._data,
            ),
            device_information(
                strings={"2a29": "Suunto", "2a24": "Movesense", "2a25": self._serial, "2a26": "2.3.1"}, system_id=None
            ),
            service("180f", constant("2a19", b"\x50", READ)),
        ]

    async def wear(self) -> None:
        """Put it on: it calls from now on."""
        await self.advertise(flags=LE_ONLY | GENERAL_DISCOVERABLE)

    async def pairing_mode(self) -> None:
        """It has none: whoever comes is served."""
        await self.wear()

    async def measure_something(self) -> None:
        """It measures all the time."""

    async def disconnected(self, *, by_central: bool) -> None:
        del by_central
        self.streaming = None
        await self.wear()

    def _on_command(self, command: bytes) -> None:
        self.commands.append(command)
        connection = self.connection
        if connection is not None and len(command) >= 2:  # code and reference
            self.while_connected(self._answer(connection, command))

    async def _answer(self, connection: Connection, command: bytes) -> None:
        status = self._obey(connection, command)
        answer = _ANSWER.pack(_RESULT, command[1], status)
        await self.device.notify_subscriber(connection, self._data, answer)

    def _obey(self, connection: Connection, command: bytes) -> int:
        code, reference = command[:2]
        if code == _UNSUBSCRIBE:
            if self.streaming is None or reference != self._reference:
                return _NOT_FOUND
            self.streaming = None
            if self._stream is not None:
                self._stream.cancel()
            return _OK
        if code != _SUBSCRIBE:
            return _BAD
        path = command[2:].decode("ascii", "replace")
        rate = next((rate for rate in RATES_HZ if path == f"/Meas/Acc/{rate}"), None)
        if rate is None:
            return _NOT_FOUND
        if self.streaming is not None:
            return _CONFLICT
        self.streaming, self._reference = rate, reference
        self._stream = self.while_connected(self._run(connection, rate, reference))
        return _OK

    async def _run(self, connection: Connection, rate_hz: int, reference: int) -> None:
        loop = asyncio.get_running_loop()
        began, sent = loop.time(), 0
        while True:
            due = began + (sent + SAMPLES_PER_PACKET) / rate_hz
            await asyncio.sleep(max(0.0, due - loop.time()))
            first_ms = round((began + sent / rate_hz) * 1000) & 0xFFFFFFFF
            metres = self.motion.take(rate_hz, SAMPLES_PER_PACKET) * GRAVITY
            sent += SAMPLES_PER_PACKET
            frame = _HEADER.pack(_STREAM, reference, first_ms) + metres.astype("<f4").tobytes()
            await self.device.notify_subscriber(connection, self._data, frame)
