"""Time, injected. The only module that reads a clock or sets a time-out.

Durations are monotonic, time stamps aware UTC. In tests `tests/virtual_time.py` gives an event loop whose time jumps,
and a clock on it whose wall can be stepped.
"""

from __future__ import annotations

import asyncio
import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

_STA_UNSYNC: Final = 0x0040  # <sys/timex.h>: the kernel's clock is not disciplined by any time source
_TIME_ERROR: Final = 5
_TIMEX_BYTES: Final = 512  # struct timex is 208 bytes on 64-bit Linux; `modes` = 0 (read only) is its first field
# Before `status` come modes (padded to a long), offset, freq, maxerror and esterror.
_STATUS_OFFSET: Final = 5 * ctypes.sizeof(ctypes.c_long)


class Clock(Protocol):
    """Wall time, monotonic time and waiting, as one thing that tests can replace."""

    def wall(self) -> datetime:
        """Now, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back, for durations only."""
        ...

    def synchronised(self) -> bool:
        """True when the wall clock is known to follow a time source."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        """`async with clock.timeout(s):` raises TimeoutError after `s` seconds."""
        ...


class SystemClock:
    """The machine's clocks; waiting is the running event loop's (virtual in tests)."""

    def __init__(self) -> None:
        self._adjtimex = _adjtimex()

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def synchronised(self) -> bool:
        """The kernel's own word: adjtimex(2) without STA_UNSYNC. False where the call does not exist."""
        if self._adjtimex is None:
            return False
        timex = ctypes.create_string_buffer(_TIMEX_BYTES)
        state = int(self._adjtimex(timex))
        status = ctypes.c_int.from_buffer(timex, _STATUS_OFFSET).value
        return state not in (-1, _TIME_ERROR) and not status & _STA_UNSYNC

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        return asyncio.timeout(seconds)


def _adjtimex() -> Callable[..., int] | None:
    """The C library's function, from the library that Python itself has loaded."""
    try:
        function: Callable[..., int] = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
    return function
