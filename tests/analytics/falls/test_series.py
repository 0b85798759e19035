"""Blows in the midst of a series are no falls; the last one, and one that stands out, is judged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import FallDetector, Model, candidates, detector, series
from analytics.falls.candidates import BEFORE

Make = Callable[..., NDArray[np.float32]]


def window(**blows_g: float) -> NDArray[np.float32]:
    """At rest, with blows of so many g in each phase."""
    at = {"early": 30, "before": 100, "beside": BEFORE - 30, "blow": BEFORE, "soon": BEFORE + 40, "after": BEFORE + 75}
    made = np.zeros((1, candidates.WINDOW, 3), np.float32)
    made[..., 1] = 1
    for name, size_g in blows_g.items():
        made[0, at[name], 1] = size_g
    return made


def rotated(degrees: float) -> NDArray[np.float32]:
    """About the first axis."""
    turn = np.radians(degrees)
    return np.array([[1, 0, 0], [0, np.cos(turn), np.sin(turn)], [0, -np.sin(turn), np.cos(turn)]], np.float32)


@pytest.mark.parametrize(
    ("blows_g", "within"),
    [
        ({"early": 3, "before": 3, "blow": 3, "after": 3}, True),
        ({"early": 2.71, "before": 2.71, "blow": 3, "after": 2.71}, True),
        ({"early": 2.69, "before": 3, "blow": 3, "after": 3}, False),
        ({"early": 3, "before": 2.69, "blow": 3, "after": 3}, False),
        ({"early": 3, "before": 3, "blow": 3, "after": 2.69}, False),
        ({"early": 3, "beside": 3, "blow": 3, "soon": 3}, False),
        ({"early": 3, "before": 3, "blow": 3}, False),
        ({"early": 4, "before": 4, "blow": 3, "after": 3.3}, True),
        ({"early": 3, "before": 3, "blow": 3, "after": 3.4}, False),
        ({"early": 3, "before": 3, "blow": 3, "soon": 3.4, "after": 3}, False),
    ],
)
def test_what_a_series_is(blows_g: dict[str, float], within: bool) -> None:
    assert series.within(window(**blows_g)).tolist() == [within]


@pytest.mark.parametrize(("degrees", "told"), [(25, True), (35, False), (90, False), (180, False)])
def test_weaker_ones_are_a_series_while_the_posture_stays(degrees: float, told: bool) -> None:
    blows = {"early": 1.9, "before": 1.9, "blow": 3.0, "after": 1.9}
    weaker = window(**blows)
    weaker[0, BEFORE + 51 :] = weaker[0, BEFORE + 51 :] @ rotated(degrees)
    assert series.goes_on(weaker).tolist() == [told]
    assert series.within(weaker).tolist() == [False]
    for least in ("early", "before", "after"):
        assert not series.goes_on(window(**{**blows, least: 1.7}))[0], least
    assert not series.goes_on(window(**blows, soon=5.1))[0], "three fifths of what follows"


def test_of_a_strong_series_the_posture_is_not_asked() -> None:
    strong = window(early=3, before=3, blow=3, after=3)
    strong[0, BEFORE + 51 :] = strong[0, BEFORE + 51 :] @ rotated(90)
    assert series.goes_on(strong).tolist() == [True]


def test_an_unknown_posture_has_not_stayed() -> None:
    last = BEFORE + 50  # the only moment after the blow that counts as such and not for the posture
    heard = window(early=1.9, before=1.9, blow=3.0)
    heard[0, last, 1] = 1.9
    assert series.goes_on(heard).tolist() == [True]
    heard[0, last + 1 :] = np.nan
    assert series.goes_on(heard).tolist() == [False]


def test_what_is_missing_is_no_blow_and_neighbours_do_not_matter() -> None:
    whole, part = (window(early=3, before=3, blow=3, after=3) for _ in range(2))
    part[0, :60] = np.nan
    assert series.within(np.concatenate([whole, part, whole])).tolist() == [True, False, True]
    assert series.within(np.zeros((0, candidates.WINDOW, 3), np.float32)).tolist() == []


def test_a_fall_after_a_series_is_found_and_the_series_is_not_judged(model: Model, motion: Make) -> None:
    samples = motion(rate_hz=50.0, seconds=24, falls_at=(18.0,), seed=1)
    struck = samples[100:801:50]  # once a second until two seconds before
    struck *= 3 / np.linalg.norm(struck, axis=1, keepdims=True)
    found = candidates.advance(candidates.start(np.array([50.0])), samples[None])[1].all()
    midst = series.within(found.windows)
    assert np.count_nonzero(midst) >= 6
    assert not midst[np.abs(found.peak - 900) < 25].any()
    assert (detector.score(model, found)[midst] == 0).all()
    _, findings = FallDetector(model=model).step(FallDetector(model=model).start(np.array([50.0])), samples[None])
    assert 18 in [round(finding.at_s) for finding in findings]
