"""How good the detector is, by one protocol: joined trials, random chunks, the streaming detector, unseen people.

A raise counts from a fall trial's impact (its largest |a|) to 3.5 s after it; any other raise is false. Sensitivity
is the share of fall trials with a raise that counts, specificity the share of daily activities without any raise
whose peak lies in them (or in the second of stillness that follows). The moment of a raise is the end of the chunk
that completed it. A subject the final model was trained on is judged by the fold model that never saw that subject,
any other by the final model; both with the calibration of the data set's device, which other people set. Every figure
is the worst of the seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import DatasetError, Trial
from analytics.falls.artefact import ANYWHERE, WORN
from analytics.falls.candidates import AFTER, BEFORE
from analytics.falls.detector import DECISION_S, peak_of
from analytics.falls.model import Model
from analytics.falls.outcomes import Outcome
from analytics.falls.rates import RATE_HZ
from analytics.falls.replay import Replayed, replay
from analytics.falls.report import report

COUNTS_S: Final = 3.5
SEEDS: Final = 10


def judges(
    trials: Sequence[Trial],
    dataset: str,
    position: str,
    final: Mapping[str, Model],
    folds: Mapping[str, Model],
    *,
    device: bool = True,
) -> dict[str, Model]:
    """The model that judges each subject: the one for the position, or that of its folds that never saw the subject.

    Args:
        trials: of one data set and position.
        dataset: its name.
        position: where the sensor was worn.
        final: models by name.
        folds: fold models by name, "trunk/3".
        device: with the calibration of the set's device; else with that of a device nobody knows.

    Raises:
        DatasetError: every model was trained on somebody.
    """
    name = WORN.get(position, ANYWHERE)
    candidates = [final[name], *(model for key, model in folds.items() if key.startswith(f"{name}/"))]
    chosen: dict[str, Model] = {}
    for subject in sorted({trial.subject for trial in trials}):
        unseen = [model for model in candidates if f"{dataset}/{subject}" not in model.seen]
        if not unseen:
            raise DatasetError(f"every model for the {position} was trained on {dataset}/{subject}; take other people.")
        chosen[subject] = unseen[0].heard_by(dataset if device else None)
    return chosen


def evaluate(
    trials: Sequence[Trial],
    models: Mapping[str, Model],
    *,
    seeds: int = SEEDS,
    apart: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The report as plain values, ready for JSON; see `outcomes`."""
    return report(trials, outcomes(trials, models, seeds=seeds, apart=apart, say=say), models)


def outcomes(
    trials: Sequence[Trial],
    models: Mapping[str, Model],
    *,
    seeds: int = SEEDS,
    apart: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[Outcome]:
    """What each seed gave.

    Args:
        trials: of any number of subjects.
        models: the model that judges each subject (see `judges`).
        seeds: how many; each draws orders and chunks anew, no model is fitted again.
        apart: trials alone, with stillness around them, instead of joined.
        say: told one line a seed.
    """
    impacts = np.array([_impact_s(trial) for trial in trials])
    falls = np.array([trial.fall for trial in trials])
    found: list[Outcome] = []
    for seed in range(seeds):
        found.append(_outcome(trials, impacts, replay(trials, models, seed, apart=apart)))
        right = found[-1].right
        say(f"seed {seed}: {int((~right[falls]).sum())} falls missed, {int((~right[~falls]).sum())} activities raised")
    return found


def _impact_s(trial: Trial) -> float:
    there = np.nan_to_num(trial.samples)
    return int(np.einsum("nc,nc->n", there, there).argmax()) / trial.rate_hz


def _outcome(trials: Sequence[Trial], impacts: NDArray[np.float64], streams: Sequence[Replayed]) -> Outcome:
    falls = np.array([trial.fall for trial in trials])
    caught = np.zeros(len(trials), np.bool_)
    score = np.zeros(len(trials))
    false_raises = np.zeros(len(trials), np.int64)
    metadata = np.zeros((len(trials), 5))
    delays: list[float] = []
    for stream in streams:
        rate = stream.joined.rate_hz
        begins = stream.joined.begins / rate
        impact = begins + impacts[stream.trials]
        place = np.clip(np.searchsorted(begins, stream.peak_s, side="right") - 1, 0, None)
        for finding, known in zip(stream.raises, stream.raised_s, strict=True):
            counted = np.flatnonzero(falls[stream.trials] & (impact <= known) & (known <= impact + COUNTS_S))
            for index in stream.trials[counted]:
                if not caught[index]:
                    caught[index] = True
                    delays.append(float(known - impact[np.flatnonzero(stream.trials == index)[0]]))
            if not len(counted):
                at = int(np.clip(np.searchsorted(begins, peak_of(finding) / RATE_HZ, side="right") - 1, 0, None))
                false_raises[stream.trials[at]] += 1
        lag = stream.peak_s + DECISION_S - impact[place]
        of = stream.trials[place]
        counts = ~falls[of] | ((lag >= 0) & (lag <= COUNTS_S))
        np.maximum.at(score, of[counts], stream.probability[counts])
        metadata[stream.trials] = _metadata(stream, impact)
    right = np.where(falls, caught, false_raises == 0)
    return Outcome(right=right, score=score, delay_s=np.array(delays), false_raises=false_raises, metadata=metadata)


def _metadata(stream: Replayed, impact: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a stream shows without its acceleration: rate, chunks around the largest acceleration, place."""
    rows: list[list[float]] = []
    chunks = stream.chunk_s
    for number, at in enumerate(impact):
        first, last = np.searchsorted(chunks, (at - BEFORE / RATE_HZ, at + AFTER / RATE_HZ))
        lengths = np.diff(chunks[max(0, first - 1) : last + 1])
        spread = float(lengths.std()) if len(lengths) else 0.0
        mean = float(lengths.mean()) if len(lengths) else 0.0
        rows.append([stream.joined.rate_hz, float(last - first), mean, spread, number / len(impact)])
    return np.array(rows)
