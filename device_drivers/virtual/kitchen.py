"""The kitchen table after a round of shopping: twenty devices in pairing mode, each calling ten times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from device_drivers.virtual.catalogue import STRANGERS, TWINS, Twin, TwinMaker
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.radio import VirtualRadio

_ADDRESS: Final = "C4:64:E3:4B:00:{:02X}"
_CLOCKS_LATE_S: Final = 90.0
_BETWEEN_S: Final = 3600.0

# One of each way to pair and to measure; by the word that commands use.
TABLE: Final[Mapping[str, TwinMaker]] = MappingProxyType(
    {
        "ua-651ble": TWINS["a-and-d/ua-651ble"],
        "ua-656ble": TWINS["a-and-d/ua-656ble"],
        "uc-352ble": TWINS["a-and-d/uc-352ble"],
        "bm57": TWINS["beurer/bm57"],
        "bm85": TWINS["beurer/bm85"],
        "elite900": TWINS["beurer/elite900"],
        "bf720": TWINS["beurer/bf720"],
        "bf600": TWINS["beurer/bf600"],
        "bp5250": TWINS["omron/bp5250"],
        "evolv": TWINS["omron/evolv"],
        "hem-7142t2": TWINS["omron/hem-7142t2"],
        "3230": TWINS["nonin/3230"],
        "accu-chek-guide": TWINS["roche/accu-chek-guide"],
        "glucose-meter": TWINS["generic/glucose-meter"],
        "thermometer": TWINS["generic/sig"],
        "oximeter": STRANGERS["oximeter"],
        "h10": TWINS["polar/h10"],
        "verity-sense": TWINS["polar/verity-sense"],
        "oh1": TWINS["polar/oh1"],
        "movesense": TWINS["movesense/sensor"],
    }
)


class KitchenScene:
    """The devices of the table. Each measures once it has been connected to, and when it is told to.

    Args:
        now: the home's local time, naive; the devices' clocks are a little late.
        words: which of the table are there.
        stored: how many measurements each of them that keeps any has in its memory already, one an hour till now.
    """

    def __init__(
        self, radio: VirtualRadio, *, now: datetime, words: Collection[str] = tuple(TABLE), stored: int = 0
    ) -> None:
        late = now - timedelta(seconds=_CLOCKS_LATE_S)
        self.devices: Mapping[str, Twin] = MappingProxyType(
            {word: maker(radio, address=address_of(word), now=late) for word, maker in TABLE.items() if word in words}
        )
        self._stored = stored

    async def run(self, *, measure_after_s: float | None) -> None:
        """Until cancelled. Each measures `measure_after_s` after its first connection; None: only when told to."""
        async with asyncio.TaskGroup() as group:
            for device in self.devices.values():
                await device.power_on()
                await _fill(device, self._stored)
                await device.pairing_mode()
                if measure_after_s is not None:
                    group.create_task(_measure_after(device, measure_after_s))


def address_of(word: str) -> str:
    """Where a device of the table is: the same in every kitchen."""
    return _ADDRESS.format(1 + list(TABLE).index(word))


async def _fill(device: Twin, stored: int) -> None:
    clock = getattr(device, "clock", None)
    for before in range(stored, 0, -1):
        if isinstance(clock, DeviceClock):
            clock.lag(before * _BETWEEN_S)
        await device.measure_something()
        if isinstance(clock, DeviceClock):
            clock.lag(-before * _BETWEEN_S)


async def _measure_after(device: Twin, seconds: float) -> None:
    while not device.connections:  # noqa: ASYNC110  # of a device that tells nobody when it was connected to
        await asyncio.sleep(0.1)
    await asyncio.sleep(seconds)
    await device.measure_something()
