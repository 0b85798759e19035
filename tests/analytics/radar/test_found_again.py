"""Who is lost on the floor before it is clear whether they fell, and found again, maybe under another number."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.radar.falls import WAITS, RadarFinding
from analytics.radar.late import Late, Waiting
from analytics.radar.staying import Staying
from analytics.radar.tracks import Body, Floats
from tests.analytics.radar.scene import BED, Blocks, Doubts, Shape, drop, falls, found, frames, standing_then
from tests.analytics.radar.test_late import LENGTH_S, SITS, lost, told, up_after

LIES = standing_then(*drop(0.9, 1.0, 2.3, 0.3), (LENGTH_S, 1.0, 2.3, 0.3))


class Latest(Doubts):
    """A judge that is sure at its last look, of who is seen then."""

    def probability(self, body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> float:
        del highest, in_zones, levels
        return 0.9 if now - at == WAITS[-1] and body.last_seen(now) >= now - 5 else 0.3

    def later(self, body: Body, at: int, now: int, early: float) -> float:
        del body, at, now, early
        return 0.0

    def threshold(self, waited: int, height: float) -> float:
        del waited, height
        return 0.5


def latest(shape: Shape, gone: slice, number: int, *others: Shape) -> list[RadarFinding]:
    return falls(found(lost(frames(shape, *others, seconds=LENGTH_S), gone, number), judge=Latest()))


def test_who_is_found_again_low_beside_it_is_who_came_down() -> None:
    (fall,) = latest(SITS, slice(190, 320), 9)
    assert fall.raised_at - fall.down_at == WAITS[-1]
    assert fall.height_m == pytest.approx(0.7, abs=0.1)
    assert not latest(SITS, slice(190, LENGTH_S * 10), 0), "nobody is seen by then"


def test_somebody_else_who_is_low_is_not() -> None:
    elsewhere: Shape = [(33.0, 3.2, 2.3, 0.5), (LENGTH_S, 3.2, 2.3, 0.5)]
    assert not latest(SITS, slice(190, LENGTH_S * 10), 0, elsewhere)


def test_who_is_found_again_up_is_no_alert() -> None:
    """Kneels, is lost, and stands in view under another number when the last look is due."""

    class Sure(Doubts):
        def threshold(self, waited: int, height: float) -> float:
            del height
            return 0.25 if waited >= WAITS[4] else 0.9

    for gone in (slice(200, 260), slice(220, 300)):
        up = up_after((gone.stop - 150) / 10 - 2.5)
        assert not falls(found(lost(frames(up, seconds=LENGTH_S), gone, 9), judge=Sure()))
        assert falls(found(lost(frames(SITS, seconds=LENGTH_S), gone, 9), judge=Sure()))


def test_nor_who_is_found_again_low_and_gets_up_later() -> None:
    assert not told(up_after(40.0), gone=slice(200, 260), number=9)
    assert not told(up_after(40.0), gone=slice(200, 320), number=9)


def test_who_helps_one_that_is_seen_is_not_who_fell() -> None:
    helper: Shape = [(22.0, 1.6, 2.3, 1.65), (LENGTH_S, 1.6, 2.3, 1.65)]
    assert latest(SITS, slice(0, 0), 0, helper)


def test_who_falls_just_before_nothing_is_heard_for_ten_seconds_is_told() -> None:
    """By the shipped judge: gone for most of the time that is waited, and on the floor in view afterwards."""
    for number in (0, 9):
        (fall,) = falls(found(lost(frames(LIES, seconds=LENGTH_S), slice(170, 270), number)))
        assert fall.raised_at <= fall.down_at + WAITS[4]
    assert not falls(found(lost(frames(LIES, seconds=LENGTH_S), slice(170, LENGTH_S * 10), 0))), "who is gone for good"
    flickers = frames(LIES, seconds=LENGTH_S)
    flickers[0][170:][np.arange(len(flickers[0]) - 170) % 30 >= 5] = 0
    assert not falls(found(flickers)), "what comes and goes is nobody"


@pytest.mark.parametrize("length", [5, 61])
@pytest.mark.parametrize("gone", [slice(190, 320), slice(200, 260), slice(170, 270)])
def test_cuts_in_time_change_nothing(gone: slice, length: int) -> None:
    for shape in (SITS, up_after(12.0)):
        blocks = lost(frames(shape, seconds=LENGTH_S), gone, 9)
        whole = found(blocks, judge=Latest())
        assert repr(found(blocks, judge=Latest(), cuts=range(length, len(blocks[0]), length))) == repr(whole)


def track(blocks: Blocks, born: int, x: float) -> Body:
    """The first body of some frames as one that was born then and is somewhere else."""
    _, places, tops = (part[born:, 0, 0].astype(np.float64) for part in blocks)
    return Body(room=0, number=1, born=born, seen=born + len(tops) - 1, first=born, tops=tops, places=places + [x, 0.0])


def test_of_two_seen_in_the_same_frame_the_older_one_says_where_it_is() -> None:
    """In whatever order they are known: that hangs on how frames were cut."""
    blocks = frames(SITS, seconds=50)
    old, young = track(blocks, 0, 0.0), track(blocks, 300, 0.5)
    for bodies in ([old, young], [young, old]):
        late = Late((BED,))
        late._waiting.append(
            Waiting(
                at=160, early=0.3,
                body=Staying(bodies=bodies, place=(0.7, 2.1), since=350, looked=350, seen_at=499, height_m=0.7),
            )
        )  # fmt: skip
        (judged,) = late.after([], 500, Doubts())
        assert judged.place == pytest.approx((0.7, 2.1), abs=0.1)
