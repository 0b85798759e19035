"""Measure the shipped models and write their card: `python -m analytics.training.card --data PATH`.

Everything the card says in numbers comes from `fall_report.json` beside the models, which names them by their digests;
a test sees that the three belong together.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from analytics.datasets import DatasetError
from analytics.datasets.sets import DATASETS
from analytics.falls.artefact import FOLDS, SHIPPED, WORN, digest_of, digest_of_model, load, shipped
from analytics.falls.card import REPORT, render
from analytics.falls.evaluation import SEEDS, judges, outcomes
from analytics.falls.report import changes, report
from analytics.training.probe import probe

MEASURED: Final = (
    ("sisfall", "waist"),
    ("umafall", "waist"),
    ("umafall", "chest"),
    ("umafall", "wrist"),
    ("weda", "wrist"),
)
CARD: Final = Path(__file__).parents[2] / "docs" / "fall-model-card.md"


def measure(
    data: Path, seeds: int, say: Callable[[str], None], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The reports of every set and position, and which models they are of.

    Args:
        data: folder of the sets.
        seeds: orders and chunks drawn.
        say: told what was measured.
        before: what an earlier run gave; what it says of models that are the same still is taken over.

    Raises:
        DatasetError: a set is missing or damaged.
    """
    models, folds = shipped(), load(FOLDS)
    digests = {name: digest_of_model(name, SHIPPED, FOLDS) for name in sorted(set(WORN.values()))}
    known = before["digests"] if before else {}
    reports: dict[str, Mapping[str, Any]] = {}
    for name, position in MEASURED:
        key = f"{name} {position}"
        if before and known.get(WORN[position]) == digests[WORN[position]] and key in before["reports"]:
            reports[key] = before["reports"][key]
            continue
        say(f"{name}, {position}:")
        trials = DATASETS[name].trials(data / name, None, position, refused=say)
        native = DATASETS[name].trials(data / name, None, position, native=True, refused=lambda _: None)
        chosen = judges(trials, name, position, models, folds)
        joined = outcomes(trials, chosen, seeds=seeds, say=say)
        unknown = judges(trials, name, position, models, folds, device=False)
        changed = {
            "unknown": changes(trials, joined, outcomes(trials, unknown, seeds=1, say=say)),
            "apart": changes(trials, joined, outcomes(trials, chosen, seeds=seeds, apart=True, say=say)),
            "native": changes(trials, joined, outcomes(native, chosen, seeds=seeds, apart=True, say=say)),
        }
        reports[key] = {**report(trials, joined, chosen), "changes": changed}
    about = {name: dict(model.about) for name, model in models.items()}
    return {
        "models": digest_of(SHIPPED),
        "folds": digest_of(FOLDS),
        "digests": digests,
        "about": about,
        "probe": probe(models),
        "reports": reports,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, unless only the words changed, and write the report and the card."""
    parser = argparse.ArgumentParser(description="The fall models' card.")
    parser.add_argument("--data", type=Path, help="folder with sisfall, umafall and weda in it; else the words only")
    parser.add_argument("--changed", action="store_true", help="keep what was measured of models that are the same")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="orders and chunks drawn; the worst counts")
    options = parser.parse_args(arguments)
    try:
        if options.data is not None:
            before = json.loads(REPORT.read_text(encoding="utf-8")) if options.changed else None
            measured = measure(options.data, options.seeds, lambda line: print(line, flush=True), before)  # noqa: T201
            REPORT.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except DatasetError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    CARD.write_text(render(json.loads(REPORT.read_text(encoding="utf-8"))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
