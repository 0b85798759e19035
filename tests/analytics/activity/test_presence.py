"""Minutes, ways and visits; what was not heard is NaN, never stillness."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.presence import (
    ABSENT,
    NOT_KNOWN,
    NOWHERE,
    PRESENT,
    UNKNOWN,
    levels,
    minutes,
    pulses,
    transitions,
    visits,
    whereabouts,
)

NONE = np.zeros((0, 2))


def state(*pieces: tuple[int, int]) -> np.ndarray:
    """(what, for how many steps) in a row."""
    return np.concatenate([np.full(count, what, np.int8) for what, count in pieces])


def test_a_sensor_that_says_who_comes_and_goes() -> None:
    at, on = np.array([10.0, 40.0]), np.array([True, False])
    found = levels(at, on, NONE, steps=60)
    assert found.tolist() == state((UNKNOWN, 10), (PRESENT, 30), (ABSENT, 20)).tolist()
    cut = levels(at, on, np.array([[20.0, 30.0]]), steps=60)
    assert cut.tolist() == state((UNKNOWN, 10), (PRESENT, 10), (UNKNOWN, 20), (ABSENT, 20)).tolist(), (
        "what it said before an outage is not known after it"
    )
    assert (levels(np.zeros(0), np.zeros(0, bool), NONE, steps=5) == UNKNOWN).all()


def test_a_sensor_that_says_that_something_moved() -> None:
    found = pulses(np.array([5.0, 8.0]), NONE, steps=30, hold_s=10.0)
    assert found.tolist() == state((ABSENT, 5), (PRESENT, 13), (ABSENT, 12)).tolist()
    cut = pulses(np.array([5.0]), np.array([[10.0, 20.0]]), steps=30, hold_s=7.0)
    assert cut.tolist() == state((ABSENT, 5), (PRESENT, 5), (UNKNOWN, 10), (ABSENT, 10)).tolist()
    assert (pulses(np.zeros(0), NONE, steps=5) == ABSENT).all()


def test_minutes_of_hours() -> None:
    day = state((PRESENT, 1800), (ABSENT, 1800), (UNKNOWN, 3600), (PRESENT, 3000), (UNKNOWN, 600))
    found = minutes(np.stack([day, np.zeros_like(day)]), every=3600)
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found, [[30.0, np.nan, 60.0], [0.0, 0.0, 0.0]])
    assert np.isnan(minutes(state((UNKNOWN, 100)))).all()
    np.testing.assert_allclose(minutes(state((PRESENT, 10), (ABSENT, 10)), step_s=60.0), [10.0])


def test_whereabouts_and_ways() -> None:
    bed = state((PRESENT, 10), (ABSENT, 10), (PRESENT, 10), (UNKNOWN, 5), (ABSENT, 5))
    bath = state((ABSENT, 8), (PRESENT, 7), (ABSENT, 25))
    where = whereabouts(np.stack([bed, bath]))
    assert where.tolist() == [0] * 8 + [1] * 7 + [NOWHERE] * 5 + [0] * 10 + [NOT_KNOWN] * 5 + [NOWHERE] * 5
    np.testing.assert_array_equal(transitions(where, 2), [[0, 1], [1, 0]])
    unheard = np.where(np.arange(40) % 3 == 0, NOT_KNOWN, where).astype(np.int16)
    assert np.isnan(transitions(unheard, 2)).all()
    over_an_outage = np.array([0] * 20 + [NOT_KNOWN] * 2 + [1] * 20, np.int16)
    assert transitions(over_an_outage, 2).sum() == 0, "nobody knows which way it went"
    assert np.isnan(transitions(np.zeros(0, np.int16), 2)).all()


def test_the_newest_room_has_the_person() -> None:
    both = np.stack([state((PRESENT, 10)), state((ABSENT, 4), (PRESENT, 3), (ABSENT, 3))])
    assert whereabouts(both).tolist() == [0] * 4 + [1] * 3 + [0] * 3


def test_visits_by_night() -> None:
    night = np.ones(4000, bool)
    bath = state((ABSENT, 500), (PRESENT, 100), (ABSENT, 30), (PRESENT, 100), (ABSENT, 1000), (PRESENT, 200))
    bath = np.concatenate([bath, np.zeros(4000 - len(bath), np.int8)])
    assert visits(bath, night) == 2.0, "half a minute away is the same visit"
    day = night.copy()
    day[1500:] = False
    assert visits(bath, day) == 1.0
    cut = bath.copy()
    cut[550:560] = UNKNOWN
    assert visits(cut, night) == 2.0
    cut[:1000] = UNKNOWN
    assert np.isnan(visits(cut, night)), "an outage is not a quiet night"
    assert visits(np.zeros(4000, np.int8), night) == 0.0
    assert np.isnan(visits(bath, np.zeros(4000, bool)))


@pytest.mark.parametrize("seed", range(5))
def test_against_a_slow_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rooms = np.repeat(rng.integers(-1, 2, (3, 40)).astype(np.int8), 25, axis=1)
    where = whereabouts(rooms)
    for step in range(rooms.shape[1]):
        there = [room for room in range(3) if rooms[room, step] == PRESENT]
        if not there:
            assert where[step] == (NOT_KNOWN if (rooms[:, step] == UNKNOWN).any() else NOWHERE)
            continue

        def since(room: int, step: int = step) -> int:
            while step >= 0 and rooms[room, step] == PRESENT:
                step -= 1
            return step

        assert since(int(where[step])) == max(since(room) for room in there)
