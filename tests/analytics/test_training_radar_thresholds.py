"""From which probability on a fall is told: what a threshold costs, and that the cheapest is found."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.radar.falls import LOOKS, WAITS
from analytics.training.radar_thresholds import FALSE_COSTS, LATE_COSTS, STEPS, Judged, cost, thresholds

NONE = np.nan


def judgements(*rows: tuple[float, int, int, float, int, float], falls: int) -> Judged:
    """Rows of chance, wait, room, at, fall, late."""
    chance, wait, room, at, fall, late = (np.array(column) for column in zip(*rows, strict=True))
    return Judged(chance=chance, wait=wait, room=room, at=at, fall=fall, late_s=late.astype(float), falls=falls)


def test_what_is_missed_false_and_late() -> None:
    one = judgements(
        (0.8, 0, 0, 10.0, 0, 3.0), (0.9, 1, 0, 10.0, 0, 6.0),  # told at once where 0.8 is enough
        (0.9, 1, 0, 900.0, 1, NONE),  # too late to count, and no false alert
        (0.9, 1, 1, 50.0, -1, NONE), (0.9, 1, 1, 80.0, -1, NONE), (0.9, 1, 1, 130.0, -1, NONE),  # two episodes
        (0.9, 1, 2, 135.0, -1, NONE),  # in another room
        (0.05, 1, 2, 500.0, -1, NONE),
        falls=3,
    ).likely()  # fmt: skip
    assert len(one.chance) == 7, "what no threshold tells is left out"
    assert one.measured(np.full(len(LOOKS), 0.7)) == (2, 3, 3.0)
    assert one.measured(np.full(len(LOOKS), 0.85)) == (2, 3, 6.0)
    assert one.measured(np.full(len(LOOKS), 0.95)) == (3, 0, 0.0)
    assert cost([one, one], np.full(len(LOOKS), 0.7)) == pytest.approx(2 * (2 + 3 * FALSE_COSTS + 3 * LATE_COSTS))


def test_the_cheapest_threshold_is_found_and_not_at_the_edge_of_one_false_alert() -> None:
    rng = np.random.default_rng(0)
    odds = np.concatenate([rng.normal(5.0, 0.5, 200), rng.normal(1.0, 0.5, 100)])
    fall = np.where(np.arange(300) < 200, np.arange(300), -1)
    one = Judged(
        chance=1 / (1 + np.exp(-odds)), wait=np.zeros(300, np.int64), room=np.zeros(300, np.int64),
        at=np.arange(0.0, 30000.0, 100.0), fall=fall, late_s=np.where(fall < 0, np.nan, 3.0), falls=200,
    )  # fmt: skip
    limits = thresholds([one])
    assert 2.3 < np.log(limits[0] / (1 - limits[0])) < 3.9
    assert np.isin(limits, STEPS).all()
    assert one.likely().measured(limits)[:2] == (0, 0)
    assert len(limits) == len(LOOKS)


def test_who_is_told_late_may_be_told_with_less_and_others_need_more() -> None:
    """Who kneels looks as who sits does until 19 s and is up by then; both are told apart where waiting is worth it."""
    last, late = len(WAITS) - 1, len(LOOKS) - 1
    rows = [(0.6, last, 0, 100.0 * k, -1, NONE) for k in range(60)]
    rows += [(0.6, last, 1, 100.0 * k, k, 20.0) for k in range(60)]
    rows += [(0.6, late, 1, 100.0 * k, k, 120.0) for k in range(60)]
    limits = thresholds([judgements(*rows, falls=60)])
    assert limits[last] > 0.6 > limits[late]
    assert judgements(*rows, falls=60).measured(limits)[:2] == (0, 0)
