"""One life of a gateway that is going to be killed: store, ingest, desk, notifier, delivery, in a process of its own.

What the process has been promised it says in lines: `ready`, `reading <n>`, `alert <id>`, `answered <id>`, `moved <n>`,
`delivered`, each after the call that promises it has returned.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import os
import signal
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random

from device_drivers.nomenclature import Kind, Quantity
from gateway.consent import Consent
from gateway.consent.door import ConsentDoor
from gateway.core.clock import SystemClock
from gateway.core.errors import Conflict
from gateway.core.health import HealthBoard
from gateway.core.subject import Subject, SubjectType
from gateway.delivery.items import is_alert
from gateway.delivery.runs import in_runs
from gateway.delivery.sink import Answer, Ruling
from gateway.delivery.store import Item, ItemState
from gateway.delivery.worker import DeliveryWorker
from gateway.desk.announcer import Times
from gateway.desk.events import AlertKind, Evidence, Priority, State
from gateway.desk.notice import NotDelivered, Notice
from gateway.desk.notifier import Notifier
from gateway.desk.service import Desk
from gateway.ingest.ingest import Stored
from gateway.ingest.received import Received
from gateway.store.stamp import read_boot_id
from tests.reliability.home import ORIGIN, RESIDENT, SCALE, Home, home, weight
from tests.reliability.receiver import ask

CECILIA = Subject(type=SubjectType.RESIDENT, id="cecilia")  # some of Aino's readings turn out to be hers
BERTTA = Subject(type=SubjectType.RESIDENT, id="bertta")  # agrees and withdraws, all day long
CUFF = dataclasses.replace(SCALE, address="C0:FF:EE:00:00:02", identity="serial:a-and-d:2", model="UA-651BLE")
RESENT = 40  # a device sends again what it sent so many records ago, a few lives before
PROMISES = 9  # the descriptor on which promises are said
TIMES = Times(repeat_s=5.0, first_backoff_s=0.01, longest_backoff_s=0.02, record_every_s=0.02, send_s=5.0)
EVIDENCE = Evidence(name="acceleration", media_type="application/json", content="[" + "0.0," * 2000 + "1.0]")


def say(*words: object) -> None:
    os.write(PROMISES, (" ".join(str(word) for word in words) + "\n").encode())


class KnownClock(SystemClock):
    """Does not ask the kernel whether it is synchronised, which costs more than everything else here."""

    def synchronised(self) -> bool:
        return True


class Axe:
    """Kills this process at the n-th passing of one crash point."""

    def __init__(self, point: str | None, nth: int) -> None:
        self._point = point
        self._left = nth

    def __call__(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class Post:
    """A sink that searches for what is in doubt and creates the rest, and a channel to a nurse, at the receiver's."""

    name = "fhir"
    address = "the receiver"
    batch_size = 25

    def __init__(self, socket: str) -> None:
        self._socket = socket

    async def send(self, items: Sequence[Item], *, in_doubt: Collection[int]) -> list[Answer]:
        return await in_runs(items, lambda some: self._create(some, in_doubt), self._take_back)

    async def _take_back(self, item: Item) -> Answer:
        try:
            await ask(self._socket, "take-back", [identifier(item)])
        except OSError as error:
            return Answer(ruling=Ruling.UNKNOWN, words=str(error), whole=True)
        return Answer(ruling=Ruling.ACCEPTED, words=identifier(item))

    async def _create(self, items: Sequence[Item], in_doubt: Collection[int]) -> list[Answer]:
        ids = {item.item_id: identifier(item) for item in items}
        try:
            doubted = [ids[item.item_id] for item in items if item.item_id in in_doubt]
            there = await ask(self._socket, "search", doubted) if doubted else []
            missing = [one for one in ids.values() if one not in there]  # type: ignore[operator]
            if missing:
                await ask(self._socket, "create", missing)
        except OSError as error:
            return [Answer(ruling=Ruling.UNKNOWN, words=str(error), whole=True)] * len(items)
        return [Answer(ruling=Ruling.ACCEPTED, words=ids[item.item_id]) for item in items]

    def refresh(self) -> None:
        return

    async def aclose(self) -> None:
        return


class Nurse:
    name = "nurse"

    def __init__(self, socket: str) -> None:
        self._socket = socket

    async def send(self, notice: Notice) -> None:
        try:
            answer = await ask(self._socket, "notice", [notice.alert_id])
        except OSError as error:
            raise NotDelivered("does not answer", advice="") from error
        if answer != "taken":
            raise NotDelivered("refuses", advice="")


def identifier(item: Item) -> str:
    body = item.envelope["body"]
    return item.envelope["message_id"] if is_alert(item.envelope) else f"{body['id']}/{body['subject']['id']}"


def pressure(number: int, clock: SystemClock) -> Received:
    """Bertta's n-th record."""
    received = weight(number, clock)
    values = {Quantity.SYSTOLIC: 120.0, Quantity.DIASTOLIC: 80.0}
    reading = dataclasses.replace(received.reading, kind=Kind.BLOOD_PRESSURE, values=values, source="2a35")
    return dataclasses.replace(received, device=CUFF, reading=reading)


class Life:
    def __init__(self, it: Home, worker: DeliveryWorker, desk: Desk, clock: SystemClock, seed: int) -> None:
        self._it = it
        self._worker = worker
        self._desk = desk
        self._clock = clock
        self._random = Random(seed)

    async def measure(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            outcome = await self._it.ingest.accept(weight(number, self._clock))
            say("reading", number)
            if number % 6 == 0 and isinstance(outcome, Stored):
                await self._clock.sleep(0.02 * self._random.random())  # sent already, or on its way, or waiting
                await self._it.decisions.reassign(outcome.document["id"], CECILIA, actor="t")
                say("moved", number)
            if number % 5 == 0 and number > RESENT:
                again = await self._it.ingest.accept(weight(number - RESENT, self._clock))
                say("again" if isinstance(again, Stored) else "known", number - RESENT)
            if number % 4 == 0:
                await self._it.ingest.accept(pressure(number, self._clock))
            self._worker.notify()
            await self._clock.sleep(0.01)  # delivery must keep up

    async def fall(self) -> None:
        for number in itertools.count():
            alert = await self._desk.raise_alert(
                subject=RESIDENT, kind=AlertKind.FALL, condition=f"fall-{os.getpid()}-{number}",
                priority=Priority.HIGH, probability=0.9, summary="A fall.", evidence=(EVIDENCE,),
            )  # fmt: skip
            say("alert", alert.id)
            self._worker.notify(urgent=True)
            await self._clock.sleep(0.02)
            if self._random.random() < 0.5:
                await self._desk.acknowledge(alert.id, "aino")
                say("answered", alert.id)

    async def change_minds(self) -> None:
        """Bertta agrees and withdraws; what was told about an earlier alert is resolved."""
        for alert in await self._desk.open_alerts():
            if alert.notified and self._random.random() < 0.7:
                await self._desk.resolve(alert.id, "aino", "real")
                say("answered", alert.id)
        while True:
            await self._clock.sleep(0.3 * self._random.random())  # long enough for her things to come to the door
            with suppress(Conflict):  # it was killed between the two
                since = self._clock.wall() - timedelta(days=1)
                await self._it.consents.grant(BERTTA.id, "fhir", actor="t", since=since)
            await self._worker.granted(BERTTA, since=None)
            await self._clock.sleep(0.008)
            await self._it.consents.withdraw(BERTTA.id, "fhir", actor="t")
            await self._worker.revoke(BERTTA)


async def move_in(it: Home, clock: SystemClock) -> None:
    """Each step is looked at before it is taken: the life before may have ended between two of them."""
    long_ago = clock.wall().replace(year=2025)
    known = {one.id for one in await it.registry.residents()}
    if CECILIA.id not in known:
        await it.registry.add_resident(CECILIA.id, actor="t", resident_id=CECILIA.id)
    for subject, device in ((RESIDENT, SCALE), (BERTTA, CUFF)):
        if subject.id not in known:
            await it.registry.add_resident(subject.id, actor="t", resident_id=subject.id)
        if await it.registry.who_has(device.address) is None:
            await it.registry.assign(device.address, subject, actor="t", since=long_ago)
    for subject in (RESIDENT, CECILIA):
        if await it.consents.state(subject, "fhir", "weight") is not Consent.GRANTED:
            await it.consents.grant(subject.id, "fhir", actor="t", since=long_ago)


async def live(path: str, socket: str, start: int, seed: int, axe: Axe, *, drain: bool) -> None:
    clock = KnownClock()
    async with home(path, clock, fault=axe, boot_id=read_boot_id()) as it:
        await move_in(it, clock)
        desk = Desk(store=it.alerts, clock=clock, origin=ORIGIN, fault=axe)
        health = HealthBoard()
        worker = DeliveryWorker(
            Post(socket), store=it.outbox, door=ConsentDoor(it.consents), clock=clock, report=health.report,
            random=Random(seed), fault=axe,
        )  # fmt: skip
        notifier = Notifier(
            desk=desk, channels=[Nurse(socket)], clock=clock, health=health, base_url="http://h", times=TIMES, fault=axe
        )
        say("ready")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(worker.run()), group.create_task(notifier.run())]
            if not drain:
                one = Life(it, worker, desk, clock, seed)
                numbers = itertools.count(start)
                for _ in range(3):
                    group.create_task(one.measure(numbers))
                group.create_task(one.fall())
                group.create_task(one.change_minds())
                return
            while any(not alert.notified for alert in await desk.open_alerts() if alert.state is State.RAISED):
                await clock.sleep(0.02)
            tasks[1].cancel()  # it would write events for ever
            worker.notify()
            while (await it.outbox.counts("fhir"))[ItemState.QUEUED]:
                await clock.sleep(0.02)
            tasks[0].cancel()
            say("delivered")


def main(arguments: Sequence[str]) -> None:
    """PATH SOCKET START SEED [POINT NTH | drain]."""
    path, socket, start, seed, *rest = arguments
    drain = rest == ["drain"]
    axe = Axe(None, 0) if drain or not rest else Axe(rest[0], int(rest[1]))
    asyncio.run(live(path, socket, int(start), int(seed), axe, drain=drain))


def zygote() -> None:
    """Everything is imported once; each line of input makes one life in a forked process."""
    os.dup2(1, PROMISES)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the log would be cut off in the middle of a line
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                main(line.split())
                code = 0
            finally:
                os._exit(code)
        say("born", child)
        _, status = os.waitpid(child, 0)
        say("dead", status)


if __name__ == "__main__":
    zygote()
