"""Starts gateways, kills them, and afterwards asks the store and the receiver whether every promise was kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import apsw

from gateway.store.opening import unusable
from tests.reliability.receiver import Receiver

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass
class Promises:
    readings: set[int] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    kills: int = 0
    resent: int = 0
    ready_s: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def hear(self, line: list[str]) -> None:
        """One promise, as the gateway said it."""
        match line:
            case ["again", number] if int(number) in self.readings:
                self.problems.append(f"reading {number} was lost before it was sent again")
            case ["again" | "known", number]:
                self.readings.add(int(number))
                self.resent += 1
            case ["reading", number]:
                self.readings.add(int(number))
            case ["alert", alert_id]:
                self.alerts.add(alert_id)
            case ["moved", number]:
                self.moved.add(int(number))
            case ["answered", alert_id]:
                self.answered.add(alert_id)


class Zygote:
    def __init__(self, process: asyncio.subprocess.Process, store: Path, socket: Path) -> None:
        self._process = process
        self._store = store
        self._socket = socket

    async def _line(self) -> list[str]:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        if not line:
            raise AssertionError("the process that makes gateways has gone")
        return line.decode().split()

    async def live(self, promises: Promises, *rest: object, kill_after_s: float | None = None) -> str:
        """One life, ended by SIGKILL after so long from its birth. Returns who ended it: "us", "axe" or "itself"."""
        start = max(promises.readings, default=0) + 1  # sent again just now, a promised one would hide its loss
        seed = promises.kills
        words = " ".join(str(word) for word in (self._store, self._socket, start, seed, *rest))
        assert self._process.stdin is not None
        began = perf_counter()
        self._process.stdin.write(words.encode() + b"\n")
        await self._process.stdin.drain()
        word, pid = await self._line()
        assert word == "born"
        killer = None
        if kill_after_s is not None:
            loop = asyncio.get_running_loop()
            killer = loop.call_later(kill_after_s, os.kill, int(pid), signal.SIGKILL)
        while (line := await self._line())[0] != "dead":
            if line == ["ready"]:
                promises.ready_s.append(perf_counter() - began)
            promises.hear(line)
        late = killer is not None and killer.when() <= asyncio.get_running_loop().time()
        if killer is not None:
            killer.cancel()
        status = int(line[1])
        if status == signal.SIGKILL:
            promises.kills += 1
            return "us" if late else "axe"
        if status != 0:
            promises.problems.append(f"a life ended by itself: {status}")
        return "itself"


@asynccontextmanager
async def making_gateways(store: Path, socket: Path) -> AsyncIterator[Zygote]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.reliability.life",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        yield Zygote(process, store, socket)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def judge(store: Path, promises: Promises, receiver: Receiver) -> dict[str, object]:
    """Hold the promises against the store and the receiver. Adds to `promises.problems`; returns the figures."""
    try:
        connection = apsw.Connection(str(store))
    except apsw.Error as error:
        raise unusable(store, error) from error
    rows = list(connection.execute("SELECT raw, id || '/' || subject_id, kind, subject_id FROM readings"))
    weights = {int.from_bytes(raw, "little"): record for raw, record, kind, _ in rows if kind == "weight"}
    hers = {int.from_bytes(raw, "little") for raw, _, _, subject in rows if subject == "cecilia"}
    moved = "SELECT r.id || '/' || c.from_id FROM reading_corrections c JOIN readings r ON r.seq = c.reading_seq"
    wrong = {str(record) for (record,) in connection.execute(moved)}
    records = {record for _, record, _, _ in rows} | wrong
    alerts = dict(connection.execute("SELECT id, state FROM alerts"))
    sequences = [row[0] for row in connection.execute("SELECT sequence FROM envelopes ORDER BY sequence")]
    counted = "SELECT sink, state, number FROM outbox_counts WHERE number > 0 ORDER BY 1, 2"
    recounted = "SELECT sink, state, count(*) FROM outbox GROUP BY 1, 2 ORDER BY 1, 2"
    counts_agree = list(connection.execute(counted)) == list(connection.execute(recounted))
    waiting = connection.execute("SELECT count(*) FROM outbox WHERE state IN ('queued', 'dead')").get
    sql = "SELECT e.message_id FROM envelopes e JOIN outbox o ON o.envelope_sequence = e.sequence WHERE o.rank = 0"
    messages = {row[0] for row in connection.execute(sql)}
    integrity = connection.pragma("integrity_check")
    connection.close()
    checks = {
        "the store is damaged": integrity == "ok",
        "the counts of the queues are wrong": counts_agree,
        "an acknowledged reading is lost": promises.readings <= weights.keys(),
        "a reading is in the store twice": len(weights) == sum(kind == "weight" for _, _, kind, _ in rows),
        "an alert is lost": promises.alerts <= alerts.keys(),
        "an answer is lost": all(alerts.get(one) != "raised" for one in promises.answered),
        "a gap in the envelopes": sequences == list(range(1, len(sequences) + 1)),
        "something waits after the queue was drained": waiting == 0,
        "a reading was not delivered": set(weights.values()) <= receiver.created.keys(),
        "a reading is not where a person put it": promises.moved <= hers,
        "a reading that was somebody else's was not taken back": wrong & receiver.created.keys() <= receiver.taken_back,
        "a reading was taken back from its owner": not receiver.taken_back & set(weights.values()),
        "a reading came after it was taken back": not receiver.too_late,
        "an event of an alert was not delivered": messages <= receiver.created.keys(),
        "something was delivered twice": all(number == 1 for number in receiver.created.values()),
        "the receiver has what the store does not know": receiver.created.keys() <= {*records, *messages},
        "an alert was announced to nobody": {one for one, state in alerts.items() if state == "raised"}
        <= receiver.noticed.keys(),
    }
    promises.problems += [name for name, fine in checks.items() if not fine]
    return {
        "kills": promises.kills,
        "acked_readings": len(promises.readings),
        "acked_alerts": len(promises.alerts),
        "resent": promises.resent,
        "answers": len(promises.answered),
        "moved": len(promises.moved),
        "taken_back": len(receiver.taken_back & receiver.created.keys()),
        "delivered": len(receiver.created),
        "duplicates": receiver.created.total() - len(receiver.created),
        "lost_replies": receiver.lost_replies,
        "held_back": receiver.held_back,
        "notices": receiver.noticed.total(),
        "ready_max_s": round(max(promises.ready_s, default=0.0), 3),
        "problems": promises.problems,
    }
