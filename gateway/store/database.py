"""One SQLite connection, one thread that owns it, and commits shared by all who write at the same moment.

A write is acknowledged (its await returns) only after a COMMIT with `synchronous=FULL`. While a commit is under way,
new writes gather and share the next one; each runs in a savepoint of its own, so that one that fails takes nobody
along.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import apsw

from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.faults import Fault, no_fault
from gateway.core.health import Colour, HealthBoard
from gateway.store import opening
from gateway.store.ballast import Ballast, StoreFull

T = TypeVar("T")
Work = Callable[[apsw.Connection], T]

PART: Final = "store"
WAITING_WRITES: Final = 1024  # bounded; policy: backpressure, `write` waits for a place
WAITING_READS: Final = 64  # bounded; policy: backpressure
WRITES_PER_COMMIT: Final = 256  # keeps one transaction under ~50 ms on slow flash
PROBE_S: Final = 5.0  # how often a full disk is looked at again: half of the 10 s in which a change must show


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    essential: bool
    done: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any = None
    error: Exception | None = None


class Database:
    """The store of one gateway. Made by `Database.open`; belongs to one event loop."""

    def __init__(
        self,
        path: str,
        *,
        clock: Clock,
        executor: ThreadPoolExecutor,
        connection: apsw.Connection,
        fault: Fault,
        ballast: Ballast | None,
        health: HealthBoard | None,
    ) -> None:
        self.path = path
        self._clock = clock
        self._executor = executor
        self._connection = connection
        self.fault = fault  # crash points inside the work of others go through it
        self._ballast = ballast
        self._health = health
        self._loop = asyncio.get_running_loop()
        self._pending: list[_Job] = []
        self._committing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._write_places = asyncio.Semaphore(WAITING_WRITES)
        self._read_places = asyncio.Semaphore(WAITING_READS)
        self._closed = False
        self._full = False  # owner thread writes, loop reads
        self._probe: asyncio.TimerHandle | None = None
        self._listeners: list[Callable[[], None]] = []
        self.commits = 0  # figures for /metrics
        self.writes = 0
        self.commit_seconds = 0.0  # the sum; divided by `commits` it is the mean

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path | str,
        *,
        clock: Clock,
        fault: Fault = no_fault,
        vfs: str | None = None,
        synchronous: str = "FULL",
        health: HealthBoard | None = None,
        ballast: Ballast | None = None,
    ) -> AsyncIterator[Self]:
        """Open or create the store, migrate it, and close it at the end.

        Args:
            path: the file; its folder is made when it is missing.
            clock: measures how long commits take.
            fault: named crash points, for the reliability tests.
            vfs: name of a registered apsw VFS; then no lock file is taken and no ballast made unless given.
            synchronous: anything but FULL loses acknowledged rows at a power cut; for the tests that show it.
            health: told how the store is, as part "store".
            ballast: the room kept for alerts on a full disk; by default 16 MB beside the store.

        Raises:
            StoreError: one sentence saying what is wrong and what to do.
        """
        opening.check_sqlite(apsw.SQLITE_VERSION_NUMBER)
        lock: opening.Lock | None = None
        if vfs is None:
            path = Path(path)
            opening.prepare_folder(path)
            lock = opening.Lock(path)
            ballast = ballast or Ballast(path.with_name(path.name + ".ballast"))
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        loop = asyncio.get_running_loop()
        try:
            connection = await loop.run_in_executor(executor, _connect, str(path), vfs, synchronous, fault)
            database = cls(
                str(path),
                clock=clock,
                executor=executor,
                connection=connection,
                fault=fault,
                ballast=ballast,
                health=health,
            )
            try:
                database.fault("store.opened")
                await database._look_at_disk()
                yield database
            finally:
                await database._close()
        finally:
            executor.shutdown(wait=True)
            if lock is not None:
                lock.release()

    async def write(self, work: Work[T], *, essential: bool = False) -> T:
        """Run `work(connection)` in a transaction and return its result once that is durable.

        Whatever `work` raises undoes its own changes only, and is raised here. It may run more than once (after a full
        disk was given air), so it must have no effect but on the connection. If the caller is cancelled, the write may
        or may not happen.

        Args:
            work: runs in the store's thread; must not wait for anything.
            essential: an alert, an answer, a withdrawal: may use the room that is kept back on a full disk.

        Raises:
            StoreFull: the disk is full, and this write is not essential.
            StoreError: the disk refused, or the store is closed.
        """
        async with self._write_places:
            if self._closed:
                raise StoreError(f"The store {self.path} is closed.")
            job = _Job(work=work, essential=essential, done=self._loop.create_future())
            self._pending.append(job)
            self._begin_commit()
            result: T = await job.done
            return result

    async def read(self, work: Work[T]) -> T:
        """Run `work(connection)` in the store's thread, between two commits: it sees one state."""
        async with self._read_places:
            if self._closed:
                raise StoreError(f"The store {self.path} is closed.")
            return await self._loop.run_in_executor(self._executor, work, self._connection)

    def on_commit(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` in the event loop soon after each commit, to wake who reads it. Returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def full(self) -> bool:
        """True while the disk is full and only alerts are stored."""
        return self._full

    # ---- group commit -------------------------------------------------------------------------------------------

    def _begin_commit(self) -> None:
        if self._committing:
            return
        self._pending = [job for job in self._pending if not job.done.done()]  # whose caller was cancelled
        batch = self._pending[:WRITES_PER_COMMIT]
        del self._pending[:WRITES_PER_COMMIT]
        if not batch:
            self._idle.set()
            return
        self._committing = True
        self._idle.clear()
        began = self._clock.monotonic()
        future = self._loop.run_in_executor(self._executor, self._commit, batch)
        future.add_done_callback(lambda done: self._commit_done(batch, done, began))

    def _commit_done(self, batch: list[_Job], future: asyncio.Future[list[_Outcome]], began: float) -> None:
        self._committing = False
        self.commit_seconds += self._clock.monotonic() - began
        failure = future.exception()
        if failure is None:
            self.commits += 1
            self.writes += len(batch)
            for job, outcome in zip(batch, future.result(), strict=True):
                _settle(job.done, outcome)
            for listener in self._listeners:
                self._loop.call_soon(listener)  # what one of them raises is not the store's affair
        else:
            for job in batch:
                _settle(job.done, _Outcome(error=_as_store_error(self.path, failure)))
        self._report(failure)
        self._begin_commit()

    def _commit(self, batch: list[_Job]) -> list[_Outcome]:
        """In the owner thread: one transaction for all; on a full disk a second one for the alerts only."""
        if not self._full:
            try:
                return self._transaction(batch)
            except apsw.FullError:
                if self._ballast is None:
                    raise
                self._full = True
                self._ballast.release()
        essential = [job for job in batch if job.essential]
        outcomes = iter(self._transaction(essential)) if essential else iter(())
        refused = _Outcome(error=StoreFull(self._full_sentence()))
        return [next(outcomes) if job.essential else refused for job in batch]

    def _transaction(self, batch: list[_Job]) -> list[_Outcome]:
        connection = self._connection
        self.fault("store.commit.before")
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [_run(connection, job.work) for job in batch]
            self.fault("store.commit.inside")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self.fault("store.commit.after")
        return outcomes

    # ---- health -------------------------------------------------------------------------------------------------

    def _full_sentence(self) -> str:
        where = self._ballast.where if self._ballast is not None else self.path
        return f"The disk of {where} is full: only alerts are stored until somebody frees space there."

    def _report(self, failure: BaseException | None) -> None:
        if failure is not None and not self._full:
            self._tell(Colour.RED, str(_as_store_error(self.path, failure)))
        elif self._full:
            self._tell(Colour.RED, self._full_sentence())
            if self._probe is None and not self._closed:
                self._probe = self._loop.call_later(PROBE_S, self._probe_disk)
        else:
            self._tell(Colour.GREEN, "Storing.")

    def _tell(self, colour: Colour, reason: str) -> None:
        if self._health is not None:
            self._health.report(PART, colour, reason)

    def _probe_disk(self) -> None:
        self._probe = None
        if not self._closed:
            future = self._loop.run_in_executor(self._executor, self._recover)
            future.add_done_callback(lambda _done: self._report(None))

    async def _look_at_disk(self) -> None:
        await self._loop.run_in_executor(self._executor, self._recover)
        self._report(None)

    def _recover(self) -> None:
        """In the owner thread: take the ballast (again); without it the disk counts as full."""
        if self._ballast is not None:
            self._full = not self._ballast.restore()

    async def _close(self) -> None:
        self._closed = True
        if self._probe is not None:
            self._probe.cancel()
        await self._idle.wait()
        with suppress(apsw.Error):  # the log could not be moved into the file: the next start does it
            await self._loop.run_in_executor(self._executor, self._connection.close, True)
        self._tell(Colour.AMBER, "Closed.")


def _connect(path: str, vfs: str | None, synchronous: str, fault: Fault) -> apsw.Connection:
    return opening.connect(path, vfs=vfs, synchronous=synchronous, fault=fault)


def _run(connection: apsw.Connection, work: Work[Any]) -> _Outcome:
    connection.execute("SAVEPOINT job")
    try:
        value = work(connection)
    except (apsw.FullError, apsw.IOError, apsw.CorruptError, apsw.NoMemError):
        raise  # the disk, not the work: the transaction as a whole is lost
    except Exception as error:  # noqa: BLE001  # not ours to judge: it goes to the caller who gave the work
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return _Outcome(error=error)
    connection.execute("RELEASE job")
    return _Outcome(value=value)


def _settle(done: asyncio.Future[Any], outcome: _Outcome) -> None:
    if done.done():  # the caller was cancelled
        return
    if outcome.error is not None:
        done.set_exception(outcome.error)
    else:
        done.set_result(outcome.value)


def _as_store_error(path: str, failure: BaseException) -> Exception:
    match failure:
        case StoreError():
            return failure
        case apsw.Error():
            return opening.unusable(path, failure)
        case Exception():
            return failure
        case _:
            return StoreError(f"The store {path} stopped: {failure!r}.")
