"""How good the detector is, by one protocol: joined trials, random chunks, the streaming detector, unseen people.

A raise counts from a fall trial's impact (its largest |a|) to 3.5 s after it; any other raise is false. Sensitivity
is the share of fall trials with a raise that counts, specificity the share of daily activities without any raise
whose peak lies in them (or in the second of stillness that follows). The moment of a raise is the end of the chunk
that completed it. A subject the final model was trained on is judged by the fold model that never saw that subject,
any other by the final model. Every figure is the worst of the seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls import measures
from analytics.falls.candidates import AFTER, BEFORE
from analytics.falls.detector import DECISION_S, peak_of
from analytics.falls.model import Model
from analytics.falls.rates import RATE_HZ
from analytics.falls.replay import Replayed, replay

COUNTS_S: Final = 3.5
SEEDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What one seed gave.

    Attributes:
        right: whether each trial was judged rightly, bool (trials,).
        score: the largest probability that counts in each trial, float64 (trials,).
        delay_s: impact to raise, of each raised fall, float64.
        false_raises: per trial, int64 (trials,).
        metadata: what the stream shows around each trial's largest acceleration but acceleration, float64 (trials,
            columns).
    """

    right: NDArray[np.bool_]
    score: NDArray[np.float64]
    delay_s: NDArray[np.float64]
    false_raises: NDArray[np.int64]
    metadata: NDArray[np.float64]


def judges(trials: Sequence[Trial], final: Model, folds: Sequence[Model]) -> dict[str, Model]:
    """The model that judges each subject: one that never saw that subject."""
    chosen: dict[str, Model] = {}
    for subject in sorted({trial.subject for trial in trials}):
        unseen = [model for model in (final, *folds) if subject not in model.seen]
        if not unseen:
            raise ValueError(f"every model was trained on {subject}")
        chosen[subject] = unseen[0]
    return chosen


def evaluate(
    trials: Sequence[Trial],
    models: Mapping[str, Model],
    *,
    seeds: int = SEEDS,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The report as plain values, ready for JSON.

    Args:
        trials: of any number of subjects.
        models: the model that judges each subject (see `judges`).
        seeds: how many; each draws orders and chunks anew, no model is fitted again.
        say: told one line a seed.
    """
    impacts = np.array([_impact_s(trial) for trial in trials])
    outcomes: list[Outcome] = []
    for seed in range(seeds):
        outcomes.append(_outcome(trials, impacts, replay(trials, models, seed)))
        falls = np.array([trial.fall for trial in trials])
        right = outcomes[-1].right
        say(f"seed {seed}: {int((~right[falls]).sum())} falls missed, {int((~right[~falls]).sum())} activities raised")
    return _report(trials, outcomes, models)


def _impact_s(trial: Trial) -> float:
    return int(np.einsum("nc,nc->n", trial.samples, trial.samples).argmax()) / trial.rate_hz


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


def _report(trials: Sequence[Trial], outcomes: Sequence[Outcome], models: Mapping[str, Model]) -> dict[str, Any]:
    falls = np.array([trial.fall for trial in trials])
    subjects = sorted({trial.subject for trial in trials})
    person = np.array([subjects.index(trial.subject) for trial in trials], np.int64)
    hours = np.array([len(trial.samples) / trial.rate_hz / 3600 for trial in trials])
    raw = np.array([[trial.rate_hz, len(trial.samples) / trial.rate_hz] for trial in trials])
    delays = [outcome.delay_s for outcome in outcomes if len(outcome.delay_s)]
    elder = np.array([trial.elder for trial in trials])
    everyone = np.ones(len(trials), np.bool_)
    activities = sorted({trial.activity for trial in trials})
    activity = np.array([trial.activity for trial in trials])
    missed = _names(trials, falls, outcomes)
    raised = _names(trials, ~falls, outcomes)
    return {
        **_shares(everyone, falls, person, outcomes),
        "auc": _worst(min, [measures.auc(outcome.score, falls) for outcome in outcomes]),
        "trials": len(trials),
        "falls": int(falls.sum()),
        "activities": int((~falls).sum()),
        "people": len(subjects),
        "delay_s": _worst(max, [float(np.median(delay)) for delay in delays]),
        "delay_s_p95": _worst(max, [float(np.quantile(delay, 0.95)) for delay in delays]),
        "delay_s_max": _worst(max, [float(delay.max()) for delay in delays]),
        "hours": round(float(hours.sum()), 3),
        "false_alarms_per_hour": _per_hour(everyone, hours, outcomes),
        "false_alarms_per_hour_of_activity": _per_hour(~falls, hours, outcomes),
        "metadata_auc": _worst(max, [measures.metadata_auc(o.metadata, falls, person) for o in outcomes]),
        "metadata_auc_of_single_files": _number(measures.metadata_auc(raw, falls, person)),
        "seeds": len(outcomes),
        "per_seed": [_one_seed(outcome, falls) for outcome in outcomes],
        "by_group": {
            name: {**_shares(rows, falls, person, outcomes), "false_alarms_per_hour": _per_hour(rows, hours, outcomes)}
            for name, rows in (("young", ~elder), ("elder", elder))
            if rows.any()
        },
        "by_activity": {
            name: _activity(activity == name, hours, outcomes, fall=bool(falls[activity == name][0]))
            for name in activities
        },
        "missed_falls": missed,
        "raised_activities": raised,
        "models": {name: "not trained on this person, trained on " + str(len(models[name].seen)) for name in subjects},
        "note": "staged falls only; no recording of a real fall was available",
    }


def _shares(
    rows: NDArray[np.bool_], falls: NDArray[np.bool_], person: NDArray[np.int64], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """Sensitivity and specificity of the worst seed each, with both intervals."""
    result: dict[str, Any] = {}
    for name, chosen in (("sensitivity", rows & falls), ("specificity", rows & ~falls)):
        total = int(chosen.sum())
        if not total:
            result |= {name: None, f"{name}_ci95": None, f"{name}_ci95_people": None}
            continue
        worst = min(outcomes, key=lambda outcome, chosen=chosen: int(outcome.right[chosen].sum()))  # type: ignore[misc]
        hits = int(worst.right[chosen].sum())
        per_person = (
            np.bincount(person[chosen], weights=worst.right[chosen], minlength=person.max() + 1).astype(np.float64),
            np.bincount(person[chosen], minlength=person.max() + 1).astype(np.float64),
        )
        result |= {
            name: hits / total,
            f"{name}_ci95": [round(bound, 5) for bound in measures.wilson(hits, total)],
            f"{name}_ci95_people": [round(bound, 5) for bound in measures.by_person(*per_person)],
        }
    return {**result, "trials": int(rows.sum())}


def _one_seed(outcome: Outcome, falls: NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "sensitivity": float(outcome.right[falls].mean()) if falls.any() else None,
        "specificity": float(outcome.right[~falls].mean()) if not falls.all() else None,
        "auc": _number(measures.auc(outcome.score, falls)),
        "false_raises": int(outcome.false_raises.sum()),
    }


def _activity(
    rows: NDArray[np.bool_], hours: NDArray[np.float64], outcomes: Sequence[Outcome], *, fall: bool
) -> dict[str, Any]:
    return {
        "trials": int(rows.sum()),
        "sensitivity" if fall else "specificity": min(float(outcome.right[rows].mean()) for outcome in outcomes),
        "hours": round(float(hours[rows].sum()), 3),
        "false_alarms_per_hour": _per_hour(rows, hours, outcomes),
    }


def _names(trials: Sequence[Trial], chosen: NDArray[np.bool_], outcomes: Sequence[Outcome]) -> dict[str, int]:
    """The trials judged wrongly, and in how many seeds."""
    wrong = np.sum([~outcome.right for outcome in outcomes], axis=0)
    return {
        f"{trials[index].subject}/{trials[index].name}": int(wrong[index])
        for index in np.flatnonzero(chosen & (wrong > 0)).tolist()
    }


def _per_hour(rows: NDArray[np.bool_], hours: NDArray[np.float64], outcomes: Sequence[Outcome]) -> float | None:
    total = float(hours[rows].sum())
    return max(int(outcome.false_raises[rows].sum()) for outcome in outcomes) / total if total else None


def _worst(choose: Callable[[list[float]], float], values: list[float]) -> float | None:
    return _number(choose(values)) if values else None


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
