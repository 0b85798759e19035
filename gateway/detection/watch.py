"""The tick that never stops: falls from detection to the alert desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.core.clock import Clock
from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk.findings import fall_report
from gateway.desk.service import Desk
from gateway.detection.service import Detection, DeviceDetected
from gateway.store.registry import Registry

# A packet of up to 1.5 s, the decision 2.5 s after the impact and this tick leave half a second of the five that are
# promised.
TICK_S: Final = 0.5
PART: Final = "falls"


class FallWatch:
    """Looks every half second and reports each fall until the desk has committed it."""

    def __init__(
        self,
        *,
        detection: Detection,
        desk: Desk,
        registry: Registry,
        clock: Clock,
        health: HealthBoard,
        origin: Origin,
    ) -> None:
        self._detection = detection
        self._desk = desk
        self._registry = registry
        self._clock = clock
        self._health = health
        self._origin = origin
        # Falls the store could not take yet: the first of each device, so bounded by the places of detection. The
        # desk would join a later one of the same person to the same open alert.
        self._waiting: dict[str, DeviceDetected] = {}

    async def run(self) -> None:
        """Until cancelled. What was found and not committed outlives a failure of this part."""
        while True:
            for found in self._detection.tick(self._clock.monotonic()):
                self._waiting.setdefault(found.device.identity, found)
            try:
                for identity, found in list(self._waiting.items()):
                    await self._report(found)
                    del self._waiting[identity]
            except (StoreError, Conflict) as error:
                self._health.report(PART, Colour.RED, f"A fall was noticed and cannot be stored: {error}")
            else:
                self._health.report(PART, *self._state())
            await self._clock.sleep(TICK_S)

    async def _report(self, found: DeviceDetected) -> None:
        detected, identity = found.detected, found.device.identity
        at = self._clock.wall() - timedelta(seconds=max(0.0, self._clock.monotonic() - detected.impact_at))
        subject = await self._registry.who_has(identity)
        assignments = await self._registry.assigned(identity)
        await self._desk.report(
            fall_report(
                # Nobody's strap: somebody in this home fell, and a nurse must know before it is known who.
                subject=subject or Subject(type=SubjectType.HOME, id=self._origin.home_id),
                probability=detected.finding.probability,
                at=at,
                placement=assignments[0].placement if assignments else None,
                device_identity=identity,
                rate_hz=detected.rate_hz,
                samples=detected.evidence,
                impact_offset_s=detected.impact_index / detected.rate_hz,
            )
        )

    def _state(self) -> tuple[Colour, str]:
        streams = self._detection.streams
        if streams.refused:
            return Colour.AMBER, (
                f"{streams.refused} packets of motion could not be used: no place or a rate outside 20–416 Hz."
            )
        return Colour.GREEN, f"Watching {len(streams.streams)} wearables."
