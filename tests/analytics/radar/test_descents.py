"""Looks at bodies against a slow count, and the two curves of a way down."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.radar.descents import CAME_DOWN_M, EVERY, LOW_M, NEAR_M, SMOOTH, WAS_UP, WINDOW, look, way_down
from analytics.radar.features import NAMES, features
from analytics.radar.tracks import Body


def body(tops: np.ndarray, first: int = 0) -> Body:
    places = np.where(np.isnan(tops)[:, None], np.nan, np.column_stack([np.zeros(len(tops)), np.ones(len(tops))]))
    return Body(room=0, number=1, born=first, seen=first + len(tops) - 1, first=first, tops=tops, places=places)


def slowly(tops: np.ndarray, frame: int) -> tuple[float, bool]:
    """The newest median and whether it came down, from the frames before `frame` of a body that began at 0."""
    smooth, last = [], np.nan
    for end in range(1, frame + 1):
        seen = sorted(one for one in tops[max(end - SMOOTH, 0) : end] if not np.isnan(one))
        last = seen[(len(seen) - 1) // 2] if seen else last
        smooth.append(last)
    newest = smooth[-1] if not np.isnan(tops[max(frame - EVERY, 0) : frame]).all() else np.nan
    window = np.array(smooth[-(WINDOW - SMOOTH + 1) :])
    window = window[~np.isnan(window)]
    if not newest <= LOW_M:
        return newest, False
    near = window[window >= window.max() - NEAR_M]
    return newest, bool(near.mean() - newest >= CAME_DOWN_M and len(near) >= WAS_UP // 2)


@pytest.mark.parametrize("seed", range(4))
def test_looks_are_as_a_slow_count_has_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    levels = np.repeat(rng.choice([0.3, 0.6, 0.9, 1.2, 1.7], 20), 20)
    tops = levels + rng.normal(0, 0.05, len(levels))
    tops[rng.random(len(tops)) < 0.3] = np.nan
    tops[0], tops[150:170] = 1.0, np.nan
    (looks,) = look([body(tops)], 0)
    assert looks.frames.tolist() == list(range(EVERY, len(tops) + 1, EVERY))
    for frame, newest, down in zip(looks.frames.tolist(), looks.newest, looks.down, strict=True):
        expected = slowly(tops, frame)
        assert newest == pytest.approx(expected[0], nan_ok=True)
        assert down == expected[1]


def test_nobody_and_several() -> None:
    assert look([], 0) == []
    one, other = np.full(50, 1.7), np.full(33, 0.4)
    both = look([body(one), body(other, first=20)], 0)
    assert [len(x.frames) for x in both] == [10, 6]
    assert both[1].newest.tolist() == [0.4] * 6
    assert not both[1].down.any(), "one that begins low beside one that stands did not come down"


def test_a_way_down() -> None:
    smooth = np.concatenate([np.full(10, 1.6), np.linspace(1.6, 0.2, 15), np.full(10, 0.2)])
    left, arrived = way_down(smooth, 1.6, 0.2)
    assert arrived - left == pytest.approx(0.6 * 15, abs=1.5)


def way(lasts: float, power: bool) -> dict[str, float]:
    u = np.clip((np.arange(300) / 10 - 10) / lasts, 0, 1)
    tops = 1.65 - 1.35 * (u**2 if power else u * u * (3 - 2 * u))
    at = round((10 + lasts) * 10 / EVERY) * EVERY + EVERY
    known = features(body(tops + np.random.default_rng(1).normal(0, 0.03, len(tops))), at, at + 50, 1.65)
    assert known is not None
    return dict(zip(NAMES, known.tolist(), strict=True))


@pytest.mark.parametrize("lasts", [0.8, 1.5, 2.2])
def test_what_falls_is_told_from_what_goes_down_gently(lasts: float) -> None:
    fall, gentle = way(lasts, power=True), way(lasts, power=False)
    assert fall["fall-like"] > 0.2
    assert gentle["fall-like"] < -0.2
    assert np.exp(fall["log-fitted"]) == pytest.approx(lasts, rel=0.2)
    assert np.exp(gentle["gentle-log-fitted"]) == pytest.approx(lasts, rel=0.2)
    assert fall["lowest"] == pytest.approx(0.3, abs=0.05)
    assert len(NAMES) == len(fall)


def test_too_little_is_no_feature() -> None:
    tops = np.full(100, np.nan)
    tops[:40] = 1.6
    assert features(body(tops), 45, 95, 1.6) is None
