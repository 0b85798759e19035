"""Polar H10: heart rate once a second, and acceleration by Polar Measurement Data (PMD).

Sources: Polar's published PMD description and polar-ble-sdk tests: control point FB005C81 (settings 01, start 02, stop
03; answers F0 …), data FB005C82: type, stamp of the last sample (ns since 2000-01-01), frame type, int16 x y z in mg.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from struct import Struct
from typing import Final, Protocol

import numpy as np
from bumble.device import Connection
from bumble.gatt import Service
from numpy.typing import NDArray

from device_drivers.virtual.attributes import (
    INDICATE,
    NOTIFY,
    READ,
    WRITE,
    computed,
    constant,
    device_information,
    measured,
    service,
)
from device_drivers.virtual.peripheral import GENERAL_DISCOVERABLE, LE_ONLY, VirtualPeripheral
from device_drivers.virtual.radio import VirtualRadio

PMD_SERVICE: Final = "FB005C80-02E7-F387-1CAD-8ACD2D8DF0C8"
PMD_CONTROL: Final = "FB005C81-02E7-F387-1CAD-8ACD2D8DF0C8"
PMD_DATA: Final = "FB005C82-02E7-F387-1CAD-8ACD2D8DF0C8"
RATES_HZ: Final = (25, 50, 100, 200)
RANGES_G: Final = (2, 4, 8)
MAX_MTU: Final = 232
SAMPLES_PER_PACKET: Final = (MAX_MTU - 3 - 10) // 6  # 3 bytes of ATT, 10 of PMD header, 6 a sample: 36
EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # Polar's own, without a zone
FALLBACK: Final = datetime(2019, 1, 1)  # noqa: DTZ001  # where the clock starts when the strap comes off
_FEATURES: Final = bytes([0x0F, 0b0000_0101]) + bytes(15)  # ECG and acceleration
_ACC: Final = 2
_GET_SETTINGS, _START, _STOP = 0x01, 0x02, 0x03
_OK, _INVALID_OPCODE, _INVALID_TYPE, _NOT_SUPPORTED, _INVALID_LENGTH = 0, 1, 2, 3, 4
_ALREADY_IN_STATE, _INVALID_RESOLUTION, _INVALID_RATE, _INVALID_RANGE = 6, 7, 8, 9
_INT16_FRAMES: Final = 1
_HEADER: Final = Struct("<BQB")
_UINT16: Final = Struct("<H")
_RATE, _RESOLUTION, _RANGE = 0, 1, 2
_SETTINGS: Final = bytes.fromhex("0004190032006400c800010110000203020004000800")  # rates, 16 bits, 2/4/8 g


class MotionSource(Protocol):
    """What moves the strap."""

    def take(self, rate_hz: int, count: int) -> NDArray[np.float64]:
        """The next `count` samples at the rate: (count, 3), g. None may be clipped: the sensor does that."""
        ...


class ArraySource:
    """Plays an array sample by sample, whatever the rate; then stays as it last was."""

    def __init__(self, samples: NDArray[np.floating]) -> None:
        self._samples = np.asarray(samples, dtype=np.float64)
        self._next = 0

    def take(self, rate_hz: int, count: int) -> NDArray[np.float64]:
        piece = self._samples[self._next : self._next + count]
        self._next += len(piece)
        rest = np.repeat(self._samples[-1:], count - len(piece), axis=0)
        return np.concatenate([piece, rest])


class HeartRateStrap(VirtualPeripheral):
    """H10. Advertises whenever it is not connected.

    Attributes:
        heart_rate: beats per minute, sent each second while subscribed.
        starts, stops: how often the acceleration stream was started and stopped by command.
        streaming: the rate of the running stream, or None.
        keeps_streaming: a stream that nobody stopped goes on, into the void, after the link was lost (a fault).
        lose: packets to leave out of the air, by number since the start of the stream (a fault).
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        motion: MotionSource,
        address: str = "A0:9E:1A:8A:2F:3C",
        serial: str = "8A2F3C21",
        heart_rate: int = 72,
        battery: int = 90,
    ) -> None:
        super().__init__(radio, name=f"Polar H10 {serial}", address=address, appearance=0x0341, max_mtu=MAX_MTU)
        self.motion = motion
        self.heart_rate = heart_rate
        self.battery = battery
        self.starts = 0
        self.stops = 0
        self.streaming: int | None = None
        self.keeps_streaming = False
        self.lose: frozenset[int] = frozenset()
        self.first_stream = asyncio.Event()
        self._serial = serial
        self._zero = FALLBACK - timedelta(seconds=asyncio.get_running_loop().time())
        self._stream: asyncio.Task[None] | None = None
        server = self.device.gatt_server
        self._heart_rate = measured(server, "2a37", NOTIFY)
        self._control = computed(PMD_CONTROL, READ | WRITE | INDICATE, read=lambda: _FEATURES, write=self._on_control)
        self._data = measured(server, PMD_DATA, NOTIFY)

    def advertised_services(self) -> tuple[str, ...]:
        return ("180d",)

    def manufacturer_data(self) -> bytes | None:
        return bytes.fromhex("6b00") + bytes([0x33, 0x00, self.heart_rate])

    def services(self) -> list[Service]:
        return [
            service("180d", self._heart_rate, constant("2a38", b"\x01")),
            device_information(
                strings={
                    "2a29": "Polar Electro Oy",
                    "2a24": "H10",
                    "2a25": self._serial,
                    "2a27": "00760690.03",
                    "2a26": "5.0.0",
                    "2a28": "3.1.1",
                },
                system_id=bytes.fromhex("3c2f8afeff1a9ea0"),
            ),
            service("180f", computed("2a19", READ | NOTIFY, read=lambda: bytes([self.battery]))),
            service(PMD_SERVICE, self._control, self._data),
        ]

    async def wear(self) -> None:
        """Put it on: it calls from now on."""
        await self.advertise(flags=LE_ONLY | GENERAL_DISCOVERABLE)

    async def connected(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(1.0)
            interval = round(60 / self.heart_rate * 1024)
            frame = bytes([0x10, self.heart_rate]) + _UINT16.pack(interval)
            await self.device.notify_subscriber(connection, self._heart_rate, frame)

    async def disconnected(self, *, by_central: bool) -> None:
        if not self.keeps_streaming:
            self.streaming = None
        self._stream = None
        await self.wear()

    def _on_control(self, command: bytes) -> None:
        answer = self._answer(command)
        connection = self.connection
        if connection is not None:
            self.while_connected(self.device.indicate_subscriber(connection, self._control, answer))

    def _answer(self, command: bytes) -> bytes:
        opcode = command[0] if command else 0
        kind = command[1] if len(command) > 1 else 0
        if opcode not in (_GET_SETTINGS, _START, _STOP):
            return bytes([0xF0, opcode, kind, _INVALID_OPCODE])
        if kind != _ACC:
            return bytes([0xF0, opcode, kind, _NOT_SUPPORTED if kind == 0 else _INVALID_TYPE])
        if opcode == _GET_SETTINGS:
            return bytes([0xF0, opcode, kind, _OK, 0]) + _SETTINGS
        if opcode == _STOP:
            return bytes([0xF0, opcode, kind, self._stop(), 0])
        status = self._start(command[2:])
        return bytes([0xF0, opcode, kind, status, 0]) + (b"\x01" if status == _OK else b"")

    def _start(self, parameters: bytes) -> int:
        settings: dict[int, int] = {}
        at = 0
        while at < len(parameters):
            if len(parameters) < at + 4 or parameters[at + 1] != 1:
                return _INVALID_LENGTH
            settings[parameters[at]] = _UINT16.unpack_from(parameters, at + 2)[0]
            at += 4
        if settings.get(_RATE) not in RATES_HZ:
            return _INVALID_RATE
        if settings.get(_RESOLUTION) != 16:
            return _INVALID_RESOLUTION
        if settings.get(_RANGE) not in RANGES_G:
            return _INVALID_RANGE
        if self.streaming is not None:
            return _ALREADY_IN_STATE
        self.starts += 1
        self.streaming = settings[_RATE]
        self._stream = self.while_connected(self._run(settings[_RATE], settings[_RANGE]))
        return _OK

    def _stop(self) -> int:
        if self.streaming is None:
            return _ALREADY_IN_STATE
        self.stops += 1
        self.streaming = None
        if self._stream is not None:
            self._stream.cancel()
        return _OK

    async def _run(self, rate_hz: int, range_g: int) -> None:
        connection = self.connection
        if connection is None:
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        began_ns = round((self._zero + timedelta(seconds=began) - EPOCH) / timedelta(microseconds=1)) * 1000
        per_packet = max(1, min(SAMPLES_PER_PACKET, (connection.att_mtu - 13) // 6))
        self.first_stream.set()
        sent, number = 0, 0
        while True:
            due = began + (sent + per_packet) / rate_hz
            await asyncio.sleep(max(0.0, due - loop.time()))
            limit = range_g * 1000
            milli_g = np.clip(np.rint(self.motion.take(rate_hz, per_packet) * 1000), -limit, limit).astype("<i2")
            sent += per_packet
            stamp = began_ns + round(sent * 1e9 / rate_hz)
            if number not in self.lose:
                frame = _HEADER.pack(_ACC, stamp, _INT16_FRAMES) + milli_g.tobytes()
                await self.device.notify_subscriber(connection, self._data, frame)
            number += 1
