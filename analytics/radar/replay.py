"""Made-up rooms, day by day, as each class of module tells of them, through the detectors that a home runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analytics.datasets.scenes import flags
from analytics.datasets.scenes.acts import RATE_HZ
from analytics.datasets.scenes.days import DAY_S, Day, draw_day
from analytics.datasets.scenes.draws import Draw
from analytics.datasets.scenes.points import PointSensing
from analytics.datasets.scenes.rooms import Room, draw_room
from analytics.datasets.scenes.sensing import FRAMES, Sensing, Tracks
from analytics.datasets.scenes.visits import Fall
from analytics.radar.falls import RadarFalls, RadarFinding, Zone
from analytics.radar.flags import FlagFalls
from analytics.radar.frames import TOP_OF_MIDDLE
from analytics.radar.judging import Judge
from analytics.radar.point_tracks import PointTracks

FALLS_A_DAY: Final = 2.5  # 500 of 20 rooms and 10 days; a resident has one in months
_BLOCK: Final = int(3600 * RATE_HZ)  # frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding, by the clock of the day."""

    kind: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A day of some rooms: falls and findings in seconds since the first day's midnight, for each room."""

    falls: Sequence[Sequence[Fall]]
    found: Sequence[Sequence[Found]]


class Rooms(ABC):
    """Made-up rooms that go on from day to day.

    Args:
        seed: of everything.
        numbers: of the rooms; a room is the same whichever others are drawn beside it.
        falls_a_day: in each room.
    """

    rate_hz: float = RATE_HZ

    def __init__(self, seed: int, numbers: Sequence[int], *, falls_a_day: float = FALLS_A_DAY) -> None:
        self.rngs = [np.random.default_rng([seed, number]) for number in numbers]
        self.rooms = [draw_room(rng) for rng in self.rngs]
        self._falls_a_day = falls_a_day
        self._day = 0

    @property
    def zones(self) -> list[list[Zone]]:
        """What the technician has entered of each."""
        return [
            [Zone(low=one.low, high=one.high, height=one.height) for one in room.told] for room in self.rooms
        ]  # fmt: skip

    def day(self) -> Replayed:
        """The next day."""
        drawn = [draw_day(room, self._falls(rng), rng) for room, rng in zip(self.rooms, self.rngs, strict=True)]
        found: list[list[Found]] = [[] for _ in drawn]
        for one in self.replay(drawn):
            found[one.room].append(Found(kind=one.kind, at_s=one.raised_at / self.rate_hz))
        since = self._day * DAY_S
        self._day += 1
        return Replayed(falls=[[_moved(fall, since) for fall in day.falls] for day in drawn], found=found)

    @abstractmethod
    def replay(self, drawn: Sequence[Day]) -> list[RadarFinding]:
        """What is found in a day of all rooms."""

    def _falls(self, rng: np.random.Generator) -> int:
        return int(self._falls_a_day) + int(rng.random() < self._falls_a_day % 1)


class Heights(Rooms):
    """Modules that follow targets and tell their highest points."""

    def __init__(
        self, seed: int, numbers: Sequence[int], *, falls_a_day: float = FALLS_A_DAY, judge: Judge | None = None
    ) -> None:
        super().__init__(seed, numbers, falls_a_day=falls_a_day)
        self._modules = [Sensing(rng) for rng in self.rngs]
        self._detector = RadarFalls(self.zones, judge)

    def tells(self, drawn: Sequence[Day]) -> list[Tracks]:
        """What each module says in a day."""
        return [module.tells(day) for module, day in zip(self._modules, drawn, strict=True)]

    def replay(self, drawn: Sequence[Day]) -> list[RadarFinding]:
        """See `Rooms`."""
        told = self.tells(drawn)
        found = []
        for begin in range(0, FRAMES, _BLOCK):
            block = slice(begin, begin + _BLOCK)
            ids = np.stack([one.ids[:, block] for one in told]).transpose(2, 0, 1)
            places = np.stack([one.places[:, block] for one in told]).transpose(2, 0, 1, 3)
            tops = np.stack([one.tops[:, block] for one in told]).transpose(2, 0, 1)
            found += self._detector.feed(ids, places, tops)
        return found


class Middles(Heights):
    """Modules that follow targets and tell one height of each, that of its middle."""

    def __init__(self, seed: int, numbers: Sequence[int], *, falls_a_day: float = FALLS_A_DAY) -> None:
        super().__init__(seed, numbers, falls_a_day=falls_a_day)
        draws = [Draw("targets", rng) for rng in self.rngs]
        self._middle, self._noise = [one("middle") for one in draws], [one("height_noise") for one in draws]

    def tells(self, drawn: Sequence[Day]) -> list[Tracks]:
        """See `Heights`."""
        return [
            replace(
                one,
                tops=np.float32(TOP_OF_MIDDLE)
                * (np.float32(middle) * one.tops + np.float32(noise) * rng.standard_normal(one.tops.shape, np.float32)),
            )
            for one, middle, noise, rng in zip(super().tells(drawn), self._middle, self._noise, self.rngs, strict=True)
        ]  # fmt: skip


class PointsAlone(Rooms):
    """Modules that follow nobody and tell points."""

    def __init__(self, seed: int, numbers: Sequence[int], *, falls_a_day: float = FALLS_A_DAY) -> None:
        super().__init__(seed, numbers, falls_a_day=falls_a_day)
        self._modules = [PointSensing(room, rng) for room, rng in zip(self.rooms, self.rngs, strict=True)]
        self._tracks = [PointTracks() for _ in self.rooms]
        self._detector = RadarFalls(self.zones)

    def replay(self, drawn: Sequence[Day]) -> list[RadarFinding]:
        """See `Rooms`."""
        told = [module.tells(day) for module, day in zip(self._modules, drawn, strict=True)]
        found = []
        for begin in range(0, FRAMES, _BLOCK):
            parts = []
            for one, tracks in zip(told, self._tracks, strict=True):
                low, high = np.searchsorted(one.frames, (begin, begin + _BLOCK))
                parts.append(tracks.feed(one.frames[low:high] - begin, one.points[low:high], _BLOCK))
            ids, places, tops = (np.stack(each, axis=1) for each in zip(*parts, strict=True))
            found += self._detector.feed(ids, places, tops)
        return found


class Flags(Rooms):
    """Modules that say "fallen" and "somebody is there"."""

    rate_hz = flags.RATE_HZ

    def __init__(self, seed: int, numbers: Sequence[int], *, falls_a_day: float = FALLS_A_DAY) -> None:
        super().__init__(seed, numbers, falls_a_day=falls_a_day)
        self._modules = [flags.FlagSensing(rng) for rng in self.rngs]
        self._detector = FlagFalls(len(self.rooms), rate_hz=flags.RATE_HZ)

    def replay(self, drawn: Sequence[Day]) -> list[RadarFinding]:
        """See `Rooms`."""
        told = [module.tells(day)[0] for module, day in zip(self._modules, drawn, strict=True)]
        return self._detector.feed(np.stack(told, axis=1))


def _moved(fall: Fall, since: float) -> Fall:
    return replace(fall, begin_s=fall.begin_s + since, impact_s=fall.impact_s + since, up_s=fall.up_s + since)


__all__ = ["FALLS_A_DAY", "Flags", "Found", "Heights", "Middles", "PointsAlone", "Replayed", "Room", "Rooms"]
