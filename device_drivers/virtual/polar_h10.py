"""Polar H10: heart rate once a second, and acceleration by Polar Measurement Data (PMD).

Sources: Polar's published PMD description and polar-ble-sdk tests: control point FB005C81 (settings 01, start 02, stop
03; answers F0 …), data FB005C82: type, stamp of the last sample (ns since 2000-01-01), frame type, int16 x y z in mg.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from struct import Struct
from types import MappingProxyType
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
from device_drivers.virtual.pairing_io import Io
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
_ALREADY_IN_STATE, _INVALID_RESOLUTION, _INVALID_RATE, _INVALID_RANGE, _INVALID_CHANNELS = 6, 7, 8, 9, 11
_INT16_FRAMES: Final = 1
_HEADER: Final = Struct("<BQB")
_UINT16: Final = Struct("<H")
_RATE, _RESOLUTION, _RANGE, _CHANNELS = 0, 1, 2, 4
_SETTING_BYTES: Final[Mapping[int, int]] = MappingProxyType({_RATE: 2, _RESOLUTION: 2, _RANGE: 2, _CHANNELS: 1})
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

    model = "H10"
    advertised_name = "Polar H10"
    firmware = "5.0.0"
    rates_hz: tuple[int, ...] = RATES_HZ
    ranges_g: tuple[int, ...] = RANGES_G
    channels: int | None = None  # to be told when the stream is started; None: not asked for
    settings = _SETTINGS
    started = b"\x01"  # behind a successful start
    samples_per_packet = SAMPLES_PER_PACKET

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        motion: MotionSource,
        address: str = "A0:9E:1A:8A:2F:3C",
        serial: str = "8A2F3C21",
        heart_rate: int = 72,
        battery: int = 90,
        io: Io = Io.NOTHING,
    ) -> None:
        super().__init__(
            radio,
            name=f"{self.advertised_name} {serial}",
            address=address,
            appearance=0x0341,
            max_mtu=MAX_MTU,
            io=io,
        )
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
        bonded = io is not Io.NOTHING  # as they are sold, these serve anybody
        self._heart_rate = measured(server, "2a37", NOTIFY, encrypted=bonded)
        self._control = computed(
            PMD_CONTROL, READ | WRITE | INDICATE, read=lambda: _FEATURES, write=self._on_control, encrypted=bonded
        )
        self._data = measured(server, PMD_DATA, NOTIFY, encrypted=bonded)

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
                    "2a24": self.model,
                    "2a25": self._serial,
                    "2a27": "00760690.03",
                    "2a26": self.firmware,
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

    async def pairing_mode(self) -> None:
        """It has none: whoever comes is served."""
        await self.wear()

    async def measure_something(self) -> None:
        """It measures all the time."""

    def heart_rate_frame(self) -> bytes:
        """2A37 of this second, with the interval between two beats."""
        return bytes([0x10, self.heart_rate]) + _UINT16.pack(round(60 / self.heart_rate * 1024))

    def pack(self, milli_g: NDArray[np.int16]) -> tuple[int, bytes]:
        """Frame type and body of a packet of samples (n, 3)."""
        return _INT16_FRAMES, milli_g.astype("<i2").tobytes()

    async def connected(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(1.0)
            await self.device.notify_subscriber(connection, self._heart_rate, self.heart_rate_frame())

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
            return bytes([0xF0, opcode, kind, _OK, 0]) + self.settings
        if opcode == _STOP:
            return bytes([0xF0, opcode, kind, self._stop(), 0])
        status = self._start(command[2:])
        return bytes([0xF0, opcode, kind, status, 0]) + (self.started if status == _OK else b"")

    def _start(self, parameters: bytes) -> int:
        settings: dict[int, int] = {}
        at = 0
        while at < len(parameters):
            end = at + 2 + _SETTING_BYTES.get(parameters[at], 2)
            if len(parameters) < end or parameters[at + 1] != 1:
                return _INVALID_LENGTH
            settings[parameters[at]] = int.from_bytes(parameters[at + 2 : end], "little")
            at = end
        mistakes = (
            (settings.get(_RATE) not in self.rates_hz, _INVALID_RATE),
            (settings.get(_RESOLUTION) != 16, _INVALID_RESOLUTION),
            (settings.get(_RANGE) not in self.ranges_g, _INVALID_RANGE),
            (settings.get(_CHANNELS) != self.channels, _INVALID_CHANNELS),
        )
        for mistaken, code in mistakes:
            if mistaken:
                return code
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
        per_packet = max(1, min(self.samples_per_packet, (connection.att_mtu - 13) // 6))
        self.first_stream.set()
        sent, number = 0, 0
        while True:
            due = began + (sent + per_packet) / rate_hz
            await asyncio.sleep(max(0.0, due - loop.time()))
            limit = range_g * 1000
            milli_g = np.clip(np.rint(self.motion.take(rate_hz, per_packet) * 1000), -limit, limit).astype(np.int16)
            sent += per_packet
            stamp = began_ns + round(sent * 1e9 / rate_hz)
            if number not in self.lose:
                frame_type, body = self.pack(milli_g)
                frame = _HEADER.pack(_ACC, stamp, frame_type) + body
                await self.device.notify_subscriber(connection, self._data, frame)
            number += 1
