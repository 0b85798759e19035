"""A technician's tests: who walks, what falls, and what a picture shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from device_drivers.radar_frame import RadarFrame, Targets
from gateway.radar.modules import Module, Mounting
from gateway.radar.walk import Drop, Walk, picture

MODULE = Module(
    identity="port:a", port="/dev/a", room="bedroom", height_m=1.0, mounting=Mounting.WALL, protocol="ti"
)  # fmt: skip


def body(x: float, y: float, top: float = 1.7, number: int = 0) -> RadarFrame:
    nothing = np.full((1, 3), np.nan, np.float32)
    return RadarFrame(
        targets=Targets(
            ids=np.array([number], np.int32), positions=np.array([[x, y, 0.0]], np.float32), velocities=nothing,
            heights=np.array([[-1.0, top - 1.0]], np.float32), confidences=nothing[:, 0],
        )
    )  # fmt: skip


def points(*heights: float) -> RadarFrame:
    rows = np.zeros((len(heights), 5), np.float32)
    rows[:, 1], rows[:, 2] = 2.0, np.array(heights) - 1.0
    return RadarFrame(points=rows)


def walked(frames: list[tuple[float, RadarFrame]]) -> bool:
    walk = Walk(MODULE)
    return [walk.frame(frame, at) for at, frame in frames][-1]


def test_who_crosses_the_room_is_seen() -> None:
    assert walked([(k * 0.1, body(0.07 * k, 2.0)) for k in range(40)])


def test_who_stands_and_trembles_is_not_walking() -> None:
    rng = np.random.default_rng(1)
    assert not walked([(k * 0.05, body(*rng.normal([0, 2], 0.04))) for k in range(2000)])


def test_a_track_that_jumps_is_not_walking() -> None:
    assert not walked([(k * 0.1, body(3.0 * (k % 2), 2.0)) for k in range(100)])


def test_two_tracks_do_not_add_up() -> None:
    frames = [(k * 0.1, body(0.1 * k, 2.0, number=k // 12)) for k in range(100)]  # each is lost after a metre
    assert not walked(frames)


@pytest.mark.parametrize("said", [{"moving": True}, {"present": True}])
def test_modules_without_places_must_say_it_for_some_seconds(said: dict[str, Any]) -> None:
    assert walked([(k * 0.5, RadarFrame(**said)) for k in range(8)])
    assert not walked([(0.0, RadarFrame(**said)), (1.0, RadarFrame(moving=False, present=False)), (9.0, RadarFrame())])


def test_a_cushion_that_falls_is_seen() -> None:
    drop = Drop(MODULE)
    assert not drop.frame(points(1.2, 0.4), 0.0)
    assert drop.frame(points(0.3, 0.2), 1.0)


def test_who_bends_slowly_or_was_never_up_is_no_drop() -> None:
    drop = Drop(MODULE)
    assert not any(drop.frame(points(0.3), at) for at in (0.0, 1.0, 2.0))
    assert not drop.frame(points(1.5), 3.0)
    assert not drop.frame(points(0.4), 8.0)


def test_the_modules_own_word_is_enough() -> None:
    assert Drop(MODULE).frame(RadarFrame(fallen=True), 0.0)


def test_a_picture_shows_what_there_is_to_show() -> None:
    assert picture(MODULE, RadarFrame()) is None
    assert picture(MODULE, RadarFrame(present=False)) == {"present": False}
    assert picture(MODULE, body(0.5, 2.0, 1.7)) == {"people": [[0.5, 2.0, 1.7]]}
    assert picture(MODULE, points(0.5)) == {"points": [[0.0, 2.0, 0.5]]}
    many = picture(MODULE, points(*[1.0] * 500))
    assert many is not None
    assert len(many["points"]) == 60  # type: ignore[arg-type]
