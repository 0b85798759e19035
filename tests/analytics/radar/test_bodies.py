"""Bodies of one room: found again, forgotten, kept apart; the same however time is cut."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.radar.tracks import FORGOTTEN, MOST, Bodies, Body


class Room:
    """One frame after the other."""

    def __init__(self) -> None:
        self.bodies = Bodies(0)
        self.at = 0

    def frame(self, *tracks: tuple[int, float]) -> list[Body]:
        ids = np.zeros((1, MOST + 3), np.int32)
        places, tops = np.full((1, MOST + 3, 2), np.nan), np.full((1, MOST + 3), np.nan)
        for slot, (number, x) in enumerate(tracks):
            ids[0, slot], places[0, slot], tops[0, slot] = number, (x, 2.0), 1.0
        found = self.bodies.feed(self.at, ids, places, tops)
        self.at += 1
        return found


def test_a_body_is_found_again_and_forgotten() -> None:
    room = Room()
    (first,) = room.frame((5, 0.0))
    for _ in range(10):
        room.frame()
    (again,) = room.frame((6, 0.4))
    assert again is first, "near and soon: the same body"
    assert again.number == 6
    assert len(room.frame((7, 4.0))) == 2, "far: another"
    for _ in range(FORGOTTEN + 2):
        room.frame()
    assert not room.frame()
    assert not room.bodies.busy


def test_more_tracks_than_bodies() -> None:
    room = Room()
    many = [(number + 1, float(3 * number)) for number in range(MOST + 3)]
    assert len(room.frame(*many)) == MOST, "the rest is left out"
    for _ in range(30):
        assert len(room.frame(*many)) == MOST
    bodies = {body.number for body in room.frame(*many)}
    assert bodies == set(range(1, MOST + 1))


def test_a_track_that_was_silent_for_a_frame_is_not_taken_by_another() -> None:
    room = Room()
    for _ in range(20):
        (person,) = room.frame((5, 0.0))
    room.frame()
    room.frame((5, 0.0), (9, 0.3))
    found = room.frame((5, 0.0), (9, 0.3))
    assert [body.number for body in found] == [5, 9]
    assert found[0] is person
    assert found[0].born == 0
    assert found[1].born == 21


@pytest.mark.parametrize("seed", range(4))
def test_cuts_in_time_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, slots = 600, 5
    ids = np.repeat(rng.integers(0, 12, (count // 25, slots)), 25, axis=0).astype(np.int32)
    ids[rng.random((count, slots)) < 0.1] = 0
    ids[100:450, :] *= rng.random() < 0.5
    places = np.cumsum(rng.normal(0, 0.05, (count, slots, 2)), axis=0)
    tops = rng.uniform(0, 2, (count, slots))

    def bodies(cuts: list[int]) -> list[tuple[int, bytes, bytes]]:
        room = Bodies(0)
        seen: dict[int, tuple[int, Body]] = {}
        pieces: dict[int, list[tuple[int, np.ndarray, np.ndarray]]] = {}
        for begin, end in zip([0, *cuts], [*cuts, count], strict=True):
            for body in room.feed(begin, ids[begin:end], places[begin:end], tops[begin:end]):
                number = seen.setdefault(id(body), (len(seen), body))[0]
                here = slice(max(begin - body.first, 0), None)
                pieces.setdefault(number, []).append((body.born, body.tops[here], body.places[here]))
        known = (~np.isnan(np.concatenate([part[1] for part in one])) for one in pieces.values())
        return sorted(
            (
                one[0][0],
                np.concatenate([part[1] for part in one])[mask].tobytes(),
                np.concatenate([part[2] for part in one])[mask].tobytes(),
            )
            for one, mask in zip(pieces.values(), known, strict=True)
        )

    whole = bodies([])
    for _ in range(3):
        cuts = np.unique(rng.integers(1, count, rng.integers(1, 60))).tolist()
        assert bodies(cuts) == whole
    assert bodies(list(range(1, count))) == whole
