"""Train the shipped fall models: `python -m analytics.training.falls --sisfall PATH`.

Nested and grouped by person. Fold models leave one fold of people out; their thresholds and calibration come from
models that leave out two folds, so a person's recordings never take part in anything that judges that person. The
final model is trained on everybody, its threshold and calibration come from the fold models' scores of the people
they left out.
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

from analytics.datasets import DatasetError, Trial, sisfall
from analytics.falls.model import FOLDS as FOLDS_FILE
from analytics.falls.model import SHIPPED, Model, save
from analytics.training import protocol
from analytics.training.augmentation import CHAINS
from analytics.training.fitting import calibration, fit
from analytics.training.table import Table, build

SEED: Final = 2
_TOO_FEW: Final = "training needs at least {} people with falls among them, got {}"


def train(trials: Sequence[Trial], say: Callable[[str], None] = lambda line: None) -> tuple[Model, list[Model]]:
    """The final model and the fold models.

    Raises:
        DatasetError: too few people.
    """
    table = build(trials, CHAINS, SEED)
    say(f"{len(table.label)} candidates, {int((table.label == 1).sum())} of them falls")
    return train_table(table, trials, say)


def train_table(
    table: Table, trials: Sequence[Trial], say: Callable[[str], None] = lambda line: None
) -> tuple[Model, list[Model]]:
    """The same from a table already built."""
    subjects = sorted({trial.subject for trial in trials})
    falls = np.array([trial.fall for trial in trials])
    if len(subjects) < protocol.FOLDS or not falls.any() or falls.all():
        raise DatasetError(_TOO_FEW.format(protocol.FOLDS, len(subjects)) + ".")
    fold = protocol.folds(subjects, SEED)
    of_row = fold[table.subject]
    pairs: dict[frozenset[int], Model] = {}
    for pair in combinations(range(protocol.FOLDS), 2):
        pairs[frozenset(pair)] = fit(table.rows(~np.isin(of_row, pair)), _names(subjects, ~np.isin(fold, pair)))
        say(f"fitted without folds {pair}")
    models: list[Model] = []
    outer = np.zeros(len(table.label))
    for number in range(protocol.FOLDS):
        own = of_row == number
        inner = np.zeros(len(table.label))
        for other in range(protocol.FOLDS):
            if other != number:
                rows = of_row == other
                inner[rows] = raw(pairs[frozenset((number, other))], table.features[rows])
        fitted = fit(table.rows(~own), _names(subjects, fold != number))
        models.append(_committed(fitted, table.rows(~own), trials, inner[~own], fold != number, subjects))
        outer[own] = raw(models[-1], table.features[own])
        say(f"fold {number}: threshold {models[-1].threshold:.3f}")
    final = fit(table, subjects)
    committed = _committed(final, table, trials, outer, np.ones(len(subjects), np.bool_), subjects)
    for chain, line in enumerate(_figures(table, trials, models, outer, of_row)):
        say(f"chain {chain}: {line}")
    return committed, models


def raw(model: Model, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean of both logits, before calibration, float64 (N,)."""
    step = 2048
    parts = [np.ascontiguousarray(features[begin : begin + step].T) for begin in range(0, len(features), step)]
    return np.concatenate([model.raw(part) for part in parts])


def _committed(
    model: Model,
    table: Table,
    trials: Sequence[Trial],
    logits: NDArray[np.float64],
    inside: NDArray[np.bool_],
    subjects: Sequence[str],
) -> Model:
    """The model with threshold and calibration from logits of people its helpers did not see."""
    chosen = {name for name, own in zip(subjects, inside, strict=True) if own}
    rows = np.array([trial.subject in chosen for trial in trials])
    falls = np.array([trial.fall for trial in trials])
    scores = protocol.trial_scores(table, trials, logits)[:, rows]
    at = protocol.threshold(scores, falls[rows])
    taught = table.label >= 0
    slope, offset = calibration(logits[taught], table.label[taught])
    return replace(model, slope=slope, offset=offset, threshold=float(1 / (1 + np.exp(-(slope * at + offset)))))


def _figures(
    table: Table,
    trials: Sequence[Trial],
    models: Sequence[Model],
    outer: NDArray[np.float64],
    of_row: NDArray[np.int64],
) -> list[str]:
    falls = np.array([trial.fall for trial in trials])
    above = np.zeros(len(outer))
    for number, model in enumerate(models):
        own = of_row == number
        above[own] = model.slope * outer[own] + model.offset - np.log(model.threshold / (1 - model.threshold))
    scores = protocol.trial_scores(table, trials, above)
    return [f"sensitivity {np.mean(row[falls] >= 0):.4f} specificity {np.mean(row[~falls] < 0):.4f}" for row in scores]


def _names(subjects: Sequence[str], inside: NDArray[np.bool_]) -> list[str]:
    return [name for name, own in zip(subjects, inside, strict=True) if own]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write both files."""
    parser = argparse.ArgumentParser(description="Train the shipped fall models.")
    parser.add_argument("--sisfall", type=Path, required=True, help="folder of SisFall recordings")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="where the final model goes")
    parser.add_argument("--folds-out", type=Path, default=FOLDS_FILE, help="where the fold models go")
    options = parser.parse_args(arguments)
    try:
        trials = sisfall.load(options.sisfall)
        final, folds = train(trials, say=lambda line: print(line, flush=True))  # noqa: T201
    except DatasetError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    about = {"data": "SisFall, Sensors 2017 17:198", "people": str(len(final.seen)), "trials": str(len(trials))}
    written = {
        str(options.out): save(options.out, [replace(final, about=about)]),
        str(options.folds_out): save(options.folds_out, [replace(model, about=about) for model in folds]),
    }
    print(json.dumps(written, indent=2))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
