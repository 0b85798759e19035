"""Bodies from points alone: heaps, numbers that last, strays that are nobody; the same however time is cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from analytics.radar.point_tracks import FEWEST, SLOTS, TOGETHER, PointTracks


def cloud(
    places: list[tuple[float, float, float]], frames: int, *, count: int = 4, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Points of bodies that stand at x, y with their tops at a height."""
    rng = np.random.default_rng(seed)
    at = np.repeat(np.arange(frames), count * len(places))
    which = np.tile(np.repeat(np.arange(len(places)), count), frames)
    body = np.array(places)[which]
    points = np.column_stack(
        [body[:, :2] + rng.normal(0, 0.08, (len(at), 2)), body[:, 2] * rng.uniform(0.3, 1, len(at))]
    )
    return at.astype(np.int64), points.astype(np.float32)


def test_two_bodies_keep_their_numbers() -> None:
    at, points = cloud([(0.0, 2.0, 1.7), (2.0, 2.0, 0.4)], 200)
    ids, places, tops = PointTracks().feed(at, points, 200)
    assert ids.shape == tops.shape == (200, SLOTS)
    assert len(np.unique(ids[ids > 0])) == 2
    for x, top in ((0.0, 1.7), (2.0, 0.4)):
        mine = np.abs(places[:, :, 0] - x) < 0.5
        assert mine.sum() == 200
        assert len(np.unique(ids[mine])) == 1
        assert np.median(tops[mine]) == pytest.approx(top, abs=0.12)


def test_a_walk_is_one_track() -> None:
    at, points = cloud([(0.0, 2.0, 1.7)], 100)
    points[:, 0] += 0.1 * at
    ids, _, _ = PointTracks().feed(at, points, 100)
    assert len(np.unique(ids[ids > 0])) == 1


def test_strays_and_nothing_are_nobody() -> None:
    rng = np.random.default_rng(0)
    at = np.sort(rng.integers(0, 1000, 40)).astype(np.int64)
    ids, _, tops = PointTracks().feed(at, rng.uniform(0, 4, (40, 3)).astype(np.float32), 1000)
    assert not ids.any()
    assert np.isnan(tops).all()
    tracks = PointTracks()
    ids, _, _ = tracks.feed(np.zeros(0, np.int64), np.zeros((0, 3), np.float32), 50)
    assert not ids.any()
    one, points = cloud([(0.0, 2.0, 1.7)], 1, count=FEWEST)
    ids, _, _ = tracks.feed(one, points, 10)
    assert (ids[:, 0] > 0).tolist() == [True] * TOGETHER + [False] * (10 - TOGETHER)


@pytest.mark.parametrize("seed", range(3))
def test_cuts_in_time_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at, points = cloud([(0.0, 2.0, 1.7), (0.9, 2.2, 0.5)], 400, count=3, seed=seed)
    kept = rng.random(len(at)) < 0.5 + 0.5 * np.sin(at / 20)
    at, points = at[kept], points[kept]
    whole = PointTracks().feed(at, points, 400)
    tracks, parts = PointTracks(), []
    edges = [0, *np.unique(rng.integers(1, 400, 60)).tolist(), 400]
    for begin, end in pairwise(edges):
        mine = (at >= begin) & (at < end)
        parts.append(tracks.feed(at[mine] - begin, points[mine], end - begin))
    for one, cut in zip(whole, zip(*parts, strict=True), strict=True):
        np.testing.assert_array_equal(np.concatenate(cut), one)
