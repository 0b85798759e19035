"""`huoma evaluate …`: the detectors measured on published recordings, by one protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from analytics.datasets import DatasetError, Trial, sisfall
from analytics.falls import ArtefactError, Model
from analytics.falls.evaluation import SEEDS, evaluate, judges
from analytics.falls.model import FOLDS, SHIPPED, load, load_all
from gateway.core.errors import Invalid

DATASETS: Final = {"sisfall": sisfall}

app = typer.Typer(no_args_is_help=True, help="Measure the detectors on published recordings.")


@app.callback()
def _evaluate() -> None:
    """Measure the detectors on published recordings."""


@app.command("fall")
def fall(
    path: Annotated[Path, typer.Argument(help="folder of the recordings, original layout or packed files")],
    dataset: Annotated[str, typer.Option("--dataset", help=f"which recordings: {', '.join(DATASETS)}")] = "sisfall",
    position: Annotated[str, typer.Option("--position", help="where the sensor was worn")] = "waist",
    subjects: Annotated[
        str | None, typer.Option("--subjects", help="only these, such as SA01,SE06", show_default=False)
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="orders and chunks drawn; the worst counts")] = SEEDS,
    refit: Annotated[
        bool, typer.Option("--refit", help="train anew from these recordings, people grouped (extra train)")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Replay trials through the streaming fall detector; people never on both sides of training."""
    try:
        if dataset not in DATASETS:
            raise DatasetError(f"there is no dataset {dataset!r}; known are: {', '.join(DATASETS)}.")
        wanted = None if subjects is None else [name.strip() for name in subjects.split(",") if name.strip()]
        if wanted is not None and not wanted:
            raise DatasetError("--subjects names nobody; write it like SA01,SE06.")
        trials = DATASETS[dataset].load(path, wanted, position)
        final, folds = _refitted(trials) if refit else (load(SHIPPED), load_all(FOLDS))
        report = evaluate(trials, judges(trials, final, folds), seeds=seeds, say=_say)
    except (DatasetError, ArtefactError) as error:
        raise Invalid(str(error)) from error
    print(json.dumps({"dataset": dataset, "position": position, **report}) if as_json else _text(report))


def _refitted(trials: list[Trial]) -> tuple[Model, list[Model]]:
    try:
        from analytics.training.falls import train
    except ImportError as error:
        raise Invalid("--refit needs scikit-learn: install huoma[train].") from error
    final, folds = train(trials, _say)
    return final, folds


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _text(report: dict[str, Any]) -> str:
    lines = [
        f"{report['trials']} trials of {report['people']} people, {report['hours']:.1f} h",
        f"the worst of {report['seeds']} seeds:",
        *_group("all", report),
        *[line for name, part in report["by_group"].items() for line in _group(name, part)],
        f"area under the curve {_show(report['auc'])}",
        f"… from metadata alone {_show(report['metadata_auc'])}",
        f"… from metadata of single files {_show(report['metadata_auc_of_single_files'])}",
        f"delay {_show(report['delay_s'])} s (median), {_show(report['delay_s_max'])} s at most",
        f"false alarms per hour {_show(report['false_alarms_per_hour'])}",
    ]
    for name, part in report["by_activity"].items():
        share = part.get("sensitivity", part.get("specificity"))
        lines.append(f"  {name}: {100 * share:6.2f} % of {part['trials']}, {part['false_alarms_per_hour']:.2f} false/h")
    return "\n".join([*lines, report["note"]])


def _group(name: str, part: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for what in ("sensitivity", "specificity"):
        if part[what] is not None:
            low, high = part[f"{what}_ci95"]
            lines.append(f"{name}: {what} {100 * part[what]:.2f} % (95 %: {100 * low:.2f}–{100 * high:.2f})")
    return lines


def _show(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
