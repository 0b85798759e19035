"""The command line of what is measured on SisFall's trials by models that never saw the person."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analytics.datasets import sisfall
from analytics.datasets.trials import DatasetError, Trial
from analytics.falls.artefact import FOLDS, load, shipped
from analytics.falls.evaluation import judges
from analytics.falls.model import Model


def print_measured(
    description: str,
    measure: Callable[[Sequence[Trial], Mapping[str, Model]], Mapping[str, Any]],
    arguments: Sequence[str] | None,
) -> int:
    """Print what was measured as one JSON object. The exit status."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--sisfall", type=Path, required=True, help="folder of SisFall recordings")
    parser.add_argument("--subjects", help="only these, with commas")
    options = parser.parse_args(arguments)
    try:
        trials = sisfall.load(options.sisfall, options.subjects.split(",") if options.subjects else None)
    except DatasetError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    models = judges(trials, "sisfall", "waist", shipped(), load(FOLDS))
    print(json.dumps(measure(trials, models), indent=2))  # noqa: T201
    return 0
