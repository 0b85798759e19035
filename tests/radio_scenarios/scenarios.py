"""What both stacks must do alike. Each scenario is given a fresh bench and raises what it finds wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from device_drivers.virtual.and_medical import BloodPressureCuff
from tests.gateway.radio.room import CUFF, successes
from tests.radio_scenarios.bench import Bench

Scenario = Callable[[Bench], Awaitable[None]]


async def paired_cuff(bench: Bench) -> BloodPressureCuff:
    """A cuff that this gateway has bonded with; the gateway is switched off again."""
    cuff = BloodPressureCuff(bench.air)
    bench.book.assign(CUFF)
    await cuff.power_on()
    await cuff.pairing_mode()
    async with bench.running():
        await bench.until(cuff.pairing_finished.is_set)
    return cuff


async def scan(bench: Bench) -> None:
    """A device that calls is named by its profile, and one that is not ours is left alone."""
    cuff = BloodPressureCuff(bench.air)
    await cuff.power_on()
    await cuff.call()
    async with bench.running() as radio:
        await bench.until(lambda: any(seen.model == "A&D UA-651BLE" for seen in radio.seen()))
        [seen] = radio.seen()
    assert (seen.address, seen.name) == (CUFF, cuff.name)
    assert cuff.connections == 0


async def just_works(bench: Bench) -> None:
    """The cuff's own pairing: bond, clock, and it takes that for done; the next call brings what it has stored."""
    cuff = await paired_cuff(bench)
    assert cuff.pairings == 1
    assert bench.heard.said("paired.")


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


SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {one.__name__.replace("_", "-"): one for one in (scan, just_works, stored_records)}
)
