"""The figures of an evaluation: the worst of all seeds, with intervals, by group and by activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls import measures
from analytics.falls.model import Model
from analytics.falls.outcomes import Outcome


def report(trials: Sequence[Trial], outcomes: Sequence[Outcome], models: Mapping[str, Model]) -> dict[str, Any]:
    """The figures as plain values, ready for JSON.

    Args:
        trials: all of them.
        outcomes: one a seed.
        models: the model that judged each subject.
    """
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
        "calibration_error": _worst(max, [measures.calibration_error(o.score, falls) for o in outcomes]),
        "trials": len(trials),
        "falls": int(falls.sum()),
        "activities": int((~falls).sum()),
        "people": len(subjects),
        "delay_s": _worst(max, [float(np.median(delay)) for delay in delays]),
        "delay_s_p99": _worst(max, [float(np.quantile(delay, 0.99)) for delay in delays]),
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
            name: {
                **_shares(rows, falls, person, outcomes),
                "false_alarms_per_hour_of_activity": _per_hour(rows & ~falls, hours, outcomes),
            }
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


def changes(trials: Sequence[Trial], joined: Sequence[Outcome], other: Sequence[Outcome]) -> dict[str, list[float]]:
    """What changes in both shares, with the 95 % interval of the change when people are drawn anew.

    Args:
        trials: all of them.
        joined: one a seed; their mean is what is compared with.
        other: of the same trials, measured otherwise.
    """
    falls = np.array([trial.fall for trial in trials])
    names = sorted({trial.subject for trial in trials})
    person = np.array([names.index(trial.subject) for trial in trials], np.int64)
    change = np.mean([one.right for one in other], axis=0) - np.mean([one.right for one in joined], axis=0)
    return {
        what: [round(value, 5) + 0.0 for value in measures.paired(change[chosen], person[chosen])]  # -0.0 + 0.0 is 0.0
        for what, chosen in (("sensitivity", falls), ("specificity", ~falls))
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
