"""The training table: every candidate the streaming detector would look at, with its window and what it truly was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls import candidates, quality, series
from analytics.falls.joins import join
from analytics.falls.rates import RATE_HZ
from analytics.training.augmentation import Chain, apply

_CHUNK_S: Final = 4.0
# A peak within 0.8 s of the trial's largest acceleration is the fall; up to 4 s around it, it is neither taught as a
# fall nor as none; outside, it is whatever the person did before or after.
_SAME_S: Final = 0.8
_UNSURE_S: Final = 4.0
_HEARD: Final = 0.75  # of a window that teaches; right after a stream's beginning most of it is made up
_SUDDEN_S: Final = (0.3, 2.5)  # what is left of a trial before its greatest acceleration


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One row a candidate.

    Attributes:
        windows: float32 (N, WINDOW, 3), g, without gaps.
        label: 1 fall, 0 none, -1 not taught, int8 (N,).
        subject: index into the subjects, int64 (N,).
        trial: index into the trials, int64 (N,).
        offset_s: peak minus the trial's impact, float64 (N,).
        chain: which chain made it, int64 (N,).
    """

    windows: NDArray[np.float32]
    label: NDArray[np.int8]
    subject: NDArray[np.int64]
    trial: NDArray[np.int64]
    offset_s: NDArray[np.float64]
    chain: NDArray[np.int64]

    def rows(self, chosen: NDArray[np.bool_]) -> Table:
        """The rows where the mask is true."""
        return Table(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def impact_s(trial: Trial) -> float:
    """The moment of the trial's largest acceleration, seconds from its beginning."""
    squared = np.einsum("nc,nc->n", trial.samples, trial.samples)
    return int(squared.argmax()) / trial.rate_hz


def build(trials: Sequence[Trial], chains: Sequence[Chain], seed: int, *, all_blows: bool = False) -> Table:
    """Candidates of every subject's joined stream, through every chain.

    Args:
        trials: all of one rate.
        chains: as which devices they are heard.
        seed: of orders and of what the chains draw.
        all_blows: with those in the midst of a series, which no network is asked about.
    """
    subjects = sorted({trial.subject for trial in trials})
    impacts = np.array([impact_s(trial) for trial in trials])
    parts: list[Table] = []
    for number, chain in enumerate(chains):
        for row, subject in enumerate(subjects):
            own = [index for index, trial in enumerate(trials) if trial.subject == subject]
            rng = np.random.default_rng([seed, number, row])
            parts.append(_one(trials, own, impacts, row, number, chain, rng, all_blows=all_blows))
    return concatenated(parts)


def concatenated(parts: Sequence[Table]) -> Table:
    """One table of the rows of several."""
    return Table(**{field.name: np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Table)})


def _without(trial: Trial, seconds: float) -> Trial:
    """The trial without its beginning."""
    return replace(trial, samples=trial.samples[round(seconds * trial.rate_hz) :]) if seconds else trial


def _one(
    trials: Sequence[Trial],
    own: list[int],
    impacts: NDArray[np.float64],
    row: int,
    number: int,
    chain: Chain,
    rng: np.random.Generator,
    *,
    all_blows: bool,
) -> Table:
    cut_s = np.zeros(len(trials))
    if chain.sudden:
        cut_s[own] = np.maximum(0, impacts[own] - rng.uniform(*_SUDDEN_S, len(own)))
    joined = join([_without(trials[index], float(cut_s[index])) for index in own], rng)
    samples, rate = apply(chain, joined.samples, joined.rate_hz, rng)
    # Seconds of the recording per second of the stream as the detector reads it.
    pace = (len(joined.samples) / joined.rate_hz) / (len(samples) / rate)
    state = candidates.start(np.array([rate]))
    peaks: list[NDArray[np.int64]] = []
    windows: list[NDArray[np.float32]] = []
    step = round(_CHUNK_S * rate)
    for begin in range(0, len(samples), step):
        state, some = candidates.advance(state, samples[None, begin : begin + step])
        found = some.all()
        heard = np.count_nonzero(~np.isnan(found.windows[:, :, 0]), axis=1)
        good = quality.usable(found.windows) & (heard >= _HEARD * candidates.WINDOW)
        if not all_blows:
            good &= ~series.within(found.windows)
        peaks.append(found.peak[good])
        windows.append(quality.fill(found.windows[good]))
    peak = np.concatenate(peaks)
    at = peak / RATE_HZ * pace
    place = np.clip(np.searchsorted(joined.begins / joined.rate_hz, at, side="right") - 1, 0, None)
    trial = np.array(own, np.int64)[np.array(joined.order)[place]]
    offset = at - joined.begins[place] / joined.rate_hz - (impacts - cut_s)[trial]
    falls = np.array([t.fall for t in trials])[trial]
    label = np.where(falls & (np.abs(offset) <= _SAME_S), 1, np.where(falls & (np.abs(offset) <= _UNSURE_S), -1, 0))
    return Table(
        windows=np.concatenate(windows),
        label=label.astype(np.int8),
        subject=np.full(len(peak), row, np.int64),
        trial=trial,
        offset_s=offset,
        chain=np.full(len(peak), number, np.int64),
    )
