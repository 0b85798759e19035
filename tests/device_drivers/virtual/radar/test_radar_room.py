"""The room: what people do there, how fast and how high."""

from __future__ import annotations

import numpy as np
import pytest

from device_drivers.virtual.radar.body import Body, Kind, Posture
from device_drivers.virtual.radar.room import BATHROOM, BEDROOM, FALL_S, LYING_TOP_M, Room

SEEDS = range(20)


def _resident(bodies: tuple[Body, ...]) -> Body:
    return next(body for body in bodies if body.kind is Kind.RESIDENT)


def _watch(room: Room, begin: float, end: float, every: float = 0.02) -> list[tuple[float, Body]]:
    return [(at, _resident(room.at(at))) for at in np.arange(begin, end, every).tolist()]


@pytest.mark.parametrize("seed", SEEDS)
def test_falls_take_as_long_as_published_and_end_low_until_somebody_gets_up(seed: int) -> None:
    room = Room(seed=seed)
    room.at(10.0)
    room.act("fall")
    watched = _watch(room, 10.0, 60.0)
    falling = [at for at, body in watched if body.posture is Posture.FALLING]
    assert FALL_S[0] - 0.03 <= falling[-1] - falling[0] <= FALL_S[1] + 0.03
    lying = [body for at, body in watched if at > falling[-1] + 0.05]
    assert all(LYING_TOP_M[0] <= body.top <= LYING_TOP_M[1] for body in lying)
    assert all(body.posture is Posture.ON_FLOOR for body in lying)
    fastest = min(body.velocity[2] for _, body in watched)
    assert -5.0 < fastest < -1.0, "nobody falls faster than bodies do, nor gently"
    room.act("get-up")
    tops = [body.top for _, body in _watch(room, 60.0, 70.0)]
    assert tops[0] < 0.4 < 1.5 < tops[-1]
    assert np.diff(tops).max() < 0.05, "nobody jumps up"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("plan", [BEDROOM, BATHROOM])
def test_people_walk_at_their_speed_within_their_walls(seed: int, plan: object) -> None:
    here = BEDROOM if plan is BEDROOM else BATHROOM
    for _, body in _watch(Room(seed=seed, plan=here), 0.0, 60.0, 0.1):
        assert abs(body.x) <= here.width / 2
        assert 0.0 <= body.y <= here.depth
        assert np.hypot(*body.velocity[:2]) <= 0.91
        assert 1.5 <= body.top <= 1.81


@pytest.mark.parametrize(
    ("word", "posture", "low", "high"),
    [
        ("sit", Posture.SITTING, 1.1, 1.35),
        ("lie-down", Posture.IN_BED, 0.6, 0.9),
        ("stand", Posture.STANDING, 1.5, 1.81),
    ],
)
def test_postures(word: str, posture: Posture, low: float, high: float) -> None:
    for seed in SEEDS:
        room = Room(seed=seed)
        room.at(5.0)
        room.act(word)
        body = _resident(room.at(40.0))
        assert body.posture is posture
        assert low <= body.top <= high
        assert body.bottom == (BEDROOM.bed_height if word == "lie-down" else 0.0)


def test_who_bends_comes_up_again() -> None:
    room = Room(seed=3)
    room.at(5.0)
    room.act("bend")
    tops = [body.top for _, body in _watch(room, 5.0, 20.0)]
    assert 0.75 <= min(tops) <= 1.0
    assert tops[-1] > 1.5


def test_velocities_are_those_of_the_places() -> None:
    room = Room(seed=4)
    watched: list[tuple[float, Body]] = []
    for act_at, word in ((5.0, "fall"), (15.0, "get-up"), (25.0, "walk"), (40.0, "")):
        watched += _watch(room, watched[-1][0] + 0.004 if watched else 0.0, act_at, 0.004)
        if word:
            room.act(word)
    middles = np.array([[body.x, body.y, (body.bottom + body.top) / 2] for _, body in watched])
    velocities = np.array([body.velocity for _, body in watched])
    gone = np.cumsum(velocities, axis=0) * 0.004
    assert np.abs(gone + middles[0] - middles).max() < 0.02


def test_it_does_not_matter_how_often_somebody_looks() -> None:
    often, seldom = Room(seed=5), Room(seed=5)
    for at in np.arange(0.0, 20.0, 0.05).tolist():
        often.at(at)
    assert often.at(20.0) == seldom.at(20.0)
    for room in (often, seldom):
        room.act("fall")
    often.at(20.3)
    assert often.at(31.7) == seldom.at(31.7)
    assert Room(seed=5).at(7.0) != Room(seed=6).at(7.0)


def test_everybody_comes_and_goes() -> None:
    room = Room(seed=7, present=False)
    assert room.at(1.0) == ()
    with pytest.raises(ValueError, match="nobody is in the room"):
        room.act("fall")
    with pytest.raises(ValueError, match="no dog"):
        room.act("dog-leaves")
    room.act("cushion")
    assert [body.top > 1.2 for body in room.at(1.5)] == [True]
    assert [body.top < 0.3 for body in room.at(4.0)] == [True]
    room.act("cushion-gone")
    for at, word in ((4.1, "come"), (10.0, "carer"), (11.0, "dog")):
        room.at(at)
        room.act(word)
    with pytest.raises(ValueError, match="already"):
        room.act("come")
    bodies = room.at(20.0)
    assert [body.kind for body in bodies] == [Kind.RESIDENT, Kind.CARER, Kind.DOG]
    assert len({body.number for body in bodies}) == 3
    assert bodies[2].top <= 0.6
    for word in ("carer-leaves", "dog-leaves", "leave"):
        room.act(word)
    room.at(40.0)
    assert room.at(60.0) == ()
    with pytest.raises(ValueError, match="nothing that can be done"):
        room.act("fly")


def test_words_can_follow_each_other() -> None:
    for first in sorted(Room(seed=8).words):
        for second in ("fall", "get-up", "walk", "lie-down", "leave"):
            room = Room(seed=8)
            for at, word in ((1.0, "carer"), (2.0, "dog"), (9.0, first), (10.3, second)):
                room.at(at)
                if word != "come":
                    room.act(word)
            for at in range(11, 60):
                for body in room.at(float(at)):
                    assert 0.0 <= body.bottom < body.top < 2.0
