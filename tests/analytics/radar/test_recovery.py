"""No recovery: told of whoever is not up after thirty seconds, seen or not; what helps or is lost does not end it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics.findings import FALL, NO_RECOVERY, Seen
from analytics.radar.tracks import RATE_HZ
from tests.analytics.radar.scene import Believes, Shape, drop, falls, found, frames, standing_then

LIES = standing_then(*drop(0.9, 1.0, 2.3, 0.3), (80, 1.0, 2.3, 0.3))
HELPER: Shape = [(20, 2.0, 2.0, 1.7), (24, 1.3, 2.3, 1.7), (95, 1.3, 2.3, 1.7)]


def kinds(*bodies: Shape, gone_after: float | None = None) -> list[str]:
    numbers, places, tops = frames(*bodies, seconds=95)
    if gone_after is not None:
        numbers[round(gone_after * RATE_HZ) :] = 0
    return [one.kind for one in found((numbers, places, tops), judge=Believes())]


def up_at(seconds: float, top: float = 1.65) -> Shape:
    """Falls, and is up so many seconds after it lay."""
    return standing_then(
        *drop(0.9, 1.0, 2.3, 0.3), (0.9 + seconds, 1.0, 2.3, 0.3), (2.9 + seconds, 1.0, 2.3, top), (80, 1.0, 2.3, top)
    )  # fmt: skip


def test_who_lies_on_is_told_after_thirty_seconds() -> None:
    fall, still = found(frames(LIES, seconds=95), judge=Believes())
    assert (fall.kind, still.kind) == (FALL, NO_RECOVERY)
    assert still.seen is Seen.DOWN
    assert (still.down_at, still.probability, still.place) == (fall.down_at, fall.probability, fall.place)
    assert still.raised_at - still.down_at == 30 * RATE_HZ
    assert still.height_m == pytest.approx(0.3, abs=0.1)


def test_who_gets_up_is_not() -> None:
    assert kinds(up_at(10.0)) == [FALL]
    assert kinds(up_at(10.0, 1.25)) == [FALL], "on a chair"
    assert kinds(up_at(10.0, 0.8)) == [FALL, NO_RECOVERY], "on the floor"
    assert kinds(up_at(40.0)) == [FALL, NO_RECOVERY], "too late"


def test_a_link_that_is_lost_never_closes_it() -> None:
    assert kinds(LIES, gone_after=25.0) == [FALL, NO_RECOVERY]
    numbers, places, tops = frames(LIES, seconds=95)
    numbers[250:] = 0
    _, still = found((numbers, places, tops), judge=Believes())
    assert still.seen is Seen.UNHEARD
    assert math.isnan(still.height_m)


def test_who_helps_is_not_who_fell() -> None:
    assert kinds(LIES, HELPER) == [FALL, NO_RECOVERY]
    assert kinds(LIES, HELPER, gone_after=90) == [FALL, NO_RECOVERY]


def test_one_found_again_on_the_floor_is_who_fell() -> None:
    numbers, places, tops = frames(up_at(18.0), seconds=95)
    numbers[200:330] = 0  # lies still, and is lost for so long that it is another track
    numbers[330:] = np.where(numbers[330:] > 0, 9, 0)
    assert [one.kind for one in found((numbers, places, tops), judge=Believes())] == [FALL]
    far = places.copy()
    far[330:] += 3.0
    assert [one.kind for one in found((numbers, far, tops), judge=Believes())] == [FALL, NO_RECOVERY]


def test_one_told_late_is_watched_too() -> None:
    late = found(frames(LIES, seconds=95), judge=Believes(165))
    assert [one.kind for one in late] == [FALL, NO_RECOVERY]
    assert falls(late)[0].raised_at < late[1].raised_at
