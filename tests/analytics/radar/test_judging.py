"""What the trees are asked: what is known of a way down, what is usual in its room, how likely its length is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.radar import judging, shapes, usual
from analytics.radar.judging import GIVEN, INPUTS, given, inputs
from analytics.radar.late import LATE
from analytics.radar.tracks import Body
from tests.analytics.radar.scene import drop, falls, found, frames, standing_then

AT = 160
LENGTHS = np.full((3, shapes.LIKELIHOODS), 1 / shapes.LIKELIHOODS)


def fallen() -> Body:
    ids, places, tops = frames(standing_then(*drop(0.9, 1.0, 2.3, 0.3), (60, 1.0, 2.3, 0.3)), seconds=30)
    count = len(ids)
    return Body(
        room=0, number=1, born=0, seen=count - 1, first=0, tops=tops[:, 0, 0].astype(np.float64),
        places=places[:, 0, 0].astype(np.float64),
    )  # fmt: skip


def test_how_low_it_is_by_what_is_usual_or_unknown() -> None:
    columns = [INPUTS.index(name) for name in ("lowest-by-lying", "lowest-by-sitting")]
    strange = given(fallen(), AT, AT + 50, 1.65, 0.0, usual.NOTHING)
    known = given(fallen(), AT, AT + 50, 1.65, 0.0, np.array([0.25, usual.UNKNOWN]))
    assert strange is not None
    assert known is not None
    assert strange.shape == (GIVEN,)
    assert strange[columns].tolist() == [usual.UNKNOWN, usual.UNKNOWN]
    lowest = known[INPUTS.index("lowest")]
    assert known[columns].tolist() == [pytest.approx(lowest - 0.25), usual.UNKNOWN]


def test_a_length_that_only_falls_have_speaks_for_a_fall() -> None:
    way_down = given(fallen(), AT, AT + 50, 1.65, 0.0, usual.NOTHING)
    assert way_down is not None
    assert inputs(way_down, LENGTHS)[-2:].tolist() == pytest.approx([0.0, 0.0]), "all lengths are as often in each"
    falling = np.arange(shapes.LIKELIHOODS) < len(shapes.LENGTHS_S)
    apart = np.stack([np.where(falling, 1.0, 1e-4), *[np.where(falling, 1e-4, 1.0)] * 2])
    for_fall, for_fall_early = inputs(way_down, apart)[-2:]
    assert for_fall == for_fall_early > 1.0
    assert inputs(np.stack([way_down] * 3), apart).shape == (3, len(INPUTS))


def test_trees_of_other_inputs_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "old.npz", inputs=np.array(INPUTS[:-1]))
    with pytest.raises(ValueError, match="make train"):
        judging.load(str(tmp_path / "old.npz"))


def test_who_falls_to_sit_is_found() -> None:
    sits = standing_then(*drop(0.7, 1.1, 2.3, 0.6), (60, 1.1, 2.3, 0.6))
    told = [len(falls(found(frames(sits, seconds=60, seed=seed)))) for seed in range(5)]
    assert told == [1] * 5


def test_who_lies_is_told_with_less_than_who_may_kneel() -> None:
    judge = judging.shipped()
    assert judge.threshold(25, 0.3) == judging.LYING < judge.threshold(25, 0.6)
    assert judge.threshold(25, float("nan")) == judge.threshold(25, 0.6), "who is not seen is not known to lie"
    assert judge.threshold(LATE[-1], 0.3) < judging.LYING, "the last ones are lower, and stay"


def test_each_wait_has_a_threshold_of_its_own_until_the_next() -> None:
    judge = judging.shipped()
    for number, wait in enumerate(judge.waits.tolist()):
        assert judge.threshold(wait, 0.6) == judge.thresholds[number]
        if number:
            assert judge.threshold(wait - 1, 0.6) == judge.thresholds[number - 1]
    assert judge.threshold(25, 0.45) == judge.thresholds[0], "who is on all fours does not lie"
    assert judge.threshold(25, 0.4) == 0.75


def test_the_longer_it_is_down_the_likelier_it_fell() -> None:
    judge = judging.shipped()
    early = 0.4
    later = [judge.later(fallen(), AT, AT + wait, early) for wait in LATE]
    assert np.all(np.diff([early, *later]) > 0)
    assert judge.later(fallen(), AT, AT + LATE[0], 0.0) == 0.0, "what is no fall stays so"
    odds = np.log(later[-1] / (1 - later[-1])) - np.log(early / (1 - early))
    assert odds == pytest.approx(judge.still_down[-1])
