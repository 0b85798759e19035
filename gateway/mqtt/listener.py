"""One broker, kept listening to: connected again and again, each message dealt with once and only then let go of.

Two workers that do not wait for each other. One connects, subscribes and puts what comes into the inbox. The other
understands it, commits the readings, and then gives the broker our word for each message: a message of QoS 1 is the
broker's until its readings are committed. A broker that is killed costs what the broker itself had not written down.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import Final

import structlog

from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.ingest.received import Received
from gateway.mqtt.client import BrokerClient, MqttError
from gateway.mqtt.contracts import Arrived, Broker
from gateway.mqtt.inbox import Inbox
from gateway.mqtt.reasons import sentence
from gateway.mqtt.sensors import HeardSensor, Owners, Sensors
from gateway.mqtt.sources import NotYet, Source, largest
from gateway.mqtt.status import Status

# A broker is back within 5 s of its return, in the worst case: 2 s of pause, 2 s until an attempt that began before is
# given up, and what connecting takes. The pause is jittered, so that the gateways of a house do not come all at once.
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 2.0
NOT_YET_S: Final = 0.1  # until what cannot be understood yet is looked at again
RETRY_S: Final = 1.0  # until what the store did not take is tried again
REPORT_S: Final = 15.0  # how long a part has been lost for turns its colour
REMEMBERED: Final = 512  # messages that were dealt with: more than a broker holds unanswered

log = structlog.get_logger(__name__)
_Key = tuple[str, int, bytes]


class BrokerListener:
    """A part of the gateway (`gateway.supervision`). What waits in it outlives its restart.

    Args:
        commit: makes readings durable, all together. Raises StoreError: none is.

    Attributes:
        sensors: what was heard, and the counts.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        sources: Sequence[Source],
        sensors: Sensors,
        status: Status,
        owners: Owners,
        commit: Callable[[Sequence[Received]], Awaitable[None]],
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.broker = broker
        self.sensors = sensors
        self._sources = tuple(sources)
        self._status = status
        self._owners = owners
        self._commit = commit
        self._clock = clock
        self._rng = rng
        self._inbox = Inbox()
        self._client: BrokerClient | None = None
        self._connection = 0
        self._all = 0
        self._dealt_with: OrderedDict[_Key, None] = OrderedDict()
        self._under_way: _Key | None = None
        # Understood, and not durable yet. They outlive a failure of this part: who made them would call them repeats.
        self._readings: list[Received] = []
        self._handled: list[Arrived] = []

    @property
    def part(self) -> str:
        """Its name among the parts of the gateway."""
        return self._status.part

    @property
    def is_connected(self) -> bool:
        """To its broker, and listening."""
        return self._status.is_connected

    @property
    def is_hearing(self) -> bool:
        """What its sensors say can come: also zigbee2mqtt runs, where it is asked for."""
        return self._status.is_hearing

    def counts(self) -> Mapping[str, int]:
        """Messages since the start: all, those that nobody will send again, and others by why they were not taken."""
        return {"all": self._all, "dropped": self._inbox.dropped, **self.sensors.counts}

    def heard(self) -> tuple[HeardSensor, ...]:
        """Its sensors, the last heard first."""
        return self.sensors.listing()

    async def run(self) -> None:
        """Until cancelled."""
        withdraw = self._owners.on_assignment(self.sensors.assignments_changed)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._understand())
                group.create_task(self._report_now_and_then())
                await self._stay_connected()  # in the body: see `Radio.run`
        finally:
            withdraw()

    async def _stay_connected(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            self._connection += 1
            try:
                # Before it is connected: what the broker kept for us comes with its answer, and wants our word.
                client = self._client = BrokerClient(self.broker, self._arrived)
                try:
                    async with client:
                        await self._subscribe(client)
                        self._is_connected()
                        pause = FIRST_PAUSE_S
                        await self._until_over(client)
                finally:
                    self._client = None
                    client.abandon()
            except (MqttError, OSError) as why:
                self._is_lost(str(why))
            await self._clock.sleep(pause * self._rng.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _subscribe(self, client: BrokerClient) -> None:
        """Each time: a broker that was killed may have forgotten us."""
        refused: list[str] = []
        for source in self._sources:
            for one, qos in source.filters:
                if not await client.listen(one, qos):
                    refused.append(one)
        if refused:
            log.warning("the broker refuses topics", broker=self.broker.name, count=len(refused))
        self._status.refused(refused)

    async def _until_over(self, client: BrokerClient) -> None:
        """Until the connection is lost; or until what the inbox had no room for can be asked for again."""
        while not self._inbox.left or len(self._inbox):
            with suppress(TimeoutError):
                async with self._clock.timeout(RETRY_S):
                    await client.lost()
        self._inbox.left = 0

    def _is_connected(self) -> None:
        if self._status.connected():
            log.info("connected to the broker", broker=self.broker.name)
        self._report()

    def _is_lost(self, why: str) -> None:
        words = sentence(self.broker, why)
        if self._status.lost(words, self._clock.monotonic()):
            log.warning("no connection to the broker", broker=self.broker.name, why=words)
        self._report()

    def _arrived(self, topic: str, payload: bytes, qos: int, retained: bool, again: bool, number: int) -> None:
        """From the client: on the loop, and must be short."""
        arrived = Arrived(
            topic=topic,
            payload=payload[: largest(topic) + 1],  # one more than is read: so that it is refused for its size
            qos=qos,
            retained=retained,
            again=again,
            number=number,
            connection=self._connection,
            at=self._clock.monotonic(),
            received_at=self._clock.wall(),
            synchronised=self._clock.synchronised(),
        )
        self._all += 1
        self._inbox.put(arrived, anyway=self._rank(arrived) == 0)

    async def _understand(self) -> None:
        while True:
            await self._settle()
            waiting = await self._inbox.some()
            waiting.sort(key=self._rank)  # stable: of all others the order is kept
            for arrived in waiting:
                try:
                    found = await self._take(arrived)
                except NotYet:
                    await self._settle()
                    await self._clock.sleep(NOT_YET_S)
                    break
                except StoreError as error:
                    log.warning("messages of a broker wait for the store", broker=self.broker.name, why=str(error))
                    await self._settle()
                    await self._clock.sleep(RETRY_S)
                    break
                self._handled.append(arrived)
                self._readings += found

    async def _take(self, arrived: Arrived) -> list[Received]:
        key = _key(arrived)
        if arrived.again and key in self._dealt_with:
            self.sensors.counts["again"] += 1
            return []
        if key == self._under_way:  # it made this part fail, and would for ever
            log.error("message of a broker given up", broker=self.broker.name, size=len(arrived.payload))
            self.sensors.counts["given-up"] += 1
            return []
        self._under_way = key
        found: list[Received] = []
        try:
            for source in self._sources:
                if source.owns(arrived.topic):
                    found += await source.take(arrived)
        except (StoreError, NotYet):
            self._under_way = None
            raise
        self._under_way = None
        return found

    def _rank(self, arrived: Arrived) -> int:
        return 0 if any(source.first(arrived.topic) for source in self._sources) else 1

    async def _settle(self) -> None:
        """What was understood becomes durable, however long the store takes nothing; then the broker may forget it."""
        while self._readings:
            try:
                await self._commit(self._readings)
            except StoreError as error:
                log.warning("readings of a broker wait for the store", broker=self.broker.name, why=str(error))
                await self._clock.sleep(RETRY_S)
                continue
            self._readings = []
        if self._handled:
            self._let_go(self._handled)
            self._handled = []
            self._report()

    def _let_go(self, handled: list[Arrived]) -> None:
        self._inbox.done(handled)
        client = self._client
        for arrived in handled:
            if not arrived.qos:
                continue
            self._dealt_with[_key(arrived)] = None
            if client is not None and arrived.connection == self._connection:
                client.acknowledge(arrived)
        while len(self._dealt_with) > REMEMBERED:
            self._dealt_with.popitem(last=False)

    async def _report_now_and_then(self) -> None:
        while True:
            self._report()
            await self._clock.sleep(REPORT_S)

    def _report(self) -> None:
        self.sensors.summary()
        self._status.report(self._clock.monotonic())


def _key(arrived: Arrived) -> _Key:
    """What is the same in a message that is sent again."""
    return arrived.topic, arrived.number, blake2b(arrived.payload, digest_size=16).digest()
