"""Falls that radar modules see: each half second from what they said to the alert desk, until it is committed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from analytics.findings import FALL, Seen
from analytics.radar.falls import RadarFalls
from analytics.radar.flags import FlagFalls
from analytics.radar.tracks import RATE_HZ
from device_drivers.radar_frame import RadarFrame
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk.events import Alert
from gateway.desk.findings import radar_fall_report, radar_no_recovery_report
from gateway.desk.service import Desk
from gateway.radar.modules import Module
from gateway.radar.seen import PLACES, Lately
from gateway.store.registry import Registry

PART: Final = "radar-falls"
TICK_S: Final = 0.5
_LOST_S: Final = 3600.0  # how long lost frames are shown
_INSTALLED_S: Final = 1.0  # how often is looked what hangs where
_WAITING_MOST: Final = 64  # findings that the store could not take yet


class Hung(Protocol):
    """What hangs where."""

    async def all(self) -> list[Module]:
        """Every module that is watched. Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Something to be told of."""

    module: Module
    kind: str
    at: float  # monotonic, s
    probability: float
    seen: Seen | None
    track: list[list[float | None]]


class RadarWatch:
    """One for a gateway.

    Args:
        testing: whether what this module found, of that moment (monotonic, s), is a technician's test; then it is told
            of there, and nobody is called.
    """

    def __init__(
        self,
        *,
        modules: Hung,
        desk: Desk,
        registry: Registry,
        clock: Clock,
        health: HealthBoard,
        origin: Origin,
        testing: Callable[[str, float], bool],
    ) -> None:
        self._modules = modules
        self._desk = desk
        self._registry = registry
        self._clock = clock
        self._health = health
        self._origin = origin
        self._testing = testing
        self._lately = Lately(clock.monotonic())
        self._falls = RadarFalls([()] * PLACES)
        self._flags = FlagFalls(PLACES, rate_hz=RATE_HZ)
        self._about: dict[str, Alert] = {}  # the alert of each module's last fall: at most one a module
        self._waiting: list[_Found] = []
        self._looked_at = float("-inf")

    def feed(self, module: Module, frame: RadarFrame, at: float) -> None:
        """A frame of an installed module. Never raises."""
        self._lately.feed(module, frame, at)

    async def run(self) -> None:
        """Until cancelled. What was found and not committed outlives a failure of this part."""
        while True:
            now = self._clock.monotonic()
            with suppress(StoreError):  # looked up again in a moment; what hung where goes on being watched
                await self._as_installed(now)
            self._look(now)
            try:
                while self._waiting:
                    await self._report(self._waiting[0])
                    self._waiting.pop(0)
            except (StoreError, Conflict) as error:
                self._health.report(PART, Colour.RED, f"A radar's fall cannot be stored: {error}")
            else:
                lost = self._lately.dropped if now - self._lately.dropped_at < _LOST_S else 0
                self._health.report(PART, *_watching(self._lately.modules, lost))
            await self._clock.sleep(TICK_S)

    async def _as_installed(self, now: float) -> None:
        if now - self._looked_at < _INSTALLED_S:
            return
        installed = await self._modules.all()
        self._looked_at = now
        for room in self._lately.hung(installed):  # the others go on: somebody may just have fallen there
            module = self._lately.modules[room]
            self._falls.hang(room, () if module is None else module.zones)
            self._flags.hang(room)
        kept = {one.identity for one in installed}
        self._about = {key: alert for key, alert in self._about.items() if key in kept}

    def _look(self, now: float) -> None:
        """What is new goes to those that wait."""
        block = self._lately.block(now)
        if block is None:
            return
        seen = self._falls.feed(block.ids, block.places, block.tops)
        said = self._flags.feed(block.fallen)
        for one in [*seen, *said]:
            module = self._lately.modules[one.room]
            if module is None:
                continue
            at = self._lately.moment(one.down_at if one.kind == FALL else one.raised_at)
            if one in said and one.kind == FALL:
                at = min(at, self._lately.word_at(one.room))
            if one.kind == FALL and self._testing(module.identity, at):
                self._about.pop(module.identity, None)  # what follows a test is about no alert
                continue
            track = self._lately.track(one.room, one.place, self._lately.moment(one.down_at))
            self._waiting.append(
                _Found(module=module, kind=one.kind, at=at, probability=one.probability, seen=one.seen, track=track)
            )
        del self._waiting[_WAITING_MOST:]  # the first are the falls; what repeats them is worth less

    async def _report(self, found: _Found) -> None:
        module = found.module
        known = self._about.get(module.identity)
        at = self._clock.wall() - timedelta(seconds=max(0.0, self._clock.monotonic() - found.at))
        if found.kind == FALL:
            self._about[module.identity] = await self._desk.report(
                radar_fall_report(
                    subject=await self._subject(module), probability=found.probability, at=at, room=module.room,
                    device_identity=module.identity, track=found.track, rate_hz=RATE_HZ,
                )
            )  # fmt: skip
        elif known is not None:  # a technician's test has no alert that it could follow
            await self._desk.report(
                radar_no_recovery_report(
                    subject=known.subject, seen=found.seen, probability=found.probability, at=at, room=module.room,
                    device_identity=module.identity, track=found.track, rate_hz=RATE_HZ, episode=known.id,
                )
            )  # fmt: skip

    async def _subject(self, module: Module) -> Subject:
        """A radar cannot know who fell, unless it is somebody's or only one person lives here."""
        if module.resident_id is not None:
            return Subject(type=SubjectType.RESIDENT, id=module.resident_id)
        residents = await self._registry.residents()
        if len(residents) == 1:
            return Subject(type=SubjectType.RESIDENT, id=residents[0].id)
        if not module.room:
            return Subject(type=SubjectType.HOME, id=self._origin.home_id)
        return Subject(type=SubjectType.ROOM, id=module.room)


def _watching(modules: Sequence[Module | None], dropped: int) -> tuple[Colour, str]:
    count = sum(one is not None for one in modules)
    words = f"Watching {count} room{'' if count == 1 else 's'} by radar."
    if not dropped:
        return Colour.GREEN, words
    return Colour.AMBER, (
        f"{words} {dropped} frames were lost while an alert could not be stored: look for yourself that nobody has "
        "fallen there meanwhile."
    )
