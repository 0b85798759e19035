"""Omron's cuffs that speak the standard Blood Pressure Service: BP5250, Evolv, BP7000, HEM-9200T.

Source: StanfordSpezi/SpeziDevices, SpeziOmron: names, manufacturer data, the control point of the option service with a
filter by sequence number of its own, 4, and the operation 10 for the newest number. The cuff sends its clock, and is to
be answered with the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from types import MappingProxyType
from typing import Final

from bumble.core import ConnectionError as LinkError
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from device_drivers.virtual.and_medical import plausible_pressure
from device_drivers.virtual.attributes import (
    INDICATE,
    NOTIFY,
    READ,
    WRITE,
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

OPTION_SERVICE: Final = "5DF5E817-A945-4F81-89C0-3D4E9759C07C"
COMPANY_ID: Final = bytes.fromhex("0e02")  # 0x020E
MODEL_NUMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {"BP5250": "00000160", "Evolv": "0000021F", "BP7000": "0000011F", "HEM-9200T": "00000116"}
)
USERS: Final = 2
MOST_TOLD: Final = 100  # records of a user that the advertisement can tell of
IDLE_S: Final = 20.0  # then it hangs up
_TIME_NOT_SET, _PAIRING, _STANDARD_SERVICES = 0x04, 0x08, 0x20
_REPORT, _COUNT, _COUNT_RESPONSE, _RESPONSE, _LATEST, _LATEST_RESPONSE = 0x01, 0x04, 0x05, 0x06, 0x10, 0x11
_ALL, _FROM, _BY_SEQUENCE = 0x01, 0x03, 0x04
_SUCCESS, _NOT_SUPPORTED, _OPERAND, _NONE_FOUND = 0x01, 0x02, 0x09, 0x06
_UINT16: Final = Struct("<H")
_PRESSURES: Final = Struct("<BHHH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One measurement in its memory."""

    sequence: int
    user: int
    frame: bytes


class OmronCuff(VirtualPeripheral):
    """Two users, one bond, and an advertisement that says how many records it holds of each user.

    Attributes:
        stored: every record, oldest first; they are never forgotten.
        unread: how many of each user nobody has fetched.
        asked: every command to the control point, in order.
        time_set: somebody has written its clock.
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        clock: DeviceClock,
        address: str = "28:FF:B2:16:00:01",
        serial: str = "20160001",
        model: str = "BP5250",
        io: Io = Io.NOTHING,
    ) -> None:
        self._model = model
        self._digits = MODEL_NUMBERS[model] + address.replace(":", "")
        super().__init__(radio, name=f"BLESmart_{self._digits}", address=address, appearance=0x0380, max_mtu=64, io=io)
        self.clock = clock
        self.stored: list[Stored] = []
        self.unread = dict.fromkeys(range(1, USERS + 1), 0)
        self.asked: list[bytes] = []
        self.time_set = False
        self.accepts_pairing = False
        self.pairing_finished = asyncio.Event()
        self._serial = serial
        self._stir = asyncio.Event()
        server = self.device.gatt_server
        self._measurement = measured(server, "2a35", INDICATE, encrypted=True)
        self._control = controlled(server, "2a52", WRITE | INDICATE, self._on_control, encrypted=True)
        self._time = controlled(
            server, "2a2b", READ | WRITE | NOTIFY, self._on_time, read=clock.read_current, encrypted=True
        )
        self._time.on(Characteristic.EVENT_SUBSCRIPTION, self._on_time_subscription)

    def advertised_services(self) -> tuple[str, ...]:
        return ("1810",)

    def manufacturer_data(self) -> bytes | None:
        flags = (
            _STANDARD_SERVICES
            | (USERS - 1)
            | (_PAIRING if self.accepts_pairing else 0)
            | (0 if self.time_set else _TIME_NOT_SET)
        )
        users = b"".join(
            _UINT16.pack(self._latest(user)) + bytes([min(MOST_TOLD, self._held(user))]) for user in self.unread
        )
        return COMPANY_ID + bytes([0x01, flags]) + users

    def services(self) -> list[Service]:
        return [
            service("1810", self._measurement, constant("2a49", b"\x1d\x00")),
            service("1805", self._time),
            service(OPTION_SERVICE, self._control),
            device_information(
                strings={"2a29": "OMRON HEALTHCARE", "2a24": self._model, "2a25": self._serial, "2a26": "0101"},
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

    async def measure(self, *, systolic: int, diastolic: int, pulse: int, user: int = 1) -> bytes:
        """A measurement by the button; returns its frame."""
        frame = (
            _PRESSURES.pack(0x1E, systolic, diastolic, diastolic + (systolic - diastolic) // 3)
            + encode(self.clock.now())
            + _UINT16.pack(pulse)
            + bytes([user])
            + b"\x00\x00"
        )
        self.stored.append(Stored(sequence=len(self.stored) + 1, user=user, frame=frame))
        self.unread[user] += 1
        await self.call()
        return frame

    async def measure_something(self) -> None:
        """The first user measures something plausible."""
        systolic, diastolic, pulse = plausible_pressure(self.chance)
        await self.measure(systolic=systolic, diastolic=diastolic, pulse=pulse)

    async def paired(self) -> None:
        self.accepts_pairing = False
        self.name = f"BLESmart_{self._digits}"
        self.pairing_finished.set()

    async def connected(self, connection: Connection) -> None:
        del connection
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
        elif any(self.unread.values()):
            await self.call()

    def _latest(self, user: int) -> int:
        return max((one.sequence for one in self.stored if one.user == user), default=0)

    def _held(self, user: int) -> int:
        return sum(one.user == user for one in self.stored)

    def _on_time(self, value: bytes) -> None:
        self._stir.set()
        before = self.clock.writes
        self.clock.write_current(value)
        self.time_set = self.time_set or self.clock.writes > before

    def _on_time_subscription(self, connection: Connection, notify: bool, _indicate: bool) -> None:
        if notify:
            self.while_connected(self._tell_time(connection))

    async def _tell_time(self, connection: Connection) -> None:
        await asyncio.sleep(0.05)
        await self.device.notify_subscriber(connection, self._time, self.clock.read_current())

    def _on_control(self, command: bytes) -> None:
        self._stir.set()
        self.asked.append(command)
        connection = self.connection
        if connection is not None:
            self.while_connected(self._obey(connection, command))

    async def _obey(self, connection: Connection, command: bytes) -> None:
        operation, operator = (command + b"\x00\x00")[:2]
        found = self._found(operator, command[2:])
        try:
            if operation == _LATEST:
                latest = self.stored[-1].sequence if self.stored else 0
                await self._indicate(connection, bytes([_LATEST_RESPONSE, 0]) + _UINT16.pack(latest))
            elif operation not in (_REPORT, _COUNT):
                await self._answer(connection, operation, _NOT_SUPPORTED)
            elif found is None:
                await self._answer(connection, operation, _OPERAND)
            elif operation == _COUNT:
                await self._indicate(connection, bytes([_COUNT_RESPONSE, 0]) + _UINT16.pack(len(found)))
            else:
                for record in found:
                    if not await self.indicate(connection, self._measurement, record.frame):
                        return
                    self._stir.set()
                    self.unread[record.user] = max(0, self.unread[record.user] - 1)
                await self._answer(connection, operation, _SUCCESS if found else _NONE_FOUND)
        except LinkError:
            return

    def _found(self, operator: int, operand: bytes) -> list[Stored] | None:
        if operator == _ALL and not operand:
            return self.stored
        if operator == _FROM and len(operand) == 3 and operand[0] == _BY_SEQUENCE:  # filter and number
            return [one for one in self.stored if one.sequence >= _UINT16.unpack(operand[1:])[0]]
        return None

    async def _answer(self, connection: Connection, operation: int, outcome: int) -> None:
        await self._indicate(connection, bytes([_RESPONSE, 0, operation, outcome]))

    async def _indicate(self, connection: Connection, answer: bytes) -> None:
        await self.device.indicate_subscriber(connection, self._control, answer)
