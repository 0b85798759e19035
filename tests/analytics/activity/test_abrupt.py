"""Deviations of a day against a slow oracle, and what a sensor's silence does not prove."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.activity.abrupt import (
    BASE_DAYS,
    BATHROOM,
    KITCHEN,
    LAG_DAYS,
    LEAST_SPREAD,
    PRIOR_SPREAD,
    RISING,
    WALKING,
    Seen,
    deviations,
    heights,
    near,
    not_alone,
)
from analytics.activity.features import daily
from analytics.datasets.made_up_home import made_up


def _seen(homes: int = 2, days: int = 80, seed: int = 0) -> Seen:
    rng = np.random.default_rng(seed)
    nights = np.stack(
        [rng.poisson(4, (homes, days)), rng.poisson(2, (homes, days)), rng.normal(7, 1.2, (homes, days))], axis=2
    )
    nights[0, 30:35] = np.nan
    kitchen = rng.poisson(0.8, (homes, days, 24)).astype(float)
    kitchen[:, :, :6] = 0
    kitchen[1, 40] = np.nan
    at_home = np.clip(rng.normal(1, 0.2, (homes, days, 24)), 0, 1)
    return Seen(
        nights=nights, kitchen=kitchen, waits=np.zeros((homes, days), bool), at_home=at_home,
        clock_h=np.zeros((homes, days)),
    )  # fmt: skip


def _oracle(past: list[float], prior: float, least: float) -> tuple[float, float]:
    known = sorted(one for one in past if not np.isnan(one))
    cut = int(0.1 * len(known))
    kept = known[cut : len(known) - cut]
    middle = sum(kept) / len(kept)
    square = sum((one - middle) ** 2 for one in kept) / len(kept) / 0.6615**2
    spread = ((len(known) * square + 10 * prior**2) / (len(known) + 10)) ** 0.5
    return middle, max(spread, least)


def test_nights_against_one_at_a_time() -> None:
    seen = _seen()
    early, late = deviations(seen)
    for home, day, kind in ((0, 50, 0), (1, 79, 1), (0, 36, 2), (1, 12, 2)):
        past = seen.nights[home, max(0, day - LAG_DAYS - BASE_DAYS) : day - LAG_DAYS, kind]
        middle, spread = _oracle(past.tolist(), PRIOR_SPREAD[kind], LEAST_SPREAD[kind])
        assert early[home, day, kind] == pytest.approx((seen.nights[home, day, kind] - middle) / spread)
        assert late[home, day, kind] == early[home, day, kind]
    assert np.isnan(early[0, 30:35, :3]).all()
    assert np.isnan(early[:, :9]).all()


def test_the_trimmed_deviation_of_a_normal_distribution() -> None:
    drawn = np.sort(np.random.default_rng(0).normal(size=400_000))[40_000:-40_000]
    assert drawn.std() == pytest.approx(0.6615, abs=0.002)


def test_half_the_visits_are_fewer_and_hours_out_are_not() -> None:
    seen = _seen(days=60)
    kitchen, home = seen.kitchen.copy(), seen.at_home.copy()
    kitchen[0, 59, 6:22] = [1, 0] * 3 + [0, 1] + [0, 0] * 3 + [1, 0]  # four of thirteen, the last at eight
    home[1, 59, 8:16] = 0  # out for eight hours …
    kitchen[1, 59, 8:16] = 0  # … and as often there as ever in the others
    kitchen[1, 59, 6:8], kitchen[1, 59, 16:22] = 1, 1
    seen = replace(seen, kitchen=kitchen, at_home=home)
    early, _ = deviations(seen)
    assert early[0, 59, KITCHEN] > 2
    assert early[1, 59, KITCHEN] < 1


def test_silence_after_the_last_word_proves_nothing() -> None:
    seen = _seen(days=60)
    kitchen = seen.kitchen.copy()
    kitchen[0, 58, 6:12], kitchen[0, 58, 12:] = 1, 0  # as ever until noon, then nothing
    early, late = deviations(replace(seen, kitchen=kitchen))
    assert abs(early[0, 58, KITCHEN]) < 1.2
    assert late[0, 58, KITCHEN] > early[0, 58, KITCHEN] + 1  # it did speak again
    kitchen[0, 59] = np.nan
    early, late = deviations(replace(seen, kitchen=kitchen))
    assert np.isnan(heights(early, late)[0, 59, KITCHEN])


def test_a_silent_day_that_waits_is_known_later() -> None:
    seen = _seen(days=60)
    kitchen, waits = seen.kitchen.copy(), seen.waits.copy()
    kitchen[0, 58] = 0
    told, _ = deviations(replace(seen, kitchen=kitchen))
    waits[0, 58] = True
    early, late = deviations(replace(seen, kitchen=kitchen, waits=waits))
    assert told[0, 58, KITCHEN] > 2
    assert np.isnan(early[0, 58, KITCHEN])
    assert heights(early, late)[0, 59, KITCHEN] == late[0, 58, KITCHEN] == told[0, 58, KITCHEN]


def test_two_days_together() -> None:
    early: NDArray[np.float64] = np.full((1, 4, 4), np.nan)
    early[0, :, RISING] = [0.0, 2.0, 2.0, np.nan]
    found = heights(early, early)[0, :, RISING]
    assert found[:3] == pytest.approx([0, 2, 4 / 2**0.5])
    assert np.isnan(found[3])
    early[0, :, KITCHEN] = [0.0, 1.0, -1.0, 0.0]
    late = early.copy()
    late[0, 1, KITCHEN] = 5.0
    assert heights(early, late)[0, 2, KITCHEN] == 5.0


def test_a_late_morning_after_a_changed_clock_is_none() -> None:
    seen = _seen(days=60)
    clock = seen.clock_h.copy()
    clock[:, 59] = 1.0
    early, _ = deviations(seen)
    told, _ = deviations(replace(seen, clock_h=clock))
    assert (told[:, 59, RISING] < early[:, 59, RISING]).all()
    clock[:, 59] = -1.0
    told, _ = deviations(replace(seen, clock_h=clock))
    assert (told[:, 59, RISING] == early[:, 59, RISING]).all()


@pytest.mark.parametrize(("hour", "lag"), [(5, -1.0), (22, 1.0)])
def test_a_kitchen_by_the_old_clock_is_not_gone_to_less(hour: int, lag: float) -> None:
    seen = _seen(days=60)
    kitchen, clock = seen.kitchen.copy(), seen.clock_h.copy()
    kitchen[0, 59, 6:22] = [1, 0] * 8
    kitchen[0, 59, hour] = 4
    _, night = deviations(replace(seen, kitchen=kitchen))
    clock[0, 59] = lag
    _, day = deviations(replace(seen, kitchen=kitchen, clock_h=clock))
    clock[0, 59] = -lag
    _, other = deviations(replace(seen, kitchen=kitchen, clock_h=clock))
    assert day[0, 59, KITCHEN] < night[0, 59, KITCHEN] - 0.5
    assert other[0, 59, KITCHEN] == night[0, 59, KITCHEN]
    np.testing.assert_array_equal(seen.kitchen[0, 59], _seen(days=60).kitchen[0, 59])


def test_rising_without_the_bedroom_is_compared_with_nothing() -> None:
    made = made_up(9)
    days = [daily(made), replace(daily(made), no_bedroom=np.arange(9) >= 6)]
    seen = Seen.of(days, np.zeros((2, 9), bool), np.zeros((2, 9)))
    assert np.isnan(seen.nights[1, 6:, RISING]).all()
    np.testing.assert_array_equal(seen.nights[1, :6], seen.nights[0, :6])
    np.testing.assert_array_equal(seen.nights[1, :, :RISING], seen.nights[0, :, :RISING])
    assert not np.isnan(seen.nights[0, 6:, RISING]).any()


def test_company_shares_the_nights() -> None:
    days = [daily(made_up(7))]
    shared = np.array([[False, False, True, False, False, False, False]])
    seen = Seen.of(days, not_alone(shared, np.zeros((1, 7), bool)), np.zeros((1, 7)))
    assert np.isnan(seen.nights[0]).all(axis=1).tolist() == [False, False, True, True, True, True, False]
    assert not np.isnan(seen.kitchen[0]).any()


def test_the_night_in_which_an_hour_fills_two_tells_nothing_of_walking_about() -> None:
    days = [daily(made_up(5))]
    late = np.array([[0.0, 0.0, 1.0, 1.0, 0.0]])
    known = ~np.isnan(Seen.of(days, np.zeros((1, 5), bool), late).nights[0])
    assert known[:, WALKING].tolist() == [True, True, False, True, True]
    assert known[:, BATHROOM].all()
    assert (~np.isnan(Seen.of(days, np.zeros((1, 5), bool), -late).nights[0, :, WALKING])).all()


def test_days_around_days_away() -> None:
    away = np.array([[False, False, True, True, False, False, True]])
    assert near(away)[0].tolist() == [False, True, True, True, True, True, True]
