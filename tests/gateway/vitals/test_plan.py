"""What the store has of a plan becomes limits; what cannot be meant here leaves the rule as it is by default."""

from __future__ import annotations

import math

import pytest

from analytics.vitals.pressure import CrisisLimits, WeekLimits
from analytics.vitals.weight import GainLimits
from gateway.core.errors import Invalid
from gateway.store.resident_plans import BY_NIGHT
from gateway.vitals.plan import SETTINGS, VitalPlan, must_be_settings, must_go_together


def test_the_defaults_are_the_guidelines() -> None:
    plan = VitalPlan.of({})
    assert (plan.crisis_limits, plan.week_limits, plan.gain_limits) == (CrisisLimits(), WeekLimits(), GainLimits())
    on = {name for name, one in SETTINGS.items() if one.default is True}
    assert on == {"crisis", "pressure-week", "saturation", "pulse-drift"}


def test_the_word_by_which_the_desk_knows_is_among_them() -> None:
    assert SETTINGS[BY_NIGHT].default is False


def test_limits_are_the_residents() -> None:
    plan = VitalPlan.of({"crisis-systolic": 170.0, "pressure-week-readings": 14, "weight-gain-kg": 1.5})
    assert plan.crisis_limits.systolic_mmhg == 170
    assert plan.week_limits.readings == 14
    assert plan.gain_limits.kg == 1.5


def test_what_a_later_version_has_written_leaves_the_defaults() -> None:
    plan = VitalPlan.of({"glucose-limit": 5, "saturation-limit": {"day": 92}, "crisis": "sometimes", "missing-days": 3})
    assert plan == VitalPlan(missing_days=3)


@pytest.mark.parametrize("name", [name for name, one in SETTINGS.items() if one.low is not None])
def test_every_range_is_inclusive_and_nothing_else_is_a_number(name: str) -> None:
    one = SETTINGS[name]
    assert one.low is not None
    assert one.high is not None
    for value in (one.low, one.high):
        assert must_be_settings({name: value})[name] == value
    for wrong in (one.low - 1, one.high + 1, math.nan, math.inf, -math.inf, True, "92"):
        with pytest.raises(Invalid, match=name):
            must_be_settings({name: wrong})


def test_the_defaults_go_together() -> None:
    must_go_together({})
    must_go_together({name: one.default for name, one in SETTINGS.items() if one.default is not None})
