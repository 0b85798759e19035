"""Virtual scales with users, and what came of their weighings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device_drivers.virtual.beurer_scale import PLACES, UserScale
from device_drivers.virtual.device_clock import DeviceClock
from gateway.store.readings import Readings
from tests.gateway.pairing.home import Gateway, Household


async def full_scale(household: Household, model: str = "BF720") -> UserScale:
    """Every place is taken; the code of user N is 1000 + N."""
    scale = UserScale(household.air, clock=DeviceClock(household.local_now()), model=model)
    await scale.power_on()
    for place in range(1, PLACES + 1):
        scale.enrol(1000 + place)
    return scale


def codes_of(memory: Mapping[str, str]) -> Mapping[str, str]:
    return {word: value for word, value in memory.items() if value}


async def weights(gateway: Gateway) -> list[tuple[int, str | None]]:
    rows = [row for row in await Readings(gateway.database).after(0, limit=100) if row.kind == "weight"]
    return [(round(row.values["weight"]), row.subject.id if row.subject else None) for row in rows]


async def new_scale(household: Household, **more: Any) -> UserScale:
    """Nobody is a user of it."""
    scale = UserScale(household.air, clock=DeviceClock(household.local_now()), **more)
    await scale.power_on()
    return scale
