"""Devices that only advertise: Mi scales, BTHome sensors and buttons. Each says a thing many times, as real ones do.

Sources: bthome.io/format and /encryption; Shelly's BLE documentation (BLU Button1: SBBT-002C); openScale wiki, Xiaomi
Bluetooth Mi Scale; frames of Theengs' test_ble.cpp.
"""

from __future__ import annotations

import asyncio
import random
from struct import Struct
from typing import Final

from bumble import hci
from bumble.core import AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.host import Host
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from device_drivers.virtual.controller import VirtualController
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.pairing_io import Io, Panel
from device_drivers.virtual.radio import VirtualRadio

INTERVAL_MS: Final = 100.0
BURST_S: Final = 3.0  # a button repeats its event for some seconds
_FLAGS: Final = 0x06  # general discoverable, BR/EDR not supported
_BTHOME: Final = 0xFCD2
_WEIGHT_SCALE: Final = 0x181D
_BODY_COMPOSITION: Final = 0x181B
_UINT16: Final = Struct("<H")
_UINT32: Final = Struct("<I")
_TIME: Final = Struct("<HBBBBB")
_ENCRYPTED: Final = 0x01
_TRIGGER_BASED: Final = 0x04
_VERSION_2: Final = 0x40


class Beacon:
    """Advertises service data.

    Attributes:
        connections: how often somebody connected, for which there is no reason.
    """

    def __init__(self, radio: VirtualRadio, *, name: str, address: str, service: int) -> None:
        self.radio = radio
        self.name = name
        self.address = address
        self.io = Io.NOTHING
        self.panel = Panel()
        self.connections = 0
        self.chance = random.Random(address)  # noqa: S311  # made-up measurements
        self.controller = VirtualController(
            name, link=radio.link, public_address=hci.Address(address, hci.Address.PUBLIC_DEVICE_ADDRESS)
        )
        configuration = DeviceConfiguration(name=name, address=hci.Address.generate_static_address())
        self.device = Device(config=configuration, host=Host(self.controller, self.controller))
        self._service = service
        self._shown = 0

    async def power_on(self) -> None:
        """Boot; silent until there is something to say."""
        self.device.on("connection", self._on_connection)
        await self.device.power_on()

    async def show(self, data: bytes) -> None:
        """Say this from now on, instead of what was said before."""
        self._shown += 1
        await self.device.stop_advertising()
        structures = [
            (AdvertisingData.FLAGS, bytes([_FLAGS])),
            (AdvertisingData.SERVICE_DATA_16_BIT_UUID, _UINT16.pack(self._service) + data),
        ]
        await self.device.start_advertising(
            own_address_type=hci.OwnAddressType.PUBLIC,
            advertising_data=bytes(AdvertisingData(structures)),
            scan_response_data=bytes(AdvertisingData([(AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode())])),
            advertising_interval_min=INTERVAL_MS,
            advertising_interval_max=INTERVAL_MS,
        )

    async def fall_silent(self) -> None:
        """Say nothing."""
        self._shown += 1
        await self.device.stop_advertising()

    async def burst(self, data: bytes, *, seconds: float = BURST_S) -> None:
        """Say this for some seconds; returns at once."""
        await self.show(data)
        self.radio.start(self._end(self._shown, seconds))

    def _on_connection(self, _connection: Connection) -> None:
        self.connections += 1

    async def _end(self, shown: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if shown == self._shown:
            await self.fall_silent()

    async def pairing_mode(self) -> None:
        """There is nothing to pair: it is heard when it speaks."""

    async def power_off(self) -> None:
        """Batteries out."""
        await self.fall_silent()
        self.radio.link.remove_controller(self.controller)

    async def lose_bonds(self) -> None:
        """It never had any."""


class BTHomeDevice(Beacon):
    """Speaks BTHome v2.

    Attributes:
        packet_id: of the last message; wraps at 256.
        counter: of the last encrypted message.
        counts_repeats: each repeat of an encrypted message has a counter of its own, as the specification has it.
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        name: str,
        address: str,
        bind_key: bytes | None = None,
        trigger_based: bool = False,
        counts_repeats: bool = False,
    ) -> None:
        super().__init__(radio, name=name, address=address, service=_BTHOME)
        self.bind_key = bind_key
        self.packet_id = 0
        self.counter = 0
        self.counts_repeats = counts_repeats
        self._trigger_based = trigger_based
        self.sent: list[bytes] = []

    async def say(self, objects: bytes, *, seconds: float = BURST_S) -> bytes:
        """A new message; gives the first frame of it."""
        self.packet_id = (self.packet_id + 1) % 256
        objects = bytes([0x00, self.packet_id]) + objects
        frame = self.frame(objects)
        await self.burst(frame, seconds=seconds)
        if self.counts_repeats and self.bind_key is not None:
            self.radio.start(self._repeat(objects, self._shown, seconds))
        return frame

    def frame(self, objects: bytes) -> bytes:
        """The service data behind its UUID, under the next counter where it is encrypted."""
        information = _VERSION_2 | (_TRIGGER_BASED if self._trigger_based else 0)
        if self.bind_key is None:
            frame = bytes([information]) + objects
        else:
            information |= _ENCRYPTED
            self.counter = (self.counter + 1) % (1 << 32)
            counter = _UINT32.pack(self.counter)
            nonce = (
                bytes.fromhex(self.address.replace(":", "")) + _UINT16.pack(_BTHOME) + bytes([information]) + counter
            )
            sealed = AESCCM(self.bind_key, tag_length=4).encrypt(nonce, objects, None)
            frame = bytes([information]) + sealed[:-4] + counter + sealed[-4:]
        self.sent.append(frame)
        return frame

    async def lose_bonds(self) -> None:
        """A new battery: it counts from the beginning."""
        self.packet_id = 0
        self.counter = 0

    async def _repeat(self, objects: bytes, shown: int, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while shown == self._shown and loop.time() < until:
            await asyncio.sleep(0.3)
            if shown == self._shown:
                await self.show(self.frame(objects))
                shown = self._shown
        if shown == self._shown:
            await self.fall_silent()


class Button(BTHomeDevice):
    """A Shelly BLU Button1, worn as an alarm pendant or fixed beside the bath."""

    def __init__(
        self, radio: VirtualRadio, *, address: str, bind_key: bytes | None = None, counts_repeats: bool = False
    ) -> None:
        super().__init__(
            radio, name="SBBT-002C", address=address, bind_key=bind_key, trigger_based=True,
            counts_repeats=counts_repeats,
        )  # fmt: skip
        self.battery = 100

    async def press(self, event: int = 0x01, *, seconds: float = BURST_S) -> bytes:
        """1 to 3: so many times; 4 to 6: long; 128, and 254 of older firmware: held."""
        return await self.say(bytes([0x01, self.battery, 0x3A, event]), seconds=seconds)

    async def measure_something(self) -> None:
        """Somebody presses it."""
        await self.press()


class RoomSensor(BTHomeDevice):
    """A Shelly BLU H&T: temperature and humidity of a room."""

    def __init__(self, radio: VirtualRadio, *, address: str, bind_key: bytes | None = None) -> None:
        super().__init__(radio, name="SBHT-003C", address=address, bind_key=bind_key)

    async def measure(self, *, celsius: float, humidity: int, seconds: float = BURST_S) -> bytes:
        """A message with the battery beside both."""
        tenths = round(celsius * 10).to_bytes(2, "little", signed=True)
        return await self.say(b"\x01\x64\x2e" + bytes([humidity]) + b"\x45" + tenths, seconds=seconds)

    async def measure_something(self) -> None:
        """The room is as rooms are."""
        await self.measure(celsius=round(self.chance.uniform(19, 24), 1), humidity=self.chance.randint(30, 55))


class MiScale(Beacon):
    """A Mi Body Composition Scale, or with `version` 1 a Mi Smart Scale without electrodes.

    Args:
        clock: None is one that nobody has set: it says 1970.
    """

    def __init__(
        self, radio: VirtualRadio, *, address: str, clock: DeviceClock | None = None, version: int = 2
    ) -> None:
        name, service = ("MIBFS", _BODY_COMPOSITION) if version == 2 else ("MI SCALE", _WEIGHT_SCALE)
        super().__init__(radio, name=name, address=address, service=service)
        self._clock = clock
        self._version = version

    async def weigh(self, kilograms: float, *, ohm: int | None = None, step_s: float = 2.0) -> None:
        """Somebody steps on, stands until it is stable (and barefoot for the impedance), and steps off."""
        await self.show(self.frame(kilograms + 1.5, stable=False))
        await asyncio.sleep(step_s)
        when = self._stamp()
        await self.show(self.frame(kilograms, stable=True, stamp=when))
        await asyncio.sleep(step_s)
        if ohm is not None and self._version == 2:
            await self.show(self.frame(kilograms, stable=True, ohm=ohm, stamp=when))
            await asyncio.sleep(step_s)
        await self.show(self.frame(kilograms, stable=True, ohm=ohm, removed=True, stamp=when))
        await asyncio.sleep(step_s)
        await self.fall_silent()

    def frame(
        self,
        kilograms: float,
        *,
        stable: bool,
        removed: bool = False,
        ohm: int | None = None,
        stamp: bytes | None = None,
    ) -> bytes:
        """The service data behind its UUID."""
        flags = (0x20 if stable else 0) | (0x80 if removed else 0)
        weight = _UINT16.pack(round(kilograms * 200))
        stamp = stamp or self._stamp()
        if self._version == 1:
            return bytes([flags | 0x02]) + weight + stamp
        measured = 0x02 if ohm is not None else 0
        return bytes([0x02, flags | measured | 0x04]) + stamp + _UINT16.pack(ohm or 0) + weight

    async def measure_something(self) -> None:
        """Somebody steps on it, barefoot."""
        await self.weigh(round(self.chance.uniform(55, 95), 1), ohm=self.chance.randint(400, 600))

    def _stamp(self) -> bytes:
        if self._clock is None:
            return _TIME.pack(1970, 1, 1, 0, 0, 30)
        now = self._clock.now()
        return _TIME.pack(now.year, now.month, now.day, now.hour, now.minute, now.second)
