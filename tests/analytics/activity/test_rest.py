"""The night's rest against a slow search of all stretches."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.rest import rests, weights

_DAY = 1440


def _home(days: int = 3, seed: int = 0) -> np.typing.NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    clock = np.arange(days * _DAY) % _DAY
    awake = (clock >= 7 * 60) & (clock < 22 * 60)
    chance = np.where(awake, 0.05, 0.003) * np.array([[0.2], [2.0], [1.0], [0.5], [0.3]])
    return np.asarray(rng.random(chance.shape) < chance)


def test_against_all_stretches() -> None:
    lively = _home()
    nothing = np.zeros(lively.shape, bool)
    spoke, silent = weights(lively, nothing, nothing[0])
    bed, rise = rests(lively, nothing, nothing[0], nothing[0])
    for day in (1, 2):
        own = lively[:, (day - 1) * _DAY + 18 * 60 : day * _DAY + 14 * 60]
        gain = np.array([sum(spoke[r] if own[r, m] else silent[r] for r in range(5)) for m in range(own.shape[1])])
        sums = np.concatenate([[0], np.cumsum(gain)])
        best = max((sums[end] - sums[:end].min(), end, int(sums[:end].argmin())) for end in range(1, len(sums)))
        assert rise[day] == pytest.approx(18 + best[1] / 60 - 24)
        assert bed[day] == pytest.approx(18 + best[2] / 60)
    assert np.isnan([bed[0], rise[0]]).all()
    assert rise[1:] == pytest.approx([7, 7], abs=0.7)
    assert bed[1:] == pytest.approx([22, 22], abs=0.7)


def test_rooms_weigh_what_they_tell() -> None:
    lively = _home(20)
    nothing = np.zeros(lively.shape, bool)
    spoke, silent = weights(lively, nothing, nothing[0])
    assert (spoke < 0).all()
    assert (silent > 0).all()
    assert silent.argmax() == 1
    lively[0] = np.random.default_rng(1).random(lively.shape[1]) < 0.02  # speaks by night as by day
    assert abs(weights(lively, nothing, nothing[0])[0][0]) < 0.5


def test_what_is_not_known() -> None:
    lively = _home()
    nothing = np.zeros(lively.shape, bool)
    dark = nothing[0].copy()
    dark[_DAY + 3 * 60] = True
    bed, rise = rests(lively, nothing, dark, nothing[0])
    assert np.isnan(rise).tolist() == np.isnan(bed).tolist() == [True, True, False]
    out = np.ones(lively.shape[1], bool)
    assert np.isnan(rests(lively, nothing, nothing[0], out)[1]).all()


def test_who_was_not_seen_to_rise_has_not_risen() -> None:
    lively = _home(4)
    lively[:, _DAY + 22 * 60 : 3 * _DAY] = False
    nothing = np.zeros(lively.shape, bool)
    bed, rise = rests(lively, nothing, nothing[0], nothing[0])
    assert np.isnan(rise).tolist() == [True, False, True, False]
    assert bed[2] == pytest.approx(22, abs=0.7)
    lively[2, 2 * _DAY + 15 * 60] = True
    assert rests(lively, nothing, nothing[0], nothing[0])[1][2] == 14.0  # as late as is looked
    lively[2] &= np.arange(lively.shape[1]) // _DAY != 2
    left = np.zeros(lively.shape[1], bool)
    left[2 * _DAY + 11 * 60 : 3 * _DAY] = True  # seen to leave and nothing else
    assert rests(lively, nothing, nothing[0], left)[1][2] == pytest.approx(11)


def test_a_late_morning_is_as_late_as_it_is_without_any_one_room() -> None:
    """One sensor that fails in the night makes everybody rise late: what the others tell stands."""
    lively = _home(20)
    nothing = np.zeros(lively.shape, bool)
    usual = rests(lively, nothing, nothing[0], nothing[0])[1]
    quiet, missing = lively.copy(), lively.copy()
    morning = slice(19 * _DAY + 3 * 60, 19 * _DAY + 9 * 60)
    quiet[:, morning] = False
    missing[1, 19 * _DAY + 3 * 60 :] = False
    (late,) = (rests(one, nothing, nothing[0], nothing[0])[1][19] for one in (quiet,))
    assert usual[19] == pytest.approx(7, abs=0.7)
    assert late >= 9, "all rooms were quiet until then"
    found = rests(missing, nothing, nothing[0], nothing[0])[1]
    np.testing.assert_array_equal(found[:19], usual[:19])
    assert np.isnan(found[19]) or found[19] <= usual[19] + 1.5


def test_of_a_morning_on_which_a_room_says_nothing_that_nearly_always_does_a_late_end_is_not_known() -> None:
    clock = np.arange(30 * _DAY) % _DAY
    chance = np.where((clock >= 7 * 60) & (clock < 22 * 60), 0.06, 0.002)
    lively = np.random.default_rng(0).random((5, len(clock))) < chance
    nothing = np.zeros(lively.shape, bool)
    lively[:, 29 * _DAY + 3 * 60 : 29 * _DAY + 9 * 60] = False  # late as all rooms tell
    assert rests(lively, nothing, nothing[0], nothing[0])[1][29] >= 9
    failed, seldom = lively.copy(), lively.copy()
    for one in (failed, seldom):
        one[3, 29 * _DAY + 3 * 60 :] = False
    for day in range(0, 28, 5):  # a room that is not gone to every day
        seldom[3, day * _DAY + 6 * 60 : day * _DAY + 14 * 60] = False
    assert np.isnan(rests(failed, nothing, nothing[0], nothing[0])[1][29])
    assert rests(seldom, nothing, nothing[0], nothing[0])[1][29] >= 9
    usual = rests(failed, nothing, nothing[0], nothing[0])[1][1:29]
    assert not np.isnan(usual).any(), "who rises as ever has risen"


def test_where_one_room_makes_a_morning_later_the_others_word_counts() -> None:
    clock = np.arange(20 * _DAY) % _DAY
    awake = (clock >= 7 * 60) & (clock < 22 * 60)
    chance = np.where(awake, 0.02, 0.001) * np.array([[1.0], [12.0], [1.0], [1.0], [1.0]])
    lively = np.random.default_rng(2).random(chance.shape) < chance
    nothing = np.zeros(lively.shape, bool)
    late = lively.copy()
    late[:, 19 * _DAY + 3 * 60 : 19 * _DAY + 8 * 60 + 45] = False  # later than usual, as all rooms tell
    failed = late.copy()
    failed[1, 19 * _DAY + 3 * 60 : 19 * _DAY + 10 * 60] = False  # and one of them for longer
    all_rooms, without = (rests(one, nothing, nothing[0], nothing[0])[1][19] for one in (late, failed))
    alone = failed.copy()
    others = nothing.copy()
    others[1] = True
    wanted = rests(alone, others, nothing[0], nothing[0])[1][19]
    assert 8.5 < all_rooms < 9.3
    assert without == pytest.approx(wanted, abs=0.35)
    assert without < 9.5
