"""Presence as readings: when it changes, and now and then; never from a module that is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np

from device_drivers.nomenclature import Quantity
from device_drivers.radar_frame import RadarFrame, Targets
from gateway.core.errors import StoreError
from gateway.core.health import HealthBoard
from gateway.ingest.received import Received
from gateway.radar.modules import Module, Mounting
from gateway.radar.presence import AGAIN_S, RadarPresence
from tests.virtual_time import VirtualClock, run_virtual

MODULE = Module(
    identity="port:a", port="/dev/a", room="bathroom", height_m=2.3, mounting=Mounting.CEILING
)  # fmt: skip
Frame = Callable[[int], RadarFrame | None]


def somebody(count: int = 1) -> RadarFrame:
    none = np.full((count, 3), np.nan, np.float32)
    return RadarFrame(
        targets=Targets(
            ids=np.arange(count, dtype=np.int32), positions=np.zeros((count, 3), np.float32), velocities=none,
            heights=none[:, :2], confidences=none[:, 0],
        )
    )  # fmt: skip


def readings(frame_of: Frame, seconds: int, failures: int = 0) -> list[tuple[int, float]]:
    """Each second's frame in; (second, presence) out."""

    async def main() -> list[tuple[int, float]]:
        clock, found, left = VirtualClock(), [], failures
        begin = clock.monotonic()

        async def store(received: Received) -> None:
            nonlocal left
            if left:
                left -= 1
                raise StoreError("full")
            (value,) = received.reading.values.values()
            assert list(received.reading.values) == [Quantity.PRESENCE_DETECTED]
            found.append((round(clock.monotonic() - begin), value))

        presence = RadarPresence(store, clock=clock, health=HealthBoard())
        async with asyncio.TaskGroup() as group:
            task = group.create_task(presence.run())
            for second in range(seconds):
                frame = frame_of(second)
                if frame is not None:
                    presence.feed(MODULE, frame, clock.monotonic())
                await asyncio.sleep(1.0)
            task.cancel()
        return found

    found: Any = run_virtual(main)
    return list(found)


def test_a_change_is_one_reading() -> None:
    found = readings(lambda s: RadarFrame(present=20 <= s < 60), 120)
    assert [value for _, value in found] == [0.0, 1.0, 0.0]
    assert 20 <= found[1][0] <= 22
    assert 60 + 14 <= found[2][0] <= 60 + 17  # who sits still is lost for some seconds


def test_targets_tell_it_too() -> None:
    assert [value for _, value in readings(lambda s: somebody() if s < 10 else somebody(0), 60)] == [1.0, 0.0]


def test_it_is_said_again_so_that_an_outage_is_not_stillness() -> None:
    found = readings(lambda _s: RadarFrame(present=True), int(2 * AGAIN_S) + 10)
    assert [value for _, value in found] == [1.0, 1.0, 1.0]


def test_a_module_that_falls_silent_says_nothing_of_presence() -> None:
    assert [value for _, value in readings(lambda s: RadarFrame(present=True) if s < 30 else None, 200)] == [1.0]
    assert [value for _, value in readings(lambda s: somebody() if s < 30 else None, 200)] == [1.0]
    assert readings(lambda s: None, 100) == []


def test_a_module_that_says_once_that_nobody_is_there_is_believed() -> None:
    said = {0: RadarFrame(present=True), 10: RadarFrame(present=False)}
    assert [value for _, value in readings(said.get, 60)] == [1.0, 0.0]


def test_heard_again_it_is_said_again() -> None:
    found = readings(lambda s: RadarFrame(present=True) if s < 5 or s > 100 else None, 130)
    assert [value for second, value in found if second > 100] == [1.0]


def test_what_the_store_did_not_take_is_said_when_it_does() -> None:
    found = readings(lambda _s: RadarFrame(present=True), 30, failures=5)
    assert [value for _, value in found] == [1.0]
