"""24 hours of a block of flats: phones with random addresses walk by, and our own devices are used now and then.

A process of its own, so that its memory is its own: `python -m tests.reliability.radio_day FOLDER` prints one JSON line
an hour: resident bytes, open descriptors, what is remembered. The passers-by are injected as HCI reports into the real
host; our devices are virtual ones with a stack of their own.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import resource
import sys
from pathlib import Path

import numpy as np
import structlog
from bumble import hci

from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.polar_h10 import ArraySource, HeartRateStrap
from tests.reliability.home import ZONE
from tests.reliability.radio_home import RadioHome, radio_home
from tests.virtual_time import run_virtual

HOURS = 24
ADDRESSES_AN_HOUR = 500
ADVERTS_EACH = 3
Report = hci.HCI_LE_Advertising_Report_Event.Report


def content(chance: random.Random) -> bytes:
    """What passers-by say: mostly phones; some earphones, watches, a neighbour's sensors, pendants and straps."""
    kind = chance.random()
    if kind < 0.6:
        return bytes.fromhex("02011a0bff4c001006") + chance.randbytes(6)
    if kind < 0.7:
        return bytes.fromhex("0201060303f1fe")
    if kind < 0.8:
        name = f"Buds {chance.randrange(10_000)}".encode()
        return bytes((len(name) + 1, 9)) + name
    if kind < 0.85:
        return bytes.fromhex("020106")
    if kind < 0.9:  # a thermometer of the neighbours'
        return bytes.fromhex("0201060a16d2fc4002") + chance.randbytes(2) + bytes.fromhex("03bf13")
    if kind < 0.95:
        name = f"Polar H10 {chance.randrange(16**8):08X}".encode()
        return bytes.fromhex("02010603030d18") + bytes((len(name) + 1, 9)) + name
    return bytes.fromhex("0201060303101807094375666620") + chance.randbytes(1)


def passer_by(chance: random.Random) -> hci.Address:
    """Resolvable, non-resolvable or static: the two top bits say which."""
    address = bytearray(chance.randbytes(6))
    address[5] = address[5] & 0x3F | chance.choice((0x40, 0x40, 0x40, 0x00, 0xC0))
    return hci.Address(bytes(address), hci.Address.RANDOM_DEVICE_ADDRESS)


async def street(house: RadioHome, chance: random.Random) -> None:
    """One hour of passers-by."""
    event = hci.HCI_LE_Advertising_Report_Event
    for _ in range(ADDRESSES_AN_HOUR):
        address, data, rssi = passer_by(chance), content(chance), chance.randint(-95, -50)
        for _ in range(ADVERTS_EACH):
            for kind, said in ((event.EventType.ADV_IND, data), (event.EventType.SCAN_RSP, b"")):
                report = Report(
                    event_type=kind, address_type=address.address_type, address=address, data=said, rssi=rssi
                )
                house.dongle.controller.send_hci_packet(event([report]))
            await asyncio.sleep(3600 / ADDRESSES_AN_HOUR / ADVERTS_EACH)


def used() -> dict[str, int]:
    """By this process, now; one of the descriptors is this look itself."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return {"rss": pages * resource.getpagesize(), "descriptors": len(list(Path("/proc/self/fd").iterdir()))}


async def use(house: RadioHome, cuff: BloodPressureCuff, strap: HeartRateStrap, hour: int) -> None:
    """A measurement; and the strap is worn for two minutes."""
    await cuff.measure(systolic=120 + hour, diastolic=80, pulse=60)
    if hour % 3 == 0:
        await strap.wear()
        await asyncio.sleep(120)
        house.air.link.walk_away(strap.controller)
        await asyncio.sleep(5)
        await strap.fall_silent()
        house.air.link.come_back(strap.controller)


async def main(folder: Path) -> None:
    chance = random.Random(10)
    async with radio_home(folder) as house, asyncio.TaskGroup() as group:
        local = house.clock.wall().astimezone(ZONE).replace(tzinfo=None)
        cuff = BloodPressureCuff(house.air, clock=DeviceClock(local))
        strap = HeartRateStrap(house.air, motion=ArraySource(np.zeros((100, 3))))
        radio = house.start(group)
        intake = group.create_task(house.intake.run())
        for device in (cuff, strap):
            await house.adopt(device)
            await device.power_on()
        await cuff.pairing_mode()
        await house.until(cuff.pairing_finished.is_set, within=60)
        for hour in range(HOURS):
            async with asyncio.TaskGroup() as doings:
                doings.create_task(street(house, chance))
                doings.create_task(use(house, cuff, strap, hour))
            gc.collect()
            line = {
                "hour": hour + 1,
                **used(),
                "seen": len(radio.seen()),
                "broadcasters": len(radio._broadcasts._devices),
                "confirmed": len(cuff.confirmed),
                "strap": strap.connections,
            }
            print(json.dumps(line), flush=True)
        intake.cancel()
        await house.stop()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    run_virtual(lambda: main(Path(sys.argv[1])))
