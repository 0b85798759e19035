"""A controller for the kernel: /dev/vhci and a dongle of the virtual radio, joined. Each read is one H4 packet."""

from __future__ import annotations

import asyncio
import fcntl
import os
from typing import Final

from device_drivers.virtual.radio import Dongle

VENDOR, PRIMARY = 0xFF, 0x00
# A number of its own for each controller, far above what anything else here gets. With Bumble's vhci transport, whose
# descriptors take the next free number, a controller went deaf or away twice in 56 starts, as if something that was
# closed earlier had cleaned up by number.
FIRST_DESCRIPTOR: Final = 200


class Vhci:
    """The adapter is there until `close`. Also the sink that the dongle sends to."""

    def __init__(self, dongle: Dongle, *, number: int) -> None:
        low = os.open("/dev/vhci", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._descriptor = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR + number)
        finally:
            os.close(low)
        self._dongle = dongle
        self._loop = asyncio.get_running_loop()
        dongle.plug(self)
        self._loop.add_reader(self._descriptor, self._readable)
        os.write(self._descriptor, bytes([VENDOR, PRIMARY]))

    def on_packet(self, packet: bytes) -> None:
        """To the kernel."""
        os.write(self._descriptor, packet)

    def close(self) -> None:
        """Unplug it."""
        self._loop.remove_reader(self._descriptor)
        self._dongle.unplug(self)
        os.close(self._descriptor)

    def _readable(self) -> None:
        try:
            packet = os.read(self._descriptor, 4096)
        except BlockingIOError:
            return
        if packet and packet[0] != VENDOR:
            self._dongle.from_host(packet)
