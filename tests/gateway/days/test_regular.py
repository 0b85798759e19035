"""Words that come as regularly as a clock are no motion."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.events import Kind
from gateway.days.regular import by_the_clock
from tests.gateway.days.test_record import PIR, minutes, record

PERIOD_S = 3300.0


def lived(seed: int = 1, days: int = 6) -> np.ndarray:
    """Somebody moves by day, some twenty times an hour or an evening not at all."""
    random = np.random.default_rng(seed)
    at = np.sort(random.uniform(0, days * 86_400, 200 * days))
    return at[(at % 86_400 > 8 * 3600) & (random.random(len(at)) < 0.8)]


def spoken(days: int = 6, jitter_s: float = 5.0) -> np.ndarray:
    at = np.arange(100.0, days * 86_400, PERIOD_S)
    return at + np.random.default_rng(2).uniform(-jitter_s, jitter_s, len(at))


def test_a_word_each_55_minutes_is_none_and_what_is_between_is() -> None:
    moves, by_itself = lived(), spoken()
    at = np.sort(np.concatenate([moves, by_itself]))
    found = by_the_clock(at)
    own = np.isin(at, by_itself)
    assert found[own].mean() > 0.95
    assert found[~own].mean() < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_people_are_not_as_regular(seed: int) -> None:
    assert not by_the_clock(lived(seed, days=30)).any()


@pytest.mark.parametrize("at", [np.zeros(0), np.zeros(1), np.zeros(50), np.arange(50.0) * 60])
def test_of_few_words_or_quick_ones_nothing_is_said(at: np.ndarray) -> None:
    assert not by_the_clock(at).any()


def test_a_sensor_that_says_so_hides_no_stillness() -> None:
    rows = [(55.0 * number, PIR, 1) for number in range(60)]
    found = record(*rows, until_min=60 * 55.0)
    assert len(minutes(found)) <= 1
    assert found.events.sensors[0].kind is Kind.MOTION
    assert found.check_ins[0] is not None
