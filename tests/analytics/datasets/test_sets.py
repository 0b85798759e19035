"""One rate for all trials of a set, and the sets by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.datasets import DatasetError, Trial
from analytics.datasets.resampling import matched, resampled
from analytics.datasets.sets import DATASETS, dataset


@pytest.mark.parametrize(("rate_hz", "wanted_hz"), [(50.0, 39.0), (39.6, 39.0), (20.0, 20.0), (16.7, 20.0), (200, 25)])
def test_slow_motion_stays_what_it_is(rate_hz: float, wanted_hz: float) -> None:
    t = np.arange(round(10 * rate_hz)) / rate_hz
    samples = np.stack([np.sin(2 * np.pi * 2 * t), np.ones_like(t), t / 10], axis=1).astype(np.float32)
    got = resampled(samples, rate_hz, wanted_hz)
    at = np.arange(len(got)) / wanted_hz
    assert at[-1] <= t[-1] < at[-1] + 1 / wanted_hz
    inner = (at > 0.3) & (at < t[-1] - 0.3)
    np.testing.assert_allclose(got[inner, 0], np.sin(2 * np.pi * 2 * at[inner]), atol=0.02)
    np.testing.assert_allclose(got[:, 1], 1, atol=1e-5)


def test_what_is_missing_stays_missing_and_harms_nothing_beside_it() -> None:
    samples = np.ones((200, 3), np.float32)
    samples[60:70] = np.nan
    got = resampled(samples, 50.0, 25.0)
    assert np.flatnonzero(np.isnan(got).all(axis=1)).tolist() == [30, 31, 32, 33, 34]
    np.testing.assert_allclose(got[np.isfinite(got)], 1, atol=1e-5)
    assert np.isnan(resampled(samples * np.nan, 50.0, 25.0)).all()


def test_two_rates_keep_the_same_band() -> None:
    """What WEDA-FALL's two rates have in common is kept alike, what only the faster one carries is gone."""
    for hertz, kept in ((8.0, True), (22.0, False)):
        left, right = (
            resampled(
                np.sin(2 * np.pi * hertz * np.arange(n) / rate)[:, None].repeat(3, 1).astype(np.float32), rate, 39
            )
            for rate, n in ((49.5, 495), (200.0, 2000))
        )
        inner = slice(20, min(len(left), len(right)) - 20)
        np.testing.assert_allclose(left[inner], right[inner], atol=0.05)
        assert (np.abs(left[inner]).max() > 0.8) == kept


def test_a_trial_of_one_sample_and_one_at_the_rate() -> None:
    one = np.ones((1, 3), np.float32)
    assert resampled(one, 50.0, 20.0).tolist() == one.tolist()
    trial = Trial(
        subject="01", name="a", activity="a", fall=False, position="wrist", elder=False, rate_hz=20.0, samples=one
    )
    assert matched([trial], 20.0)[0] is trial
    assert matched([trial], 10.0)[0].rate_hz == 10


def test_unknown_sets_are_one_sentence() -> None:
    with pytest.raises(DatasetError, match="no dataset 'nope'; known are: sisfall, umafall, weda, huoma"):
        dataset("nope")


@pytest.mark.slow
def test_a_set_has_one_rate(recordings: Path | None) -> None:
    if recordings is None:
        return
    weda = DATASETS["weda"]
    assert {trial.rate_hz for trial in weda.trials(recordings / "weda", ["U01"])} == {39.0}
    assert len({round(trial.rate_hz) for trial in weda.trials(recordings / "weda", ["U01"], native=True)}) > 1
