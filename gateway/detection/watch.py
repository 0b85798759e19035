"""The tick that never stops: falls, and who is not up after one, from detection to the alert desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from analytics.falls.recovery import WATCH_S
from analytics.findings import NO_RECOVERY
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.desk.events import Alert, EventType, Evidence, Priority, State
from gateway.desk.findings import FALL_CONDITION, acceleration, fall_report, no_recovery_report
from gateway.desk.machine import Report
from gateway.desk.service import Desk
from gateway.detection.detection import Detected
from gateway.detection.faults import advice
from gateway.detection.service import Detection, DeviceDetected
from gateway.ingest.received import KnownDevice
from gateway.store.registry import Registry

# A packet of up to 1.5 s, the decision 2.0 s after the impact and this tick leave a second of the five that are
# promised.
TICK_S: Final = 0.5
PART: Final = "falls"
STREAMING_S: Final = 10.0  # heard within this long: watched
SILENT_S: Final = 60.0  # a wearable silent this long is worth a look; shorter silences are the radio's
REFUSED_S: Final = 60.0  # how long a refused packet is told of
_PLACED_S: Final = 10.0  # how often is looked where each wearable is worn: it may be assigned anew
_TIDY_S: Final = 60.0  # how often the wearables nobody has are looked for
_UNEXPECTED_S: Final = 3600.0  # nobody's wearable is told of this long after it went silent
_NAMED: Final = 3  # silent wearables named in one sentence each
# A fall this long before the gateway started, which nobody has answered: its 30 s may have passed without the gateway.
# Longer ago it says little, and who has got up and been seen has been answered for.
_LOOK_BACK_S: Final = 600.0
_OPEN: Final = 1000  # alerts looked through at the start: more than a home can have
_FINDINGS: Final = frozenset({EventType.RAISED, EventType.WITNESS})
_SAID: Final = Priority.CRITICAL.rank


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
        # What the store could not take yet, in order: the first of each device and kind, so bounded by the places of
        # detection. The desk would join a later one of the same person to the same open alert.
        self._waiting: dict[tuple[str, str], DeviceDetected] = {}
        # The alert of each device's last fall: no recovery is about the same person, whoever has the device by then.
        self._about: dict[str, Alert] = {}  # of the streams that have a place, see _tidy
        self._looked_back = False
        self._placed: frozenset[str] = frozenset()  # whose placement was looked up last
        self._placed_at = clock.monotonic()
        self._faults: list[tuple[KnownDevice, str]] = []  # looked for as often
        self._faults_at = clock.monotonic()
        self._tidied_at = clock.monotonic()

    async def run(self) -> None:
        """Until cancelled. What was found and not committed outlives a failure of this part."""
        while True:
            await self._place()
            for found in self._detection.tick(self._clock.monotonic()):
                self._waiting.setdefault((found.device.identity, found.detected.finding.kind), found)
            try:
                await self._look_back()
                for key, found in list(self._waiting.items()):
                    await self._report(found)
                    del self._waiting[key]
            except (StoreError, Conflict) as error:
                self._health.report(PART, Colour.RED, f"A fall was noticed and cannot be stored: {error}")
            else:
                await self._tidy()
                self._health.report(PART, *self._state())
            await self._clock.sleep(TICK_S)

    async def _report(self, found: DeviceDetected) -> None:
        detected, identity = found.detected, found.device.identity
        since_s = max(0.0, self._clock.monotonic() - detected.impact_at)
        impact = self._clock.wall() - timedelta(seconds=since_s)
        subject = await self._registry.who_has(identity)
        assignments = await self._registry.assigned(identity)
        placement = assignments[0].placement if assignments else None
        # Nobody's strap: somebody in this home fell, and a nurse must know before it is known who.
        about = subject or Subject(type=SubjectType.HOME, id=self._origin.home_id)
        if detected.finding.kind == NO_RECOVERY:
            known = self._about.get(identity)
            at = impact + timedelta(seconds=min(since_s, WATCH_S))
            await self._desk.report(_not_up(found, about if known is None else known.subject, placement, at, known))
            return
        self._about[identity] = await self._desk.report(
            fall_report(
                subject=about,
                probability=detected.finding.probability,
                at=impact,
                placement=placement,
                device_identity=identity,
                rate_hz=detected.rate_hz,
                samples=detected.evidence,
                impact_offset_s=detected.impact_index / detected.rate_hz,
            )
        )

    async def _place(self) -> None:
        """Tell detection where every wearable is worn: at once of a new one, of all every ten seconds."""
        devices = {device.identity: device for device in self._detection.streaming()}
        new, now = devices.keys() - self._placed, self._clock.monotonic()
        if now - self._placed_at >= _PLACED_S:
            new, self._placed_at = set(devices), now
        self._placed &= devices.keys()
        for identity in sorted(new):
            try:
                assignments = await self._registry.assigned(identity)
            except StoreError:
                return  # the next tick asks again; until then a new wearable is judged as worn anywhere
            self._detection.worn(devices[identity], assignments[0].placement if assignments else None)
            self._placed |= {identity}

    async def _look_back(self) -> None:
        """Falls of shortly before this gateway started: nobody has watched whether the person got up."""
        if self._looked_back:
            return
        now = self._clock.wall()
        for alert in await self._desk.open_alerts(limit=_OPEN):
            if (alert.condition, alert.state) != (FALL_CONDITION, State.RAISED) or alert.priority.rank >= _SAID:
                continue
            found = [one.at for one in await self._desk.store.history(alert.id) if one.type in _FINDINGS]
            # A clock that was set back makes it a time to come: then too, rather once too often.
            if (now - max(found)).total_seconds() <= _LOOK_BACK_S:
                await self._desk.report(
                    no_recovery_report(
                        subject=alert.subject,
                        seen=None,
                        probability=alert.probability,
                        at=now,
                        placement=None,
                        device_identity=alert.device_identity,
                        after_s=WATCH_S,
                    )
                )
        self._looked_back = True

    async def _tidy(self) -> None:
        """Forget wearables that are silent and assigned to nobody: a strap in a drawer is no fault for ever."""
        now = self._clock.monotonic()
        if now - self._tidied_at < _TIDY_S:
            return
        self._tidied_at = now
        self._about = {key: self._about[key] for key in self._about.keys() & self._detection.streams.streams}
        for device, silent_s in self._detection.silence(now):
            if silent_s < _UNEXPECTED_S:
                continue
            try:
                expected = bool(await self._registry.assigned(device.identity))
            except StoreError:
                return  # looked for again in a minute
            if not expected:
                self._detection.forget(device)

    def _state(self) -> tuple[Colour, str]:
        now = self._clock.monotonic()
        silences = self._detection.silence(now)
        streaming = sum(silent_s <= STREAMING_S for _, silent_s in silences)
        words = [_watching(streaming)]
        silent = sorted(((s, device) for device, s in silences if s >= SILENT_S), key=lambda one: one[0])
        words += [_gone(device, silent_s) for silent_s, device in silent[:_NAMED]]
        if len(silent) > _NAMED:
            words.append(f"So have {len(silent) - _NAMED} more.")
        if now - self._faults_at >= _PLACED_S:
            self._faults, self._faults_at = self._detection.faults(), now
        speaking = {device.identity for device, silent_s in silences if silent_s <= STREAMING_S}
        faults = [(device, why) for device, why in self._faults if device.identity in speaking]
        words += [_unusable(device, why) for device, why in faults[:_NAMED]]
        refused = self._detection.streams.refused_since(now - REFUSED_S)
        if refused:
            words.append(
                f"{refused} packet{'' if refused == 1 else 's'} of motion could not be used in the last minute: "
                "no place or a rate outside 12.5–416 Hz."
            )
        return (Colour.AMBER if silent or faults or refused else Colour.GREEN), " ".join(words)


def _not_up(found: DeviceDetected, about: Subject, placement: str | None, at: datetime, fall: Alert | None) -> Report:
    detected = found.detected
    return no_recovery_report(
        subject=about,
        seen=detected.finding.seen,
        probability=detected.finding.probability,
        at=at,
        placement=placement,
        device_identity=found.device.identity,
        after_s=WATCH_S,
        evidence=(_since(detected),),
        episode=None if fall is None else fall.id,
    )


def _since(detected: Detected) -> Evidence:
    return acceleration(
        rate_hz=detected.rate_hz,
        samples=detected.evidence,
        impact_offset_s=detected.impact_index / detected.rate_hz,
        name="recovery",
        longest_s=len(detected.evidence) / detected.rate_hz,
    )


def _watching(streaming: int) -> str:
    if not streaming:
        return "No wearable is streaming: no fall can be noticed."
    return f"Watching {streaming} wearable{'' if streaming == 1 else 's'}."


def _unusable(device: KnownDevice, why: str) -> str:
    name = f"{device.vendor} {device.model} ({device.address})"
    return f"The {name} {why}: no fall can be noticed by it, {advice(why)}."


def _gone(device: KnownDevice, silent_s: float) -> str:
    return (
        f"The {device.vendor} {device.model} ({device.address}) has sent nothing for {silent_s / 60:.0f} min: "
        "is it worn, charged, in range?"
    )
