"""Ways down that were not sure after nineteen seconds: told later while somebody is still down, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.findings import FALL, NO_RECOVERY, Seen
from analytics.radar.descents import EVERY
from analytics.radar.falls import LOOKS, WAITS, RadarFalls, RadarFinding
from analytics.radar.late import LATE
from analytics.radar.tracks import FORGOTTEN, Body, Floats
from tests.analytics.radar.scene import BED, Blocks, Doubts, Shape, drop, ease, falls, found, frames, standing_then

LENGTH_S = 200
SITS = standing_then(*drop(1.4, 0.7, 2.1, 0.7), (LENGTH_S, 0.7, 2.1, 0.7))


def up_after(seconds: float, top: float = 1.65) -> Shape:
    """Kneels down, and is up so many seconds later."""
    return standing_then(
        *ease(1.2, 0.75), (seconds, 0.5, 2.0, 0.75), (seconds + 2, 0.5, 2.0, top), (LENGTH_S, 0.5, 2.0, top)
    )  # fmt: skip


def told(*bodies: Shape, gone: slice = slice(0, 0), number: int = 0) -> list[RadarFinding]:
    """Of who is not seen for a while, and has another number then."""
    return found(lost(frames(*bodies, seconds=LENGTH_S), gone, number), judge=Doubts())


def lost(blocks: Blocks, gone: slice, number: int) -> Blocks:
    ids, places, tops = blocks
    ids = ids.copy()
    ids[gone, :, 0] = 0
    if number:
        ids[gone.stop :, :, 0] = np.where(ids[gone.stop :, :, 0] > 0, number, 0)
    return ids, places, tops


def test_looks_come_in_order_and_within_what_counts() -> None:
    assert list(LOOKS) == sorted(set(LOOKS))
    assert len(LOOKS) == len(WAITS) + len(LATE)
    assert LATE[0] - WAITS[-1] > EVERY
    assert all(one % EVERY == 0 for one in LOOKS), "cuts in time change nothing"


def test_who_still_sits_there_is_told_late_and_once() -> None:
    fall, still = told(SITS)
    assert (fall.kind, fall.raised_at - fall.down_at) == (FALL, 600)
    assert fall.probability == pytest.approx(0.4)
    assert fall.height_m == pytest.approx(0.7, abs=0.1)
    assert fall.place == pytest.approx((0.7, 2.1), abs=0.1)
    assert still.kind == NO_RECOVERY


def test_no_recovery_comes_at_once_when_thirty_seconds_have_passed() -> None:
    fall, still = told(SITS)
    assert still.raised_at == fall.raised_at + EVERY
    assert (still.down_at, still.probability, still.seen) == (fall.down_at, fall.probability, Seen.DOWN)


@pytest.mark.parametrize("seconds", [22.0, 40.0, 56.0])
def test_who_kneels_and_gets_up_is_not(seconds: float) -> None:
    assert not told(up_after(seconds))
    assert not told(up_after(seconds, 1.25)), "on a chair"
    assert not told(up_after(seconds, 1.01)), "on something low"


def test_who_is_up_only_after_the_look_is() -> None:
    assert [one.kind for one in told(up_after(70.0))] == [FALL, NO_RECOVERY]
    assert [one.kind for one in told(up_after(40.0, 0.9))] == [FALL, NO_RECOVERY], "up on his knees is not up"


def test_who_works_his_way_on_is_not() -> None:
    on = standing_then(*ease(1.2, 0.75), (25.0, 0.5, 2.0, 0.75), (50.0, 2.5, 2.0, 0.75), (LENGTH_S, 2.5, 2.0, 0.75))
    assert not told(on)


def test_nor_who_lies_in_bed_by_then() -> None:
    kneels = [(t, x - 1.2, y + 1.5, top) for t, x, y, top in standing_then(*ease(1.2, 0.75), (25.0, 0.5, 2.0, 0.75))]
    into: Shape = [*kneels, (50.0, -1.3, 3.6, 0.7), (LENGTH_S, -1.3, 3.6, 0.7)]
    assert not told(into)
    assert falls(found(frames(into, seconds=LENGTH_S), zones=(), judge=Doubts())), "on the floor there"


def test_who_is_lost_where_he_sits_is_told_all_the_same() -> None:
    gone = slice(400, LENGTH_S * 10)
    fall, still = told(SITS, gone=gone)
    assert gone.start + FORGOTTEN < fall.raised_at, "the body is forgotten by then"
    assert fall.raised_at - fall.down_at == 600
    assert np.isnan(fall.height_m)
    assert fall.place == pytest.approx((0.7, 2.1), abs=0.1)
    assert still.seen is Seen.UNHEARD


def test_who_is_found_again_on_the_floor_is_the_same() -> None:
    fall, still = told(SITS, gone=slice(300, 400), number=9)
    assert fall.raised_at - fall.down_at == 600
    assert still.seen is Seen.DOWN


def test_unless_somebody_gets_up_there() -> None:
    assert not told(up_after(40.0), gone=slice(300, 600), number=9), "who is found again up was who kneeled"
    assert not told(up_after(34.0), gone=slice(300, 400), number=9), "and who is found again low"


def test_who_comes_to_help_is_not_who_is_down() -> None:
    lost_for_good = slice(300, LENGTH_S * 10)
    ids, places, tops = frames(SITS, [(40.0, 3.0, 4.0, 1.65), (44.0, 1.2, 2.3, 1.65), (LENGTH_S, 1.2, 2.3, 1.65)],
                               seconds=LENGTH_S)  # fmt: skip
    ids[lost_for_good, :, 0] = 0
    assert falls(found((ids, places, tops), judge=Doubts())), "who comes from elsewhere"
    assert falls(told(SITS, [(55.0, 1.2, 2.3, 1.65), (LENGTH_S, 1.2, 2.3, 1.65)])), "who begins beside one that is seen"


@pytest.mark.parametrize("begins", [36.0, 50.0])
def test_nor_who_kneels_down_beside_one_who_is_seen_and_gets_up_again(begins: float) -> None:
    """Two that are seen at once are two, however low the second one's track began."""
    helper = [
        (begins, 1.5, 2.3, 0.9),
        (begins + 4, 1.5, 2.3, 0.9),
        (begins + 5, 1.5, 2.3, 1.65),
        (LENGTH_S, 1.5, 2.3, 1.65),
    ]
    alone, (fall, still) = told(SITS), told(SITS, helper)
    assert [one.kind for one in alone] == [fall.kind, still.kind] == [FALL, NO_RECOVERY]
    assert (fall.raised_at, still.raised_at) == (alone[0].raised_at, alone[1].raised_at)
    lies = standing_then(*drop(0.8, 1.2, 2.3, 0.25), (LENGTH_S, 1.2, 2.3, 0.25))
    beside = [(25.0, 1.9, 2.4, 0.9), (29.0, 1.9, 2.4, 0.9), (30.0, 1.9, 2.4, 1.65), (LENGTH_S, 1.9, 2.4, 1.65)]
    at_once = found(frames(lies, beside, seconds=LENGTH_S))
    assert [one.kind for one in at_once] == [FALL, NO_RECOVERY]


def test_a_spike_is_not_up() -> None:
    spike = standing_then(
        *drop(1.4, 0.7, 2.1, 0.7), (30.0, 0.7, 2.1, 0.7), (30.1, 0.7, 2.1, 1.4), (30.7, 0.7, 2.1, 1.4),
        (30.8, 0.7, 2.1, 0.7), (LENGTH_S, 0.7, 2.1, 0.7),
    )  # fmt: skip
    (fall,) = falls(told(spike))
    assert fall.raised_at - fall.down_at == 600


class Sure(Doubts):
    """Of falls after eighteen seconds, and less so at once."""

    def threshold(self, waited: int, height: float) -> float:
        del height
        return 0.25 if waited >= 165 else 0.35


AGAIN = standing_then(
    *drop(1.4, 0.7, 2.1, 0.7), (30.0, 0.7, 2.1, 0.95), (33.0, 0.7, 2.1, 0.6), (LENGTH_S, 0.7, 2.1, 0.6)
)


def test_a_fall_that_was_told_is_not_told_again_late() -> None:
    assert len(falls(found(frames(AGAIN, seconds=LENGTH_S), judge=Sure()))) == 1
    assert len(falls(told(AGAIN))) == 1, "nor of another way down of the same body"
    gone = lost(frames(AGAIN, seconds=LENGTH_S), slice(700, LENGTH_S * 10), 0)
    assert len(falls(found(gone, judge=Sure()))) == 1, "nor when the body is forgotten"


def test_what_was_sure_first_is_told() -> None:
    """A late look, and a second way down after it that is sure sooner: whether both come in one block or not."""

    class Later(Doubts):
        def probability(self, body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> float:
            del body, now, highest, in_zones, levels
            return 0.9 if at > 700 else 0.3

        def later(self, body: Body, at: int, now: int, early: float) -> float:
            return early if early > 0.5 else super().later(body, at, now, early)

    again = standing_then(
        *drop(1.4, 0.7, 2.1, 0.6), (57.0, 0.7, 2.1, 0.6), (58.0, 0.7, 2.1, 0.95), (60.2, 0.7, 2.1, 0.95),
        (60.8, 0.7, 2.1, 0.5), (LENGTH_S, 0.7, 2.1, 0.5),
    )  # fmt: skip
    blocks = frames(again, seconds=LENGTH_S)
    (fall,) = falls(found(blocks, judge=Later()))
    assert fall.raised_at - fall.down_at == 600
    assert repr(falls(found(blocks, judge=Later(), cuts=range(5, len(blocks[0]), 5)))) == repr([fall])


def test_who_falls_again_is_told_again() -> None:
    t = 80.0
    twice = [*up_after(65.0)[:-1], (15 + t, 0.5, 2.0, 1.65), (15 + t + 1.0, 0.7, 2.1, 0.7), (LENGTH_S, 0.7, 2.1, 0.7)]
    assert len(falls(told(twice))) == 2


def test_another_module_in_the_room_begins_anew() -> None:
    ids, places, tops = frames(SITS, seconds=LENGTH_S)
    detector = RadarFalls([(BED,)], Doubts())
    assert not detector.feed(ids[:500], places[:500], tops[:500])
    detector.hang(0, ())
    assert not detector.feed(ids[500:], places[500:], tops[500:])


@pytest.mark.parametrize("length", [5, 7, 61, 333])
@pytest.mark.parametrize("gone", [slice(0, 0), slice(300, 480), slice(300, 620), slice(400, LENGTH_S * 10)])
def test_cuts_in_time_change_nothing(gone: slice, length: int) -> None:
    helper: Shape = [(30.0, 3.0, 4.0, 1.65), (34.0, 1.2, 2.3, 1.65), (LENGTH_S, 1.2, 2.3, 1.65)]
    for body in (SITS, up_after(40.0), up_after(70.0)):
        blocks = lost(frames(body, helper, seconds=LENGTH_S), gone, 9)
        whole = found(blocks, judge=Doubts())
        assert repr(found(blocks, judge=Doubts(), cuts=range(length, len(blocks[0]), length))) == repr(whole)


@pytest.mark.parametrize("length", [5, 61])
def test_nor_in_a_room_where_much_happens(length: int) -> None:
    count = 0
    for seed in range(8):
        blocks = crowd(np.random.default_rng(seed))
        whole = found(blocks, judge=Doubts())
        count += len(falls(whole))
        assert repr(found(blocks, judge=Doubts(), cuts=range(length, len(blocks[0]), length))) == repr(whole)
    assert count > 4


def crowd(rng: np.random.Generator) -> Blocks:
    """Four people side by side; each comes down, is lost and numbered anew some times, and now and then gets up."""
    bodies: list[Shape] = []
    for k in range(4):
        way: Shape = [(0.0, 1.2 * k, 2.0, 1.65)]
        for t in np.sort(rng.uniform(15.0, LENGTH_S - 5.0, 6)).tolist():
            before, begins = way[-1][3], max(t, way[-1][0] + 0.1)
            after = 0.7 if before > 1 else 1.65
            way += [(begins, 1.2 * k, 2.0, before), (begins + 1.2, 1.2 * k, 2.0, after)]
        bodies.append([*way, (LENGTH_S + 10.0, 1.2 * k, 2.0, way[-1][3])])
    ids, places, tops = frames(*bodies, seconds=LENGTH_S)
    for k in range(4):
        for begin in rng.integers(200, len(ids), 3).tolist():
            ids[begin : begin + int(rng.integers(5, 450)), 0, k] = 0
            ids[begin:, 0, k] = np.where(ids[begin:, 0, k] > 0, int(rng.integers(10, 10_000)), 0)
    return ids, places, tops


def test_one_buffer_filled_again_and_again() -> None:
    """Whoever hands in frame by frame may use the same arrays each time."""
    whole = frames(SITS, seconds=LENGTH_S)
    detector = RadarFalls([(BED,)], judge=Doubts())
    ids, places, tops = (np.empty_like(whole[0][:1]), np.empty_like(whole[1][:1]), np.empty_like(whole[2][:1]))
    seen: list[RadarFinding] = []
    for frame in range(len(whole[0])):
        ids[:], places[:], tops[:] = (one[frame : frame + 1] for one in whole)
        seen += detector.feed(ids, places, tops)
    assert seen == told(SITS)
