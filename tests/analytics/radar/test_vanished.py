"""Who is gone where nobody goes is told, with even odds; who leaves as everybody does is not."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.findings import FALL, NO_RECOVERY, Seen
from analytics.radar import vanished
from analytics.radar.falls import RadarFalls, RadarFinding
from analytics.radar.tracks import FORGOTTEN, RATE_HZ, UNHEARD
from analytics.radar.vanished import FEWEST
from tests.analytics.radar.scene import BED, Blocks, Shape, found, frames

EACH_S = 42.0  # long enough for whoever was lost to be forgotten
DOOR, CHAIR, MIDDLE = (3.0, 0.5), (-0.5, 0.8), (0.5, 2.5)


@pytest.fixture(autouse=True)
def _learnt_in_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vanished, "LEARNS_FRAMES", round(FEWEST * EACH_S * RATE_HZ))


def visit(number: int, *ways: tuple[float, float, float, float]) -> Shape:
    """In through the door and so on: (seconds, x, y, top)."""
    return [(number * EACH_S + t, x, y, top) for t, x, y, top in ((0.0, *DOOR, 1.65), *ways)]


def gone(place: tuple[float, float], *tops: float, number: int = FEWEST) -> Shape:
    """Walks there, stands for two seconds, and is not seen any more; `tops`: of the last seconds."""
    return visit(
        number, (5.0, *place, 1.65), (7.0, *place, 1.65), *((7.0 + (k + 1) / 2, *place, t) for k, t in enumerate(tops))
    )


def usual(count: int = FEWEST) -> list[Shape]:
    """Every other visitor leaves by the door, the others sit still on the chair until they are lost."""
    return [
        visit(k, (4.0, *MIDDLE, 1.65), (9.0, *DOOR, 1.65)) if k % 2 else
        visit(k, (3.0, *CHAIR, 1.65), (4.5, *CHAIR, 1.25), (9.0, *CHAIR, 1.25))
        for k in range(count)
    ]  # fmt: skip


def after(*more: Shape, count: int = FEWEST) -> Blocks:
    return frames(*usual(count), *more, seconds=(count + 1) * EACH_S + 10)


def told(*more: Shape, count: int = FEWEST) -> list[RadarFinding]:
    return found(after(*more, count=count))


def test_who_is_gone_in_the_middle_of_the_room_is_told_after_half_a_minute() -> None:
    fall, still = told(gone(MIDDLE))
    lost = round((FEWEST * EACH_S + 7.0) * RATE_HZ)
    assert (fall.kind, fall.probability) == (FALL, 0.5)
    assert (fall.down_at, fall.raised_at) == (lost, lost + FORGOTTEN)
    assert fall.place == pytest.approx(MIDDLE, abs=0.2)
    assert np.isnan(fall.height_m)
    assert (still.kind, still.seen, still.down_at) == (NO_RECOVERY, Seen.UNHEARD, lost)


def test_who_leaves_as_others_do_is_not() -> None:
    assert not told(gone(DOOR)), "by the door"
    assert not told([(t, x, y, top * 1.15) for t, x, y, top in gone(DOOR)]), "who is taller"
    assert not told(gone(CHAIR, 1.25, 1.25, 1.25, 1.25, 1.25)), "still on the chair"
    assert not told(gone((-1.5, 4.0))), "in bed"
    assert not told(gone(MIDDLE, number=FEWEST - 1), count=FEWEST - 1), "when not enough is known of the room"


def test_nobody_is_told_of_before_a_room_was_looked_at_for_three_days(monkeypatch: pytest.MonkeyPatch) -> None:
    assert vanished.LEARNS_FRAMES <= (FEWEST * EACH_S + 7.0) * RATE_HZ
    monkeypatch.setattr(vanished, "LEARNS_FRAMES", round((FEWEST * EACH_S + 7.5) * RATE_HZ))
    assert not told(gone(MIDDLE))
    monkeypatch.undo()
    assert vanished.LEARNS_FRAMES == 3 * 24 * 3600 * 10
    assert not told(gone(MIDDLE))


def test_who_is_seen_again_in_the_last_moment_is_not_gone_however_frames_come() -> None:
    ids, places, tops = after(gone(MIDDLE))
    lost = int(np.flatnonzero((ids[:, 0] == FEWEST + 1).any(axis=1))[-1])
    again = lost + FORGOTTEN
    for what in (ids, places, tops):
        what[again : again + 5, :, FEWEST] = what[lost, :, FEWEST]
    whole = found((ids, places, tops))
    assert repr(found((ids, places, tops), cuts=range(1, len(ids)))) == repr(whole)
    assert not [one for one in whole if one.kind == FALL and one.raised_at == again]


def test_one_beside_whose_height_is_not_known_for_a_moment_is_still_one_beside() -> None:
    at = FEWEST * EACH_S
    ids, places, tops = after(gone(MIDDLE), [(at, 1.0, 3.0, 1.65), (at + EACH_S, 1.0, 3.0, 1.65)])
    tops[round((at + 12) * RATE_HZ), :, FEWEST + 1] = np.nan
    assert not found((ids, places, tops))


def test_nor_who_was_never_up_or_seen_for_a_moment() -> None:
    dog = [(t, x, y, 0.4) for t, x, y, _ in gone(MIDDLE)]
    assert not told(dog)
    assert not told(gone(MIDDLE)[1:2] + [(FEWEST * EACH_S + 8.0, *MIDDLE, 1.65)]), "a reflection"


def test_who_falls_beside_the_chair_on_which_others_are_lost_is() -> None:
    """They were lost sitting, this one standing, or on the way down from there."""
    assert [one.kind for one in told(gone(CHAIR))] == [FALL, NO_RECOVERY]
    assert [one.kind for one in told(gone(CHAIR, 1.1))] == [FALL, NO_RECOVERY]


def test_one_who_may_be_somebody_else_is_not() -> None:
    at = FEWEST * EACH_S
    beside: Shape = [(at, 1.0, 3.0, 1.65), (at + EACH_S, 1.0, 3.0, 1.65)]
    assert not told(gone(MIDDLE), beside), "numbers were exchanged"
    elsewhere: Shape = [(at + 20, 2.5, 4.0, 1.65), (at + EACH_S, 2.5, 4.0, 1.65)]
    assert not told(gone(MIDDLE), elsewhere), "found again elsewhere, or help has come"
    dog: Shape = [(at, 0.6, 2.6, 0.4), (at + EACH_S, 0.6, 2.6, 0.4)]
    assert not told(gone(MIDDLE), dog), "the module takes the pet for it"


def test_company_elsewhere_changes_nothing() -> None:
    at = FEWEST * EACH_S
    far: Shape = [(at, 2.5, 4.0, 1.65), (at + EACH_S, 2.5, 4.0, 1.65)]
    low: Shape = [(at + 20, 1.5, 2.5, 0.4), (at + EACH_S, 1.5, 2.5, 0.4)]
    assert [one.kind for one in told(gone(MIDDLE), far, low)] == [FALL, NO_RECOVERY]


def test_one_whose_number_is_another_s_since_it_was_lost_is_not() -> None:
    """What falls off the table beside somebody who was just lost goes on under their number, and is gone."""
    ids, places, tops = after(gone((1.2, 2.5)))
    lost = round((FEWEST * EACH_S + 7.0) * RATE_HZ)
    ids[lost - 25 : lost - 5, :, FEWEST] = 0
    assert not found((ids, places, tops))


def test_where_people_are_lost_again_and_again_is_usual_too() -> None:
    """They look out of the window there: two are told, and no more."""
    there = [gone(MIDDLE, number=FEWEST + k) for k in range(4)]
    told = found(frames(*usual(), *there, seconds=(FEWEST + 4) * EACH_S))
    assert [one.kind for one in told] == [FALL, NO_RECOVERY] * 2


def test_nobody_is_gone_when_the_module_falls_silent() -> None:
    ids, places, tops = after(gone(MIDDLE))
    lost = round((FEWEST * EACH_S + 7.0) * RATE_HZ)
    assert found((ids, places, tops))
    for silent in (slice(lost + 100, None), slice(lost + 299, lost + 301)):
        unheard = ids.copy()
        unheard[silent] = UNHEARD
        assert not found((unheard, places, tops))
        assert not found((unheard, places, tops), cuts=range(7, len(ids), 7))
    before = round(FEWEST * EACH_S * RATE_HZ)
    ids[before - 15 : before - 5] = UNHEARD
    assert found((ids, places, tops)), "before it"


def test_one_who_was_told_already_is_not_told_again() -> None:
    class Sure:
        """Of every way down."""

        def probability(self, *_: object) -> float:
            return 0.9

        def later(self, *_: object) -> float:
            return 0.0

        def threshold(self, *_: object) -> float:
            return 0.5

    at = FEWEST * EACH_S
    up_again = visit(
        FEWEST,
        (3.0, *MIDDLE, 1.65),
        (4.0, *MIDDLE, 0.3),
        (9.0, *MIDDLE, 0.3),
        (10.0, *MIDDLE, 1.65),
        (13.0, *MIDDLE, 1.65),
    )
    assert [one.down_at > (at + 10) * RATE_HZ for one in found(after(up_again), judge=Sure()) if one.kind == FALL] == [
        False, True,
    ]  # fmt: skip
    stays = visit(FEWEST, (3.0, *MIDDLE, 1.65), (4.0, *MIDDLE, 0.3), (9.0, *MIDDLE, 0.3))
    assert len([one for one in found(after(stays), judge=Sure()) if one.kind == FALL]) == 1


def test_another_module_begins_anew() -> None:
    ids, places, tops = after(gone(MIDDLE))
    detector, cut = RadarFalls([(BED,)]), round(FEWEST * EACH_S * RATE_HZ)
    detector.feed(ids[:cut], places[:cut], tops[:cut])
    detector.hang(0, (BED,))
    assert not detector.feed(ids[cut:], places[cut:], tops[cut:])


def test_and_learns_for_three_days_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vanished, "LEARNS_FRAMES", round((FEWEST + 2) * EACH_S * RATE_HZ))
    visits = FEWEST + 3
    ids, places, tops = frames(*usual(visits), gone(MIDDLE, number=visits), seconds=(visits + 1) * EACH_S + 10)
    assert found((ids, places, tops))
    detector, cut = RadarFalls([(BED,)]), round(2 * EACH_S * RATE_HZ)
    detector.feed(ids[:cut], places[:cut], tops[:cut])
    detector.hang(0, (BED,))
    assert not detector.feed(ids[cut:], places[cut:], tops[cut:])


@pytest.mark.parametrize("length", [7, 333, 1210])
def test_cuts_in_time_change_nothing(length: int) -> None:
    for more in (
        [gone(MIDDLE)],
        [gone(CHAIR, 1.1), [(FEWEST * EACH_S, 2.5, 4.0, 1.65), (FEWEST * EACH_S + 30, 2.5, 4.0, 1.6)]],
    ):
        blocks = after(*more)
        whole = found(blocks)
        assert len(whole) == 2
        assert repr(found(blocks, cuts=range(length, len(blocks[0]), length))) == repr(whole)
