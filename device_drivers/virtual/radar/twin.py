"""A virtual radar module that lives: a room, a module in it, and the line that it speaks on.

async with twin("ti", link=path) as one:
one.act("fall")
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from device_drivers.virtual.radar.body import Body
from device_drivers.virtual.radar.faults import Faults
from device_drivers.virtual.radar.line import PtyLine
from device_drivers.virtual.radar.modules import MODULES
from device_drivers.virtual.radar.room import Room
from device_drivers.virtual.radar.uart import heard

_MOST_LATE_S: Final = 1.0  # a process that was stopped for longer does not send what it would have sent meanwhile
_PACE_S: Final = (0.001, 0.02)  # how long it sleeps between looks at a clock that may be faster than the loop's
_BOOTS_S: Final = 0.3
Sleep = Callable[[float], Awaitable[None]]


class RadarTwin:
    """See the module's docstring; made by `twin`.

    Attributes:
        bodies: who is in the room, as of the last frame: what is to be found.
        frames: how often the module was asked what it says.
    """

    def __init__(
        self,
        name: str,
        *,
        link: Path,
        seed: int = 1,
        clock: Callable[[], float] | None = None,
        installed: bool = True,
        present: bool = True,
    ) -> None:
        kind = MODULES[name]
        self.module = kind.make(seed, installed)
        self.room = Room(seed=seed, plan=kind.plan, present=present)
        self.line = PtyLine(link=link, baud=self.module.baud)
        self.faults = Faults(seed=seed, baud=self.module.baud)
        self.bodies: tuple[Body, ...] = ()
        self.frames = 0
        self._loop = asyncio.get_running_loop()
        self._clock = clock or self._loop.time
        self._zero = self._due = self._clock()
        self._reading: int | None = None
        self._verbs: Mapping[str, Callable[[], object]] = {
            "unplug": self.unplug,
            "replug": self.replug,
            "reset": self.reset,
            "garbage": self.faults.garbage,
            "wrong-baud": self.faults.other_baud,
            "right-baud": self.faults.right_baud,
            "half": self.faults.half,
            "flood": self.faults.flood,
            "silent": lambda: setattr(self.faults, "silent", True),
            "speak": lambda: setattr(self.faults, "silent", False),
        }

    @property
    def words(self) -> frozenset[str]:
        """What `act` understands: what people do in the room, and what goes wrong."""
        return self.room.words | frozenset(self._verbs)

    def act(self, word: str) -> None:
        """Begin to do that.

        Raises:
            ValueError: no such word, or whoever should do it is not there.
        """
        if word in self._verbs:
            self._verbs[word]()
        else:
            self.room.act(word)

    def replug(self) -> None:
        """The cable goes in, or the power comes: the link is there, and the module boots."""
        if self.line.plugged:
            return
        self._reading = self.line.plug()
        self._loop.add_reader(self._reading, self._listen)
        self._boot()

    def unplug(self) -> None:
        """The cable comes out, and with it the power."""
        if self._reading is not None:
            self._loop.remove_reader(self._reading)
            self._reading = None
        self.line.unplug()

    def reset(self) -> None:
        """It loses all its settings and starts again."""
        self.module.factory()
        self._boot()

    def _boot(self) -> None:
        self._due = self._clock() + _BOOTS_S
        self._send(self.module.boots())

    async def run(self, sleep: Sleep = asyncio.sleep) -> None:
        """Say what is to be said until cancelled."""
        while True:
            self.step()
            await sleep(min(max(self._due - self._clock(), _PACE_S[0]), _PACE_S[1]))

    def step(self) -> None:
        """Say everything that is due by now."""
        now = self._clock()
        self._due = max(self._due, now - _MOST_LATE_S)
        while self._due <= now:
            at = self._due - self._zero
            self.bodies = self.room.at(at)
            self._due += 1.0 / self.module.rate_hz
            if self.line.plugged:
                self.frames += 1
                self._send(self.module.says(at, self.bodies))

    def _send(self, said: bytes) -> None:
        data = self.faults.apply(said)
        if data:
            self.line.write(heard(data, sent_baud=self.module.baud, read_baud=self._host_baud()), now=self._clock())

    def _listen(self) -> None:
        said = self.line.read()
        if said and not self.faults.silent:
            answer = self.module.hears(heard(said, sent_baud=self._host_baud(), read_baud=self.module.baud))
            self._send(answer)

    def _host_baud(self) -> int:
        return self.faults.wrong_baud or self.line.host_baud()


@asynccontextmanager
async def twin(
    name: str,
    *,
    link: Path,
    seed: int = 1,
    clock: Callable[[], float] | None = None,
    installed: bool = True,
    present: bool = True,
) -> AsyncIterator[RadarTwin]:
    """A twin that is plugged in and speaks, until the block ends.

    Args:
        name: one of `modules.MODULES`.
        link: where its terminal is to be found.
        seed: of the room and of the module's errors.
        clock: seconds; the loop's own without it. A faster one makes everything faster, frames too.
        installed: somebody has set it up; else it is as from the factory.
        present: the resident is in the room.
    """
    one = RadarTwin(name, link=link, seed=seed, clock=clock, installed=installed, present=present)
    one.replug()
    # Not a task group: whoever looks at what goes wrong in the block wants that error, not a group of it.
    running = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        running.cancel()
        one.unplug()
        with suppress(asyncio.CancelledError):
            await running
