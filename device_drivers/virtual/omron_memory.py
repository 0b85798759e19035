"""Omron's cuffs whose records lie in a memory that is read by address: the HEM-7142T2 family.

Sources: userx14/omblepy (frames, checksum, the unlock characteristic); eigger/hass-omron (service FE4A with one channel
each way, where the records lie, the record).
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import reduce
from operator import xor
from typing import Final

from bumble.device import Connection
from bumble.gatt import Service

from device_drivers.virtual.and_medical import plausible_pressure
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
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.pairing_io import Io
from device_drivers.virtual.peripheral import LE_ONLY, LIMITED_DISCOVERABLE, VirtualPeripheral
from device_drivers.virtual.radio import VirtualRadio

OMRON_SERVICE: Final = "0000fe4a-0000-1000-8000-00805f9b34fb"
COMMANDS: Final = "db5b55e0-aee7-11e1-965e-0002a5d5c51b"
ANSWERS: Final = "49123040-aee8-11e1-a74d-0002a5d5c51b"
UNLOCK: Final = "b305b680-aee7-11e1-a730-0002a5d5c51b"
COMPANY_ID: Final = bytes.fromhex("0e02")
FIRST_RECORD: Final = 0x02E8
SLOTS: Final = 14
RECORD_BYTES: Final = 14
MOST_BYTES: Final = 0x2C  # in one read
IDLE_S: Final = 20.0  # then it hangs up
_MEMORY_BYTES: Final = 0x1000
_START, _READ, _WRITE, _END = 0x0000, 0x0100, 0x01C0, 0x0F00
_ANSWER: Final = 0x8000
_REFUSED: Final = 0xC4
_FORMAT_STATUS: Final = 0x03


class MemoryCuff(VirtualPeripheral):
    """One user, fourteen records in a ring.

    Attributes:
        memory: its bytes.
        reads: (address, size) of every read.
        memory_writes: everything that asked to write to the memory. There must be none: it can hit the calibration.
        key: the unlock key that it wants first, 16 bytes; None when it wants none.
        unlocked: the key was given on this connection.
        corrupts: answers whose checksum is wrong, by number since it was made (a fault).
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        clock: DeviceClock,
        address: str = "28:FF:B2:71:42:02",
        serial: str = "20714202",
        model: str = "HEM-7142T2",
        key: bytes | None = None,
        io: Io = Io.NOTHING,
    ) -> None:
        self._model = model
        self._digits = "00000480" + address.replace(":", "")
        super().__init__(radio, name=f"BLESmart_{self._digits}", address=address, appearance=0x0380, max_mtu=64, io=io)
        self.clock = clock
        self.memory = bytearray(b"\xff" * _MEMORY_BYTES)
        self.measured = 0
        self.reads: list[tuple[int, int]] = []
        self.memory_writes: list[bytes] = []
        self.key = key
        self.unlocked = False
        self.corrupts: frozenset[int] = frozenset()
        self.accepts_pairing = False
        self.pairing_finished = asyncio.Event()
        self._serial = serial
        self._answered = 0
        self._unlock_answer = b""
        self._stir = asyncio.Event()
        self._answers = measured(self.device.gatt_server, ANSWERS, NOTIFY, encrypted=True)

    def advertised_services(self) -> tuple[str, ...]:
        return ("fe4a",)

    def manufacturer_data(self) -> bytes | None:
        return COMPANY_ID + bytes([_FORMAT_STATUS, 0x08 if self.accepts_pairing else 0x00, 0x00])

    def services(self) -> list[Service]:
        commands = computed(COMMANDS, WRITE | WRITE_WITHOUT_RESPONSE, write=self._on_command, encrypted=True)
        table = [commands, self._answers]
        if self.key is not None:
            table.append(
                computed(UNLOCK, READ | WRITE, read=lambda: self._unlock_answer, write=self._on_unlock, encrypted=True)
            )
        return [
            service(OMRON_SERVICE, *table),
            device_information(
                strings={"2a29": "OMRON HEALTHCARE", "2a24": self._model, "2a25": self._serial, "2a26": "0102"},
                system_id=None,
            ),
            service("180f", constant("2a19", b"\x64")),
        ]

    async def pairing_mode(self) -> None:
        """Bluetooth held for 3 s until P blinks. Nothing changes while its one place for a bond is taken."""
        if await self.bonds.get_all():
            return
        self.accepts_pairing = True
        self.name = f"BLEsmart_{self._digits}"
        await self.advertise(flags=LE_ONLY | LIMITED_DISCOVERABLE)

    async def call(self) -> None:
        """Advertise for the central that knows us."""
        if self.connection is None and not self.accepts_pairing:
            await self.advertise(flags=LE_ONLY)

    async def measure(self, *, systolic: int, diastolic: int, pulse: int) -> bytes:
        """A measurement by the button: written into the next slot of the ring; returns the record."""
        record = memory_record(
            systolic=systolic, diastolic=diastolic, pulse=pulse, at=self.clock.now(), sequence=self.measured
        )
        at = FIRST_RECORD + self.measured % SLOTS * RECORD_BYTES
        self.memory[at : at + RECORD_BYTES] = record
        self.measured += 1
        await self.call()
        return record

    async def measure_something(self) -> None:
        """Something plausible."""
        systolic, diastolic, pulse = plausible_pressure(self.chance)
        await self.measure(systolic=systolic, diastolic=diastolic, pulse=pulse)

    async def paired(self) -> None:
        self.accepts_pairing = False
        self.name = f"BLESmart_{self._digits}"
        self.pairing_finished.set()

    async def connected(self, connection: Connection) -> None:
        del connection
        self.unlocked = False
        while True:
            self._stir.clear()
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._stir.wait()
            except TimeoutError:
                break
        await self.hang_up()

    async def disconnected(self, *, by_central: bool) -> None:
        del by_central
        if self.accepts_pairing:
            await self.pairing_mode()

    def _on_unlock(self, command: bytes) -> None:
        self._stir.set()
        self.unlocked = command == b"\x01" + (self.key or b"")
        self._unlock_answer = b"\x81\x00" if self.unlocked else b"\x81\x01"

    def _on_command(self, command: bytes) -> None:
        self._stir.set()
        if len(command) < 8 or command[0] != len(command) or reduce(xor, command):  # the shortest frame
            return
        kind = int.from_bytes(command[1:3], "big")
        address, size = int.from_bytes(command[3:5], "big"), command[5]
        if kind == _WRITE:
            self.memory_writes.append(command)
            return
        if kind == _READ:
            self.reads.append((address, size))
        answer = self._answer(kind, address, size)
        self._answered += 1
        if self._answered - 1 in self.corrupts:
            answer = answer[:-1] + bytes([answer[-1] ^ 0xFF])
        if self.connection is not None:
            self.while_connected(self.device.notify_subscriber(self.connection, self._answers, answer))

    def _answer(self, kind: int, address: int, size: int) -> bytes:
        locked = self.key is not None and not self.unlocked
        if kind == _READ and (size > MOST_BYTES or locked):
            return framed(_ANSWER | kind, address, size, b"", result=_REFUSED)
        data = bytes(self.memory[address : address + size]) if kind == _READ else b""
        return framed(_ANSWER | kind, address, size if kind == _READ else 0, data)


def framed(kind: int, address: int, size: int, data: bytes, *, result: int = 0) -> bytes:
    """Length, kind, address, size, data, result, and the checksum that makes the whole 0."""
    body = bytes([8 + len(data)]) + kind.to_bytes(2, "big") + address.to_bytes(2, "big") + bytes([size])
    body += data + bytes([result])
    return body + bytes([reduce(xor, body)])


def memory_record(*, systolic: int, diastolic: int, pulse: int, at: datetime, sequence: int) -> bytes:
    """The fourteen bytes of a record, little-endian: systolic less 25, …, time in bits, sequence, and two unknown."""
    day_and_hour = at.hour | at.day << 5 | at.month << 10
    minute_and_second = at.second | at.minute << 6
    return (
        bytes([systolic - 25, diastolic, pulse, at.year - 2000])
        + day_and_hour.to_bytes(2, "little")
        + minute_and_second.to_bytes(2, "little")
        + bytes(2)
        + sequence.to_bytes(2, "little")
        + bytes(2)
    )
