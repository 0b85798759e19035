"""Falls from tracks with heights: people, beds, bending, pets, things that fall, tracks that are lost and mixed up."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.datasets.scenes.days import draw_day
from analytics.datasets.scenes.rooms import draw_room
from analytics.datasets.scenes.sensing import Sensing
from analytics.radar.falls import RadarFalls, Zone
from analytics.radar.tracks import RATE_HZ
from tests.analytics.radar.scene import BED, Believes, Blocks, Shape, drop, ease, falls, found, frames, standing_then

FALL = standing_then(*drop(0.9, 1.0, 2.3, 0.3), (60, 1.0, 2.3, 0.3))


@pytest.mark.parametrize("seed", range(5))
def test_a_fall_is_found_once_in_three_and_a_half_seconds(seed: int) -> None:
    (fall,) = falls(found(frames(FALL, seconds=60, seed=seed)))
    assert fall.probability > 0.5
    assert fall.height_m == pytest.approx(0.3, abs=0.1)
    assert fall.place == pytest.approx((1.0, 2.3), abs=0.1)
    assert 15.4 <= fall.down_at / RATE_HZ <= 17.0
    assert fall.raised_at / RATE_HZ - 15.9 <= 3.6


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("sits down fast", standing_then(*ease(0.6, 1.2), (60, 0.5, 2.0, 1.2))),
        ("bends for ten seconds", standing_then(*ease(1, 0.6), (11, 0.5, 2, 0.6), (12, 0.5, 2, 1.65))),
        ("sits on the floor to play", standing_then(*ease(4, 0.85), (60, 0.5, 2, 0.85))),
        ("kneels", standing_then(*ease(2.5, 0.95), (60, 0.5, 2, 0.95))),
        ("lies down slowly", standing_then((3, 0.5, 2, 0.8), (6, 0.5, 2, 0.8), (10, 0.5, 2, 0.3), (60, 0.5, 2, 0.3))),
        ("lies down in bed", standing_then((3, -1.5, 4, 1.65), (4, -1.5, 4, 0.6), (60, -1.5, 4, 0.6))),
        ("a thing falls", [(0, 0, 2, 1.4), (1, 0, 2, 1.4), (1.5, 0, 2, 0.1), (2.5, 0, 2, 0.1)]),
        ("a dog jumps up", [(0, 0, 2, 0.5), (10, 0, 2, 0.5), (10.4, 0, 2, 1.3), (10.8, 0, 2, 0.5), (60, 0, 2, 0.5)]),
        ("leaves", standing_then((5, 3, 1, 1.65))),
        ("the module takes a dog for him, and it runs on", standing_then((0.1, 0.5, 2, 0.4), (6, 3.5, 4, 0.4))),
    ],
)  # fmt: skip
def test_what_is_no_fall(what: str, body: Shape) -> None:
    assert not found(frames(body, seconds=60)), what


def test_a_fall_out_of_bed() -> None:
    into: Shape = [(0.0, 0.0, 4.0, 1.65), (6.0, -1.5, 4.0, 1.65), (10.0, -1.5, 4.0, 0.75), (30.0, -1.5, 4.0, 0.75)]
    out = [*into, (30.4, -1.2, 4.0, 0.65), (30.8, -0.6, 4.0, 0.28), (80.0, -0.6, 4.0, 0.28)]
    assert len(falls(found(frames(out, seconds=80)))) == 1


def test_who_falls_beside_a_bed_is_not_in_it() -> None:
    beside = standing_then((0.9, -1.2, 4.0, 0.25), (60, -1.2, 4.0, 0.25))
    assert falls(found(frames(beside, seconds=60), judge=Believes())), "lower than the bed"
    on = standing_then((0.9, -1.2, 4.0, 0.6), (60, -1.2, 4.0, 0.6))
    assert not found(frames(on, seconds=60), judge=Believes())


def test_a_track_lost_in_the_fall_and_found_on_the_floor() -> None:
    numbers, places, tops = frames(FALL, seconds=60)
    numbers[154:168] = 0
    numbers[168:] = np.where(numbers[168:] > 0, 7, 0)
    assert len(falls(found((numbers, places, tops)))) == 1


def test_two_tracks_that_are_mixed_up() -> None:
    person = standing_then((60, 0.5, 2.0, 1.65))
    dog: Shape = [(0, 0.7, 2.2, 0.4), (60, 0.7, 2.2, 0.4)]
    numbers, places, tops = frames(person, dog, seconds=60)
    numbers[200:, 0] = numbers[200:, 0, ::-1]
    assert not found((numbers, places, tops), judge=Believes()), "whatever the judge thinks"
    alone = numbers.copy()
    alone[:195, 0, 1] = 0
    assert not found((alone, places, tops), judge=Believes()), "a dog that came this moment"


def test_a_second_fall_after_getting_up_is_told_again() -> None:
    again = [*FALL[:-1], (25, 1.0, 2.3, 0.3), (28, 1.0, 2.3, 1.65), (40, 0.5, 2.0, 1.65)]
    again += [(40 + t, x, y, top) for t, x, y, top in drop(0.9, 1.0, 2.3, 0.3)] + [(60, 1.0, 2.3, 0.3)]
    assert len(falls(found(frames(again, seconds=60), judge=Believes()))) == 2
    assert len(falls(found(frames(FALL, seconds=60), judge=Believes()))) == 1


def made_up(seed: int) -> tuple[Blocks, list[Zone]]:
    """A quarter of an hour around each fall of a made-up day, one after the other."""
    rng = np.random.default_rng([12, seed])
    room = draw_room(rng)
    day = draw_day(room, 3, rng)
    told = Sensing(rng).tells(day)
    around = [slice(round(one.begin_s * RATE_HZ) - 3000, round(one.begin_s * RATE_HZ) + 1500) for one in day.falls]
    ids, places, tops = (
        np.concatenate([part[:, one] for one in around], axis=1).swapaxes(0, 1)[:, None]
        for part in (told.ids, told.places, told.tops)
    )
    return (ids, places, tops), [Zone(low=one.low, high=one.high, height=one.height) for one in room.told]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("judge", [None, Believes()])
def test_cuts_in_time_change_nothing(seed: int, judge: Believes | None) -> None:
    blocks, zones = made_up(seed)
    rng = np.random.default_rng(seed)
    whole = found(blocks, zones, judge)
    assert falls(whole)
    assert repr(found(blocks, zones, judge, np.unique(rng.integers(1, len(blocks[0]), 300)).tolist())) == repr(whole)
    assert repr(found(blocks, zones, judge, range(7, len(blocks[0]), 7))) == repr(whole)
    if judge is None and seed == 0:
        assert repr(found(blocks, zones, judge, range(1, len(blocks[0])))) == repr(whole), "frame by frame"


@pytest.mark.parametrize("gap", [30, 45, 55, 70, 150])
@pytest.mark.parametrize("how", ["not seen", "same number", "new number"])
def test_nor_where_a_body_was_not_seen_for_long(how: str, gap: int) -> None:
    ids, places, tops = frames(FALL, seconds=50, seed=1)
    hole = slice(154, 154 + gap)
    if how == "not seen":
        tops[hole] = np.nan
    else:
        ids[hole] = 0
        if how == "new number":
            ids[hole.stop :] = np.where(ids[hole.stop :] > 0, 7, 0)
    blocks = (ids, places, tops)
    whole = repr(found(blocks, judge=Believes()))
    for length in (5, 7, 61):
        assert repr(found(blocks, judge=Believes(), cuts=range(length, 500, length))) == whole


def test_rooms_do_not_touch_each_other() -> None:
    one = frames(FALL, seconds=60)
    other = frames(standing_then((60, 2.0, 3.0, 1.65)), seconds=60, seed=1)
    ids, places, tops = (np.concatenate(pair, axis=1) for pair in zip(one, other, strict=True))
    together = RadarFalls([(BED,), ()]).feed(ids, places, tops)
    assert repr(together) == repr(found(one))
    assert {x.room for x in together} == {0}


def test_nothing_and_nonsense_raise_nothing() -> None:
    numbers, places, tops = frames(FALL, seconds=30)
    assert not found((np.zeros_like(numbers), places, tops))
    assert not found((numbers, places, np.full_like(tops, np.nan)))
    assert not found((numbers[:0], places[:0], tops[:0]))
    rng = np.random.default_rng(0)
    many = rng.integers(0, 1000, (150, 1, 20)).astype(np.int32)
    anywhere, any_height = rng.normal(size=(150, 1, 20, 2)), rng.uniform(0, 2, (150, 1, 20))
    assert not found((many, anywhere.astype(np.float32), any_height.astype(np.float32)))
    detector = RadarFalls([()])
    for _ in range(7):
        detector.frame(many[0], anywhere[0].astype(np.float32), any_height[0].astype(np.float32))
    assert detector.frames == 7
