"""Beurer BF720 and its family: a scale with several users, each behind a consent code of four digits.

Sources: ble-scale-sync, beurer-bf720.test.ts (frames); openScale, drivers of BF105 and BF720 (service FFFF; the order:
time, consent, take a measurement); Bluetooth SIG, User Data Service 1.1, §3.2.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from struct import Struct
from typing import Final

from bumble import att
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

COMPANY_ID: Final = bytes.fromhex("1106")  # 0x0611
PLACES: Final = 8  # users
MEMORY: Final = 30  # weighings of each user; the oldest is overwritten
PATIENCE_S: Final = 20.0  # without a word from the gateway it hangs up
CLOSE_AFTER_S: Final = 2.0
# The maker's own service, its list of users and "take a measurement", by family.
FAMILY: Final = ("ffff", "0001", "0006")
OTHER_FAMILY: Final = ("fff0", "fff2", "fff4")
OTHER_MODELS: Final = ("BF500", "BF600", "BF788", "BF850")
_UINT16: Final = Struct("<H")
_REGISTER, _CONSENT, _RESPONSE = 0x01, 0x02, 0x20
_OK, _UNKNOWN_OPERATION, _FAILED, _NOT_AUTHORISED = 0x01, 0x02, 0x04, 0x05
_NOT_NOW: Final = 0x80  # application error: nobody has consented
_UNKNOWN_USER: Final = 0xFF


@dataclass(slots=True, kw_only=True)
class ScaleUser:
    """A place on the scale. `weighings` are pairs of 2A9D and the packets of 2A9C, unsent, oldest first."""

    code: int
    weighings: deque[tuple[bytes, tuple[bytes, ...]]] = field(default_factory=lambda: deque(maxlen=MEMORY))


class UserScale(VirtualPeripheral):
    """BF720 and its family.

    Attributes:
        users: by index.
        confirmed: every frame whose indication was confirmed, in order.
        stands: who stands on it and waits to be weighed on command, kg; None: nobody.
        in_two_packets: whether the body composition is sent in two.
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        clock: DeviceClock,
        address: str = "E7:DB:49:F1:86:DE",
        serial: str = "0720A1B2C3",
        model: str = "BF720",
        io: Io = Io.NOTHING,
    ) -> None:
        self._model = model
        self._vendor = OTHER_FAMILY if model in OTHER_MODELS else FAMILY
        super().__init__(radio, name=model, address=address, appearance=0x0C80, max_mtu=64, io=io)
        self.clock = clock
        self.users: dict[int, ScaleUser] = {}
        self.confirmed: list[bytes] = []
        self.stands: float | None = None
        self.in_two_packets = False
        self.accepts_pairing = False
        self.pairing_finished = asyncio.Event()
        self._serial = serial
        self._consented: int | None = None
        self._stir = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        server = self.device.gatt_server
        self._weight = measured(server, "2a9d", INDICATE, encrypted=True)
        self._composition = measured(server, "2a9c", INDICATE, encrypted=True)
        self._control = controlled(server, "2a9f", WRITE | INDICATE, self._on_control, encrypted=True)
        self._list = controlled(server, self._vendor[1], WRITE | NOTIFY, self._on_list, encrypted=True)
        self._take = controlled(server, self._vendor[2], WRITE | NOTIFY, self._on_take, encrypted=True)

    def advertised_services(self) -> tuple[str, ...]:
        return ("181d", "181b")

    def manufacturer_data(self) -> bytes | None:
        return COMPANY_ID + bytes(4)

    def services(self) -> list[Service]:
        clock = computed(
            "2a2b", READ | WRITE, read=self.clock.read_current, write=self.clock.write_current, encrypted=True
        )
        return [
            service("181d", self._weight, constant("2a9e", bytes.fromhex("0e000000"))),
            service("181b", self._composition, constant("2a9b", bytes.fromhex("ff010000"))),
            service("181c", self._control, constant("2a99", bytes(4), READ | WRITE)),
            service("1805", clock),
            service(self._vendor[0], self._list, self._take),
            device_information(
                strings={"2a29": "Beurer", "2a24": self._model, "2a25": self._serial, "2a26": "2.05"}, system_id=None
            ),
            service("180f", constant("2a19", b"\x4b")),
        ]

    def enrol(self, code: int) -> int | None:
        """A new user, as the scale's own menu or a gateway makes one; its index, or None when every place is taken."""
        index = next((place for place in range(1, PLACES + 1) if place not in self.users), None)
        if index is not None:
            self.users[index] = ScaleUser(code=code)
        return index

    async def pairing_mode(self) -> None:
        """The button at the back held."""
        self.accepts_pairing = True
        await self.advertise(flags=LE_ONLY | LIMITED_DISCOVERABLE)

    async def weigh(self, kilograms: float, *, user: int = 1) -> tuple[bytes, ...]:
        """That user steps on it; the scale remembers it, and calls. Returns the frames of 2A9D and 2A9C."""
        weight, packets = self._frames(kilograms, user)
        if user in self.users:
            self.users[user].weighings.append((weight, packets))
        await self.call()
        return (weight, *packets)

    async def measure_something(self) -> None:
        """Somebody steps on it: the first user, or whoever is asked to."""
        kilograms = self.chance.uniform(55.0, 95.0)
        if self.users:
            await self.weigh(kilograms, user=min(self.users))
        else:
            self.stands = kilograms
            await self.call()

    async def call(self) -> None:
        """Advertise for the central that knows us, as when somebody steps on it."""
        if self.connection is None and not self.accepts_pairing:
            await self.advertise(flags=LE_ONLY)

    async def paired(self) -> None:
        self.accepts_pairing = False
        self.pairing_finished.set()

    async def connected(self, connection: Connection) -> None:
        del connection
        self._consented = None
        while True:
            self._stir.clear()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._stir.wait()
            except TimeoutError:
                break
        await self.hang_up()

    async def disconnected(self, *, by_central: bool) -> None:
        del by_central
        if self.accepts_pairing:
            await self.pairing_mode()
        elif any(user.weighings for user in self.users.values()):
            await self.call()

    def _frames(self, kilograms: float, user: int) -> tuple[bytes, tuple[bytes, ...]]:
        at = self.clock.now()
        known = user if user in self.users else _UNKNOWN_USER
        return user_weight_frame(kilograms, at=at, user=known), composition_frames(
            kilograms, in_two=self.in_two_packets
        )

    def _on_control(self, command: bytes) -> None:
        self._reply(self._control, self._obey(command), indicate=True)

    def _obey(self, command: bytes) -> bytes:
        operation = command[0] if command else 0
        if operation == _REGISTER and len(command) == 3:  # with a code
            index = self.enrol(_UINT16.unpack(command[1:])[0])
            return bytes([_RESPONSE, operation, _FAILED] if index is None else [_RESPONSE, operation, _OK, index])
        if operation == _CONSENT and len(command) == 4:  # with an index and a code
            user = self.users.get(command[1])
            if user is None or user.code != _UINT16.unpack(command[2:])[0]:
                return bytes([_RESPONSE, operation, _NOT_AUTHORISED])
            self._consented = command[1]
            self._begin_sending(user)
            return bytes([_RESPONSE, operation, _OK])
        return bytes([_RESPONSE, operation, _UNKNOWN_OPERATION])

    def _on_list(self, command: bytes) -> None:
        if command != b"\x00":
            return
        for index in self.users:
            born = b"\xa3\x07\x01\x01"  # 1955-01-01
            self._reply(self._list, bytes([0, index]) + b"\xff\xff\xff" + born + b"\xaa\x00\x02", indicate=False)
        self._reply(self._list, b"\x01" if self.users else b"\x02", indicate=False)

    def _on_take(self, command: bytes) -> None:
        if command != b"\x00" or self._consented is None:
            raise att.ATT_Error(error_code=att.ErrorCode(_NOT_NOW))
        self._stir.set()
        if self.stands is None:
            return
        user = self.users[self._consented]
        user.weighings.append(self._frames(self.stands, self._consented))
        self.stands = None
        self._begin_sending(user)

    def _reply(self, characteristic: att.Attribute[bytes], answer: bytes, *, indicate: bool) -> None:
        self._stir.set()
        connection = self.connection
        if connection is not None:
            send = self.device.indicate_subscriber if indicate else self.device.notify_subscriber
            self.while_connected(send(connection, characteristic, answer))

    def _begin_sending(self, user: ScaleUser) -> None:
        """Whoever consented last is sent his; what was not confirmed to another stays."""
        if self._sending is not None:
            self._sending.cancel()
        connection = self.connection
        self._sending = None if connection is None else self.while_connected(self._send(connection, user))

    async def _send(self, connection: Connection, user: ScaleUser) -> None:
        """Stored weighings oldest first; one is forgotten when all of it is confirmed."""
        await asyncio.sleep(0.1)  # behind the answer to the consent
        while user.weighings:
            weight, packets = user.weighings[0]
            if not await self.indicate(connection, self._weight, weight):
                return
            for packet in packets:
                if not await self.indicate(connection, self._composition, packet):
                    return
            user.weighings.popleft()
            self.confirmed += [weight, *packets]
            self._stir.set()


def user_weight_frame(kilograms: float, *, at: datetime, user: int) -> bytes:
    """2A9D with time, user, BMI and height (1.70 m)."""
    bmi = round(kilograms / 1.7**2 * 10)
    return (
        b"\x0e"
        + _UINT16.pack(round(kilograms * 200))
        + encode(at)
        + bytes([user])
        + _UINT16.pack(bmi)
        + _UINT16.pack(1700)
    )


def composition_frames(kilograms: float, *, in_two: bool) -> tuple[bytes, ...]:
    """2A9C without time or user, as this scale sends it: they are those of the weight before it."""
    fat, metabolism, muscle = _UINT16.pack(194), _UINT16.pack(6879), _UINT16.pack(407)
    lean, water, impedance = (_UINT16.pack(round(part * 200)) for part in (kilograms * 0.76, kilograms * 0.54, 22.6))
    if in_two:
        return (
            _UINT16.pack(0x1018) + fat + metabolism + muscle,
            _UINT16.pack(0x1380) + b"\xff\xff" + lean + water + impedance,
        )
    return (_UINT16.pack(0x0398) + fat + metabolism + muscle + lean + water + impedance,)
