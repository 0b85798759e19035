"""What happens in the simulated home: who measures when, and who falls."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from device_drivers.virtual.and_medical import BloodPressureCuff, RecordingDevice, Scale
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.motion import Person
from device_drivers.virtual.polar_h10 import HeartRateStrap, MotionSource
from device_drivers.virtual.radar.twin import RadarTwin
from device_drivers.virtual.radio import VirtualRadio
from device_drivers.virtual.recorder import MEMORY

MEASURE_AFTER_S: Final = 3.0
WEIGH_AFTER_S: Final = 13.0
MEASURE_EVERY_S: Final = 240.0
FALL_AFTER_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.1
_FAILED_PRESSURE: Final = b"\xff\x07"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When things happen, in s from the start; `fall_after_s` from the first acceleration. None: never.

    `clock_error_s`: how far the devices' clocks are ahead; None: each a little wrong in its own way.
    """

    measure_after_s: float | None = MEASURE_AFTER_S
    weigh_after_s: float | None = WEIGH_AFTER_S
    measure_every_s: float | None = MEASURE_EVERY_S
    fall_after_s: float | None = FALL_AFTER_S
    clock_error_s: float | None = None


class HomeScene:
    """A cuff and a scale that a technician has just put into pairing mode, and a strap that is worn.

    Args:
        now: the home's local time, naive; the devices' clocks are each a little wrong about it.
        records: frames that the cuff has stored already.
        motion: what moves the strap; None for a made-up person who falls as planned.
    """

    def __init__(
        self,
        radio: VirtualRadio,
        *,
        seed: int,
        now: datetime,
        plan: Plan,
        records: Iterable[bytes] = (),
        motion: MotionSource | None = None,
        scale_has_clock: bool = True,
    ) -> None:
        self._rng = random.Random(seed)  # noqa: S311  # made-up measurements
        self._plan = plan
        self.person = Person(seed=seed, fall_after_s=plan.fall_after_s)
        stored = list(records)
        self.cuff = BloodPressureCuff(
            radio, clock=self._clock(now), battery=66, records=stored, memory=max(MEMORY, len(stored))
        )
        self.scale = Scale(radio, clock=self._clock(now) if scale_has_clock else None)
        self.strap = HeartRateStrap(radio, motion=motion or self.person, heart_rate=self._rng.randint(62, 84))
        self._weight_kg = self._rng.uniform(58.0, 92.0)

    def _clock(self, now: datetime) -> DeviceClock:
        error = self._plan.clock_error_s
        return DeviceClock(now + timedelta(seconds=self._rng.uniform(-300, 300) if error is None else error))

    async def run(
        self,
        *,
        devices: frozenset[str] = frozenset({"cuff", "scale", "strap"}),
        radar: RadarTwin | None = None,
    ) -> None:
        """Until cancelled. `devices` are those that have batteries; `radar` sees the same person."""
        async with asyncio.TaskGroup() as group:
            if radar is not None:
                group.create_task(self._seen_by(radar))
            if "cuff" in devices:
                await self.cuff.power_on()
                await self.cuff.pairing_mode()
                group.create_task(self._pressure())
            if "scale" in devices:
                await self.scale.power_on()
                await self.scale.pairing_mode()
                group.create_task(self._weight())
            if "strap" in devices:
                await self.strap.power_on()
                await self.strap.wear()
                group.create_task(self._pulse())

    async def measure(self) -> bytes:
        """A plausible blood pressure, never the same twice in a row."""
        systolic = self._rng.randint(112, 152)
        return await self.cuff.measure(
            systolic=systolic,
            diastolic=systolic - self._rng.randint(38, 62),
            pulse=self._rng.randint(58, 88),
        )

    async def weigh(self) -> bytes:
        """About what it was last time."""
        self._weight_kg += self._rng.uniform(-0.4, 0.4)
        return await self.scale.weigh(self._weight_kg)

    async def _seen_by(self, radar: RadarTwin) -> None:
        """Whoever wears the strap falls in front of the module, and gets up there."""
        lies = False
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self.person.fallen != lies:
                lies = self.person.fallen
                radar.act("fall" if lies else "get-up")

    async def _pressure(self) -> None:
        if self._plan.measure_after_s is None:
            return
        await _paired_after(self.cuff, self._plan.measure_after_s)
        await self.measure()
        while self._plan.measure_every_s is not None:
            await asyncio.sleep(self._plan.measure_every_s)
            await self.measure()

    async def _weight(self) -> None:
        if self._plan.weigh_after_s is not None:
            await _paired_after(self.scale, self._plan.weigh_after_s)
            await self.weigh()

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(5.0)
            self.strap.heart_rate = min(110, max(55, self.strap.heart_rate + self._rng.randint(-2, 2)))


def repeat_first_success(frames: list[bytes]) -> list[bytes]:
    """The first blood pressure that has a number, twice: as a cuff whose confirmation was lost sends it."""
    for index, frame in enumerate(frames):
        if frame[1:3] != _FAILED_PRESSURE:
            return [*frames[: index + 1], frame, *frames[index + 1 :]]
    return frames


async def _paired_after(device: RecordingDevice, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await device.pairing_finished.wait()
