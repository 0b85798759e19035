"""BlueZ in the VM: a virtual controller behind /dev/vhci is the kernel's hci0, our own host is on top."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final, Self

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from device_drivers.virtual.hci_log import HciLog
from device_drivers.virtual.radio import VirtualRadio
from gateway.radio.bluez.host import BlueZHost
from tests.bluez.vhci import Vhci
from tests.radio_scenarios.bench import Bench

ADAPTER: Final = "hci0"
BLUETOOTHD: Final = "/usr/libexec/bluetooth/bluetoothd"
STATE: Final = Path("/var/lib/bluetooth")
SETTLE_S: Final = 0.3  # before the kernel is given the next controller
LOG: Final = Path("/host/bluetoothd.log")
HCI: Final = Path("/host/hci.jsonl")


class BlueZBench(Bench):
    """Started and ended with `async with`: a bluetoothd without a past, and a fresh controller."""

    slowness = 2.0  # a session takes 4 s there, and qemu computes at a tenth of the speed

    def __init__(self, air: VirtualRadio, *, number: int) -> None:
        """`number` differs from that of every other bench of the process."""
        super().__init__(air)
        self._number = number
        self._hci: list[bytes] = []
        self._file = HCI.open("a", encoding="utf-8")
        self._log = HciLog(self._file)
        self._dongle = air.dongle(observer=self._crossed)
        self._daemon: subprocess.Popen[bytes] | None = None
        self._vhci: Vhci | None = None

    async def __aenter__(self) -> Self:
        shutil.rmtree(STATE)
        STATE.mkdir()
        self._start_daemon()
        self._vhci = Vhci(self._dongle, number=self._number)
        await self.until(Path("/sys/class/bluetooth", ADAPTER).exists)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stop_daemon(signal.SIGTERM)
        if self._vhci is not None:
            self._vhci.close()
        await self.until(lambda: not Path("/sys/class/bluetooth", ADAPTER).exists())
        await asyncio.sleep(SETTLE_S)
        self._file.close()

    def host(self) -> BlueZHost:
        return BlueZHost(ADAPTER, clock=self.clock)

    async def kill_stack(self) -> None:
        await self._stop_daemon(signal.SIGKILL)
        await asyncio.sleep(1.0)
        self._start_daemon()

    async def power_cycle(self) -> None:
        await self._switch_off()  # the gateway switches it on again by itself

    def pairing_pdus(self) -> int:
        return sum(packet[0] == 2 and packet[7:9] == b"\x06\x00" for packet in self._hci)

    def _crossed(self, packet: bytes, from_host: bool) -> None:
        self._hci.append(packet)
        self._log(packet, from_host)

    async def _switch_off(self) -> None:
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        try:
            reply = await bus.call(
                Message(
                    destination="org.bluez",
                    path=f"/org/bluez/{ADAPTER}",
                    interface="org.freedesktop.DBus.Properties",
                    member="Set",
                    signature="ssv",
                    body=["org.bluez.Adapter1", "Powered", Variant("b", False)],
                )
            )
            assert reply.message_type is MessageType.METHOD_RETURN, reply.error_name
        finally:
            bus.disconnect()

    def _start_daemon(self) -> None:
        with LOG.open("ab") as log:
            self._daemon = subprocess.Popen([BLUETOOTHD, "-n", "-d"], stdout=log, stderr=log)

    async def _stop_daemon(self, how: signal.Signals) -> None:
        """The controller must be able to answer meanwhile: the kernel asks it for things."""
        daemon = self._daemon
        if daemon is not None:
            daemon.send_signal(how)
            await self.until(lambda: daemon.poll() is not None)
