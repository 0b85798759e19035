"""The rate of a trial whose samples were stamped as they arrived, in bursts, by a clock that may have been set.

Such stamps say little about one sample and enough about the whole: time is the sample's index over the mean rate.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import DatasetError

# The longest hole that a stalled link left in these recordings is 2.5 s, after which what was kept came at once. A step
# of twice that, or as far back, is no hole: the clock was set.
CLOCK_SET_S: Final = 5.0
# The mean rate is taken over this many spans, each begun and ended one sample further inside, and the median counts:
# five bad stamps at either end change nothing, and an end in mid-burst (0.1 s of a trial of 3 s) weighs less.
SPANS: Final = 11
_SET_AT_MOST: Final = 0.1  # of all steps
_TIMES: Final = 3.0  # a rate beyond a third or three times the sensor's own is no rate of this sensor


def mean_rate_hz(stamps_s: NDArray[np.float64], *, sensor_hz: float, where: str) -> float:
    """Samples a second of a whole trial.

    For stamps without a fault this is the median of (n − 1 − 2k) / (t[n − 1 − k] − t[k]) over k = 0 … 10, and k = 0 is
    the mean rate. Stamps count in whole milliseconds.

    Args:
        stamps_s: float64 (n,), n > 2 · `SPANS`, as read.
        sensor_hz: what the sensor is said to make.
        where: names the trial in an error.

    Raises:
        DatasetError: the stamps do not tell the rate.
    """
    stamps = np.round(stamps_s, 3)
    if len(stamps) <= 2 * SPANS or not bool(np.all(np.isfinite(stamps))):
        raise DatasetError(f"{where}: its time stamps are too few or no numbers; leave the trial out.")
    steps = np.diff(stamps)
    jump = np.abs(steps) > CLOCK_SET_S
    if np.mean(jump) > _SET_AT_MOST:
        raise DatasetError(f"{where}: its clock was set {np.count_nonzero(jump)} times; leave the trial out.")
    steps[jump] = np.mean(steps[~jump])
    time = np.concatenate(([0.0], np.cumsum(steps)))
    k = np.arange(SPANS)
    spans = time[len(time) - 1 - k] - time[k]
    forward = spans > 0
    rates = (len(time) - 1 - 2 * k[forward]) / spans[forward]
    rate = float(np.median(rates)) if len(rates) > SPANS // 2 else 0.0
    if not sensor_hz / _TIMES <= rate <= sensor_hz * _TIMES:
        raise DatasetError(
            f"{where}: {len(stamps)} samples in {time[-1]:.2f} s of its time stamps, from a sensor of {sensor_hz:g} a "
            "second; leave the trial out."
        )
    return rate


def by_stamp(stamps_s: NDArray[np.float64]) -> NDArray[np.intp]:
    """The order of the samples by their stamps, equal ones as they stand; all as they stand if the clock was set."""
    if len(stamps_s) > 1 and not bool(np.all(np.abs(np.diff(stamps_s)) <= CLOCK_SET_S)):
        return np.arange(len(stamps_s))
    return np.argsort(stamps_s, kind="stable")
