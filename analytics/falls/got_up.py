"""How well who gets up is told from who stays down, on recordings: `python -m analytics.falls.got_up --sisfall PATH`.

Trials end seconds after a fall and nobody gets up in them, so streams are made: the person walks (one of their walking
trials) or nothing was heard before; then comes the trial; then

- **stays**: its last two seconds go on, forwards and backwards, for 42 s from the impact on;
- **walks after**: 8 s after the impact they turn, as in `joins.stillness`, and walk.

A watch begins at the greatest |a|, as if the detector had raised it. Daily activities are watched in the same way, as
if each were a false alarm. Nothing is fitted here; the thresholds are those of `gait.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets import sisfall, umafall, weda
from analytics.datasets.trials import DatasetError, Trial
from analytics.falls import recovery
from analytics.falls.joins import stillness
from analytics.falls.risen import WATCH_S
from analytics.findings import Finding

DOWN_S: Final = 8.0  # how long they lie before they get up
_LONG_S: Final = 42.0
_WALKS: Final[Mapping[str, frozenset[str]]] = {
    "sisfall": frozenset({"D01", "D02"}),
    "umafall": frozenset({"Walking"}),
    "weda": frozenset({"D01"}),
}
Array = NDArray[np.float32]


def shares(trials: Sequence[Trial], walks: frozenset[str], *, trunk: bool) -> dict[str, Any]:
    """Share of no-recovery by what happened, with and without walking before."""
    own = {trial.subject: trial for trial in reversed(trials) if trial.activity in walks}
    said: dict[str, list[bool]] = {}
    for trial in trials:
        walk = own.get(trial.subject)
        if walk is None or trial.activity in walks or len(trial.samples) < trial.rate_hz:
            continue
        at = int(np.einsum("nc,nc->n", trial.samples, trial.samples).argmax())
        kind = "fall" if trial.fall else "activity"
        stays = _stays(trial, at)
        cut = trial.samples[: at + round(DOWN_S * trial.rate_hz)]
        gets_up = _joined([cut, _as_rate(walk, trial.rate_hz)], trial.rate_hz)
        cases = {f"{kind}, stays": (stays, True), f"{kind}, stays, no walking before": (stays, False)}
        if trial.fall:
            cases |= {"fall, walks after": (gets_up, True), "fall, walks after, no walking before": (gets_up, False)}
        for name, (after, known) in cases.items():
            lead = [_as_rate(walk, trial.rate_hz)] if known else []
            said.setdefault(name, []).append(_said(_joined([*lead, after], trial.rate_hz), after, at, trial, trunk))
    return {name: {"of": len(own), "no_recovery": round(float(np.mean(own)), 4)} for name, own in said.items()}


def _said(stream: Array, after: Array, at: int, trial: Trial, trunk: bool) -> bool:
    impact_s = (len(stream) - len(after) + at) / trial.rate_hz
    stream = stream[: round((impact_s + WATCH_S + 1) * trial.rate_hz)]
    fall = Finding(kind="fall", stream=0, probability=1.0, at_s=impact_s, decided_s=impact_s + 2.6, evidence=(0, 0))
    _, found = recovery.step(
        recovery.start(np.array([trial.rate_hz])),
        stream[None],
        np.array([len(stream)]),
        falls=[fall],
        trunk=np.array([trunk]),
    )
    return bool(found)


def _stays(trial: Trial, at: int) -> Array:
    rest = trial.samples[-round(2 * trial.rate_hz) :]
    swing = np.concatenate([rest[::-1], rest])
    wanted = at + round(_LONG_S * trial.rate_hz) - len(trial.samples)
    more = np.tile(swing, (max(0, wanted) // len(swing) + 1, 1))[: max(0, wanted)]
    return np.concatenate([trial.samples, more])


def _joined(parts: Sequence[Array], rate_hz: float) -> Array:
    whole = parts[0]
    for part in parts[1:]:
        whole = np.concatenate([whole, stillness(whole, part, rate_hz), part])
    return whole


def _as_rate(trial: Trial, rate_hz: float) -> Array:
    """30 s of a trial at another rate, between its samples in a straight line."""
    at = np.arange(round(30 * rate_hz)) / rate_hz
    at = at[at <= (len(trial.samples) - 1) / trial.rate_hz] * trial.rate_hz
    columns = [np.interp(at, np.arange(len(trial.samples)), trial.samples[:, axis]) for axis in range(3)]
    return np.stack(columns, axis=1).astype(np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the shares as one JSON object."""
    parser = argparse.ArgumentParser(description="Who gets up after a fall, and who stays down.")
    parser.add_argument("--sisfall", type=Path, help="folder of SisFall recordings")
    parser.add_argument("--umafall", type=Path, help="folder of UMAFall recordings")
    parser.add_argument("--weda", type=Path, help="folder of WEDA-FALL recordings")
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {}
    try:
        if options.sisfall:
            report["sisfall waist"] = shares(sisfall.load(options.sisfall), _WALKS["sisfall"], trunk=True)
        for position in umafall.POSITIONS[:3] if options.umafall else ():
            own = umafall.load(options.umafall, position=position)
            report[f"umafall {position}"] = shares(own, _WALKS["umafall"], trunk=position != "wrist")
        if options.weda:
            report["weda wrist"] = shares(weda.load(options.weda), _WALKS["weda"], trunk=False)
    except DatasetError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    print(json.dumps(report, indent=2))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
