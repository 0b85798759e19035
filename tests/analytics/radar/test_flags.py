"""Modules that only say "fallen": told once, again when it comes again, and when it stands or falls silent."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.findings import FALL, NO_RECOVERY, Seen
from analytics.radar.falls import RadarFinding
from analytics.radar.flags import UNHEARD, FlagFalls


def said(*pieces: tuple[int, int], cuts: tuple[int, ...] = ()) -> list[RadarFinding]:
    """(what, for how many seconds) in a row, a word a second."""
    words = np.concatenate([np.full(count, what, np.int8) for what, count in pieces])
    detector = FlagFalls(1, rate_hz=1.0)
    return [one for part in np.split(words, list(cuts)) for one in detector.feed(part[:, None])]


def test_a_flag_that_stands() -> None:
    fall, still = said((0, 10), (1, 60), (0, 10))
    assert (fall.kind, fall.raised_at) == (FALL, 10)
    assert (still.kind, still.down_at, still.raised_at, still.seen) == (NO_RECOVERY, 10, 40, Seen.DOWN)


def test_one_that_goes_down_in_time() -> None:
    assert [one.kind for one in said((1, 20), (0, 60))] == [FALL]
    assert [one.kind for one in said((1, 5), (0, 15), (1, 5), (0, 60))] == [FALL], "the same fall"
    assert [one.kind for one in said((1, 5), (0, 40), (1, 5), (0, 60))] == [FALL, FALL]


def test_a_module_that_is_not_heard_closes_nothing() -> None:
    fall, still = said((1, 5), (UNHEARD, 60))
    assert (fall.kind, still.kind, still.seen) == (FALL, NO_RECOVERY, Seen.UNHEARD)
    assert not said((UNHEARD, 60))


@pytest.mark.parametrize("seed", range(3))
def test_cuts_in_time_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = tuple((int(rng.integers(-1, 2)), int(rng.integers(1, 50))) for _ in range(60))
    count = sum(one[1] for one in pieces)
    cuts = tuple(np.unique(rng.integers(1, count, 50)).tolist())
    assert repr(said(*pieces)) == repr(said(*pieces, cuts=cuts))
