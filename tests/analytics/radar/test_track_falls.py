"""Falls from tracks with heights: people, beds, bending, pets, things that fall, tracks that are lost and mixed up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.radar.falls import RadarFall, RadarFalls, Zone
from analytics.radar.tracks import RATE_HZ, ROWS, Table

BED = Zone(low=(-2.0, 3.0), high=(-1.0, 5.0), height=0.5)
Shape = list[tuple[float, float, float, float]]  # seconds, x, y, top


def frames(*bodies: Shape, seconds: float) -> tuple[NDArray[Any], ...]:
    """(T, 1, K) numbers, (T, 1, K, 2) places, (T, 1, K) tops; a body is there from its first to its last moment."""
    t = np.arange(0, seconds, 1 / RATE_HZ)
    numbers = np.zeros((len(t), 1, len(bodies)), np.int32)
    places = np.full((len(t), 1, len(bodies), 2), np.nan, np.float32)
    tops = np.full((len(t), 1, len(bodies)), np.nan, np.float32)
    for k, body in enumerate(bodies):
        table = np.array(body)
        there = (t >= table[0, 0]) & (t <= table[-1, 0])
        numbers[there, 0, k] = k + 1
        places[there, 0, k] = np.column_stack([np.interp(t[there], table[:, 0], table[:, c]) for c in (1, 2)])
        tops[there, 0, k] = np.interp(t[there], table[:, 0], table[:, 3])
    return numbers, places, tops


def found(shapes: tuple[NDArray[Any], ...], zones: tuple[Zone, ...] = (BED,)) -> list[RadarFall]:
    detector = RadarFalls([zones])
    return [one for at in range(len(shapes[0])) for one in detector.frame(*(part[at] for part in shapes))]


def standing_then(*more: tuple[float, float, float, float]) -> Shape:
    """Ten seconds of standing in the middle of the room, and what comes then (seconds behind it)."""
    return [(0, 0.5, 2.0, 1.65), (10, 0.5, 2.0, 1.65), *((10 + t, x, y, top) for t, x, y, top in more)]


FALL = standing_then((0.9, 1.0, 2.3, 0.3), (60, 1.0, 2.3, 0.3))


def test_a_fall_is_found_once_in_three_and_a_half_seconds() -> None:
    (fall,) = found(frames(FALL, seconds=60))
    assert fall.probability > 0.9
    assert fall.height_m == pytest.approx(0.3)
    assert 10.9 <= fall.down_at / RATE_HZ <= 11.9
    assert fall.raised_at / RATE_HZ - 10.9 <= 3.6


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("sits down fast", standing_then((0.6, 0.5, 2.0, 1.2), (60, 0.5, 2.0, 1.2))),
        ("bends for ten seconds", standing_then((1, 0.5, 2, 0.6), (11, 0.5, 2, 0.6), (12, 0.5, 2, 1.65))),
        ("bends to the floor", standing_then((1, 0.5, 2, 0.5), (9, 0.5, 2, 0.5), (10, 0.5, 2, 1.65))),
        ("sits on the floor to play", standing_then((4, 0.5, 2, 0.85), (60, 0.5, 2, 0.85))),
        ("lies down slowly", standing_then((3, 0.5, 2, 0.8), (6, 0.5, 2, 0.8), (10, 0.5, 2, 0.3), (60, 0.5, 2, 0.3))),
        ("lies down in bed", standing_then((3, -1.5, 4, 1.65), (4, -1.5, 4, 0.5), (60, -1.5, 4, 0.5))),
        ("a thing falls", [(0, 0, 2, 1.4), (1, 0, 2, 1.4), (1.5, 0, 2, 0.1), (60, 0, 2, 0.1)]),
        ("a dog jumps up", [(0, 0, 2, 0.5), (10, 0, 2, 0.5), (10.4, 0, 2, 1.3), (10.8, 0, 2, 0.5), (60, 0, 2, 0.5)]),
        ("leaves", standing_then((5, 3, 1, 1.65))),
        ("the module takes a dog for him, and it runs on", standing_then((0.1, 0.5, 2, 0.4), (6, 3.5, 4, 0.4))),
        ("the module takes a still dog for him", standing_then((0.1, 0.5, 2, 0.4), (60, 0.5, 2, 0.4))),
    ],
)  # fmt: skip
def test_what_is_no_fall(what: str, body: Shape) -> None:
    assert not found(frames(body, seconds=60)), what


def test_a_fall_out_of_bed_and_one_beside_it() -> None:
    into: Shape = [(0.0, 0.0, 4.0, 1.65), (6.0, -1.5, 4.0, 1.65), (10.0, -1.5, 4.0, 0.75), (20.0, -1.5, 4.0, 0.75)]
    out = [*into, (20.8, -0.6, 4.0, 0.28), (60.0, -0.6, 4.0, 0.28)]
    assert len(found(frames(out, seconds=60))) == 1
    on_the_floor_of_the_zone = standing_then((0.9, -1.2, 4.0, 0.25), (60, -1.2, 4.0, 0.25))
    assert len(found(frames(on_the_floor_of_the_zone, seconds=60))) == 1, "lower than the bed"


def test_a_slump_that_was_fast() -> None:
    fast = standing_then((0.6, 0.5, 2.0, 0.75), (60, 0.5, 2.0, 0.75))
    (fall,) = found(frames(fast, seconds=60))
    assert 14 <= fall.raised_at / RATE_HZ - 10.6 <= 16


def test_a_track_lost_in_the_fall_and_found_on_the_floor() -> None:
    numbers, places, tops = frames(FALL, seconds=60)
    numbers[104:118] = 0
    numbers[118:] = np.where(numbers[118:] > 0, 7, 0)
    assert len(found((numbers, places, tops))) == 1


def test_two_tracks_that_are_mixed_up() -> None:
    person = standing_then((60, 0.5, 2.0, 1.65))
    dog: Shape = [(0, 0.7, 2.2, 0.4), (60, 0.7, 2.2, 0.4)]
    numbers, places, tops = frames(person, dog, seconds=60)
    numbers[200:, 0] = numbers[200:, 0, ::-1]
    assert not found((numbers, places, tops))


def test_rooms_do_not_touch_each_other() -> None:
    rng = np.random.default_rng(2)
    one = frames(FALL, seconds=60)
    other = frames(standing_then((60, 2.0, 3.0, 1.65)), seconds=60)
    noise = rng.normal(0, 0.05, one[2].shape).astype(np.float32)
    both = tuple(np.concatenate([a, b], axis=1) for a, b in zip(one, other, strict=True))
    both[2][:, :1] += noise
    detector = RadarFalls([(BED,), ()])
    together = [x for at in range(len(both[0])) for x in detector.frame(*(part[at] for part in both))]
    alone = found((one[0], one[1], one[2] + noise))
    assert together == alone
    assert [x.room for x in together] == [0]


def test_nothing_and_nonsense_raise_nothing() -> None:
    numbers, places, tops = frames(FALL, seconds=30)
    assert not found((np.zeros_like(numbers), places, tops))
    assert not found((numbers, places, np.full_like(tops, np.nan)))
    rng = np.random.default_rng(0)
    many = rng.integers(0, 1000, (300, 1, 20)).astype(np.int32)
    anywhere, any_height = rng.normal(size=(300, 1, 20, 2)), rng.uniform(0, 2, (300, 1, 20))
    assert not found((many, anywhere.astype(np.float32), any_height.astype(np.float32)))


def test_the_table_finds_a_body_again_and_forgets_it() -> None:
    table = Table.of(1)

    def frame(number: int, x: float) -> int:
        born = table.frame(
            np.array([[number]], np.int32), np.array([[[x, 2.0]]], np.float32), np.ones((1, 1), np.float32)
        )
        return len(born)

    assert frame(5, 0.0) == 1
    assert frame(5, 0.1) == 0
    for _ in range(10):
        assert frame(0, 0.0) == 0
    assert frame(6, 0.4) == 0, "near and soon: the same body"
    assert int(table.age.max()) >= 12
    assert frame(7, 4.0) == 1, "far: another"
    for _ in range(int(31 * RATE_HZ)):
        frame(0, 0.0)
    assert not table.ids.any()
    full = np.arange(1, ROWS + 4, dtype=np.int32)[None]
    table.frame(full, np.zeros((1, ROWS + 3, 2), np.float32), np.ones((1, ROWS + 3), np.float32))
    assert sorted(table.ids[0].tolist()) == list(range(1, ROWS + 1)), "more tracks than rows: the rest is left out"


def test_a_track_that_was_silent_for_a_frame_is_not_taken_by_another() -> None:
    table = Table.of(1)

    def frame(*numbers: int) -> None:
        ids = np.array([[*numbers, *[0] * (2 - len(numbers))]], np.int32)
        table.frame(ids, np.array([[[0.0, 2.0], [0.3, 2.0]]], np.float32), np.ones((1, 2), np.float32))

    for _ in range(20):
        frame(5)
    frame()
    frame(5, 9)
    person, dog = (int(np.flatnonzero(table.ids[0] == one)[0]) for one in (5, 9))
    assert table.age[0, person] == 22
    assert table.age[0, dog] == 1
