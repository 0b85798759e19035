"""The Bumble host on a virtual dongle, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from bumble.transport.common import Transport

from device_drivers.virtual.radio import InProcessTransport, VirtualRadio
from gateway.radio.bumble.host import BumbleHost
from tests.radio_scenarios.bench import Bench

AWAY_S: Final = 1.0


class BumbleBench(Bench):
    """Its stack dies, and its adapter is switched off, by the same thing: the dongle is pulled out for a moment."""

    def __init__(self, air: VirtualRadio, keys: Path) -> None:
        super().__init__(air)
        self._keys = keys
        self._hci: list[bytes] = []
        self._dongle = air.dongle(observer=lambda packet, _from_host: self._hci.append(packet))
        self._transports: list[InProcessTransport] = []
        self._in = asyncio.Event()
        self._in.set()

    def host(self) -> BumbleHost:
        return BumbleHost(self._open, keys=self._keys, clock=self.clock, simulated=True)

    async def kill_stack(self) -> None:
        await self.power_cycle()

    async def power_cycle(self) -> None:
        self._in.clear()
        while self._transports:
            self._transports.pop().pull()
        await asyncio.sleep(AWAY_S)
        self._in.set()

    def pairing_pdus(self) -> int:
        return sum(packet[0] == 2 and packet[7:9] == b"\x06\x00" for packet in self._hci)

    async def _open(self) -> Transport:
        if not self._in.is_set():
            raise OSError(19, "No such device")
        transport = InProcessTransport(self._dongle)
        self._transports.append(transport)
        return transport
