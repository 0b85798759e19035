"""What is usual in a room: how high who lies, sits and stands there is told, hour by hour, however time is cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from analytics.radar import usual
from analytics.radar.falls import RadarFalls, Zone
from analytics.radar.tracks import RATE_HZ, Body, Floats
from analytics.radar.usual import HOUR, NAMES, NOTHING, UNKNOWN, Usual, levels
from tests.analytics.radar.scene import BED, Blocks, Shape, frames

EMPTY = np.zeros((2, 120), np.int64)


def number(found: Floats, name: str) -> float:
    return float(found[NAMES.index(name)])


def counts(*seen: tuple[int, float, int], zones: int = 1) -> np.ndarray:
    """(which zone or 0, height, looks), spread by a module's noise."""
    found = np.zeros((1 + zones, 120), np.int64)
    for which, height, looks in seen:
        spread = np.exp(-0.5 * (np.arange(-4, 5) / 2) ** 2)
        found[which, int(height / 0.02) - 4 : int(height / 0.02) + 5] += (looks * spread / spread.sum()).astype(
            np.int64
        )
    return found


def test_nothing_seen_is_unknown() -> None:
    assert (levels(EMPTY, [BED]) == UNKNOWN).all()
    assert (levels(EMPTY[:1], []) == UNKNOWN).all()
    assert (NOTHING == UNKNOWN).all()


def test_who_lies_in_bed_tells_by_how_much_the_module_errs() -> None:
    true, high = (levels(counts((1, 0.751 + bias, 5000)), [BED]) for bias in (0.0, 0.1))
    assert number(true, "lies-too-high") == pytest.approx(0.25, abs=0.02)
    assert number(high, "lies-too-high") - number(true, "lies-too-high") == pytest.approx(0.1, abs=0.001)
    sitting_too = levels(counts((1, 0.751, 5000), (1, 1.3, 20_000)), [BED])
    assert number(sitting_too, "lies-too-high") == number(true, "lies-too-high")
    assert number(levels(counts((1, 0.751, 100)), [BED]), "lies-too-high") == UNKNOWN, "a minute is too little"
    other = Zone(low=(0, 0), high=(1, 1), height=0.4)
    both = levels(counts((1, 0.751, 5000), (2, 0.751, 5000), zones=2), [BED, other])
    assert number(both, "lies-too-high") == pytest.approx(0.30, abs=0.001), "the mean of both"


def test_who_sits_and_stands_does_too() -> None:
    for bias in (-0.1, 0.0, 0.1):
        found = levels(counts((0, 1.271 + bias, 5000), (0, 1.641 + bias, 3000), (0, 0.3, 9000)), [BED])
        assert number(found, "sits-too-high") == pytest.approx(bias, abs=0.05)
    unknown = (counts((0, 1.27, 5000)), counts((0, 1.64, 5000)), counts((0, 1.27, 500), (0, 1.64, 300)))
    for seen in unknown:
        assert number(levels(seen, [BED]), "sits-too-high") == UNKNOWN, "of one, or for too short a time"


class Listens:
    """A judge that remembers what it was told is usual."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int, int, tuple[float, ...]]] = []

    def probability(self, body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> float:
        del highest, in_zones
        self.told.append((body.room, at, now, tuple(levels.tolist())))
        return 0.0

    def later(self, body: Body, at: int, now: int, early: float) -> float:
        del body, at, now
        return early

    def threshold(self, waited: int, height: float) -> float:
        del waited, height
        return 1.0


def day(hours: float) -> Blocks:
    """Somebody who stands, sits and kneels down every five minutes, around whole hours too."""
    way: Shape = []
    t, end = 0.0, hours * 3600
    while t < end:
        for lasts, top in ((60, 1.65), (2, 1.25), (180, 1.25), (2, 1.65), (20, 1.65), (2, 0.8), (30, 0.8), (4, 1.65)):
            t += lasts
            way.append((t, 0.5, 2.0, top))
    return frames([(0.0, 0.5, 2.0, 1.65), *way], seconds=end)


def heard(blocks: Blocks, cuts: Sequence[int]) -> list[tuple[int, int, int, tuple[float, ...]]]:
    judge = Listens()
    detector = RadarFalls([(BED,)], judge)
    bounds = [0, *cuts, len(blocks[0])]
    for begin, end in pairwise(bounds):
        detector.feed(blocks[0][begin:end], blocks[1][begin:end], blocks[2][begin:end])
    return judge.told


def test_cuts_in_time_change_nothing_over_hours() -> None:
    blocks = day(2.6)
    whole = heard(blocks, [])
    assert {one[3] == tuple(NOTHING.tolist()) for one in whole if one[1] < HOUR} == {True}
    later = [one for one in whole if one[1] >= HOUR]
    assert later
    assert all(one[3][NAMES.index("sits-too-high")] == pytest.approx(2 * 0.8 - 1.65, abs=0.1) for one in later)
    rng = np.random.default_rng(1)
    for cuts in (range(HOUR, len(blocks[0]), HOUR), np.unique(rng.integers(1, len(blocks[0]), 400)).tolist(),
                 [HOUR - 6, HOUR - 5, HOUR - 1, HOUR, HOUR + 1, HOUR + 5]):  # fmt: skip
        assert heard(blocks, cuts) == whole


def test_a_module_that_hangs_elsewhere_begins_anew() -> None:
    blocks = day(1.2)
    judge = Listens()
    detector = RadarFalls([(BED,)], judge)
    detector.feed(*blocks)
    assert judge.told[-1][3] != tuple(NOTHING.tolist())
    detector.hang(0, ())
    ids, places, tops = blocks
    few = int(600 * RATE_HZ)
    detector.feed(ids[:few], places[:few], tops[:few])
    assert judge.told[-1][3] == tuple(NOTHING.tolist())


def test_each_week_the_old_counts_for_half(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Usual([])
    monkeypatch.setattr(usual, "levels", lambda counted, _: np.array([float(counted.sum())]))
    for hour in (0, 1, 168, 169, 170):
        one.look(hour, [])
        one._pending[0, 60] = 1000
    assert one.levels[0] == (2000 // 2) + 2000, "two hours of the first week, halved, and two of the second"
