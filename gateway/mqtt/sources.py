"""What is listened to on a broker: which topics, which sensor each is of, and how its payload is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from device_drivers.errors import DecodeError
from device_drivers.payloads import home_assistant, zigbee2mqtt
from device_drivers.payloads.document import LARGEST_PAYLOAD
from device_drivers.payloads.mapping import PayloadMap, Told
from device_drivers.payloads.zigbee2mqtt import LARGEST_LIST, ZigbeeDevice
from firmware_profiles import Catalogue, Profile
from gateway.core.clock import Clock
from gateway.core.errors import HuomaError
from gateway.ingest.received import Received
from gateway.mqtt.contracts import Arrived, Broker, Zigbee2Mqtt
from gateway.mqtt.sensors import Sensors, Who
from gateway.mqtt.status import Status

LIST_WAIT_S: Final = 5.0  # for the list of devices, which a broker has kept and sends at once
_COMMANDS: Final = ("set", "get")  # what others ask of a device
_LONGEST_ID: Final = 100


class NotYet(HuomaError):  # noqa: N818
    """What is needed to understand a message is on its way: it waits, with the broker and here."""


class Source(Protocol):
    """One kind of publisher."""

    @property
    def filters(self) -> tuple[tuple[str, int], ...]:
        """What to subscribe to, in this order, each with its quality of service."""
        ...

    def first(self, topic: str) -> bool:
        """Whether a message of this topic helps to understand those that wait."""
        ...

    def owns(self, topic: str) -> bool:
        """Whether a message of this topic may be of interest."""
        ...

    async def take(self, arrived: Arrived) -> list[Received]:
        """What is news in it. Raises StoreError, NotYet."""
        ...


class Maps:
    """The payload maps of profiles, made once each. A profile whose rows are none reads nothing."""

    def __init__(self) -> None:
        self._made: dict[str, PayloadMap | None] = {}

    def tell(self, profile: Profile, document: Any, payload: bytes) -> Told:
        """Raises DecodeError."""
        if profile.id not in self._made:
            try:
                self._made[profile.id] = PayloadMap(profile)
            except DecodeError:
                self._made[profile.id] = None
        made = self._made[profile.id]
        if made is None:
            raise DecodeError(f"the profile {profile.id} is faulty: 'huoma profile check' says how")
        return made.tell(payload) if document is None else made.tell_of(document, payload)


class Zigbee2MqttSource:
    """`<base>/<name>`, and what `<base>/bridge` says of which device that is."""

    def __init__(
        self, settings: Zigbee2Mqtt, *, sensors: Sensors, status: Status, catalogue: Catalogue, maps: Maps, clock: Clock
    ) -> None:
        self._base = settings.base
        self._sensors = sensors
        self._status = status
        self._catalogue = catalogue
        self._maps = maps
        self._clock = clock
        self._devices: Mapping[str, ZigbeeDevice] = {}
        self._listed = False
        self._waits_since: float | None = None

    @property
    def filters(self) -> tuple[tuple[str, int], ...]:
        """The list of devices first: it is retained, and says whose the rest is.

        With QoS 0: what the broker kept for us comes before it and waits for our word until the list is there, and a
        broker holds back further messages of QoS 1 meanwhile.
        """
        return ((f"{self._base}/bridge/devices", 0), (f"{self._base}/bridge/state", 0), (f"{self._base}/#", 1))

    def first(self, topic: str) -> bool:
        return topic == f"{self._base}/bridge/devices"

    def owns(self, topic: str) -> bool:
        if not topic.startswith(f"{self._base}/"):
            return False
        parts = topic[len(self._base) + 1 :].split("/")
        if parts[0] == "bridge":
            return parts[1:] in (["devices"], ["state"])
        return parts[-1] not in _COMMANDS

    async def take(self, arrived: Arrived) -> list[Received]:
        name = arrived.topic[len(self._base) + 1 :]
        try:
            if name == "bridge/devices":
                self._devices = zigbee2mqtt.devices_of(arrived.payload)
                self._listed = True
                return []
            if name == "bridge/state":
                self._status.bridge(away=not zigbee2mqtt.available(arrived.payload))
                return []
        except DecodeError:
            self._sensors.counts["bridge-undecodable"] += 1
            return []
        availability = name.endswith("/availability")
        device = self._device(name.removesuffix("/availability") if availability else name)
        if device is None and not self._listed and self._waits():
            raise NotYet("The list of Zigbee devices has not come yet.")
        profile = None if device is None or not device.senses else self._catalogue.of_zigbee(device.model or "")
        if device is None or profile is None:  # a lamp, a group, a single attribute, or somebody else's topic
            self._sensors.counts["not-a-sensor"] += 1
            return []
        who = Who(
            identity=device.identity,
            name=device.name,
            vendor=device.vendor or profile.vendor,
            model=device.model or profile.model,
            profile=profile,
        )
        try:
            if availability:
                return await self._sensors.reachable(who, arrived, is_so=zigbee2mqtt.available(arrived.payload))
            if not arrived.payload:  # how a retained message is deleted
                return []
            told = self._maps.tell(profile, None, arrived.payload)
        except DecodeError as error:
            await self._sensors.unreadable(who, arrived, error)
            return []
        return await self._sensors.told(who, told, arrived)

    def _waits(self) -> bool:
        """For the list, once after each start; a zigbee2mqtt that never ran has none."""
        now = self._clock.monotonic()
        self._waits_since = now if self._waits_since is None else self._waits_since
        return now - self._waits_since < LIST_WAIT_S

    def _device(self, name: str) -> ZigbeeDevice | None:
        return self._devices.get(name) or zigbee2mqtt.by_address(name)


class HomeAssistantSource:
    """The state topics of those entities whose device the settings name; `devices`: with which profile."""

    def __init__(self, prefix: str, devices: Mapping[str, Profile], *, sensors: Sensors, maps: Maps) -> None:
        self._prefix = prefix
        self._sensors = sensors
        self._maps = maps
        self._devices = dict(sorted(devices.items(), key=lambda item: -len(item[0])))  # the one that says most first

    @property
    def filters(self) -> tuple[tuple[str, int], ...]:
        return ((f"{self._prefix}/binary_sensor/+/state", 1), (f"{self._prefix}/sensor/+/state", 1))

    def first(self, topic: str) -> bool:
        del topic
        return False

    def owns(self, topic: str) -> bool:
        entity = home_assistant.entity_of(self._prefix, topic)
        return entity is not None and self._begin(entity.object_id) is not None

    async def take(self, arrived: Arrived) -> list[Received]:
        entity = home_assistant.entity_of(self._prefix, arrived.topic)
        begin = None if entity is None else self._begin(entity.object_id)
        if entity is None or begin is None:
            return []
        profile = self._devices[begin]
        who = Who(
            identity=f"serial:home-assistant:{begin}", name=begin, vendor=profile.vendor, model=profile.model,
            profile=profile,
        )  # fmt: skip
        try:
            state, reachable = home_assistant.state_of(arrived.payload)
            if not reachable:
                return await self._sensors.reachable(who, arrived, is_so=False)
            document = {entity.object_id[len(begin) :].lstrip("_") or "state": state}
            told = self._maps.tell(profile, document, json.dumps(document).encode())
        except DecodeError as error:
            await self._sensors.unreadable(who, arrived, error)
            return []
        return await self._sensors.told(who, told, arrived)

    def _begin(self, object_id: str) -> str | None:
        return next((one for one in self._devices if object_id == one or object_id.startswith(f"{one}_")), None)


class TopicSource:
    """`/devices/+/events`: the `+` is the device, a profile of the settings reads the payload."""

    def __init__(self, topics: str, profile: Profile, *, sensors: Sensors, maps: Maps) -> None:
        self._filter = topics
        self._before, self._after = topics.split("+")
        self._sensors = sensors
        self._maps = maps
        self._profile = profile

    @property
    def filters(self) -> tuple[tuple[str, int], ...]:
        return ((self._filter, 1),)

    def first(self, topic: str) -> bool:
        del topic
        return False

    def owns(self, topic: str) -> bool:
        return self._id(topic) is not None

    async def take(self, arrived: Arrived) -> list[Received]:
        device = self._id(arrived.topic)
        if device is None:
            return []
        vendor = self._profile.id.partition("/")[0]
        who = Who(
            identity=f"serial:{vendor}:{device}", name=device, vendor=self._profile.vendor,
            model=self._profile.model, profile=self._profile,
        )  # fmt: skip
        try:
            told = self._maps.tell(self._profile, None, arrived.payload)
        except DecodeError as error:
            await self._sensors.unreadable(who, arrived, error)
            return []
        return await self._sensors.told(who, told, arrived)

    def _id(self, topic: str) -> str | None:
        if not (topic.startswith(self._before) and topic.endswith(self._after)):
            return None
        device = topic[len(self._before) : len(topic) - len(self._after)]
        plain = 0 < len(device) <= _LONGEST_ID and device.isascii() and device.isprintable()
        return device if plain and "/" not in device and " " not in device else None


def sources_of(
    broker: Broker, *, sensors: Sensors, status: Status, catalogue: Catalogue, clock: Clock
) -> tuple[Source, ...]:
    """What the settings of a broker name.

    What names a profile that there is not (a home's own with wrong golden payloads is not used) is left out and said:
    it must not silence the others.
    """
    maps = Maps()
    found: list[Source] = []
    wanting: list[str] = []
    if broker.zigbee2mqtt is not None:
        found.append(
            Zigbee2MqttSource(
                broker.zigbee2mqtt, sensors=sensors, status=status, catalogue=catalogue, maps=maps, clock=clock
            )
        )
    if broker.home_assistant is not None:
        devices = {begin: _profile(catalogue, one) for begin, one in broker.home_assistant.devices.items()}
        wanting += [broker.home_assistant.devices[begin] for begin, one in devices.items() if one is None]
        known = {begin: one for begin, one in devices.items() if one is not None}
        if known:
            found.append(HomeAssistantSource(broker.home_assistant.prefix, known, sensors=sensors, maps=maps))
    for topics in broker.topics:
        profile = _profile(catalogue, topics.profile)
        if profile is None:
            wanting.append(topics.profile)
        else:
            found.append(TopicSource(topics.filter, profile, sensors=sensors, maps=maps))
    status.wanting(wanting)
    return tuple(found)


def largest(topic: str) -> int:
    """How many bytes of a message are worth keeping."""
    return LARGEST_LIST if topic.endswith("/bridge/devices") else LARGEST_PAYLOAD


def _profile(catalogue: Catalogue, profile_id: str) -> Profile | None:
    found = catalogue.get(profile_id)
    return found if found is not None and (found.fields or found.targets) else None
