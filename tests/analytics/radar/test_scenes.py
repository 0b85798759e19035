"""Made-up rooms: a day is the same for a seed, bodies stay in their rooms, falls are where they are said to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import analytics.radar
from analytics.datasets.scenes.acts import RATE_HZ
from analytics.datasets.scenes.days import PERSON, SLOTS, Day, draw_day
from analytics.datasets.scenes.rooms import Room, draw_room
from analytics.datasets.scenes.sensing import FRAMES, Sensing, Tracks
from analytics.datasets.scenes.visits import Fall
from analytics.radar.evaluation import IN_TIME_S, _Count, _counted, zones
from analytics.radar.falls import RadarFalls


def drawn(seed: int) -> tuple[Room, Day, Tracks]:
    rng = np.random.default_rng([11, seed])
    room = draw_room(rng)
    module = Sensing(rng)
    day = draw_day(room, 2, rng)
    return room, day, module.tells(day)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_day(seed: int) -> None:
    room, day, told = drawn(seed)
    assert len(day.falls) <= 2
    for fall in day.falls:
        (body,) = [one for one in day.bodies[PERSON] if one.first <= fall.impact_s * RATE_HZ < one.first + len(one.top)]
        at = round(fall.impact_s * RATE_HZ) - body.first
        assert body.top[at + 2] < 0.95, fall.kind
        assert body.top[max(round(fall.begin_s * RATE_HZ) - body.first - 1, 0)] > body.top[at + 2] + 0.2
        assert fall.begin_s < fall.impact_s < fall.up_s
        assert 0.4 < fall.impact_s - fall.begin_s < 2.5
    for body in (one for slot in day.bodies for one in slot):
        assert (np.abs(body.place[:, 0]) <= room.width / 2 + 0.5).all()
        assert (body.top >= -0.05).all()
        assert (body.top <= 2.3).all()
    assert told.ids.shape == told.tops.shape == (SLOTS, FRAMES)
    seen = told.ids > 0
    assert (np.isfinite(told.tops) == seen).all()
    assert (np.isfinite(told.places).all(axis=2) == seen).all()
    assert 0.02 < seen[PERSON].mean() < 0.6


@pytest.mark.slow
def test_a_seed_is_a_day() -> None:
    first, again, other = drawn(0)[2], drawn(0)[2], drawn(1)[2]
    assert np.array_equal(first.ids, again.ids)
    assert np.array_equal(first.tops, again.tops, equal_nan=True)
    assert not np.array_equal(first.ids, other.ids)


def test_no_detector_reads_what_is_drawn() -> None:
    folder = Path(analytics.radar.__file__).parent
    readers = [file.name for file in folder.glob("*.py") if "scenes" in file.read_text(encoding="utf-8")]
    assert readers == ["evaluation.py"]


@pytest.mark.slow
def test_falls_of_made_up_days_are_found() -> None:
    found, falls = 0, 0
    for seed in range(6):
        room, day, told = drawn(seed)
        for fall in day.falls:
            detector = RadarFalls([zones(room)])
            first, last = round((fall.begin_s - 120) * RATE_HZ), round((fall.impact_s + IN_TIME_S) * RATE_HZ)
            raised = [
                at
                for at in range(first, last)
                if detector.frame(told.ids[None, :, at], told.places[None, :, at], told.tops[None, :, at])
            ]
            found += any(at >= fall.begin_s * RATE_HZ for at in raised)
            falls += 1
    assert falls == 12
    assert found >= 10


def test_what_counts() -> None:
    count = _Count()
    fall = Fall(kind="standing", begin_s=100.0, impact_s=101.0, up_s=400.0)
    _counted([fall], [50.0, 104.5, 300.0, 401.0], count)
    _counted([fall], [125.0], count)
    assert count.delays == {"standing": [3.5, None]}
    assert count.false == 2, "before it, and after the person was up"
