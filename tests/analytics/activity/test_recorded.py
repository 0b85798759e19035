"""A recorded home of which some days are missing: neither stillness nor life."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.activity.evaluation import evaluated
from analytics.activity.events import DAY_S, Events
from analytics.activity.recorded import SILENT_S, recorded
from analytics.datasets.made_up_home import made_up

HOME = made_up(40, seed=5)


def _missing(home: Events, from_s: float, to_s: float) -> Events:
    kept = (home.at_s < from_s) | (home.at_s >= to_s)
    return replace(home, at_s=home.at_s[kept], sensor=home.sensor[kept], on=home.on[kept])


def test_where_nothing_at_all_stands_for_half_a_day_the_record_was_not_kept() -> None:
    assert recorded(HOME).all()
    short = _missing(HOME, 10.5 * DAY_S, 10.5 * DAY_S + 8 * 3600)
    assert recorded(short).all(), "an outing"
    gap = _missing(HOME, 10.5 * DAY_S, 12 * DAY_S)
    deaf = np.flatnonzero(~recorded(gap))
    at = int(np.searchsorted(gap.at_s, 11 * DAY_S))
    last, following = gap.at_s[at - 1], gap.at_s[at]
    assert (deaf[0], deaf[-1]) == (last // 60 + 1, following // 60 - 1)
    assert len(deaf) * 60 > SILENT_S
    assert len(deaf) == deaf[-1] - deaf[0] + 1
    # Whatever else speaks shows that it was kept.
    meter = replace(gap, failed_at_s=np.array([11 * DAY_S]), failed_sensor=np.array([0], np.int16),
                    failed=np.array([True]))  # fmt: skip
    assert recorded(meter).sum() > recorded(gap).sum()
    assert not recorded(_missing(HOME, 39.2 * DAY_S, 40 * DAY_S))[-60:].any(), "nor after its last line"


@pytest.mark.slow
def test_days_that_are_missing_are_no_stillness() -> None:
    """They had doubled the delay: what they taught made any silence ordinary."""
    whole = evaluated(HOME, 20).promised
    cut = evaluated(_missing(_missing(HOME, 12 * DAY_S, 13 * DAY_S), 30 * DAY_S, 32 * DAY_S), 20).promised
    assert cut.watched_days < whole.watched_days - 1.5
    for before, after in zip(whole.delay_h, cut.delay_h, strict=True):
        assert np.nanmean(after[cut.counted]) == pytest.approx(np.nanmean(before[whole.counted]), rel=0.15)
    assert (cut.false.sum(axis=1) <= whole.false.sum(axis=1) + 1).all()
