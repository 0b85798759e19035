"""Two in a row that cannot be."""

from __future__ import annotations

import pytest

from analytics.findings import Standing
from analytics.vitals.implausible import repeated
from analytics.vitals.measured import DAY_S, Measured
from tests.analytics.vitals.series import series

MINUTE = 1 / 1440


def measured(*cannot_be: float, apart: float = 10 * MINUTE) -> Measured:
    """Each 1 or 0, the last an hour ago."""
    begin = 1.0 - 60 * MINUTE - apart * (len(cannot_be) - 1)
    return series([(begin + apart * number, one, one) for number, one in enumerate(cannot_be)])


@pytest.mark.parametrize(
    ("cannot_be", "standing"),
    [
        ((1, 1), Standing.BEYOND),
        ((0, 1, 1), Standing.BEYOND),
        ((1, 0, 1), Standing.BETWEEN),
        ((1,), Standing.BETWEEN),
        ((1, 1, 0), Standing.BETWEEN),
        ((1, 1, 0, 0), Standing.WITHIN),
        ((0,), Standing.WITHIN),
    ],
)
def test_two_in_a_row(cannot_be: tuple[float, ...], standing: Standing) -> None:
    assert repeated(measured(*cannot_be), DAY_S).standing is standing


def test_within_a_minute_they_are_one_and_after_a_day_none() -> None:
    assert repeated(measured(1, 1, apart=MINUTE / 2), DAY_S).standing is Standing.BETWEEN
    assert repeated(measured(1, 1), 2.1 * DAY_S).standing is Standing.UNKNOWN
    assert repeated(Measured.nothing(2), DAY_S).standing is Standing.UNKNOWN


def test_evidence_and_how_bad() -> None:
    judged = repeated(measured(0, 1, 1), DAY_S)
    assert judged.evidence == (1, 2)
    assert judged.levels["alarm"].at == 1.0
