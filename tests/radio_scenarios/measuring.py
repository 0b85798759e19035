"""What a gateway does every day."""

from __future__ import annotations

from device_drivers.virtual.and_medical import BloodPressureCuff
from tests.gateway.radio.room import CUFF, successes
from tests.radio_scenarios.bench import Bench
from tests.radio_scenarios.pairing import paired_cuff


async def scan(bench: Bench) -> None:
    """A device that calls (not discoverable: it calls whom it knows) is named by its profile, and left alone."""
    cuff = BloodPressureCuff(bench.air)
    await cuff.power_on()
    await cuff.call()
    async with bench.running() as radio:
        await bench.until(lambda: any(seen.model == "A&D UA-651BLE" for seen in radio.seen()))
        [seen] = radio.seen()
    assert (seen.address, seen.name) == (CUFF, cuff.name)
    assert cuff.connections == 0


async def stored_records(bench: Bench) -> None:
    """Everything the cuff has kept arrives by indication, each confirmed, in order."""
    cuff = await paired_cuff(bench)
    frames = successes(20)
    cuff.records.extend(frames)
    await cuff.call()
    async with bench.running():
        await bench.until(lambda: len(bench.heard.readings) == len(frames))
        await bench.until(lambda: len(cuff.confirmed) == len(frames))
    assert bench.heard.frames() == frames
    assert cuff.confirmed == frames


async def bonded_reconnect(bench: Bench) -> None:
    """The bond is used again, by this gateway and by the one that is started after it; nothing is paired anew."""
    cuff = await paired_cuff(bench)
    pdus = bench.pairing_pdus()
    frames = successes(3)
    async with bench.running():
        for frame in frames[:2]:
            await cuff.record(frame)
            await bench.until(lambda: not cuff.records and cuff.connection is None)
    async with bench.running():
        await cuff.record(frames[2])
        await bench.until(lambda: len(bench.heard.readings) == len(frames))
    assert bench.heard.frames() == frames
    assert cuff.pairings == 1
    assert bench.pairing_pdus() == pdus
