"""The model card's words around the figures of a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from analytics.datasets.sets import DATASETS

_KINDS: Final = {
    "apart": "each trial alone",
    "native": "each trial alone, at its own rate",
    "unknown": "as a device that nobody measured",
}
REPORT: Final = Path(__file__).with_name("fall_report.json")
_HEAD: Final = """# Model card: falls from acceleration

Written by `python -m analytics.training.card` from `analytics/falls/fall_report.json`: change it there, not here.

| file | content (SHA-256 of it, checked when it is read) |
|---|---|
| `fall_model.npz` | what the gateway runs: {models}: `{digest}` |
| `fall_model_folds.npz` | ten models for the trunk and ten for the wrist, each without a tenth of the people; \
used by `huoma evaluate` only: `{folds}` |

Coefficients only: four networks of one hidden layer of 64 units each, their weights in eight bits, on the shares of
places where each of 256 random convolution kernels answers, at the wrist below 10.5 Hz, at the trunk on 288 features of
the phases of a fall too; a threshold and a calibration line for any device, and those of the devices that were
measured. No recording is in these files, nor can one be rebuilt from them.

## For what
To suspect a fall of an adult from three-axis acceleration, 12.5–416 Hz, in any mounting, and to call a nurse who
looks. `trunk` judges what is worn at the waist or chest, `wrist` at the wrist, `any` where nobody said where, or
elsewhere. It is not a certified medical device.

## What is not known
**No recording of a real, unstaged fall was available, and none of an elder's fall.** People of 19–46 years let
themselves fall onto mats. Staged falls flatter every detector. On real falls the best published ones reach 80 %
sensitivity at 0.17 false alarms per person-week (AIDE-MOI, Sensors 2019, 19:1357) to 0.56 per hour (FARSEEING, Sensors
2020, 20:6479): expect that order, not the tables below. Falls without an impact of 1.5 g (sliding from a chair,
sinking down a wall) are not looked at at all. A device that falls to the floor without its wearer may look like a
fall. The daily activity is scripted, hours of it, not months: nobody knows from it how often a home will be alarmed in
a month.

## Data
{data}

Each recording also goes through chains that make it look like other devices: other rates with and without an
anti-aliasing filter, clipping, any mounting, gain, bias, noise, lost packets, faster and slower people. The wrist's
was taught so too, and with what is above 10.5 Hz, of which it hears half now, and nothing above 16 Hz.

## Protocol
Nested, people never on both sides, ten folds of people. A fold model's thresholds (where sensitivity equals
specificity) and calibrations come from models that leave out that fold and one more. Each person is judged by the
model that never saw that person, with the calibration of the set's device; trials of a set at one rate (UMAFall 20 Hz,
WEDA-FALL 39 Hz: its own rates give falls away), joined in random order with a second of stillness between; random
chunks of 0.05–0.5 s; the streaming detector as the gateway runs it; ten seeds, **the worst of each figure**. Seeds
redraw orders and chunks, not fits. No trial is excluded.
"""
_TAIL: Final = """
## Made by
`python -m analytics.training.falls --data PATH` (extra `train`), then `python -m analytics.training.card --data PATH`;
with one core, an hour and a half. `PATH` holds the folders `sisfall`, `umafall` and `weda`. `trunk` is kept from an
earlier version unless `--all` is given: the one that would be made now raises more of SisFall's near-falls
(docs/fall-detection.md). The card's `--changed` measures only models that are not what they were.
"""


def render(measured: Mapping[str, Any]) -> str:
    """The card as Markdown, from what `analytics.training.card` measured."""
    about, reports = measured["about"], measured["reports"]
    models = ", ".join(f"`{name}` (taught by {len_of(about[name])})" for name in about)
    data = "\n".join(
        f"- {one.title} ({one.source}): "
        + "; ".join(_counted(key.split()[1], report) for key, report in reports.items() if key.split()[0] == one.name)
        for one in DATASETS.values()
        if any(key.split()[0] == one.name for key in reports)
    )
    parts = [_HEAD.format(models=models, digest=measured["models"], folds=measured["folds"], data=data)]
    parts.append("\n## Figures (95 % intervals by trial; by person)\n" + _figures(reports))
    parts.append("\n### What changes otherwise\n" + _changes(reports))
    parts.append("\n### Young and old\n" + _groups(reports))
    parts.append("\n### False alarms per hour of daily activity\n" + _activities(reports))
    parts.append("\n### Falls found, by how people fell\n" + _falls(reports))
    return "".join(parts) + _TAIL


def len_of(about: Mapping[str, str]) -> str:
    """How many people of which sets."""
    return f"{about['people']} people of {about['data']}"


def _counted(position: str, report: Mapping[str, Any]) -> str:
    return (
        f"{position}, {report['people']} people, {report['falls']:,} falls and {report['activities']:,} activities "
        f"in {report['hours']:.1f} h"
    )


def _figures(reports: Mapping[str, Any]) -> str:
    lines = [
        "| | sensitivity, % | specificity, % | AUC | … of metadata | calibration error | delay, s | false alarms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for key, one in reports.items():
        lines.append(
            f"| {_called(key)} | {_share(one, 'sensitivity')} | {_share(one, 'specificity')} | {one['auc']:.4f} | "
            f"{one['metadata_auc']:.2f} | {one['calibration_error']:.3f} | "
            f"{one['delay_s']:.2f}, {one['delay_s_p99']:.2f} | {one['false_alarms_per_hour_of_activity']:.2f} |"
        )
    lines.append(
        "\nDelay: median and 99th of a hundred. False alarms: an hour of activity. Metadata: a model that sees rate, "
        "chunks and place in the stream. Of single files it would reach "
        + ", ".join(f"{one['metadata_auc_of_single_files']:.3f} ({_called(key)})" for key, one in reports.items())
        + ": that is why trials are joined at one rate."
    )
    return "\n".join(lines) + "\n"


def _changes(reports: Mapping[str, Any]) -> str:
    lines = ["| change, points (95 % by person) | sensitivity | specificity |", "|---|---|---|"]
    for key, report in reports.items():
        for kind, words in _KINDS.items():
            change = report["changes"][kind]
            cells = [f"{100 * m:+.2f} ({100 * low:+.2f} … {100 * high:+.2f})" for m, low, high in change.values()]
            lines.append(f"| {_called(key)}, {words} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n\nMeans of the ten seeds; of a device that nobody measured, one seed.\n"


def _groups(reports: Mapping[str, Any]) -> str:
    lines = [
        "| | trials | sensitivity, % | specificity, % | false alarms an hour of activity |",
        "|---|---|---|---|---|",
    ]
    for key, report in reports.items():
        for group, one in report["by_group"].items():
            lines.append(
                f"| {_called(key)}, {group} | {one['trials']:,} | {_share(one, 'sensitivity')} | "
                f"{_share(one, 'specificity')} | {one['false_alarms_per_hour_of_activity']:.2f} |"
            )
    return "\n".join(lines) + "\n\nUMAFall does not say who is older.\n"


def _activities(reports: Mapping[str, Any]) -> str:
    lines = ["| | activities that raised alarms: alarms an hour (hours) | without any |", "|---|---|---|"]
    for key, report in reports.items():
        daily = {name: one for name, one in report["by_activity"].items() if "specificity" in one}
        loud = sorted((name for name in daily if daily[name]["false_alarms_per_hour"]), key=_rate(daily), reverse=True)
        words = ", ".join(f"{n} {daily[n]['false_alarms_per_hour']:.1f} ({daily[n]['hours']:.2f})" for n in loud)
        quiet = [name for name in daily if name not in loud]
        hours = sum(daily[name]["hours"] for name in quiet)
        lines.append(f"| {_called(key)} | {words or 'none'} | {', '.join(quiet) or 'none'} ({hours:.2f} h) |")
    return (
        "\n".join(lines) + "\n\nNames are the sets' own. Scripted activity is much denser in near-falls than a day.\n"
    )


def _rate(daily: Mapping[str, Any]) -> Any:
    return lambda name: daily[name]["false_alarms_per_hour"]


def _falls(reports: Mapping[str, Any]) -> str:
    lines = ["| | not all found, % (of) | all found |", "|---|---|---|"]
    for key, report in reports.items():
        kinds = {name: one for name, one in report["by_activity"].items() if "sensitivity" in one}
        some = [name for name in kinds if kinds[name]["sensitivity"] < 1]
        words = ", ".join(f"{n} {100 * kinds[n]['sensitivity']:.1f} ({kinds[n]['trials']})" for n in some)
        lines.append(
            f"| {_called(key)} | {words or 'none'} | {', '.join(n for n in kinds if n not in some) or 'none'} |"
        )
    return "\n".join(lines) + "\n"


def _called(key: str) -> str:
    name, position = key.split()
    return f"{DATASETS[name].title}, {position}"


def _share(one: Mapping[str, Any], what: str) -> str:
    if one[what] is None:
        return "nobody fell" if what == "sensitivity" else "–"
    trials, people = one[f"{what}_ci95"], one[f"{what}_ci95_people"]
    return f"{100 * one[what]:.2f} ({_interval(trials)}; {_interval(people)})"


def _interval(bounds: tuple[float, float]) -> str:
    return "–".join(f"{100 * bound:.1f}" for bound in bounds)
