"""Figures against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analytics.falls import measures


def test_auc_is_the_share_of_pairs_in_order() -> None:
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 6, 60) / 5, rng.random(60) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    assert measures.auc(scores, positive) == pytest.approx(np.mean(pairs))
    assert math.isnan(measures.auc(scores, np.ones(60, bool)))


def test_wilson_interval() -> None:
    low, high = measures.wilson(98, 100)  # by the formula, as published tables give it
    assert (round(low, 4), round(high, 4)) == (0.9300, 0.9945)
    assert measures.wilson(10, 10)[1] == pytest.approx(1)
    assert math.isnan(measures.wilson(0, 0)[0])


def test_people_not_trials_are_drawn() -> None:
    alike = measures.by_person(np.full(20, 9.0), np.full(20, 10.0))
    assert alike == (0.9, 0.9)
    low, high = measures.by_person(np.array([10.0] * 9 + [0.0]), np.full(10, 10.0))
    assert low < 0.8 < high


def test_metadata_model_sees_a_length_that_tells_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    fall, person = rng.random(400) < 0.4, np.repeat(np.arange(8), 50)
    length = np.where(fall, 15.0, rng.choice([12.0, 25.0, 100.0], 400))
    assert measures.metadata_auc(np.stack([np.full(400, 200.0), length], axis=1), fall, person) == 1
    assert abs(measures.metadata_auc(rng.normal(size=(400, 3)), fall, person) - 0.5) < 0.1


def test_calibration_error_is_the_distance_of_what_was_said_from_what_was() -> None:
    said = np.array([0.05, 0.05, 0.95, 0.95])
    assert measures.calibration_error(said, np.array([False, False, True, True])) == pytest.approx(0.05)
    assert measures.calibration_error(said, np.array([True, True, False, False])) == pytest.approx(0.95)
    assert math.isnan(measures.calibration_error(np.zeros(0), np.zeros(0, np.bool_)))


def test_a_paired_change_has_an_interval_of_people() -> None:
    person = np.repeat(np.arange(10), 20)
    change = np.zeros(200)
    assert measures.paired(change, person) == (0, 0, 0)
    change[person == 3] = -1  # all of one person's: it may be that person
    mean, low, high = measures.paired(change, person)
    assert mean == pytest.approx(-0.1)
    assert low < -0.2
    assert high == 0
    assert all(math.isnan(value) for value in measures.paired(np.zeros(0), np.zeros(0, np.int64)))
