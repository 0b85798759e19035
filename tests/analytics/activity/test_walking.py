"""Walking speed: straight walks of two metres count, with noise and gaps; standing, turning and jumps do not."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.walking import walking_speed, walks

RATE_HZ = 10.0


def path(*corners: tuple[float, float], speed: float) -> tuple[np.ndarray, np.ndarray]:
    """Times and places of a walk along these corners."""
    points = np.array(corners)
    at = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T)) / speed))
    t = np.arange(0, at[-1], 1 / RATE_HZ)
    return t, np.column_stack([np.interp(t, at, points[:, k]) for k in (0, 1)])


@pytest.mark.parametrize("speed", [0.3, 0.7, 1.2, 2.0])
def test_straight_walks_with_noise(speed: float) -> None:
    rng = np.random.default_rng(int(10 * speed))
    found = np.concatenate(
        [walks(t, p + rng.normal(0, 0.03, p.shape)) for t, p in [path((0, 0), (4.5, 0), speed=speed)] * 10]
    )
    assert len(found) >= 10
    assert walking_speed(found) == pytest.approx(speed, rel=0.08)


def test_corners_are_walked_around() -> None:
    t, p = path((0, 0), (3, 0), (3, 3), speed=1.0)
    np.testing.assert_allclose(walks(t, p), 1.0, rtol=0.15)  # who cuts a corner goes a shorter way
    t, p = path((0, 0), (1, 0), (1, 1), (0, 1), (0, 0), speed=1.0)
    assert not len(walks(t, p)), "no two metres straight on"


def test_what_is_no_walk() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(0, 60, 0.1)
    assert np.isnan(walking_speed(walks(t, rng.normal(0, 0.1, (len(t), 2)))))
    jump = np.zeros((len(t), 2))
    jump[300:] = 3.0
    assert not len(walks(t, jump)), "the module took another for it"
    gap, place = path((0, 0), (3, 0), speed=1.0)
    hole = (gap < 1.2) | (gap > 2.0)
    assert not len(walks(gap[hole], place[hole])), "what lies between was not seen"
    place[12:20] = np.nan
    assert not len(walks(gap, place))
    assert not len(walks(np.zeros(0), np.zeros((0, 2))))
    assert np.isnan(walking_speed(np.zeros(0)))
