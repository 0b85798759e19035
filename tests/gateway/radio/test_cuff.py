"""The A&D cuff through the whole radio."""

from __future__ import annotations

from datetime import datetime

from device_drivers.nomenclature import Quantity
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock

CUFF = "5C:31:3E:5D:3F:1A"


async def test_pairs_then_a_measurement_arrives(home):
    async with home(CUFF) as room:
        cuff = BloodPressureCuff(room.air, clock=DeviceClock(datetime(2026, 3, 1, 9, 58, 0)))
        await cuff.power_on()
        await cuff.pairing_mode()
        async with room.running():
            await room.heard.until(lambda: room.heard.said("paired"))
            assert not cuff.accepts_pairing
            frame = await cuff.measure(systolic=128, diastolic=82, pulse=71)
            await room.heard.until(lambda: room.heard.readings)
    received = room.heard.readings[0]
    assert received.reading.raw == frame
    assert received.reading.values[Quantity.SYSTOLIC] == 128
    assert received.device.identity == "serial:A&D:5160100734"
    assert received.device.profile_id == "a-and-d/ua-651ble"
    assert cuff.confirmed == [frame]
