"""How well falls are found right after a stream's beginning, and how often a beginning looks like one.

`python -m analytics.falls.begun_late --sisfall PATH` leaves out each trial but for some tenths of a second before its
greatest |a|, and begins daily activities at random moments too. Everybody is judged by a model that never saw them. An
activity is wrong when anything is raised whose impact is within two seconds of the beginning.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial
from analytics.falls.detector import FallDetector
from analytics.falls.model import Model
from analytics.falls.sisfall_command import print_measured

BEFORE_S: Final = (0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)
RANDOM_BEGINS: Final = 12  # of each daily activity
EARLY_S: Final = 2.0
_HEARD_S: Final = 8.0  # after the beginning, more than a decision needs
_REST_S: Final = 1.0  # of stillness where the trial ends before that


def begun_late(trials: Sequence[Trial], models: Mapping[str, Model], *, seed: int = 0) -> dict[str, Any]:
    """Shares of falls found and of activities raised by seconds heard before the peak, and at random moments."""
    rng = np.random.default_rng(seed)
    detectors = {name: FallDetector(model=model) for name, model in models.items()}
    raised: dict[tuple[bool, str], list[bool]] = {}
    for trial in trials:
        peak = int(np.einsum("nc,nc->n", trial.samples, trial.samples).argmax())
        begins = [(f"{before:g}", peak - round(before * trial.rate_hz)) for before in BEFORE_S]
        if not trial.fall:
            begins += [("random", int(at)) for at in rng.integers(0, len(trial.samples), RANDOM_BEGINS)]
        for name, at in begins:
            if at >= 0:
                found = _raised(detectors[trial.subject], trial.samples[at:], trial.rate_hz)
                early = [one for one in found if trial.fall or one < EARLY_S]
                raised.setdefault((trial.fall, name), []).append(bool(early))
    return {
        "falls_found": {name: _share(own) for (fall, name), own in raised.items() if fall},
        "activities_raised": {name: _share(own) for (fall, name), own in raised.items() if not fall},
        "begins": {name: len(own) for (fall, name), own in raised.items() if not fall},
    }


def _raised(detector: FallDetector, samples: NDArray[np.float32], rate_hz: float) -> list[float]:
    """When something was raised, seconds from the beginning."""
    heard = samples[: round(_HEARD_S * rate_hz)]
    rest = np.repeat(heard[-round(rate_hz / 5) :].mean(axis=0, keepdims=True), round(_REST_S * rate_hz), axis=0)
    _, findings = detector.step(detector.start(np.array([rate_hz])), np.concatenate([heard, rest])[None])
    return [finding.at_s for finding in findings]


def _share(own: list[bool]) -> float:
    return round(float(np.mean(own)), 5)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the shares as one JSON object."""
    return print_measured("Falls right after a stream's beginning.", begun_late, arguments)


if __name__ == "__main__":
    sys.exit(main())
