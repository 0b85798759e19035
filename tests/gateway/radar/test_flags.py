"""The word of a module that tells nothing but falls, presence and motion."""

from __future__ import annotations

from analytics.findings import FALL, NO_RECOVERY, Seen
from device_drivers.radar_frame import RadarFrame
from gateway.radar.flags import FallFlag, Flagged


def told(*said: tuple[float, RadarFrame], until: float) -> list[Flagged]:
    flag = FallFlag()
    found = []
    for at, frame in said:
        flag.feed(frame, at)
        found += flag.tick(at)
    return found + flag.tick(until)


FELL, NOT, MOVES = RadarFrame(fallen=True), RadarFrame(fallen=False), RadarFrame(moving=True)


def test_a_fall_is_told_once_however_often_it_is_said() -> None:
    found = told((1.0, NOT), (2.0, FELL), (3.0, FELL), (4.0, FELL), until=5.0)
    assert found == [Flagged(kind=FALL, at=2.0)]


def test_a_second_fall_is_told_again() -> None:
    assert [one.at for one in told((1.0, FELL), (5.0, NOT), (9.0, FELL), until=9.5)] == [1.0, 9.0]


def test_who_stays_down_is_told_of_after_thirty_seconds() -> None:
    found = told((1.0, FELL), (30.0, FELL), until=31.0)
    assert found[1:] == [Flagged(kind=NO_RECOVERY, at=31.0, seen=Seen.DOWN)]


def test_who_moves_after_the_word_was_taken_back_is_up() -> None:
    assert [one.kind for one in told((1.0, FELL), (10.0, NOT), (11.0, MOVES), until=40.0)] == [FALL]


def test_moving_on_the_floor_is_not_up_and_a_word_taken_back_alone_is_not_either() -> None:
    assert [one.kind for one in told((1.0, FELL), (10.0, MOVES), (30.0, FELL), until=31.0)] == [FALL, NO_RECOVERY]
    assert [one.kind for one in told((1.0, FELL), (30.0, NOT), until=31.0)] == [FALL, NO_RECOVERY]


def test_a_module_that_fell_silent_ends_nothing() -> None:
    (_, last) = told((1.0, FELL), until=60.0)
    assert (last.kind, last.seen) == (NO_RECOVERY, Seen.UNHEARD)
