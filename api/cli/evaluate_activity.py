"""`huoma evaluate activity`: how late an emergency at home is noticed, and how often nobody needed help."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from analytics.activity import disturbed, kept, plots
from analytics.activity import found as changes
from analytics.activity.course import Home
from analytics.activity.evaluation import MONTHLY, evaluated
from analytics.activity.protocol import Situation, Tried, tried
from analytics.activity.report import report
from analytics.datasets import DatasetError, homeassist
from api.cli.folders import folder
from gateway.core.errors import Invalid

LEARNT_DAYS: Final = 30  # when nobody says from which day on to test
MADE_UP: Final = "made-up"  # residents of whom it is known that nothing happened: is the promise kept?
CHANGING: Final = "made-up-changes"  # and residents who change: how soon is it noticed?
DISTURBED: Final = "made-up-disturbances"  # failing sensors, holidays, guests: does any raise an alert?
CHANGED: Final = f"{homeassist.NAME}-changes"  # the same changes put into a recorded home
_MADE_UP: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    MADE_UP: kept.kept,
    CHANGING: changes.found,
    DISTURBED: disturbed.disturbed,
}
_PEER_LEVELS: Final = 400  # its strictest ones: more false alerts than that interest nobody


def activity(
    path: Annotated[
        Path | None, typer.Argument(help="the record of one home, original layout", show_default=False)
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            "--dataset",
            help=f"{homeassist.NAME} (whose layout the file has) or {CHANGED}; without a file {MADE_UP}, {CHANGING} or "
            f"{DISTURBED}",
        ),
    ] = homeassist.NAME,
    test_from: Annotated[
        str | None,
        typer.Option(
            "--test-from", help=f"first day of the test; else {LEARNT_DAYS} days after the first", metavar="DATE"
        ),
    ] = None,
    per_month: Annotated[
        float, typer.Option("--per-month", help=f"false alerts promised: {', '.join(f'{one:g}' for one in MONTHLY)}")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of the moments of emergencies")] = 0,
    peers: Annotated[bool, typer.Option("--peers", help="other methods beside it (extra train)")] = False,
    drawn: Annotated[
        Path | None, typer.Option("--plots", help="folder for actogram, survival and curve as SVG", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on standard output")] = False,
) -> None:
    """Put emergencies into every day of a home's record and see when they are noticed; learn from the past only."""
    if name in _MADE_UP:
        found = _made_up(name, path, seed)
        print(json.dumps({"dataset": name, **found}, indent=None if as_json else 1))
        return
    if name not in (homeassist.NAME, CHANGED):
        known = f"{homeassist.NAME}, {CHANGED}, {MADE_UP}, {CHANGING}, {DISTURBED}"
        raise Invalid(f"there is no dataset {name!r} of homes; known are: {known}.")
    if path is None:
        raise Invalid("say which file the record of the home is.")
    if name == CHANGED:
        try:
            seen = changes.found_in(homeassist.load(path), seed=seed, say=_say)
        except DatasetError as error:
            raise Invalid(str(error)) from error
        print(json.dumps({"dataset": name, **seen}, indent=None if as_json else 1))
        return
    if per_month not in MONTHLY:
        raise Invalid(f"--per-month is one of {', '.join(f'{one:g}' for one in MONTHLY)}.")
    drawn = folder(drawn, "--plots")
    try:
        events = homeassist.load(path)
        first = LEARNT_DAYS if test_from is None else _day(test_from, events.first_day)
        measured = evaluated(events, first, seed=seed)
    except (DatasetError, ValueError) as error:
        raise Invalid(str(error)) from error
    found = report(measured, per_month, _peers(measured.home, measured.given) if peers else {})
    if drawn is not None:
        for file, drawing in plots.drawings(measured.home, found).items():
            (drawn / file).write_text(drawing, encoding="utf-8")
    print(json.dumps({"dataset": name, "seed": seed, **found}) if as_json else _text(found))


def _made_up(name: str, path: Path | None, seed: int) -> dict[str, Any]:
    if path is not None:
        raise Invalid(f"{path} would not be used: --dataset {name} makes its own homes; leave the file out.")
    return _MADE_UP[name](seed=seed, say=_say)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _day(text: str, first: np.datetime64) -> int:
    try:
        asked = dt.date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"--test-from {text!r} is no date; write it like 2017-07-01.") from error
    return int((np.datetime64(asked) - first) / np.timedelta64(1, "D"))


def _peers(home: Home, given: Situation) -> dict[str, Tried]:
    try:
        from analytics.peers import alert_lines, buckets, forest
    except ImportError as error:
        raise Invalid("--peers needs scikit-learn: install huoma[train].") from error
    found: dict[str, Tried] = {}
    for name, peer in (("alert_lines", alert_lines), ("isolation_forest", forest), ("buckets_672", buckets)):
        untouched, silent = peer.paths(home, given)
        # Every level that makes a difference: the highest each quiet reached, and one that nothing reaches.
        quiet = np.cumsum(given.life)
        peaks = np.full(int(quiet[-1]) + 1, -np.inf)
        np.maximum.at(peaks, quiet, untouched)
        peaks = np.nextafter(np.unique(peaks[np.isfinite(peaks)])[-_PEER_LEVELS:], np.inf)
        found[name] = tried(given, untouched, silent, peaks)
    return found


def _text(found: dict[str, Any]) -> str:
    left_out = found["left_out"]
    over = (
        f"{found['days']} days from {found['test_from']} on, {found['watched_days']:.1f} watched "
        f"(sensors out {100 * left_out['outage']:.0f} %, out of home {100 * left_out['out_of_home']:.0f} %), "
        f"{found['emergencies']} emergencies"
    )
    lines = [
        over,
        f"promised {found['promised_per_month']:g} a month: {_words(found)}",
        *[
            f"{one['per_month']:g} a month are {one['expected']:.1f} expected: {_words(one)}"
            for one in found["promises"]
        ],
        *[f"at most {one['false_alerts_at_most']} false alerts: {_words(one)}" for one in found["at_most"]],
        "nothing left out:",
        *[
            f"  at most {one['false_alerts_at_most']} false alerts: {_words(one)}"
            for one in found["nothing_left_out"]["at_most"]
        ],
    ]
    for name, points in found["peers"].items():
        lines.append(f"{name}:")
        lines += [f"  at most {one['false_alerts_at_most']} false alerts: {_words(one)}" for one in points]
    return "\n".join([*lines, *found["remarks"], found["note"]])


def _words(point: dict[str, Any]) -> str:
    low, high = point["mean_delay_h_ci95"]
    apart = ", ".join(
        f"{part} {'–' if point[part]['mean_delay_h'] is None else format(point[part]['mean_delay_h'], '.2f')} h"
        for part in ("night", "day")
    )
    return (
        f"{point['false_alerts']} false ({point['false_alerts_per_day']:.3f} a day), "
        f"noticed after {point['mean_delay_h']:.2f} h (95 %: {low:.2f}–{high:.2f}; {apart})"
    )
