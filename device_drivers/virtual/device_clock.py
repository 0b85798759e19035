"""A device's own clock: local, naive, running, and wrong by however much it is wrong."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from struct import Struct
from typing import Final

_DATE_TIME: Final = Struct("<HBBBBB")  # 2A08: year, month, day, hours, minutes, seconds
_CURRENT_TIME_BYTES: Final = 10  # 2A2B: a Date Time, day of the week, 1/256 s, why it was changed
FACTORY: Final = datetime(2016, 1, 1)  # noqa: DTZ001  # a device knows no zone


class DeviceClock:
    """Starts at `start` and runs on the event loop's time.

    Attributes:
        writes: how often it was set.
        written: set by that; whoever waits for the next time clears it.
    """

    def __init__(self, start: datetime) -> None:
        self._zero = start - timedelta(seconds=asyncio.get_running_loop().time())
        self.writes = 0
        self.written = asyncio.Event()

    def now(self) -> datetime:
        return self._zero + timedelta(seconds=asyncio.get_running_loop().time())

    def reset(self) -> None:
        """New batteries: it starts where these devices start."""
        self._zero = FACTORY - timedelta(seconds=asyncio.get_running_loop().time())

    def lag(self, seconds: float) -> None:
        """A cheap crystal: it is this much later than it shows."""
        self._zero -= timedelta(seconds=seconds)

    def read(self) -> bytes:
        """The value of 2A08 now."""
        return encode(self.now())

    def write(self, value: bytes) -> None:
        """Set by 2A08; a value that is no time is ignored, as the devices do."""
        if len(value) != _DATE_TIME.size:
            return
        try:
            told = datetime(*_DATE_TIME.unpack(value))  # noqa: DTZ001  # a device knows no zone
        except ValueError:
            return
        self._zero = told - timedelta(seconds=asyncio.get_running_loop().time())
        self.writes += 1
        self.written.set()

    def read_current(self) -> bytes:
        """The value of 2A2B now."""
        now = self.now()
        return encode(now) + bytes([now.isoweekday(), now.microsecond * 256 // 1_000_000, 0])

    def write_current(self, value: bytes) -> None:
        """Set by 2A2B; day of the week and fractions are worked out anew."""
        if len(value) == _CURRENT_TIME_BYTES:
            self.write(value[: _DATE_TIME.size])


def encode(at: datetime) -> bytes:
    """A Date Time as the measurements carry it."""
    return _DATE_TIME.pack(at.year, at.month, at.day, at.hour, at.minute, at.second)
