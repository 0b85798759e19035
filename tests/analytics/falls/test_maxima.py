"""Loud local maxima, however their samples come."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.falls.maxima import PEAK_G, Maxima
from analytics.falls.steps import MISSING, PER_G, Steps

# In g: of two that are equal the first, one that is not loud, one beside a missing sample, one at the end.
_LENGTHS = [1.0, 2.0, 2.0, 1.0, 1.4, 1.0, 0.0, 3.0, 1.0, 1.6, 1.5, 1.0, 4.0]
_MISSING_AT = 6
_FOUND = [1, 7, 9]


def _samples() -> Steps:
    whole = np.zeros((1, 3, len(_LENGTHS)), np.int16)
    whole[0, 1] = np.round(np.array(_LENGTHS) * PER_G)
    whole[0, :, _MISSING_AT] = MISSING
    return whole


def _of(pieces: list[int]) -> list[int]:
    state, seen, samples = Maxima.start(1), 0, _samples()
    for piece in pieces:
        state = state.append(samples[:, :, seen : seen + piece], np.array([piece]), np.array([seen]))
        seen += piece
    return [int(one) for one in state.index]


@pytest.mark.parametrize("pieces", [[13], [1] * 13, [2, 1, 10], [7, 6], [8, 5]])
def test_the_first_of_equals_and_none_whose_neighbour_is_not_there_yet(pieces: list[int]) -> None:
    assert min(_LENGTHS[at] for at in _FOUND) >= PEAK_G
    assert _of(pieces) == _FOUND


def test_each_is_due_once_when_enough_has_come_after_it() -> None:
    state = Maxima.start(1).append(_samples(), np.array([13]), np.array([0]))
    rest, stream, index = state.due(np.array([13]), 5)
    assert (stream.tolist(), index.tolist()) == ([0, 0], [1, 7])
    assert rest.index.tolist() == [9]
    rest, _, index = rest.due(np.array([14]), 5)
    assert index.tolist() == []
    assert rest.due(np.array([15]), 5)[2].tolist() == [9]
