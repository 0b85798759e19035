"""A radio in the hands of a test: devices are heard, call, and tell what the test lets them tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from device_drivers.advertising import Call
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceInformation, Reading
from gateway.core.clock import SystemClock
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.radio.adapters.station import AdapterState
from gateway.radio.contracts import PairingWatch
from gateway.radio.host import PairingAgent
from gateway.radio.seen import Seen

CUFF, OTHER = "5C:31:3E:5D:3F:1A", "5C:31:3E:5D:3F:1B"
CUFF_PROFILE = "a-and-d/ua-651ble"


@dataclass
class HandRadio:
    """Hears `heard`; `watches` and `agents` are those of the pairings under way, by address."""

    heard: list[Seen] = field(default_factory=list)
    watches: dict[str, PairingWatch] = field(default_factory=dict)
    agents: dict[str, PairingAgent | None] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    at_once: list[str] = field(default_factory=list)
    clock: SystemClock = field(default_factory=SystemClock)

    def seen(self) -> Sequence[Seen]:
        return self.heard

    def adapters(self) -> Sequence[AdapterState]:
        return [AdapterState(name="hand", address="00:11:22:33:44:55", state="listening", links=0)]

    @asynccontextmanager
    async def pairing(
        self, address: str, *, agent: PairingAgent | None, watch: PairingWatch, profile_id: str | None = None
    ) -> AsyncIterator[None]:
        self.watches[address], self.agents[address] = watch, agent
        try:
            yield
        finally:
            del self.watches[address], self.agents[address]

    @asynccontextmanager
    async def left(self, address: str) -> AsyncIterator[None]:
        del address
        yield

    async def forget(self, address: str) -> None:
        self.forgotten.append(address)

    def try_at_once(self, address: str) -> None:
        self.at_once.append(address)

    def call(self, address: str = CUFF, *, pairing: bool | None = True, rssi: int = -60) -> None:
        """A cuff is heard."""
        self.heard.append(
            Seen(
                address=address, name="A&D_UA-651BLE_5D3F1A", model="A&D UA-651BLE", profile_id=CUFF_PROFILE, rssi=rssi,
                heard_monotonic=self.clock.monotonic(), state="heard", call=Call(pairing=pairing),
            )
        )  # fmt: skip

    async def watch(self, address: str = CUFF) -> PairingWatch:
        """Until the gateway waits for that device."""
        async with asyncio.timeout(5):
            while address not in self.watches:  # noqa: ASYNC110  # of the test's own radio
                await asyncio.sleep(0.01)
        return self.watches[address]

    def device(self, address: str = CUFF, *, model: str = "UA-651BLE") -> KnownDevice:
        return KnownDevice(
            address=address, identity=f"address:{address}", name="A&D_UA-651BLE", vendor="A&D", model="UA-651BLE",
            profile_id=CUFF_PROFILE, record_identity="device-time", adapter="00:11:22:33:44:55",
            information=DeviceInformation(model=model, firmware="1.2", battery_percent=66),
        )  # fmt: skip

    def tell_all(self, watch: PairingWatch, address: str = CUFF) -> None:
        """It connects, bonds, says who it is, and its clock is set."""
        watch.connecting()
        watch.known(self.device(address))
        watch.bonded()
        watch.clock(
            ClockMeasurement(offset_s=61.0, uncertainty_s=0.5, measured_at=self.clock.wall(), was_set=True)
        )  # fmt: skip

    def measure(self, watch: PairingWatch, address: str = CUFF, *, user_slot: int | None = None) -> None:
        """A blood pressure of it was committed."""
        reading = Reading(
            kind=Kind.BLOOD_PRESSURE, values={Quantity.SYSTOLIC: 177.0}, raw=b"", source="2a35", user_slot=user_slot
        )
        watch.reading(
            Received(
                device=self.device(address), reading=reading, clock=None, received_at=self.clock.wall(),
                received_monotonic=self.clock.monotonic(), synchronised=True,
            )
        )  # fmt: skip
