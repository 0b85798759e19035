"""Train the shipped fall models: `python -m analytics.training.falls --data PATH`.

Models that are kept (`KEPT`) are taken over from the shipped files, unless `--all` asks for them too.

Nested and grouped by person. Fold models leave one fold of people out; their thresholds and calibration come from
models that leave out that fold and one more, so a person's recordings never take part in anything that judges that
person. The final model is trained on everybody, its thresholds and calibration come from the fold models' scores of
the people they left out. Every data set's device gets a calibration of its own, from that set's people alone; the
one for all other devices weighs the sets alike.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets import DatasetError
from analytics.datasets.sets import DATASETS
from analytics.falls.artefact import FOLDS as FOLDS_FILE
from analytics.falls.artefact import SHIPPED, load, save
from analytics.falls.model import Calibration, Model
from analytics.training import fitting, protocol
from analytics.training.fitting import calibration, fit
from analytics.training.material import Material, Part
from analytics.training.sources import ALONE, GROUPS, KEPT, TEACHERS, Source, recorded

SEED: Final = 2
_TOO_FEW: Final = "training needs at least {} people with falls among them, got {}."
Say = Callable[[str], None]
Floats = NDArray[np.float64]


def silent(_line: str) -> None:
    """Says nothing."""


def train(material: Material, say: Say = silent, *, nested: bool = True, groups: int = 1) -> tuple[Model, list[Model]]:
    """The final model and the fold models.

    Args:
        material: what it is taught by.
        say: told what was done.
        nested: fold models get thresholds of their own; without, they only serve the final one's and are not given.
        groups: of networks in the final model and those of the folds; what only serves thresholds has one.

    Raises:
        DatasetError: too few people.
    """
    taught = material.label[material.label >= 0]
    if len(material.people) < protocol.FEWEST or not taught.any() or taught.all():
        raise DatasetError(_TOO_FEW.format(protocol.FEWEST, len(material.people)))
    count = min(protocol.FOLDS, len(material.people))
    fold = protocol.folds(material.groups, SEED, count)
    of_row = fold[material.person]
    pairs: dict[frozenset[int], Model] = {}
    for pair in combinations(range(count), 2) if nested else ():
        pairs[frozenset(pair)] = _fitted(material, ~np.isin(fold, pair))
        say(f"fitted without folds {pair}")
    models: list[Model] = []
    outer = np.zeros(len(material.label))
    for number in range(count):
        fitted = _fitted(material, fold != number, groups)
        own = of_row == number
        outer[own] = raw(fitted, material.inputs[own])
        if nested:
            inner = np.zeros(len(material.label))
            for other in range(count):
                if other != number:
                    rows = of_row == other
                    inner[rows] = raw(pairs[frozenset((number, other))], material.inputs[rows])
            models.append(committed(fitted, material, inner, fold != number))
            say(f"fold {number}: threshold {models[-1].threshold:.3f}")
    final = committed(_fitted(material, fold >= 0, groups), material, outer, fold >= 0)
    return final, models


def raw(model: Model, inputs: NDArray[np.float32]) -> Floats:
    """The model's logit before calibration, float64 (N,)."""
    step = 2048
    parts = [np.ascontiguousarray(inputs[begin : begin + step].T) for begin in range(0, len(inputs), step)]
    return np.concatenate([model.network.logit(part) for part in parts]) if parts else np.zeros(0)


def committed(model: Model, material: Material, logits: Floats, inside: NDArray[np.bool_]) -> Model:
    """The model with thresholds and calibrations from logits of people its helpers did not see.

    Args:
        model: fitted.
        material: what it was taught by.
        logits: float64 (N,) of every row of the people inside.
        inside: which people take part, bool (people,).
    """
    devices: dict[str, Calibration] = {}
    everything: list[tuple[Floats, NDArray[np.bool_]]] = []
    rows_in = inside[material.person] & np.isin(material.part, [n for own in material.sets().values() for n in own])
    for name, numbers in material.sets().items():
        scored = [_scores(material, number, logits, inside) for number in numbers]
        scores, falls = (np.concatenate([one[which] for one in scored]) for which in (0, 1))
        everything.append((scores, falls))
        devices[name] = _calibration(material, logits, rows_in & np.isin(material.part, numbers), scores, falls)
    scores = np.concatenate([one[0] for one in everything])
    falls = np.concatenate([one[1] for one in everything])
    weights = np.concatenate([np.full(len(one[0]), 1 / len(one[0])) for one in everything])
    general = _calibration(material, logits, rows_in, scores, falls, weights)
    return replace(model, calibration=general, devices=devices)


def _calibration(
    material: Material,
    logits: Floats,
    rows: NDArray[np.bool_],
    scores: Floats,
    falls: NDArray[np.bool_],
    weights: Floats | None = None,
) -> Calibration:
    taught = rows & (material.label >= 0)
    slope, offset = calibration(logits[taught], material.label[taught])
    at = protocol.threshold(scores, falls, weights)
    return Calibration(slope=slope, offset=offset, threshold=float(1 / (1 + np.exp(-(slope * at + offset)))))


def _scores(
    material: Material, number: int, logits: Floats, inside: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Scores of the trials of one part and whether they are falls, of the people inside."""
    part = material.parts[number]
    orders = recorded(part.source)
    scores = protocol.trial_scores(part.rows, part.trials, logits[material.part == number], orders)
    chosen = {name for name, own in zip(material.people, inside, strict=True) if own}
    keep = np.array([f"{part.source.dataset}/{trial.subject}" in chosen for trial in part.trials])
    falls = np.array([trial.fall for trial in part.trials])
    return scores[:, keep].ravel(), np.tile(falls[keep], len(orders))


def _fitted(material: Material, inside: NDArray[np.bool_], groups: int = 1) -> Model:
    rows = inside[material.person] & (material.label >= 0)
    seen = [name for name, own in zip(material.people, inside, strict=True) if own]
    shape = replace(fitting.SHAPE, groups=groups)
    return fit(material.inputs[rows], material.label[rows], seen, shape=shape)


def parts_of(data: Path, sources: Sequence[Source], say: Say = silent) -> dict[Source, Part]:
    """The rows of each source, from a folder with a folder for each data set.

    Raises:
        DatasetError: a set is missing or unknown.
    """
    found: dict[Source, Part] = {}
    for source in dict.fromkeys(sources):
        trials = DATASETS[source.dataset].trials(data / source.dataset, None, source.position, refused=say)
        found[source] = Part.of(source, trials, SEED)
        say(f"{source.dataset}, {source.position}: {len(trials)} trials, {len(found[source].inputs)} candidates")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write both files."""
    parser = argparse.ArgumentParser(description="Train the shipped fall models.")
    parser.add_argument("--data", type=Path, required=True, help="folder with sisfall, umafall and weda in it")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="where the final models go")
    parser.add_argument("--folds-out", type=Path, default=FOLDS_FILE, help="where the fold models go")
    parser.add_argument("--all", action="store_true", help="make the models anew that are kept otherwise, too")
    options = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(line, flush=True)  # noqa: T201

    kept = frozenset[str]() if options.all else KEPT
    final = {name: model for name, model in load(SHIPPED).items() if name in kept} if kept else {}
    folds = {name: model for name, model in load(FOLDS_FILE).items() if name.split("/")[0] in kept} if kept else {}
    try:
        parts = parts_of(options.data, [source for sources in TEACHERS.values() for source in sources], say)
        for name, sources in TEACHERS.items():
            if name in kept:
                continue
            say(f"{name}:")
            material = Material.of([parts[source] for source in sources])
            last, left_out = train(material, say, nested=name not in ALONE, groups=GROUPS.get(name, 1))
            titles = ", ".join(dict.fromkeys(DATASETS[source.dataset].title for source in sources))
            about = {"data": titles, "people": str(len(last.seen)), "candidates": str(len(material.label))}
            final[name] = replace(last, about=about)
            folds |= {f"{name}/{number}": replace(one, about=about) for number, one in enumerate(left_out)}
    except DatasetError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    digests = {str(options.out): save(options.out, final), str(options.folds_out): save(options.folds_out, folds)}
    say(json.dumps(digests, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
