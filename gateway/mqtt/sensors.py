"""The sensors behind one broker: from what they tell to readings of somebody's home, and what a technician sees."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Final, Protocol

import structlog

from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.payloads.mapping import SOURCE, Told, states_of
from device_drivers.readings import DeviceInformation, Missing, Reading
from firmware_profiles import Profile
from gateway.core.clock import Clock
from gateway.ingest.received import KnownDevice, Received
from gateway.ingest.thinning import Thinning
from gateway.mqtt.contracts import Arrived
from gateway.mqtt.moments import Moment, Moments
from gateway.mqtt.status import Status, Trouble
from gateway.radar.contracts import RadarFeed
from gateway.radio.contracts import Severity

SENSORS_LIMIT: Final = 256  # of one broker; beyond it the longest silent that are nobody's are forgotten
OFFLINE_FLAG: Final = "offline"
_KEPT_OF_BAD: Final = 4096  # bytes of a payload that nobody could read: enough to see what it is

log = structlog.get_logger(__name__)


class Owners(Protocol):
    """Whose the sensors are (`gateway.store.registry.Registry`)."""

    def assigned(self, device: str) -> Awaitable[Sequence[object]]:
        """Open assignments of a device, by identity. Raises StoreError."""
        ...

    def on_assignment(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have `listener` called after each that was made or ended. Returns what ends that."""
        ...


class Sink(Protocol):
    """Where what is no reading goes (`gateway.ingest.intake.Intake`)."""

    def undecodable(self, device: KnownDevice, source: str, frame: bytes, error: DecodeError) -> None:
        """A payload that cannot be read: counted, kept raw."""
        ...

    def device_state(self, address: str, words: str, severity: Severity) -> None:
        """What happened with a device, as a sentence."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Which sensor it is: what no renaming changes, what people call it, and by which profile it is read."""

    identity: str
    name: str
    vendor: str
    model: str
    profile: Profile

    def __str__(self) -> str:
        """For sentences; without the name, in which there may be a person's."""
        return f"{self.vendor} {self.model} ({self.identity})"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSensor:
    """One line of the list for people (`api.http.services.Heard`)."""

    address: str
    identity: str
    name: str | None
    model: str
    profile_id: str | None
    heard_monotonic: float
    state: str
    last_state: str | None
    last_useful_monotonic: float | None
    rssi: int | None = None


@dataclass(slots=True, kw_only=True)
class _Sensor:
    who: Who
    moments: Moments = field(default_factory=Moments)
    ours: bool = False
    asked_in: int = -1
    stamped: bool = False
    offline: bool = False
    battery: int | None = None
    heard: float = 0.0
    useful: float | None = None
    last: dict[Quantity, float] = field(default_factory=dict)
    told_of: bool = False


class Sensors:
    """All of one broker. Bounded; nothing that is published makes it raise anything but StoreError.

    Attributes:
        counts: what was not taken, by why: "repeated", "known" (retained), "unassigned", "undecodable", "strange",
            "future", "unordered", "no-moment", and those of the sources.
    """

    def __init__(
        self,
        name: str,
        *,
        owners: Owners,
        sink: Sink,
        radar: RadarFeed,
        status: Status,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._name = name
        self._owners = owners
        self._sink = sink
        self._radar = radar
        self._status = status
        self._clock = clock
        self._zone = zone
        self._sensors: OrderedDict[str, _Sensor] = OrderedDict()
        self._thinning = Thinning()
        self._generation = 0
        self.counts: Counter[str] = Counter()

    def assignments_changed(self) -> None:
        """What is known of whose they are may be out of date."""
        self._generation += 1

    async def told(self, who: Who, told: Told, arrived: Arrived) -> list[Received]:
        """What is news of what a sensor said. Raises StoreError: whose it is cannot be read."""
        sensor = await self._sensor(who, arrived.at)
        if told.strange:
            self._strange(sensor, told, arrived)
        if not told.readings and told.radar is None:
            return []
        moment = sensor.moments.judge(told, arrived, self._zone)
        self._count_moment(sensor, moment, arrived)
        self._look_at(sensor, told, arrived)
        if not sensor.ours:
            self._nobodys(sensor)
            return []
        if moment.repeated or moment.known:
            self.counts["repeated" if moment.repeated else "known"] += 1
            return []
        if not told.strange:
            self._status.end(who.identity, Trouble.CHANGED)
        sensor.stamped = sensor.stamped or told.stamped
        at = arrived.at - moment.age_s
        if told.radar is not None and not arrived.retained:
            self._radar(self._known(sensor), told.radar, at if moment.trouble is None else arrived.at)
        news = [one for one in told.readings if self._thinning.due(who.identity, one, at)]
        self.counts["repeated"] += len(told.readings) - len(news)
        return [self._received(sensor, replace(one, time=moment.time), arrived) for one in news]

    async def reachable(self, who: Who, arrived: Arrived, *, is_so: bool) -> list[Received]:
        """A bridge says whether it reaches the sensor. One out of reach is a gap in what is known, not stillness.

        Raises StoreError.
        """
        sensor = await self._sensor(who, arrived.at)
        was, sensor.offline = sensor.offline, not is_so
        if is_so:
            self._status.end(who.identity, Trouble.OFFLINE)
            return []
        if not sensor.ours:
            return []
        self._trouble(sensor, Trouble.OFFLINE, arrived.at)
        states = sorted(set(states_of(who.profile)))
        if was or not states:
            return []
        self._thinning.forget(who.identity)  # whatever it says next is news
        gap = Reading(
            kind=Kind.ROOM_STATE,
            values={},
            missing=dict.fromkeys(states, Missing.NAN),
            flags=(OFFLINE_FLAG,),
            raw=arrived.payload,
            source=SOURCE,
        )
        return [self._received(sensor, gap, arrived)]

    async def unreadable(self, who: Who, arrived: Arrived, error: DecodeError) -> None:
        """A payload that cannot be read. Raises StoreError."""
        self.counts["undecodable"] += 1
        sensor = await self._sensor(who, arrived.at)
        if sensor.ours:
            self._sink.undecodable(self._known(sensor), SOURCE, arrived.payload[:_KEPT_OF_BAD], error)
            self._trouble(sensor, Trouble.CHANGED, arrived.at)

    def listing(self) -> tuple[HeardSensor, ...]:
        """All that were heard, the last heard first."""
        return tuple(_line(sensor) for sensor in reversed(self._sensors.values()))

    def summary(self) -> None:
        """How many there are, to the status."""
        self._status.sensors = len(self._sensors)
        self._status.nobodys = sum(not sensor.ours for sensor in self._sensors.values())

    async def _sensor(self, who: Who, at: float) -> _Sensor:
        sensor = self._sensors.get(who.identity)
        if sensor is None:
            sensor = _Sensor(who=who)
        if sensor.asked_in != self._generation:
            generation = self._generation
            ours = bool(await self._owners.assigned(who.identity))
            if sensor.ours and not ours:
                self._status.end(who.identity)
                self._thinning.forget(who.identity)
            sensor.ours, sensor.asked_in = ours, generation
        sensor.who, sensor.heard = who, at
        self._sensors[who.identity] = sensor
        self._sensors.move_to_end(who.identity)
        if len(self._sensors) > SENSORS_LIMIT:
            stranger = next((key for key, one in self._sensors.items() if not one.ours and one is not sensor), None)
            if stranger is not None:
                del self._sensors[stranger]
        return sensor

    def _look_at(self, sensor: _Sensor, told: Told, arrived: Arrived) -> None:
        sensor.useful = arrived.at
        for reading in told.readings:
            sensor.last |= reading.values
            level = reading.values.get(Quantity.BATTERY_LEVEL)
            sensor.battery = sensor.battery if level is None else round(level)
        if not arrived.retained and sensor.offline:  # what speaks can be reached, whatever a bridge has not said yet
            sensor.offline = False
            self._status.end(sensor.who.identity, Trouble.OFFLINE)

    def _count_moment(self, sensor: _Sensor, moment: Moment, arrived: Arrived) -> None:
        if moment.trouble is None:
            if not (moment.repeated or moment.known):
                self._status.end(sensor.who.identity, Trouble.FUTURE, Trouble.UNORDERED, Trouble.NO_MOMENT)
            return
        self.counts[moment.trouble.name.lower().replace("_", "-")] += 1
        if sensor.ours:
            self._trouble(sensor, moment.trouble, arrived.at)

    def _strange(self, sensor: _Sensor, told: Told, arrived: Arrived) -> None:
        self.counts["strange"] += 1
        if sensor.ours:
            error = DecodeError(f"what stands at {', '.join(told.strange)} is of another type than its profile says")
            self._sink.undecodable(self._known(sensor), SOURCE, arrived.payload[:_KEPT_OF_BAD], error)
            self._trouble(sensor, Trouble.CHANGED, arrived.at)

    def _trouble(self, sensor: _Sensor, trouble: Trouble, at: float) -> None:
        words = self._status.begin(sensor.who.identity, str(sensor.who), trouble, at)
        if words is not None:
            log.warning("sensor behind a broker", device=sensor.who.identity, why=trouble.name.lower())
            self._sink.device_state(sensor.who.identity, words, Severity.FAULT)

    def _nobodys(self, sensor: _Sensor) -> None:
        self.counts["unassigned"] += 1
        if not sensor.told_of:
            sensor.told_of = True
            identity = sensor.who.identity
            words = (
                f"{sensor.who} speaks over the broker '{self._name}' and is nobody's, so what it says is not kept: "
                f"'huoma device assign {identity} --resident NAME --placement ROOM' says whose it is."
            )
            self._sink.device_state(identity, words, Severity.INFORMATION)

    def _known(self, sensor: _Sensor) -> KnownDevice:
        who = sensor.who
        return KnownDevice(
            address=who.identity,
            identity=who.identity,
            name=who.name,
            vendor=who.vendor,
            model=who.model,
            profile_id=who.profile.id,
            record_identity=who.profile.record_identity if sensor.stamped else "reception",
            information=DeviceInformation(battery_percent=sensor.battery),
            adapter=f"mqtt:{self._name}",
        )

    def _received(self, sensor: _Sensor, reading: Reading, arrived: Arrived) -> Received:
        return Received(
            device=self._known(sensor),
            reading=reading,
            clock=None,
            received_at=arrived.received_at,
            received_monotonic=arrived.at,
            synchronised=arrived.synchronised,
        )


def _line(sensor: _Sensor) -> HeardSensor:
    who = sensor.who
    return HeardSensor(
        address=who.identity,
        identity=who.identity,
        name=who.name,
        model=f"{who.vendor} {who.model}",
        profile_id=who.profile.id,
        heard_monotonic=sensor.heard,
        state="offline" if sensor.offline else "heard",
        last_state=", ".join(f"{quantity} {value:g}" for quantity, value in sensor.last.items()) or None,
        last_useful_monotonic=sensor.useful,
    )
