"""Weight, saturation, pulse and what is missing: each limit exactly, and what none of them counts."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.findings import Judgement, Level, Standing, Told, crossed, told_from
from analytics.vitals.measured import DAY_S, Measured
from analytics.vitals.missing import missing, sittings
from analytics.vitals.pulse import drift
from analytics.vitals.saturation import far, once, twice
from analytics.vitals.weight import GainLimits, gain, of_somebody_else
from tests.analytics.vitals.series import mornings_and_evenings, series

# ---- weight


def weights(*kilos: float) -> Measured:
    """One each morning from day 0 on."""
    return series([(day + 0.3, one) for day, one in enumerate(kilos)])


@pytest.mark.parametrize(
    ("last", "standing"),
    [
        (74.0, Standing.BETWEEN),
        (74.1, Standing.BEYOND),
        (73.0, Standing.WITHIN),
        (73.1, Standing.BETWEEN),
        (71.0, Standing.WITHIN),
    ],
)
def test_more_than_two_kilos_in_three_days(last: float, standing: Standing) -> None:
    assert gain(weights(72.0, 72.5, 73.0, last), 3, GainLimits()).standing is standing


def test_the_same_in_four_days_is_no_gain_in_three() -> None:
    judged = gain(weights(72.0, 73.0, 73.0, 73.0, 74.5), 4, GainLimits())
    assert judged.standing is Standing.BETWEEN
    assert judged.figures["gain"] == pytest.approx(1.5)


def test_the_days_between_need_not_have_been_measured_and_their_ends_must() -> None:
    assert gain(series([(0.3, 72.0), (3.3, 74.5)]), 3, GainLimits()).evidence == (0, 1)
    assert gain(series([(0.3, 72.0), (4.3, 78.0)]), 4, GainLimits()).standing is Standing.UNKNOWN
    assert gain(series([(3.3, 78.0)]), 3, GainLimits()).standing is Standing.UNKNOWN
    assert gain(weights(72.0, 75.0), 5, GainLimits()).standing is Standing.UNKNOWN
    assert gain(Measured.nothing(1), 3, GainLimits()).standing is Standing.UNKNOWN


def test_the_median_of_a_day_counts() -> None:
    rows = [(0.3, 72.0), (1.3, 72.0), (2.3, 72.0), (3.3, 72.1), (3.31, 72.2), (3.32, 77.0)]
    assert gain(series(rows), 3, GainLimits()).standing is Standing.WITHIN


@pytest.mark.parametrize("other", [42.0, 64.7, 79.3, 102.0])
def test_another_person_on_the_scale_is_no_water(other: float) -> None:
    measured = weights(72.0, 72.0, 72.0, other, 72.0)
    assert of_somebody_else(measured).tolist() == [False, False, False, True, False]
    assert gain(measured, 3, GainLimits()).standing is Standing.WITHIN
    assert gain(measured, 4, GainLimits()).standing is Standing.WITHIN


def test_a_tenth_is_still_the_resident() -> None:
    assert not of_somebody_else(weights(72.0, 72.0, 72.0, 79.2)).any()
    assert gain(weights(72.0, 72.0, 72.0, 79.2), 3, GainLimits()).standing is Standing.BEYOND


def test_a_new_weight_that_stays_is_the_residents_after_a_while() -> None:
    measured = weights(*[80.0] * 10, *[66.0] * 12)
    assert of_somebody_else(measured)[10:17].all()
    assert not of_somebody_else(measured)[18:].any()


def test_unusable_weights_are_not_there() -> None:
    rows = [(0.3, 72.0), (1.3, 72.0), (2.3, 72.0), (3.3, 76.0), (3.4, np.nan)]
    assert gain(series(rows, unusable=(3,)), 3, GainLimits()).standing is Standing.WITHIN


# ---- saturation


def spo2(*values: float) -> Measured:
    """Ten minutes apart, the last an hour ago."""
    return series([(1.0 - (60 + 10 * (len(values) - 1 - n)) / 1440, one) for n, one in enumerate(values)])


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ((91, 91), Standing.BEYOND),
        ((91.9, 91.9), Standing.BEYOND),
        ((92, 91), Standing.BETWEEN),
        ((91, 92), Standing.BETWEEN),
        ((92, 92), Standing.WITHIN),
        ((95,), Standing.WITHIN),
        ((80,), Standing.BETWEEN),
        ((91, 95, 91), Standing.BETWEEN),
    ],
)
def test_twice_in_a_row_below_the_own_limit(values: tuple[float, ...], standing: Standing) -> None:
    assert twice(spo2(*values), DAY_S, 92.0).standing is standing


@pytest.mark.parametrize(
    ("values", "standing"),
    [((89,), Standing.BEYOND), ((89.1,), Standing.BETWEEN), ((92,), Standing.WITHIN), ((95, 89), Standing.BEYOND)],
)
def test_once_far_below_it(values: tuple[float, ...], standing: Standing) -> None:
    assert once(spo2(*values), DAY_S, 92.0).standing is standing


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ((84,), Standing.BEYOND), ((84.1,), Standing.BETWEEN), ((90,), Standing.WITHIN), ((89,), Standing.BETWEEN),
        ((90, 84), Standing.BEYOND), ((84, 90), Standing.WITHIN), ((84, 89), Standing.BETWEEN),
        ((90, 90), Standing.WITHIN),
    ],
)  # fmt: skip
def test_once_so_far_below_it_that_it_is_urgent(values: tuple[float, ...], standing: Standing) -> None:
    assert far(spo2(*values), DAY_S, 92.0).standing is standing
    assert far(spo2(78), DAY_S, 88.0, 12.0).standing is Standing.BETWEEN


def test_the_limit_of_a_resident_with_copd() -> None:
    assert twice(spo2(88, 88), DAY_S, 88.0).standing is Standing.WITHIN
    assert twice(spo2(87, 87), DAY_S, 88.0).standing is Standing.BEYOND


def test_two_values_of_one_minute_are_one_measurement() -> None:
    close = series([(0.9, 85.0), (0.9 + 59 / 86400, 85.0)])
    assert twice(close, DAY_S, 92.0).standing is Standing.BETWEEN
    apart = series([(0.9, 85.0), (0.9 + 61 / 86400, 85.0)])
    assert twice(apart, DAY_S, 92.0).standing is Standing.BEYOND


def test_old_and_unusable_ones_are_not_there() -> None:
    assert twice(spo2(80, 80), 2 * DAY_S, 92.0).standing is Standing.UNKNOWN
    assert once(Measured.nothing(1), DAY_S, 92.0).standing is Standing.UNKNOWN
    rows = series([(0.8, 95.0), (0.9, 80.0), (0.95, np.nan)], unusable=(1,))
    assert once(rows, DAY_S, 92.0).standing is Standing.WITHIN


# ---- pulse


def pulses(usual: float, recent: float, *, days: int = 31) -> Measured:
    rows = mornings_and_evenings(days, 0.0, twice=False)
    return series(
        [(at, (recent if at >= days - 3 else usual) + (1 if n % 2 else -1)) for n, (at, _) in enumerate(rows)]
    )


@pytest.mark.parametrize(
    ("recent", "standing"),
    [
        (80.0, Standing.BEYOND),
        (60.0, Standing.BEYOND),
        (79.9, Standing.BETWEEN),
        (75.1, Standing.BETWEEN),
        (75.0, Standing.WITHIN),
        (70.0, Standing.WITHIN),
    ],
)
def test_the_pulse_drifts_by_ten(recent: float, standing: Standing) -> None:
    judged = drift(pulses(70.0, recent), 30)
    assert judged.standing is standing
    assert judged.figures == pytest.approx({"pulse": recent, "usual": 70.0})


def test_what_varies_much_must_drift_more() -> None:
    rng = np.random.default_rng(1)
    rows = [(at, 70 + rng.normal(0, 15)) for at, _ in mornings_and_evenings(28, 0.0, twice=False)]
    recent = [(28.3, 84.0), (29.3, 84.0), (30.3, 84.0)]
    assert drift(series([*rows, *recent]), 30).standing is Standing.BETWEEN


def test_an_own_level_must_be_known_first() -> None:
    assert drift(pulses(70.0, 90.0, days=9), 8).standing is Standing.UNKNOWN
    assert drift(pulses(70.0, 90.0, days=10), 9).standing is Standing.BEYOND
    assert drift(Measured.nothing(1), 9).standing is Standing.UNKNOWN


def test_one_hurried_measurement_is_no_drift() -> None:
    measured = pulses(70.0, 70.0)
    measured.values[-1] = 130.0
    assert drift(measured, 30).standing is Standing.WITHIN


def test_unusable_pulses_are_not_there() -> None:
    measured = pulses(70.0, 90.0)
    measured.usable[measured.day >= 28] = False
    assert drift(measured, 30).standing is Standing.UNKNOWN
    measured = pulses(70.0, 70.0)
    measured.values[-3:] = np.nan
    assert drift(measured, 30).standing is Standing.WITHIN


# ---- missing


PLAN = {"per_day": 2, "days": 2, "first": 0, "last": 6}


def test_two_days_on_each_of_which_less_was_measured_than_planned() -> None:
    full = mornings_and_evenings(7, 120.0)
    assert missing(series(full), 2, **PLAN).standing is Standing.WITHIN
    once_a_day = [row for row in full if row[0] % 1 < 0.5]
    judged = missing(series(once_a_day), 2, **PLAN)
    assert (judged.standing, judged.figures["measured"]) == (Standing.BEYOND, 2.0)
    assert missing(Measured.nothing(1), 2, **PLAN).standing is Standing.BEYOND
    lapse = [row for row in full if not 1 <= row[0] < 2]
    assert missing(series(lapse), 2, **PLAN).standing is Standing.BETWEEN


def test_today_and_days_outside_the_plan_are_not_judged() -> None:
    nothing = Measured.nothing(1)
    assert missing(nothing, 1, **PLAN).standing is Standing.UNKNOWN
    assert missing(nothing, 2, **PLAN).standing is Standing.BEYOND
    assert missing(nothing, 7, **PLAN).standing is Standing.BEYOND
    assert missing(nothing, 8, **PLAN).standing is Standing.UNKNOWN


def test_repeats_within_an_hour_are_one_and_unusable_ones_none() -> None:
    rows = [(0.30, 120.0), (0.31, 120.0), (0.341, 120.0), (0.8, 120.0), (0.9, np.nan)]
    days = np.array([0])
    assert sittings(series(rows), days).tolist() == [2]
    assert sittings(series(rows, unusable=(3,)), days).tolist() == [1]
    tried = missing(series([(0.3, np.nan), (1.3, 120.0)], unusable=(0, 1)), 2, **PLAN)
    assert (tried.standing, tried.figures["unusable"], tried.evidence) == (Standing.BEYOND, 2.0, (0, 1))


# ---- newly crossed


def heard(*course: Judgement) -> list[bool]:
    told: Told = None
    found = []
    for judged in course:
        found.append(crossed(told, judged))
        told = told_from(told, judged, now=found[-1])
    return found


def test_worse_by_a_step_than_what_was_told_is_told_again() -> None:
    def at(level: float, standing: Standing = Standing.BEYOND) -> Judgement:
        return Judgement(standing=standing, levels={"weight": Level(level, 2.0)})

    assert heard(at(72.5), at(74), at(74.5), at(73), at(74.6), at(76.5)) == [True, False, True, False, False, True]
    assert heard(at(72.5), at(74.5, Standing.BETWEEN), at(76, Standing.BETWEEN)) == [True, True, False]
    assert heard(at(72.5), at(72, Standing.WITHIN), at(74.5, Standing.BETWEEN)) == [True, False, False]


def test_where_it_is_not_known_how_bad_the_told_was_it_is_what_is_found_next() -> None:
    found = Judgement(standing=Standing.BEYOND, levels={"spo2": Level(-88.0, 3.0)})
    assert not crossed({}, found)
    assert told_from({}, found, now=False) == {"spo2": -88.0}


def test_a_limit_is_newly_crossed_once_until_it_is_clearly_within() -> None:
    course = [Standing.WITHIN, Standing.BETWEEN, Standing.BEYOND, Standing.BEYOND, Standing.BETWEEN, Standing.UNKNOWN]
    course += [Standing.BEYOND, Standing.WITHIN, Standing.BEYOND]
    found = heard(*(Judgement(standing=standing) for standing in course))
    assert found == [False, False, True, False, False, False, False, False, True]
