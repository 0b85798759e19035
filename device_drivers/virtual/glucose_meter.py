"""A glucose meter (1808): records by their number, fetched through the Record Access Control Point.

Source: Bluetooth SIG, Glucose Service 1.0.1: §3.1 (2A18), §3.2 (2A34), §3.4 (2A52) and its error codes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import Final

from bumble import att
from bumble.core import ConnectionError as LinkError
from bumble.device import Connection
from bumble.gatt import Service

from device_drivers.virtual.attributes import (
    INDICATE,
    NOTIFY,
    READ,
    WRITE,
    computed,
    constant,
    controlled,
    device_information,
    measured,
    service,
)
from device_drivers.virtual.device_clock import DeviceClock, encode
from device_drivers.virtual.pairing_io import Io
from device_drivers.virtual.peripheral import LE_ONLY, LIMITED_DISCOVERABLE, VirtualPeripheral
from device_drivers.virtual.radio import VirtualRadio

BETWEEN_RECORDS_S: Final = 0.01
IDLE_S: Final = 20.0  # then it hangs up
_REPORT, _ABORT, _COUNT, _COUNT_RESPONSE, _RESPONSE = 0x01, 0x03, 0x04, 0x05, 0x06
_ALL, _FROM, _LAST = 0x01, 0x03, 0x06
_SUCCESS, _NOT_SUPPORTED, _OPERATOR, _OPERAND, _NONE_FOUND, _NOT_COMPLETED = 0x01, 0x02, 0x04, 0x09, 0x06, 0x08
_NOT_CONFIGURED: Final = 0xFD  # nobody has subscribed to the answers (Core 5.4 Supplement, Part B §1.2)
_UINT16: Final = Struct("<H")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """One record of the meter: 2A18, and 2A34 when the person has told a meal."""

    sequence: int
    measurement: bytes
    context: bytes | None = None


class GlucoseMeter(VirtualPeripheral):
    """Keeps its records for ever; whoever asks from a number gets those from that number on.

    Attributes:
        drops: every record, oldest first.
        asked: every command to the control point, in order.
        supports: operations that it knows; take some out for a meter that knows less.
        fails_after: it gives up after so many records, once ("procedure not completed").
        stalls_after: it falls silent after so many records, once.
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        clock: DeviceClock,
        address: str = "10:CE:A9:18:08:01",
        serial: str = "92711234",
        maker: str = "Roche",
        drops: Iterable[Drop] = (),
        io: Io = Io.NOTHING,
    ) -> None:
        name = f"meter+{serial}" if maker == "Roche" else f"{maker} meter"
        super().__init__(radio, name=name, address=address, appearance=0x0400, max_mtu=23, io=io)
        self.clock = clock
        self.drops = list(drops)
        self.accepts_pairing = False
        self.pairing_finished = asyncio.Event()
        self.asked: list[bytes] = []
        self.supports = {_REPORT, _ABORT, _COUNT}
        self.fails_after: int | None = None
        self.stalls_after: int | None = None
        self._maker = maker
        self._serial = serial
        self._stir = asyncio.Event()
        self._reported = True  # what it has was asked for, and sent to the end
        self._reporting: asyncio.Task[None] | None = None
        server = self.device.gatt_server
        self._measurement = measured(server, "2a18", NOTIFY, encrypted=True)
        self._context = measured(server, "2a34", NOTIFY, encrypted=True)
        self._control = controlled(server, "2a52", WRITE | INDICATE, self._on_control, encrypted=True)

    def advertised_services(self) -> tuple[str, ...]:
        return ("1808",)

    def services(self) -> list[Service]:
        return [
            service("1808", self._measurement, self._context, constant("2a51", b"\x00\x04"), self._control),
            service(
                "1805",
                computed(
                    "2a2b",
                    READ | WRITE,
                    read=self.clock.read_current,
                    write=self.clock.write_current,
                    encrypted=True,
                ),
            ),
            device_information(
                strings={"2a29": self._maker, "2a24": "929", "2a25": self._serial, "2a26": "v1.6.2"}, system_id=None
            ),
            service("180f", constant("2a19", b"\x5a")),
        ]

    async def pairing_mode(self) -> None:
        """Bluetooth pairing chosen in its menu."""
        self.accepts_pairing = True
        await self.advertise(flags=LE_ONLY | LIMITED_DISCOVERABLE)

    async def call(self) -> None:
        """Advertise for the central that knows us."""
        if self.connection is None and not self.accepts_pairing:
            await self.advertise(flags=LE_ONLY)

    async def measure(self, mmol_per_l: float, *, meal: int | None = None) -> Drop:
        """A drop of blood; `meal` is the code of 2A34 (1 before, 2 after a meal, 3 fasting)."""
        sequence = self.drops[-1].sequence + 1 if self.drops else 1
        drop = Drop(
            sequence=sequence,
            measurement=glucose_frame(sequence, mmol_per_l, at=self.clock.now(), context=meal is not None),
            context=None if meal is None else b"\x02" + _UINT16.pack(sequence) + bytes([meal]),
        )
        self.drops.append(drop)
        await self.call()
        return drop

    async def measure_something(self) -> None:
        """A plausible one."""
        await self.measure(self.chance.uniform(4.5, 9.5))

    async def paired(self) -> None:
        self.accepts_pairing = False
        self.pairing_finished.set()

    async def connected(self, connection: Connection) -> None:
        del connection
        self._reported = False
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
        self._reporting = None
        if self.accepts_pairing:
            await self.pairing_mode()
        elif not self._reported:
            await self.call()

    def _on_control(self, command: bytes) -> None:
        self._stir.set()
        self.asked.append(command)
        connection = self.connection
        if connection is None:
            return
        if not self._subscribed(connection):
            raise att.ATT_Error(error_code=att.ErrorCode(_NOT_CONFIGURED))
        if command[:1] == bytes([_ABORT]) and self._reporting is not None:
            self._reporting.cancel()
        self._reporting = self.while_connected(self._obey(connection, command))

    def _subscribed(self, connection: Connection) -> bool:
        subscribers = self.device.gatt_server.subscribers.get(connection, {})
        return bool(subscribers.get(self._control.handle))

    async def _obey(self, connection: Connection, command: bytes) -> None:
        operation, operator = (command + b"\x00\x00")[:2]
        found = self._found(operator, command[2:])
        try:
            if operation not in self.supports:
                await self._answer(connection, operation, _NOT_SUPPORTED)
            elif operation == _ABORT:
                await self._answer(connection, operation, _SUCCESS)
            elif isinstance(found, int):
                await self._answer(connection, operation, found)
            elif operation == _COUNT:
                answer = bytes([_COUNT_RESPONSE, 0]) + _UINT16.pack(len(found))
                await self.device.indicate_subscriber(connection, self._control, answer)
            else:
                await self._report(connection, found)
        except LinkError:
            return

    def _found(self, operator: int, operand: bytes) -> list[Drop] | int:
        """The records that are meant, or the code of the mistake."""
        if operator == _ALL and not operand:
            return self.drops
        if operator == _LAST and not operand:
            return self.drops[-1:]
        if operator == _FROM and len(operand) == 3:  # filter type and number
            return [drop for drop in self.drops if drop.sequence >= _UINT16.unpack(operand[1:])[0]]
        return _OPERATOR if operator not in (_ALL, _FROM, _LAST) else _OPERAND

    async def _report(self, connection: Connection, found: list[Drop]) -> None:
        for number, drop in enumerate(found):
            if self.fails_after == number:
                self.fails_after = None
                await self._answer(connection, _REPORT, _NOT_COMPLETED)
                return
            if self.stalls_after == number:
                self.stalls_after = None
                return
            self._stir.set()
            await self.device.notify_subscriber(connection, self._measurement, drop.measurement)
            if drop.context is not None:
                await self.device.notify_subscriber(connection, self._context, drop.context)
            await asyncio.sleep(BETWEEN_RECORDS_S)
        await self._answer(connection, _REPORT, _SUCCESS if found else _NONE_FOUND)
        self._reported = True

    async def _answer(self, connection: Connection, operation: int, outcome: int) -> None:
        await self.device.indicate_subscriber(connection, self._control, bytes([_RESPONSE, 0, operation, outcome]))


def glucose_frame(sequence: int, mmol_per_l: float, *, at: datetime, context: bool = False) -> bytes:
    """2A18: time, concentration in mol/L (exponent -4: 0.1 mmol/L), capillary whole blood of a finger."""
    flags = 0x06 | (0x10 if context else 0)
    concentration = round(mmol_per_l * 10) | 0xC000
    return bytes([flags]) + _UINT16.pack(sequence) + encode(at) + _UINT16.pack(concentration) + b"\x11"
