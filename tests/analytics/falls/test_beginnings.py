"""Falls right after a stream's beginning: what was before it is not known, and the fall is told of all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets import sisfall
from analytics.falls import FallDetector, Model, candidates, quality
from analytics.falls.artefact import FOLDS, load
from analytics.falls.begun_late import begun_late
from analytics.falls.evaluation import judges

Make = Callable[..., NDArray[np.float32]]
IMPACT_S = 9.0


@pytest.mark.parametrize("heard_s", [1.0, 1.4, 1.8])
@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 200.0])
def test_a_fall_at_the_beginning_of_a_stream(model: Model, motion: Make, heard_s: float, rate_hz: float) -> None:
    """Of a first stream and of one that begins anew."""
    detector = FallDetector(model=model)
    samples = motion(rate_hz=rate_hz, seconds=14, falls_at=(IMPACT_S,), seed=1)
    begun = samples[round((IMPACT_S - heard_s) * rate_hz) :]
    _, (finding,) = detector.step(detector.start(np.array([rate_hz])), begun[None])
    assert finding.at_s == pytest.approx(heard_s, abs=0.1)
    assert finding.evidence[0] == 0
    state, nothing = detector.step(detector.start(np.array([rate_hz])), samples[None, : round(4 * rate_hz)])
    _, (again,) = detector.step(detector.restart(state, 0, rate_hz), begun[None])
    assert nothing == []
    assert again == finding


def test_before_the_first_sample_the_body_is_as_it_was_first_heard() -> None:
    window = np.random.default_rng(0).normal(0, 0.1, (2, candidates.WINDOW, 3)).astype(np.float32)
    window[..., 2] += 1
    window[0, :120] = np.nan
    window[:, 200:210] = np.nan
    assert quality.usable(window).all()
    filled = quality.fill(window)
    np.testing.assert_allclose(filled[0, :120], np.broadcast_to(window[0, 120:130].mean(axis=0), (120, 3)), atol=1e-6)
    np.testing.assert_array_equal(filled[0, 120:200], window[0, 120:200])
    np.testing.assert_array_equal(filled[:, 200:210], np.repeat(window[:, 199:200], 10, axis=1))
    np.testing.assert_array_equal(filled[1, :200], window[1, :200])


HEARD = [
    ("from a quarter of a second before the peak", [slice(0, 157)], True),
    ("only later", [slice(0, 158)], False),
    ("half", [slice(20, 155)], True),
    ("less than half", [slice(20, 156)], False),
    ("half of what came after the beginning", [slice(0, 120), slice(125, 165), slice(171, 266)], True),
    ("not the peak", [slice(169, 170)], False),
    ("nothing of a third of a second beside it", [slice(153, 169), slice(170, 186)], True),
]


@pytest.mark.parametrize(("missing", "good"), [case[1:] for case in HEARD], ids=[case[0] for case in HEARD])
def test_what_must_have_been_heard(missing: list[slice], good: bool) -> None:
    window = np.random.default_rng(0).normal(0, 0.1, (1, candidates.WINDOW, 3)).astype(np.float32)
    window[..., 2] += 1
    for part in missing:
        window[:, part] = np.nan
    assert bool(quality.usable(window)[0]) is good


@pytest.mark.slow
def test_beginnings_of_recorded_falls_and_activities(models: dict[str, Model], recordings: Path | None) -> None:
    if recordings is None:
        return
    trials = sisfall.load(recordings / "sisfall", ["SA03"])
    shares = begun_late(trials[::3], judges(trials, "sisfall", "waist", models, load(FOLDS)))
    assert min(share for name, share in shares["falls_found"].items() if float(name) >= 1) >= 0.9
    assert shares["activities_raised"]["random"] <= 0.01
