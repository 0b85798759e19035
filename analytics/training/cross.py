"""Between data sets: a model that never saw a set, measured on it: `huoma evaluate fall --cross PATH`.

The model is taught by the other sets. Its threshold is the new device's: the probability that so few daily activities
of the *other people* of the new set reach, and so is its calibration (`Calibration` of the device). No fall of the new
set takes part in anything, and nothing of the person who is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.evaluation import evaluate
from analytics.falls.model import Model
from analytics.training import protocol
from analytics.training.falls import parts_of, raw, train
from analytics.training.material import Material, Part
from analytics.training.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One cell of the matrix.

    Attributes:
        taught: by which sources.
        tested: on which.
        allowed: share of the other people's daily activities that may reach the threshold.
    """

    taught: tuple[Source, ...]
    tested: Source
    allowed: float


_SISFALL: Final = Source(dataset="sisfall", position="waist")
_UMA_WAIST: Final = Source(dataset="umafall", position="waist")
_UMA_WRIST: Final = Source(dataset="umafall", position="wrist")
_WEDA: Final = Source(dataset="weda", position="wrist")
MATRIX: Final = (
    Crossing(taught=(_SISFALL,), tested=_UMA_WAIST, allowed=0.01),
    Crossing(taught=(_WEDA,), tested=_UMA_WRIST, allowed=0.03),
    Crossing(taught=(_UMA_WRIST, _SISFALL), tested=_WEDA, allowed=0.05),
)


def calibrated(model: Model, part: Part, allowed: float) -> dict[str, Model]:
    """The model for each person of a part, its threshold from the daily activities of the others.

    The slope and offset stay those of the sets that taught it.
    """
    (scores,) = protocol.trial_scores(part.rows, part.trials, raw(model, part.inputs))
    falls = np.array([trial.fall for trial in part.trials])
    person = np.array([trial.subject for trial in part.trials])
    found: dict[str, Model] = {}
    for name in sorted(set(person.tolist())):
        others = scores[~falls & (person != name)]
        found[name] = _at(model, float(np.quantile(others, 1 - allowed)))
    return found


def _at(model: Model, logit: float) -> Model:
    line = model.calibration
    probability = float(1 / (1 + np.exp(-(line.slope * logit + line.offset))))
    return replace(model, calibration=replace(line, threshold=probability), devices={})


def cross(crossing: Crossing, parts: Mapping[Source, Part], seeds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The report of one cell, and what the ranking would allow (both errors equal, trial by trial)."""
    model, _ = train(Material.of([parts[source] for source in crossing.taught]), nested=False)
    part = parts[crossing.tested]
    report = evaluate(part.trials, calibrated(model, part, crossing.allowed), seeds=seeds, say=say)
    (scores,) = protocol.trial_scores(part.rows, part.trials, raw(model, part.inputs))
    falls = np.array([trial.fall for trial in part.trials])
    at = protocol.threshold(scores, falls)
    return {**report, "where_equal": [_share(scores[falls] >= at), _share(scores[~falls] < at)]}


def _share(hits: NDArray[np.bool_]) -> float:
    return round(float(hits.mean()), 5)


def matrix(data: Path, seeds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The report of every cell by its name, "weda wrist → umafall wrist".

    Raises:
        DatasetError: a set is missing or damaged.
    """
    parts = parts_of(data, [source for one in MATRIX for source in (*one.taught, one.tested)], say)
    cells: dict[str, Any] = {}
    for one in MATRIX:
        taught = " + ".join(f"{source.dataset} {source.position}" for source in one.taught)
        name = f"{taught} → {one.tested.dataset} {one.tested.position}"
        say(name)
        cells[name] = cross(one, parts, seeds, say)
    return cells
