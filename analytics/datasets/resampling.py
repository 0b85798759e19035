"""Trials of one data set at one rate, so that the rate a trial happened to have says nothing about what it shows.

Every output is a weighted sum of the samples around it (a windowed sinc). Its cut-off and its width are fixed in
seconds by the rate that is wanted, not by the trial's own: a trial of 50 Hz and one of 40 Hz keep the same band.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial

_CUTOFF: Final = 0.42  # of the wanted rate
_CROSSINGS: Final = 3.0  # half-width of the sinc, in its zero crossings
_BETA: Final = 5.0  # Kaiser window


def resampled(samples: NDArray[np.float32], rate_hz: float, wanted_hz: float) -> NDArray[np.float32]:
    """The samples at another rate, float32 (m, 3), m ≥ 1; the first is at the same moment.

    Where the nearest sample is NaN, so is the result; what is beside it is made as if the sample before it had stayed.

    Args:
        samples: float32 (n, 3) with n ≥ 1.
        rate_hz: of the samples.
        wanted_hz: of the result.
    """
    count = max(1, int((len(samples) - 1) / rate_hz * wanted_hz) + 1)
    half_s = _CROSSINGS / (2 * _CUTOFF * wanted_hz)
    at = np.arange(count) * (rate_hz / wanted_hz)
    half = int(np.ceil(half_s * rate_hz))
    place = np.floor(at).astype(np.int64)[:, None] + np.arange(-half, half + 2)
    offset_s = (place - at[:, None]) / rate_hz
    inside = np.clip(1 - (offset_s / half_s) ** 2, 0, None)
    weights = np.sinc(2 * _CUTOFF * wanted_hz * offset_s) * np.i0(_BETA * np.sqrt(inside)) * (inside > 0)
    weights /= weights.sum(axis=1, keepdims=True)
    missing = np.asarray(~np.isfinite(samples).all(axis=1), np.bool_)
    last = np.maximum.accumulate(np.where(missing, 0, np.arange(len(samples))))
    present = np.nan_to_num(samples[last], posinf=0, neginf=0)
    held = present[np.clip(place, 0, len(samples) - 1)]  # beyond the ends the edge is held
    result = np.asarray(np.einsum("mk,mkc->mc", weights, held), np.float32)
    if missing.any():
        result[missing[np.clip(np.rint(at).astype(np.int64), 0, len(samples) - 1)]] = np.nan
    return result


def matched(trials: Sequence[Trial], rate_hz: float) -> list[Trial]:
    """All trials at one rate. A trial that has it already is unchanged."""
    return [
        trial
        if trial.rate_hz == rate_hz  # exact: a rate that is given, not measured
        else replace(trial, rate_hz=rate_hz, samples=resampled(trial.samples, trial.rate_hz, rate_hz))
        for trial in trials
    ]
