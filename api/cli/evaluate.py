"""`huoma evaluate …`: the detectors measured on published recordings, by one protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from analytics.datasets import DatasetError, Trial, iwrl6432
from analytics.datasets.sets import DATASETS, dataset
from analytics.falls import ArtefactError, Model, plots, shipped
from analytics.falls.artefact import ANYWHERE, FOLDS, WORN, load
from analytics.falls.evaluation import SEEDS, judges, outcomes
from analytics.falls.report import report as figures
from analytics.radar import regression
from api.cli.evaluate_activity import activity
from api.cli.evaluate_radar import radar
from api.cli.evaluate_vitals import vitals
from api.cli.folders import folder
from gateway.core.errors import Invalid

Models = Mapping[str, Model]

app = typer.Typer(no_args_is_help=True, help="Measure the detectors on published recordings.")


@app.callback()
def _evaluate() -> None:
    """Measure the detectors on published recordings."""


app.command("activity")(activity)
app.command("radar")(radar)
app.command("vitals")(vitals)


@app.command("fall")
def fall(
    path: Annotated[Path, typer.Argument(help="folder of the recordings, original layout or packed files")],
    name: Annotated[
        str, typer.Option("--dataset", help=f"which recordings: {', '.join(DATASETS)}, or {iwrl6432.NAME} (radar)")
    ] = "sisfall",
    position: Annotated[
        str | None,
        typer.Option("--position", help="where the sensor was worn; else the set's first", show_default=False),
    ] = None,
    subjects: Annotated[
        str | None, typer.Option("--subjects", help="only these, such as SA01,SE06", show_default=False)
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="orders and chunks drawn; the worst counts")] = SEEDS,
    apart: Annotated[bool, typer.Option("--apart", help="each trial alone, with stillness around it")] = False,
    native: Annotated[
        bool, typer.Option("--native", help="each trial alone and at its own rate, whatever the others have")
    ] = False,
    drawn: Annotated[
        Path | None, typer.Option("--plots", help="folder for ROC, delays and misses as SVG", show_default=False)
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="train anew from these recordings, people grouped (extra train)")
    ] = False,
    cross: Annotated[
        bool, typer.Option("--cross", help="models on a set they never saw; PATH holds sisfall, umafall and weda")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Replay trials through the streaming fall detector; people never on both sides of training."""
    if name == iwrl6432.NAME:
        report = _radar(path)
        print(json.dumps(report) if as_json else "\n".join(f"{key}: {value}" for key, value in report.items()))
        return
    if cross:
        cells = _crossed(path, seeds)
        print(json.dumps(cells) if as_json else "\n\n".join(f"{name}\n{_text(one)}" for name, one in cells.items()))
        return
    drawn = folder(drawn, "--plots")
    try:
        recordings = dataset(name)
        wanted = None if subjects is None else [one.strip() for one in subjects.split(",") if one.strip()]
        if wanted is not None and not wanted:
            raise DatasetError("--subjects names nobody; write it like SA01,SE06.")
        worn = recordings.positions[0] if position is None else position
        refused: list[str] = []
        trials = recordings.trials(path, wanted, worn, native=native, refused=refused.append)
        for line in refused:
            _say(line)
        final, folds = _refitted(trials, name, worn) if refit else (shipped(), load(FOLDS))
        models = judges(trials, name, worn, final, folds)
        found = outcomes(trials, models, seeds=seeds, apart=apart or native, say=_say)
        report = figures(trials, found, models)
    except (DatasetError, ArtefactError) as error:
        raise Invalid(str(error)) from error
    if drawn is not None:
        for file, drawing in plots.drawings(trials, found).items():
            (drawn / file).write_text(drawing, encoding="utf-8")
    asked = {"dataset": name, "position": worn, "apart": apart or native, "native": native, "refused": refused}
    print(json.dumps({**asked, **report}) if as_json else _text(report))


def _radar(path: Path) -> dict[str, Any]:
    try:
        return {"dataset": iwrl6432.NAME, **regression.report(iwrl6432.load(path))}
    except DatasetError as error:
        raise Invalid(str(error)) from error


def _crossed(path: Path, seeds: int) -> dict[str, Any]:
    try:
        from analytics.training.cross import matrix
    except ImportError as error:
        raise Invalid("--cross needs scikit-learn: install huoma[train].") from error
    try:
        return matrix(path, seeds, _say)
    except DatasetError as error:
        raise Invalid(str(error)) from error


def _refitted(trials: list[Trial], name: str, position: str) -> tuple[Models, Models]:
    try:
        from analytics.training.falls import SEED, train
        from analytics.training.material import Material, Part
        from analytics.training.sources import Source
    except ImportError as error:
        raise Invalid("--refit needs scikit-learn: install huoma[train].") from error
    part = Part.of(Source(dataset=name, position=position), trials, SEED)
    final, folds = train(Material.of([part]), _say)
    worn = WORN.get(position, ANYWHERE)
    return {worn: final}, {f"{worn}/{number}": one for number, one in enumerate(folds)}


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _text(report: dict[str, Any]) -> str:
    lines = [
        f"{report['trials']} trials of {report['people']} people, {report['hours']:.1f} h",
        f"the worst of {report['seeds']} seeds:",
        *_group("all", report),
        *[line for name, part in report["by_group"].items() for line in _group(name, part)],
        f"area under the curve {show(report['auc'])}",
        f"… from metadata alone {show(report['metadata_auc'])}",
        f"… from metadata of single files {show(report['metadata_auc_of_single_files'])}",
        f"calibration error {show(report['calibration_error'])}",
        "delay of 50, 99 and 100 of 100: "
        + ", ".join(f"{show(report[f'delay_s{part}'])} s" for part in ("", "_p99", "_max")),
        f"false alarms per hour {show(report['false_alarms_per_hour'])}",
    ]
    for name, part in report["by_activity"].items():
        share = part.get("sensitivity", part.get("specificity"))
        lines.append(f"  {name}: {100 * share:6.2f} % of {part['trials']}, {part['false_alarms_per_hour']:.2f} false/h")
    for kind, words in (("apart", "each trial alone"), ("native", "each at its own rate")):
        for what, (change, low, high) in report.get("changes", {}).get(kind, {}).items():
            lines.append(f"{words}: {what} {100 * change:+.2f} (95 %: {100 * low:+.2f}…{100 * high:+.2f})")
    return "\n".join([*lines, report["note"]])


def _group(name: str, part: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for what in ("sensitivity", "specificity"):
        if part[what] is not None:
            low, high = part[f"{what}_ci95"]
            lines.append(f"{name}: {what} {100 * part[what]:.2f} % (95 %: {100 * low:.2f}–{100 * high:.2f})")
    return lines


def show(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
