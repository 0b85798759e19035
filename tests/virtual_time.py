"""An event loop whose time jumps: when every task waits, the clock goes to the next timer at once.

Work handed to threads (`run_in_executor`) is real: while some is under way the loop waits for it instead of jumping.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

EPOCH: Final = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits for a timer: tells the loop to jump instead."""

    loop: VirtualTimeLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.loop.in_threads or timeout is None:
            return super().select(None)  # a thread (or another process) will wake us
        self.loop.jump(timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop on virtual time. `loop.time()` starts at 1000 s."""

    def __init__(self) -> None:
        self._now = 1000.0
        self.in_threads = 0
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        self.in_threads += 1
        future: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._back)
        return future

    def _back(self, _future: asyncio.Future[Any]) -> None:
        self.in_threads -= 1


class VirtualClock:
    """A `gateway.core.clock.Clock` on the running loop's time; the wall can be stepped like a bad clock."""

    def __init__(self, wall: datetime = EPOCH, *, synchronised: bool = True) -> None:
        self._wall_at_zero = wall - timedelta(seconds=1000.0)
        self.is_synchronised = synchronised

    def wall(self) -> datetime:
        return self._wall_at_zero + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def synchronised(self) -> bool:
        return self.is_synchronised

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        return asyncio.timeout(seconds)

    def step(self, by: timedelta) -> None:
        """The wall clock jumps; the monotonic one does not."""
        self._wall_at_zero += by


def run_virtual(main: Callable[[], Any]) -> Any:
    """Run `await main()` to its end on a virtual-time loop."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main())
