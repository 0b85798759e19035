"""The training table: every candidate the streaming detector would look at, with its features and what it truly was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls import candidates, features, quality
from analytics.falls.joins import join
from analytics.falls.rates import RATE_HZ
from analytics.training.augmentation import Chain, apply

_CHUNK_S: Final = 4.0
# A peak within 0.8 s of the trial's largest acceleration is the fall; up to 4 s around it, it is neither taught as a
# fall nor as none; outside, it is whatever the person did before or after.
_SAME_S: Final = 0.8
_UNSURE_S: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """One row a candidate.

    Attributes:
        features: float32 (N, F).
        label: 1 fall, 0 none, -1 not taught, int8 (N,).
        subject: index into the subjects, int64 (N,).
        trial: index into the trials, int64 (N,).
        offset_s: peak minus the trial's impact, float64 (N,).
        chain: which chain made it, int64 (N,).
    """

    features: NDArray[np.float32]
    label: NDArray[np.int8]
    subject: NDArray[np.int64]
    trial: NDArray[np.int64]
    offset_s: NDArray[np.float64]
    chain: NDArray[np.int64]

    def rows(self, chosen: NDArray[np.bool_]) -> Table:
        """The rows where the mask is true."""
        return Table(
            features=self.features[chosen],
            label=self.label[chosen],
            subject=self.subject[chosen],
            trial=self.trial[chosen],
            offset_s=self.offset_s[chosen],
            chain=self.chain[chosen],
        )


def impact_s(trial: Trial) -> float:
    """The moment of the trial's largest acceleration, seconds from its beginning."""
    squared = np.einsum("nc,nc->n", trial.samples, trial.samples)
    return int(squared.argmax()) / trial.rate_hz


def build(trials: Sequence[Trial], chains: Sequence[Chain], seed: int) -> Table:
    """Candidates of every subject's joined stream, through every chain."""
    subjects = sorted({trial.subject for trial in trials})
    impacts = np.array([impact_s(trial) for trial in trials])
    parts: list[Table] = []
    for number, chain in enumerate(chains):
        for row, subject in enumerate(subjects):
            own = [index for index, trial in enumerate(trials) if trial.subject == subject]
            rng = np.random.default_rng([seed, number, row])
            parts.append(_one(trials, own, impacts, row, number, chain, rng))
    return Table(
        features=np.concatenate([part.features for part in parts]),
        label=np.concatenate([part.label for part in parts]),
        subject=np.concatenate([part.subject for part in parts]),
        trial=np.concatenate([part.trial for part in parts]),
        offset_s=np.concatenate([part.offset_s for part in parts]),
        chain=np.concatenate([part.chain for part in parts]),
    )


def _one(
    trials: Sequence[Trial],
    own: list[int],
    impacts: NDArray[np.float64],
    row: int,
    number: int,
    chain: Chain,
    rng: np.random.Generator,
) -> Table:
    joined = join([trials[index] for index in own], rng)
    samples, rate = apply(chain, joined.samples, joined.rate_hz, rng)
    # Seconds of the recording per second of the stream as the detector reads it.
    pace = (len(joined.samples) / joined.rate_hz) / (len(samples) / rate)
    state = candidates.start(np.array([rate]))
    peaks: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float32]] = []
    step = round(_CHUNK_S * rate)
    for begin in range(0, len(samples), step):
        state, found = candidates.advance(state, samples[None, begin : begin + step])
        good = quality.usable(found.windows)
        peaks.append(found.peak[good])
        values.append(features.extract(quality.fill(found.windows[good])))
    peak = np.concatenate(peaks)
    at = peak / RATE_HZ * pace
    place = np.clip(np.searchsorted(joined.begins / joined.rate_hz, at, side="right") - 1, 0, None)
    trial = np.array(own, np.int64)[np.array(joined.order)[place]]
    offset = at - joined.begins[place] / joined.rate_hz - impacts[trial]
    falls = np.array([t.fall for t in trials])[trial]
    label = np.where(falls & (np.abs(offset) <= _SAME_S), 1, np.where(falls & (np.abs(offset) <= _UNSURE_S), -1, 0))
    return Table(
        features=np.concatenate(values),
        label=label.astype(np.int8),
        subject=np.full(len(peak), row, np.int64),
        trial=trial,
        offset_s=offset,
        chain=np.full(len(peak), number, np.int64),
    )
