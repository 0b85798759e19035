"""Nonin 3230: a frame a second while a finger is in it, until it is told that the measurement was taken.

Sources: public clients of Nonin's oximetry service (the ten bytes); the completion command rests on one public source.
"""

from __future__ import annotations

import asyncio
from struct import Struct
from typing import Final

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from device_drivers.virtual.attributes import (
    INDICATE,
    NOTIFY,
    WRITE,
    constant,
    controlled,
    device_information,
    measured,
    service,
)
from device_drivers.virtual.pairing_io import Io
from device_drivers.virtual.peripheral import GENERAL_DISCOVERABLE, LE_ONLY, VirtualPeripheral
from device_drivers.virtual.radio import VirtualRadio

NONIN_SERVICE: Final = "46A970E0-0D5F-11E2-8B5E-0002A5D5C51B"
MEASUREMENT: Final = "0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B"
CONTROL_POINT: Final = "1447AF80-0D60-11E2-88B6-0002A5D5C51B"
COMPLETE: Final = b"bNMI"
SETTLES_AFTER: Final = 4  # frames: then the value is one that the maker vouches for
FINGER_IN_S: Final = 20.0
_LOW_BATTERY, _ON_FINGER, _SEARCHING, _SMART_POINT = 0x20, 0x10, 0x08, 0x04
_NO_SPO2, _NO_PULSE = 127, 511
_FRAME: Final = Struct(">BBBHHBH")  # length, status, battery, amplitude, counter, saturation, pulse


class FingerOximeter(VirtualPeripheral):
    """Switches itself on with a finger, and off without one. It keeps nothing.

    Attributes:
        settles: whether it ever reaches a value that it vouches for; cold fingers do not.
        completed: how often it was told that the measurement was taken.
        sent: every frame.
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        address: str = "00:1C:05:32:30:01",
        serial: str = "502912345",
        io: Io = Io.NOTHING,
    ) -> None:
        super().__init__(radio, name=f"Nonin3230_{serial}", address=address, appearance=0x0C41, max_mtu=23, io=io)
        self.spo2, self.pulse = 97, 64
        self.settles = True
        self.low_battery = False
        self.completed = 0
        self.sent: list[bytes] = []
        self.accepts_pairing = False
        self.pairing_finished = asyncio.Event()
        self._serial = serial
        self._subscribed = asyncio.Event()
        self._out = asyncio.Event()
        server = self.device.gatt_server
        self._measurement = measured(server, MEASUREMENT, NOTIFY, encrypted=True)
        self._measurement.on(Characteristic.EVENT_SUBSCRIPTION, self._on_subscription)
        self._control = controlled(server, CONTROL_POINT, WRITE | INDICATE, self._on_control, encrypted=True)

    def advertised_services(self) -> tuple[str, ...]:
        return (NONIN_SERVICE,)

    def services(self) -> list[Service]:
        return [
            service(NONIN_SERVICE, self._measurement, self._control),
            device_information(
                strings={"2a29": "Nonin Medical, Inc.", "2a24": "Model 3230", "2a25": self._serial, "2a26": "1.03"},
                system_id=None,
            ),
            service("180f", constant("2a19", b"\x64")),
        ]

    async def pairing_mode(self) -> None:
        """Fresh batteries: for two minutes it takes anybody."""
        self.accepts_pairing = True
        await self.advertise(flags=LE_ONLY | GENERAL_DISCOVERABLE)

    async def measure(self, *, spo2: int, pulse: int) -> None:
        """A finger is put in."""
        self.spo2, self.pulse = spo2, pulse
        self._out.clear()
        if self.connection is None and not self.accepts_pairing:
            await self.advertise(flags=LE_ONLY | GENERAL_DISCOVERABLE)

    async def measure_something(self) -> None:
        """A plausible one."""
        await self.measure(spo2=self.chance.randint(92, 99), pulse=self.chance.randint(56, 90))

    def take_finger_out(self) -> None:
        """It switches itself off soon."""
        self._out.set()

    async def paired(self) -> None:
        self.accepts_pairing = False
        self.pairing_finished.set()

    async def connected(self, connection: Connection) -> None:
        self._subscribed.clear()
        try:
            async with asyncio.timeout(FINGER_IN_S):
                await self._subscribed.wait()
                for counter in range(1, 1_000):
                    await asyncio.sleep(1.0)
                    frame = self.frame(counter)
                    self.sent.append(frame)
                    await self.device.notify_subscriber(connection, self._measurement, frame)
                    if self._out.is_set():
                        break
        except TimeoutError:
            pass
        await self.hang_up()

    async def disconnected(self, *, by_central: bool) -> None:
        del by_central
        if self.accepts_pairing:
            await self.pairing_mode()

    def frame(self, counter: int) -> bytes:
        """The ten bytes of this second."""
        there = not self._out.is_set()
        searching = there and counter < SETTLES_AFTER // 2
        settled = there and self.settles and counter >= SETTLES_AFTER
        status = (
            (_LOW_BATTERY if self.low_battery else 0)
            | (_ON_FINGER if there else 0)
            | (_SEARCHING if searching else 0)
            | (_SMART_POINT if settled else 0)
        )
        shows = there and not searching
        spo2, pulse = (self.spo2, self.pulse) if shows else (_NO_SPO2, _NO_PULSE)
        return _FRAME.pack(10, status, 0, 420, counter, spo2, pulse)

    def _on_subscription(self, _connection: Connection, notify: bool, _indicate: bool) -> None:
        if notify:
            self._subscribed.set()

    def _on_control(self, command: bytes) -> None:
        if command == COMPLETE:
            self.completed += 1
            self._out.set()
