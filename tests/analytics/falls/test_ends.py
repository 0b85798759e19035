"""Streams that end before a decision, and where the impact is said to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets import sisfall
from analytics.falls import FallDetector, Model, candidates
from analytics.falls.artefact import FOLDS, load
from analytics.falls.cut_short import cut_short
from analytics.falls.detector import ENDED_THRESHOLD, peak_of
from analytics.falls.evaluation import judges

Make = Callable[..., NDArray[np.float32]]
RATES = np.array([25.0, 50.0, 200.0])
IMPACT_S = 9.0


@pytest.mark.parametrize("after_s", [0.32, 0.8, 1.6, 1.9])
@pytest.mark.parametrize("row", range(len(RATES)))
def test_a_fall_at_the_end_of_a_stream(model: Model, motion: Make, after_s: float, row: int) -> None:
    """However it was cut, beside anybody; the state but for what was raised is as it was."""
    detector = FallDetector(model=model)
    rate = RATES[row]
    samples = motion(rate_hz=rate, seconds=12, falls_at=(IMPACT_S,), seed=1)[: round((IMPACT_S + after_s) * rate)]
    state = detector.start(RATES)
    for begin in range(0, len(samples), 37):
        part = samples[begin : begin + 37]
        counts = np.zeros(len(RATES), np.int64)
        counts[row] = len(part)
        state, early = detector.step(state, np.repeat(part[None], len(RATES), axis=0), counts)
        assert early == []
    before = state.buffer.copy()
    now_s = IMPACT_S + 4.2
    ended, (finding,) = detector.finish(state, row, now_s=now_s)
    assert finding.stream == row
    assert finding.at_s == pytest.approx(IMPACT_S, abs=0.1)
    assert finding.probability >= ENDED_THRESHOLD
    assert finding.decided_s == now_s
    alone, _ = detector.step(detector.start(RATES[row : row + 1]), samples[None])
    _, (same,) = detector.finish(alone, 0, now_s=now_s)
    assert (same.at_s, same.evidence) == (finding.at_s, finding.evidence)
    assert abs(same.probability - finding.probability) <= 1e-9
    np.testing.assert_array_equal(state.buffer, before)
    np.testing.assert_array_equal(ended.buffer, before)
    np.testing.assert_array_equal(ended.seen, state.seen)
    assert detector.finish(state, row, now_s=now_s, waited_s=4.5)[1] == []  # not yet
    assert detector.finish(ended, row, now_s=now_s)[1] == []  # not again


def test_what_comes_after_all_is_not_raised_again(model: Model, motion: Make) -> None:
    detector = FallDetector(model=model)
    samples = motion(rate_hz=50.0, seconds=24, falls_at=(IMPACT_S, 17.0), seed=1)
    cut = round((IMPACT_S + 1) * 50)
    state, _ = detector.step(detector.start(np.array([50.0])), samples[None, :cut])
    state, (first,) = detector.finish(state, 0, now_s=IMPACT_S + 4.2)
    state, (second,) = detector.step(state, samples[None, cut:])
    assert (round(first.at_s), round(second.at_s)) == (9, 17)


@pytest.mark.parametrize("samples", [np.full((300, 3), np.nan), np.zeros((300, 3)), np.zeros((0, 3))])
def test_an_end_of_nothing_is_no_fall(model: Model, samples: NDArray[np.float64]) -> None:
    detector = FallDetector(model=model)
    state, _ = detector.step(detector.start(np.array([50.0])), samples[None])
    assert detector.finish(state, 0, now_s=10.0)[1] == []


def test_the_impact_is_the_greatest_blow_from_the_peak_on(model: Model, motion: Make) -> None:
    """A candidate sure enough a second before the greatest blow is raised when it always was, and tells of the blow."""
    detector = FallDetector(model=model)
    samples = motion(rate_hz=50.0, seconds=16, falls_at=(IMPACT_S,), seed=1)
    later = round((IMPACT_S + 1.2) * 50)
    samples[later - 1 : later + 2] *= np.array([[4.0], [8.0], [4.0]], np.float32)
    state, (finding,) = detector.step(detector.start(np.array([50.0])), samples[None])
    peak = peak_of(finding)
    assert peak / 50 == pytest.approx(IMPACT_S, abs=0.1)
    assert finding.at_s == pytest.approx(IMPACT_S + 1.2, abs=0.03)
    assert finding.decided_s == pytest.approx((peak + candidates.AFTER) / 50 + 0.08)
    assert int(state.raised[0]) == peak


@pytest.mark.slow
def test_ends_of_recorded_falls_and_activities(models: dict[str, Model], recordings: Path | None) -> None:
    """A hundredth of the falls and of the activities more than everybody's figures in docs/fall-detection.md."""
    if recordings is None:
        return
    trials = sisfall.load(recordings / "sisfall", ["SA03"])
    shares = cut_short(trials[::3], judges(trials, "sisfall", "waist", models, load(FOLDS)))
    assert min(shares["falls_found"].values()) >= 0.92
    assert shares["activities_raised"]["random"] <= 0.01
