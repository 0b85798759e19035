"""What a wearable sends that no body makes: no fall can be noticed by it, and a person must know."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

LOSSY: Final = "loses too many of its samples on the air"
LEAST_S: Final = 10.0  # of a stream; shorter pauses and blows are not looked at
_HEARD: Final = 0.1  # of its samples at least
_ENOUGH: Final = 0.6  # half of a window is asked for, and what is lost is not lost evenly
_NOTHING_G: Final = 0.05
_MOVES_G: Final = 0.2  # while one axis moves by so much, none keeps one value to the thousandth of g
_STRUCK_G: Final = 1.0  # while one moves by so much, none keeps one value but for noise
_NOISE_G: Final = 0.02
_SHAKEN_G: Final = 3.5  # nor does a body shake like this for ten seconds: an axis that jumps between its stops does
_MOST_G: Final = 1.6  # the mean of ten seconds is gravity: whatever a body does, it ends near where it began


def fault(samples: NDArray[np.float32]) -> str | None:
    """What is wrong with the last seconds of a stream, for a person; None of one that can be judged.

    Args:
        samples: float32 (n, 3), g, NaN where missing.
    """
    heard = samples[~np.isnan(samples).any(axis=1)]
    if len(heard) < _HEARD * len(samples):
        return "sends no usable numbers"
    if len(heard) < _ENOUGH * len(samples):
        return LOSSY
    if (np.linalg.norm(heard, axis=1) < _NOTHING_G).all():
        return "sends nothing but zeros"
    span = np.ptp(heard, axis=0)
    if (span.max() >= _MOVES_G and span.min() == 0) or (span.max() >= _STRUCK_G and span.min() < _NOISE_G):
        return "has an axis that is stuck"
    if np.linalg.norm(heard.mean(axis=0)) > _MOST_G:
        return "sends more than gravity all the time (an axis is at its stop, or its numbers are not in g)"
    if np.square(heard).sum(axis=1).mean() > _SHAKEN_G**2:
        return "shakes harder than any body"
    return None


def advice(why: str) -> str:
    """What a person does about a fault."""
    return "bring it nearer to the gateway, or charge it" if why == LOSSY else "replace it"
