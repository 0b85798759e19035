"""Between data sets: a model that never saw a set, measured on it: `huoma evaluate fall --cross PATH`.

The model is taught by other sets. Its threshold and its calibration are the new device's and come from the *other
people* of the new set (`Calibration` of the device): of their falls and activities, or, where nobody has fallen with
the device yet, a threshold that so few of their daily activities reach. Nothing of the person who is judged takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets import Trial
from analytics.datasets.sets import DATASETS
from analytics.falls.evaluation import evaluate, outcomes
from analytics.falls.model import Calibration, Model
from analytics.falls.report import changes
from analytics.falls.report import report as figures
from analytics.training import fitting, protocol
from analytics.training.falls import parts_of, raw
from analytics.training.material import Material, Part
from analytics.training.networks import Shape
from analytics.training.sources import Source, recorded

# From set to set, more and longer than within them, with half of the inputs left out. In six orders of the rows: from
# one to the next, specificity differs by two points at the wrist.
SHAPE: Final = Shape(networks=8, groups=6, epochs=24, dropped=0.5, mixed=0.4)
AHEAD: Final = 0.01  # by how much sensitivity is to be above specificity: a fall that is missed weighs more


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One cell of the matrix.

    Attributes:
        taught: by which sources.
        tested: on which.
        allowed: share of the other people's daily activities that may reach the threshold where no falls are known.
    """

    taught: tuple[Source, ...]
    tested: Source
    allowed: float


_SISFALL: Final = Source(dataset="sisfall", position="waist", slow=True)
# UMAFall's people go to bed as SisFall's do not: they sit down on it and lie down at once, as nobody fell.
_TO_BED: Final = replace(_SISFALL, to_bed=True)
# Heard in all seven ways it is five times as much as UMAFall's wrist, and drowns it: 90 instead of 93 of 100 falls.
_SISFALL_AID: Final = Source(dataset="sisfall", position="waist", aid=True)
_WEDA: Final = Source(dataset="weda", position="wrist", slow=True, before=True)
_UMA_WAIST: Final = Source(dataset="umafall", position="waist", before=True)
_UMA_WRIST: Final = Source(dataset="umafall", position="wrist", before=True)
MATRIX: Final = (
    Crossing(taught=(_SISFALL, _TO_BED), tested=_UMA_WAIST, allowed=0.01),
    Crossing(taught=(_WEDA,), tested=_UMA_WRIST, allowed=0.03),
    Crossing(taught=(_UMA_WRIST, _SISFALL_AID), tested=replace(_WEDA, slow=False, before=True), allowed=0.05),
)


def calibrated(model: Model, part: Part) -> dict[str, Model]:
    """The model for each person of a part, its threshold and calibration from the falls and activities of the others.

    Args:
        model: fitted; not on these people.
        part: of the new device.
    """
    logits = raw(model, part.inputs)
    scores, falls, person = _scores(part, logits)
    names = np.array(sorted(set(person.tolist())))
    of_row = names[part.rows.subject]
    found: dict[str, Model] = {}
    for name in names.tolist():
        others = person != name
        rows = (of_row != name) & (part.rows.label >= 0) & np.isin(part.rows.chain, recorded(part.source))
        slope, offset = fitting.calibration(logits[rows], part.rows.label[rows])
        at = protocol.threshold(scores[:, others].ravel(), np.tile(falls[others], len(scores)), ahead=AHEAD)
        found[name] = _at(model, slope, offset, at)
    return found


def by_activities(model: Model, part: Part, allowed: float) -> dict[str, Model]:
    """The model for each person of a part, its threshold from the daily activities of the others; not calibrated.

    Args:
        model: fitted; not on these people.
        part: of the new device.
        allowed: share of the activities that may reach the threshold.
    """
    scores, falls, person = _scores(part, raw(model, part.inputs))
    found: dict[str, Model] = {}
    for name in sorted(set(person.tolist())):
        others = scores[:, ~falls & (person != name)]
        found[name] = _at(model, 1.0, 0.0, float(np.quantile(others, 1 - allowed)))
    return found


def _scores(part: Part, logits: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.str_]]:
    """Scores of each trial in each order, float64 (orders, trials), which are falls, and whose they are."""
    scores = protocol.trial_scores(part.rows, part.trials, logits, recorded(part.source))
    return scores, np.array([one.fall for one in part.trials]), np.array([one.subject for one in part.trials])


def _at(model: Model, slope: float, offset: float, logit: float) -> Model:
    probability = float(1 / (1 + np.exp(-(slope * logit + offset))))
    return replace(model, calibration=Calibration(slope=slope, offset=offset, threshold=probability), devices={})


def fitted(material: Material) -> Model:
    """A model taught by everything there is, for people of another set; not calibrated."""
    rows = material.label >= 0
    return fitting.fit(material.inputs[rows], material.label[rows], material.people, shape=SHAPE)


def cross(
    crossing: Crossing,
    parts: Mapping[Source, Part],
    native: Sequence[Trial],
    seeds: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """The report of one cell, with what changes when trials are replayed otherwise and what other thresholds give.

    Args:
        crossing: which.
        parts: of its sources.
        native: the trials of the tested source, each at its own rate.
        seeds: orders and chunks drawn; the worst counts.
        say: told one line a seed.

    Returns:
        The report; `changes` when trials stay apart, and at their own rates; `by_activities`, with thresholds from
        activities alone; `where_equal`, both errors equal, trial by trial, as one order of the trials gave them.
    """
    model = fitted(Material.of([parts[source] for source in crossing.taught]))
    part = parts[crossing.tested]
    models = calibrated(model, part)
    joined = outcomes(part.trials, models, seeds=seeds, say=say)
    other = {"apart": part.trials, "native": native}
    blind = evaluate(part.trials, by_activities(model, part, crossing.allowed), seeds=seeds, say=say)
    scores, falls, _ = _scores(part, raw(model, part.inputs))
    at = protocol.threshold(scores[0], falls)
    return {
        **figures(part.trials, joined, models),
        "changes": {
            name: changes(part.trials, joined, outcomes(trials, models, seeds=seeds, apart=True, say=say))
            for name, trials in other.items()
        },
        "by_activities": {name: blind[name] for name in ("sensitivity", "specificity")},
        "where_equal": [_share(scores[0, falls] >= at), _share(scores[0, ~falls] < at)],
    }


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
        taught = " + ".join(dict.fromkeys(f"{source.dataset} {source.position}" for source in one.taught))
        name = f"{taught} → {one.tested.dataset} {one.tested.position}"
        say(name)
        tested = DATASETS[one.tested.dataset]
        native = tested.trials(data / tested.name, None, one.tested.position, native=True, refused=lambda _: None)
        cells[name] = cross(one, parts, native, seeds, say)
    return cells
