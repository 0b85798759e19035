"""Joining trials: the order is the seed's, and the join itself is neither a free fall nor an impact."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls import joins
from analytics.falls.joins import join, stillness


def trial(name: str, samples: NDArray[np.floating], rate_hz: float = 200.0) -> Trial:
    return Trial(
        subject="SA01", name=name, activity=name[:3], fall=name.startswith("F"), position="waist", elder=False,
        rate_hz=rate_hz, samples=samples.astype(np.float32),
    )  # fmt: skip


def test_every_trial_is_there_untouched_and_the_order_is_the_seeds() -> None:
    rng = np.random.default_rng(0)
    trials = [trial(f"D0{n}", rng.normal(size=(300 + n, 3))) for n in range(6)]
    joined = join(trials, np.random.default_rng(5))
    assert sorted(joined.order) == list(range(6))
    for place, index in enumerate(joined.order):
        np.testing.assert_array_equal(joined.samples[joined.begins[place] : joined.ends[place]], trials[index].samples)
    assert set((joined.begins[1:] - joined.ends[:-1]).tolist()) == {200}  # one second
    assert join(trials, np.random.default_rng(5)).order == joined.order
    assert join(trials, np.random.default_rng(6)).order != joined.order


@pytest.mark.parametrize("new", [[1, 0, 0], [0, -1, 0], [0, 1, 0], [0.6, 0.5, -0.6]])
def test_the_length_of_gravity_is_kept_between(new: list[float]) -> None:
    rng = np.random.default_rng(1)
    before = np.array([0, 1.0, 0]) + rng.normal(size=(400, 3)) * 0.01
    after = np.array(new) + rng.normal(size=(400, 3)) * 0.01
    length = np.linalg.norm(stillness(before.astype(np.float32), after.astype(np.float32), 200.0), axis=1)
    assert length.min() > 0.85
    assert length.max() < 1.15


@pytest.mark.parametrize("edge", [0.1, 3.0])
def test_gravity_lies_between_whatever_was_done_at_the_edge(edge: float) -> None:
    """Who falls or is struck as the recording begins or ends: between there is stillness, not a second of 3 g."""
    before, after = np.tile([0, 1.02, 0], (400, 1)), np.tile([1.02, 0, 0], (400, 1))
    before[-50:] *= edge
    after[:50] *= edge
    faded = round(0.15 * 200)
    between = stillness(before.astype(np.float32), after.astype(np.float32), 200.0)
    np.testing.assert_allclose(np.linalg.norm(between[faded:-faded], axis=1), 1.02, atol=1e-4)
    alone = joins.alone(trial("D01", before), np.random.default_rng(0)).samples[-600:]
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1.02, atol=1e-4)
    running = np.tile([0, 1.8, 0], (400, 1)).astype(np.float32)
    assert np.linalg.norm(stillness(running, running, 200.0)[100]) == pytest.approx(joins._GRAVITY_G)


def test_an_edge_in_mid_motion_does_not_jump() -> None:
    before = np.tile([0, 1.0, 0], (400, 1))
    before[-1] = (0.5, 2.5, 0)
    between = stillness(before.astype(np.float32), before[:-1].astype(np.float32), 200.0)
    assert np.abs(between[0] - before[-1]).max() < 0.1
    assert np.abs(np.diff(between, axis=0)).max() < 0.1


def test_rates_must_match() -> None:
    with pytest.raises(ValueError, match="all of one rate"):
        join([trial("D01", np.ones((300, 3))), trial("F01", np.ones((300, 3)), 50.0)], np.random.default_rng(0))


def test_lost_samples_at_an_edge_leave_the_join_whole() -> None:
    before, after = np.ones((60, 3)), np.ones((60, 3))
    before[-1] = before[-12] = after[:60] = np.nan
    assert np.isfinite(stillness(before.astype(np.float32), after.astype(np.float32), 50.0)).all()
    alone = joins.alone(trial("D01", before, 50.0), np.random.default_rng(0))
    assert np.isfinite(alone.samples[: int(alone.begins[0])]).all()
    assert np.isfinite(alone.samples[int(alone.ends[0]) :]).all()


def test_a_trial_alone_has_stillness_around_it() -> None:
    samples = np.random.default_rng(0).normal(size=(300, 3)) * 0.1 + np.array([0, 1, 0])
    samples[0] = (0.5, 2.5, 0)
    alone = joins.alone(trial("D01", samples), np.random.default_rng(0))
    begin, end = int(alone.begins[0]), int(alone.ends[0])
    np.testing.assert_array_equal(alone.samples[begin:end], samples.astype(np.float32))
    assert begin == len(alone.samples) - end >= round(joins.ALONE_S * alone.rate_hz)
    assert np.abs(np.diff(alone.samples[: begin + 1], axis=0)).max() < 0.3  # no blow where it begins
    assert np.ptp(alone.samples[: begin - 40], axis=0).max() == 0


def test_samples_of_50_hz_fall_anywhere_on_a_trial_alone() -> None:
    """As they do where trials are joined: what is raised with some of them only is the same share either way."""
    one = trial("D01", np.ones((300, 3)))
    begins = [int(joins.alone(one, np.random.default_rng(seed)).begins[0]) for seed in range(50)]
    assert {begin % 4 for begin in begins} == {0, 1, 2, 3}  # 200 Hz: four places of the trial between two outputs
    assert max(begins) < (joins.ALONE_S + 1) * one.rate_hz
