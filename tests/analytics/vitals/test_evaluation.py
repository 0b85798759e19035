"""Made-up courses: the same seed gives the same, every kind is what it says, and the figures are of the rules."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analytics.vitals.courses import DAYS, KINDS, course
from analytics.vitals.evaluation import NOTE, evaluated


@pytest.mark.parametrize("kind", KINDS)
def test_a_course_is_the_same_from_the_same_seed_and_in_order(kind: str) -> None:
    one, two = (course(kind, np.random.default_rng([3, 1])) for _ in range(2))
    for name in ("pressures", "pulses", "weights", "saturations"):
        made, again = getattr(one, name), getattr(two, name)
        np.testing.assert_array_equal(made.values, again.values)
        assert (np.diff(made.at_s) > 0).all()
        assert 0 <= made.day.min() <= made.day.max() < DAYS
    assert one.episodes == two.episodes


def test_kinds_are_what_they_say() -> None:
    made = {kind: course(kind, np.random.default_rng([5, 2])) for kind in KINDS}
    assert {one.rule for one in made["heart-failure"].episodes} >= {"weight-gain"}
    assert {one.rule for one in made["copd"].episodes} >= {"saturation-low"}
    assert {one.rule for one in made["infections"].episodes} >= {"pulse-drift"}
    assert {one.rule for one in made["missing-days"].episodes} == {"missing"}
    assert made["crises"].crisis.any()
    assert not made["stable"].crisis.any()
    assert (~made["bad-readings"].pressures.usable).mean() > 0.3
    spread = {kind: np.nanmax(one.weights.values) - np.nanmin(one.weights.values) for kind, one in made.items()}
    assert spread["shared-scale"] > 20 > spread["stable"]


@pytest.mark.slow
def test_the_figures_are_json_repeat_and_find_what_is_there() -> None:
    said: list[str] = []
    found = evaluated(seed=1, residents=1, say=said.append)
    assert json.loads(json.dumps(found)) == found
    assert len(said) == len(KINDS)
    assert found["note"] == NOTE
    for rule in ("pressure-crisis", "weight-gain", "saturation-low", "pulse-drift", "missing"):
        figures = found["rules"][rule]
        assert figures["episodes"] > 0
        assert figures["detection"] >= 0.9, rule
        assert figures["false_per_resident_month"] <= 0.1, rule
    assert found["rules"]["pressure-week"]["false_per_resident_month"] <= 0.3
    assert set(found["false_per_resident_month_by_kind"]) == set(KINDS)
