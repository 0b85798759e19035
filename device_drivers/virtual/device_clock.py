"""A device's own clock: local, naive, running, and wrong by however much it is wrong."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from struct import Struct
from typing import Final

_DATE_TIME: Final = Struct("<HBBBBB")  # 2A08: year, month, day, hours, minutes, seconds
FACTORY: Final = datetime(2016, 1, 1)  # noqa: DTZ001  # a device knows no zone


class DeviceClock:
    """Starts at `start` and runs on the event loop's time."""

    def __init__(self, start: datetime) -> None:
        self._zero = start - timedelta(seconds=asyncio.get_running_loop().time())
        self.writes = 0

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


def encode(at: datetime) -> bytes:
    """A Date Time as the measurements carry it."""
    return _DATE_TIME.pack(at.year, at.month, at.day, at.hour, at.minute, at.second)
