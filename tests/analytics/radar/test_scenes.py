"""Made-up rooms: a day is the same for a seed, bodies stay in their rooms, falls are where they are said to be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import analytics.radar
from analytics.datasets.scenes.acts import RATE_HZ
from analytics.datasets.scenes.days import PERSON, SLOTS, Day, draw_day
from analytics.datasets.scenes.draws import Draw, changed
from analytics.datasets.scenes.rooms import Room, draw_room
from analytics.datasets.scenes.sensing import FRAMES, Sensing, Tracks
from analytics.datasets.scenes.visits import Fall
from analytics.radar import replay
from analytics.radar.evaluation import CLASSES, Count, poisson, report
from analytics.radar.replay import Found
from api.cli import radar_bytes
from api.cli.evaluate_radar import text


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


def test_what_is_rare_can_be_drawn_oftener() -> None:
    rng = np.random.default_rng(0)
    with changed({"fall": {"sits_after_share": 1.0}}):
        assert Draw("fall", rng).chance("sits_after_share")
        assert Draw("fall", rng).share("rises_share") == 0.25
    assert Draw("fall", rng).share("sits_after_share") == 0.08


def test_no_detector_reads_what_is_drawn() -> None:
    folder = Path(analytics.radar.__file__).parent
    readers = [file.name for file in folder.glob("*.py") if "datasets.scenes" in file.read_text(encoding="utf-8")]
    assert sorted(readers) == ["evaluation.py", "replay.py"], "what measures, not what finds"


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSES)
def test_every_class_is_measured(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A morning of a seed that is never told: that it is measured, not how well."""
    monkeypatch.setattr(replay, "FRAMES", 9 * 36_000)
    found = report(seed=3, rooms=1, days=1, modules=[name], say=lambda line: None)
    figures = found["modules"][name]
    assert figures["room_days"] == 1
    assert 2 <= figures["falls"] <= 3
    assert 0 <= figures["sensitivity"] <= 1
    assert figures["false_alerts"] <= 6
    assert {"sees", "cannot_see", "by_kind", "no_recovery"} <= figures.keys()


def test_the_table_says_what_was_found() -> None:
    count = Count(room_days=10)
    count.falls([Fall(kind="slump", begin_s=100.0, impact_s=101.0, up_s=400.0)], [104.5])
    figures = {**CLASSES["heights"].text, **count.figures()}
    table = text({"seed": 3, "modules": {"heights": figures}, "note": "made up"})
    for word in (
        "10 room-days, 1 falls",
        "100.0 % found",
        "100.0 % within 20 s",
        "95 of 100 after 3.5 s",
        "slump",
        CLASSES["heights"].text["cannot_see"],
        "made up",
    ):
        assert word in table


@pytest.mark.slow
def test_an_hour_through_the_parsers() -> None:
    found = radar_bytes.report(3, begin=320_000, end=340_000)
    assert found["frames"] == 20_000
    assert (found["frames_lost"], found["bytes_dropped"]) == (0, 0)
    assert found["same_as_arrays"]


def test_what_counts() -> None:
    count = Count(room_days=2)
    fall = Fall(kind="standing", begin_s=100.0, impact_s=101.0, up_s=400.0)
    count.falls([fall], [50.0, 104.5, 300.0, 401.0])
    count.falls([fall], [125.0])
    count.falls([fall], [282.0])
    count.falls([replace(fall, up_s=150.0)], [149.0])
    count.falls([replace(fall, up_s=150.0)], [151.0])
    assert count.delays == {"standing": [3.5, 24.0, None, 48.0, None]}, "until it is up, and for three minutes"
    assert count.false == 3, "before it, and after the person was up"
    count.recoveries([fall], [Found(kind="fall", at_s=104.5), Found(kind="no-recovery", at_s=131.0)])
    count.recoveries([fall], [Found(kind="fall", at_s=104.5)])
    count.recoveries([fall], [])
    assert (count.lies, count.lies_told) == (2, 1), "of the falls that were found"
    figures = count.figures()
    assert figures["sensitivity"] == 0.6
    assert figures["told_within_20_s"] == figures["by_kind"]["standing"]["told_within_20_s"] / 5 == 0.2
    assert (figures["delay_s"], figures["delay_s_p95"]) == (24.0, pytest.approx(45.6))
    assert figures["false_alerts_per_room_day"] == 1.5


def test_a_late_fall_is_told_again_at_once() -> None:
    count = Count()
    fall = Fall(kind="slump-sits", begin_s=100.0, impact_s=101.0, up_s=400.0)
    count.recoveries([fall], [Found(kind="fall", at_s=221.5), Found(kind="no-recovery", at_s=222.0)])
    count.recoveries([fall], [Found(kind="fall", at_s=221.5)])
    assert (count.lies, count.lies_told) == (2, 1)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 3.69), (1, 0.025, 5.57), (10, 4.80, 18.39)])
def test_the_interval_of_a_rate(count: int, low: float, high: float) -> None:
    assert poisson(count) == pytest.approx((low, high), abs=0.03)
