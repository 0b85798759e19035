"""From a module's axes to the room: what the virtual module's geometry puts there is got back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from device_drivers.radar_frame import RadarFrame, Targets
from device_drivers.virtual.radar.ti_module import WallMount
from gateway.radar.modules import Module, Mounting
from gateway.radar.placing import bodies, upright

RNG = np.random.default_rng(5)


def hung(**changes: Any) -> Module:
    given: dict[str, Any] = {
        "identity": "port:a", "port": "/dev/a", "room": "bedroom", "height_m": 2.0, "mounting": Mounting.WALL,
        "tilt_deg": 15.0, "protocol": "ti",
    }  # fmt: skip
    return Module(**(given | changes))


def frame(mount: WallMount, middles: np.ndarray[Any, Any], tops: np.ndarray[Any, Any]) -> RadarFrame:
    """What such a module says of bodies with their middle there and their highest point above it."""
    highest = middles.copy()
    highest[:, 2] = tops
    heights = np.column_stack([np.full(len(tops), -1.0), mount.to_sensor(highest)[:, 2]])
    return RadarFrame(
        targets=Targets(
            ids=np.arange(len(tops), dtype=np.int32), positions=mount.to_sensor(middles).astype(np.float32),
            velocities=np.zeros((len(tops), 3), np.float32), heights=heights.astype(np.float32),
            confidences=np.ones(len(tops), np.float32),
        )
    )  # fmt: skip


@pytest.mark.parametrize("height", [1.5, 2.0, 2.6])
@pytest.mark.parametrize("tilt", [0.0, 15.0, 45.0, 60.0])
def test_on_a_wall_places_and_tops_come_back(height: float, tilt: float) -> None:
    middles = np.column_stack([RNG.uniform(-2, 2, 8), RNG.uniform(1, 5, 8), RNG.uniform(0.1, 0.9, 8)])
    tops = middles[:, 2] * 2
    seen = bodies(hung(height_m=height, tilt_deg=tilt), frame(WallMount(height=height, tilt_deg=tilt), middles, tops))
    assert seen is not None
    np.testing.assert_allclose(seen.places, middles[:, :2], atol=1e-5)
    np.testing.assert_allclose(seen.tops, tops, atol=1e-5)
    assert seen.ids.tolist() == list(range(1, 9))


def test_a_ceiling_module_looks_down() -> None:
    placed = upright(hung(mounting=Mounting.CEILING, height_m=2.4), np.array([[0.3, 2.4, 0.5], [0.0, 0.9, 0.0]]))
    np.testing.assert_allclose(placed, [[0.3, 0.5, 0.0], [0.0, 0.0, 1.5]], atol=1e-6)


@pytest.mark.parametrize("changes", [{"mounting": Mounting.CEILING}, {"tilt_deg": 75.0}])
def test_where_heights_mean_nothing_no_top_is_told(changes: dict[str, Any]) -> None:
    middles = np.array([[0.0, 2.0, 0.5]])
    seen = bodies(hung(**changes), frame(WallMount(), middles, np.array([1.0])))
    assert seen is not None
    assert np.isnan(seen.tops).all()


def test_who_is_taller_than_people_is_a_reflection() -> None:
    middles = np.array([[0.0, 2.0, 0.8], [0.5, 2.0, 1.4], [1.0, 2.0, -2.0]])
    seen = bodies(hung(), frame(WallMount(), middles, np.array([1.7, 2.9, -1.2])))
    assert seen is not None
    assert seen.ids.tolist() == [1]


def test_a_frame_without_targets_says_nothing_and_one_with_none_says_nobody() -> None:
    assert bodies(hung(), RadarFrame(present=True)) is None
    nobody = bodies(hung(), frame(WallMount(), np.zeros((0, 3)), np.zeros(0)))
    assert nobody is not None
    assert len(nobody.ids) == 0
