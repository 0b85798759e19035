"""From a module's axes to its room's, by how it hangs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics.radar.frames import Mounting, tops

AT = np.array([[0.3, 2.0, -0.4]], np.float32)


def test_how_a_module_hangs() -> None:
    np.testing.assert_allclose(Mounting(height_m=2.0).to_room(AT), [[0.3, 2.0, 1.6]], rtol=1e-6)
    ceiling = Mounting(height_m=2.5, down_rad=math.pi / 2)
    np.testing.assert_allclose(ceiling.to_room(AT), [[0.3, -0.4, 0.5]], atol=1e-6)
    tilted = Mounting(height_m=2.0, down_rad=math.radians(15))
    place = tilted.to_room(AT)[0]
    assert np.hypot(place[1], place[2] - 2.0) == pytest.approx(np.hypot(2.0, 0.4), rel=1e-5)
    assert place[2] < 1.6


def test_tops_of_modules_that_tell_them_and_of_those_that_tell_the_middle() -> None:
    mounting = Mounting(height_m=2.0)
    assert tops(mounting, AT, np.array([-0.3], np.float32)).tolist() == pytest.approx([1.7])
    middle = np.array([[0.3, 2.0, -1.2]], np.float32)
    assert tops(mounting, middle, np.array([np.nan], np.float32)).tolist() == pytest.approx([1.6])
