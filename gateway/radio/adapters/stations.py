"""All adapters together: each is kept at work, and how they are is told in one sentence and a colour."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import structlog
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from gateway.core.clock import Clock
from gateway.core.errors import NotFound, RadioUnavailable
from gateway.core.health import Colour, HealthBoard
from gateway.radio.adapters.station import AdapterState, Station
from gateway.radio.host import Adapter, Host
from gateway.radio.visits.bonds import Bonds

PART: Final = "radio"
FIRST_PAUSE_S: Final = 5.0  # until an adapter that has gone is looked for again, while another one works
LONGEST_PAUSE_S: Final = 60.0

log = structlog.get_logger(__name__)


class Stations:
    """One `Station` per host.

    Args:
        heard: called with each advertisement.
        bonds: whose sentences are told too.
        rng: jitter of the pauses.
        relied_on: whether a device of ours only advertises, such as a pendant.
        troubles: the sentences about devices that refuse, or that no adapter has room for.
    """

    def __init__(
        self,
        hosts: Sequence[Host],
        *,
        clock: Clock,
        health: HealthBoard,
        rng: random.Random,
        bonds: Bonds,
        heard: Callable[[Station, BLEDevice, AdvertisementData], None],
        relied_on: Callable[[], bool] = lambda: False,
        troubles: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._clock = clock
        self._health = health
        self._rng = rng
        self._bonds = bonds
        self._troubles = troubles
        self._all = [Station(host, clock, heard=heard, changed=self.report, relied_on=relied_on) for host in hosts]

    def __iter__(self) -> Iterator[Station]:
        return iter(self._all)

    def states(self) -> tuple[AdapterState, ...]:
        """For people."""
        return tuple(station.state() for station in self._all)

    def opened(self) -> list[Adapter]:
        """The adapters that work. Raises NotFound when there is none."""
        opened = [station.adapter for station in self._all if station.adapter is not None]
        if not opened:
            why = " ".join(station.down for station in self._all if station.down is not None)
            why = why or "Plug it in, or ask 'huoma doctor' what is wrong."
            raise NotFound(f"The gateway has no Bluetooth adapter now. {why} Then try again.")
        return opened

    def begin(self) -> None:
        """Before the first `keep` of a run: what was down may be there again."""
        for station in self._all:
            station.down = None

    async def keep(self, station: Station) -> None:
        """Run one until cancelled; when it goes away it is looked for again, as long as another one works.

        Raises:
            RadioUnavailable: none is left.
            KeysDamaged: the bonds cannot be read nor set aside.
        """
        pause, said = FIRST_PAUSE_S, ""
        while True:
            began = self._clock.monotonic()
            try:
                await station.run()
            except RadioUnavailable as unavailable:
                lost = unavailable
            if all(one.down is not None for one in self._all):
                raise RadioUnavailable(" ".join(one.down for one in self._all if one.down is not None)) from lost
            if str(lost) != said:
                said = str(lost)
                log.warning("adapter lost", adapter=station.name, why=said)
            self.report()
            if self._clock.monotonic() - began > LONGEST_PAUSE_S:
                pause = FIRST_PAUSE_S
            await self._clock.sleep(pause * self._rng.uniform(0.75, 1.25))
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def device_problems(self) -> list[str]:
        """What is wrong with bonds, devices that refuse and that find no room: a sentence each, with what to do."""
        notices = (station.adapter.notice for station in self._all if station.adapter is not None)
        return [
            *dict.fromkeys(notice for notice in notices if notice is not None),
            *self._bonds.stale.values(),
            *self._troubles(),
        ]

    def report(self) -> None:
        """Tell the health board how adapters and bonds are. Red: nothing more can be expected of any adapter."""
        opened = {station: station.adapter for station in self._all if station.adapter is not None}
        if not opened:
            return  # the supervisor says why, or it is being opened
        problems = self.device_problems()
        problems += [words for station in self._all if (words := station.down or station.deaf) is not None]
        colour = Colour.AMBER if problems else Colour.GREEN
        if all(station.down is not None or station.suddenly_deaf for station in self._all):
            colour = Colour.RED
        if not problems:
            where = ", ".join(f"{station.name}, {adapter.address}" for station, adapter in opened.items())
            simulated = " (simulated)" if any(station.host.simulated for station in opened) else ""
            problems = [f"Listening on {where}{simulated}."]
        self._health.report(PART, colour, " ".join(problems))
