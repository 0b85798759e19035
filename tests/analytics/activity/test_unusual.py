"""The score of a day: against a slow oracle, robust, and many homes as one."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.activity.city import scored
from analytics.activity.features import FEATURES
from analytics.activity.unusual import PARTS, parts, rank, unusual, usual, words


def _hours(homes: int, days: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    hours = rng.poisson(4, (homes, days, 24, len(FEATURES))).astype(np.float32)
    hours[rng.random(hours.shape) < 0.002] = np.nan
    return hours


def test_score_against_one_cell_at_a_time() -> None:
    days = parts(_hours(3, 30))
    found = unusual(days, usual(days[:, :-1]))
    for home in range(3):
        sizes = []
        for part in range(len(PARTS)):
            for feature in range(len(FEATURES)):
                past = [float(x) for x in days[home, :-1, part, feature] if not math.isnan(x)]
                today = float(days[home, -1, part, feature])
                if len(past) < 14 or math.isnan(today):
                    continue
                middle = median(past)
                tenths = np.quantile(past, 0.9) - np.quantile(past, 0.1)
                spread = max(1.0, 1.4826 * median(abs(x - middle) for x in past), float(tenths) / 2.563)
                sizes.append(abs(today - middle) / spread)
        assert found.score[home, -1] == pytest.approx(sum(sorted(sizes)[-3:]), rel=1e-4)


def test_a_changed_kitchen_is_named() -> None:
    hours = _hours(1, 40)
    kitchen = FEATURES.index("kitchen")
    hours[0, -1, 6:12, kitchen] = 0
    days = parts(hours)
    found = unusual(days, usual(days[:, :-1]))
    cell, size = int(found.cells[0, -1, 0]), float(found.deviations[0, -1, 0])
    assert divmod(cell, len(FEATURES)) == (PARTS.index("morning"), kitchen)
    assert words(cell, size, FEATURES) == "kitchen in the morning: far less than usual"
    assert rank(found.score[:, -1], found.score[:, :-1])[0] == pytest.approx(1 / 40)


def test_odd_days_in_the_past_do_not_move_what_is_usual() -> None:
    clean = parts(_hours(1, 40))
    odd = clean.copy()
    odd[0, :3] *= 3
    np.testing.assert_allclose(usual(odd).middle, usual(clean).middle, atol=0.7)
    assert unusual(odd, usual(odd)).score[0, :3].min() > unusual(odd, usual(odd)).score[0, 3:].max()


def test_too_little_past_says_nothing() -> None:
    days = parts(_hours(1, 12))
    found = unusual(days, usual(days))
    assert np.isnan(found.score).all()
    assert np.isnan(rank(found.score[:, -1], found.score[:, :-1])).all()


@pytest.mark.slow
def test_a_city_is_its_homes() -> None:
    hours = _hours(260, 20)
    whole = scored(hours)
    for home in (0, 249, 250, 259):
        alone = scored(hours[home : home + 1])
        np.testing.assert_array_equal(whole.today.cells[home], alone.today.cells[0])
        np.testing.assert_array_equal(whole.rank[home], alone.rank[0])
        np.testing.assert_allclose(whole.rhythm.stability[home], alone.rhythm.stability[0])


def test_another_resolution_is_refused() -> None:
    with pytest.raises(ValueError, match="24"):
        parts(np.zeros((1, 2, 96, 8), np.float32))
