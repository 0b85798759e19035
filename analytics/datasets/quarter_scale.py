"""UMAFall's other unit: many of its sensors begin a trial with values a quarter of what they should be.

Seen in the published numbers: every value is a multiple of 1/4096 g (±8 g over 16 bits), but 115 of 1,506 recordings
(of eleven people, one a trial and sensor) begin with samples that are multiples of 1/16384 g (±2 g over 16 bits), and
in these gravity at rest is 0.25 g. They end with a step of |a| to four times as much, or last for the whole trial. So
the sensor measured ±8 g while its counts were taken for ±2 g. Nothing of the kind occurs later in a trial, except that
a sensor which is set to ±2 g stops at 32511 or 32768 of the finer counts. Falls whose impact lies in the beginning look
as if they had none (three at the chest of subject 06: 0.7, 0.6 and 0.7 g for 2.9, 2.2 and 3.0 g).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FACTOR: Final = 4
_COUNTS_PER_G: Final = 16384
_OFF_GRID: Final = 0.05  # counts; float32 keeps 2 g to 0.002 of a count
_STOP: Final = 32500  # counts: the sensor's stops are 32511 and 32768, and a stop is no multiple of FACTOR
# 63 of 64 random triples are off the coarser grid; of the 115, the least share is 0.91 (of 11 samples).
_SHARE: Final = 0.85
# A sensor that really measures ±2 g over 16 bits shows gravity; the largest median of the 115 is 0.41.
_MEDIAN_G: Final = 0.7


def quartered(samples: NDArray[np.float32]) -> int:
    """How many samples at the beginning of float32 (n, 3), in g, are a quarter of what they should be."""
    counts = np.asarray(samples, np.float64) * _COUNTS_PER_G
    whole = np.round(counts)
    if bool(np.any(np.abs(counts - whole) > _OFF_GRID)):
        return 0
    fine = np.any((whole % FACTOR != 0) & (np.abs(whole) < _STOP), axis=1)
    share = np.cumsum(fine) / np.arange(1, len(fine) + 1)
    ends = np.flatnonzero(fine & (share >= _SHARE)) + 1
    if not len(ends):
        return 0
    end = int(ends[-1])
    return end if float(np.median(np.linalg.norm(samples[:end], axis=1))) < _MEDIAN_G else 0


def mended(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same float32 (n, 3) with its beginning in g, too."""
    end = quartered(samples)
    if not end:
        return samples
    return np.concatenate((samples[:end] * np.float32(FACTOR), samples[end:]))
