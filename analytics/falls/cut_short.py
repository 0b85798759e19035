"""How well falls are found whose stream ends soon after the impact, and how often an end looks like one.

`python -m analytics.falls.cut_short --sisfall PATH` cuts each trial some tenths of a second after its greatest |a|, and
daily activities at random moments too, and lets the detector finish. Everybody is judged by a model that never saw
them. A fall counts when it was raised before or at the end; an activity is wrong when its end raises something.
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

AFTER_S: Final = (0.3, 0.6, 0.9, 1.2, 1.5, 1.8)
RANDOM_CUTS: Final = 12  # of each daily activity
_LEAD_S: Final = 4.0  # of stillness, so that the window before an early impact is not missing


def cut_short(trials: Sequence[Trial], models: Mapping[str, Model], *, seed: int = 0) -> dict[str, Any]:
    """Shares of falls found and of activities raised by seconds heard after the peak, and at random moments."""
    rng = np.random.default_rng(seed)
    raised: dict[tuple[bool, str], list[bool]] = {}
    for trial in trials:
        lead = np.repeat(trial.samples[:1], round(_LEAD_S * trial.rate_hz), axis=0)
        lead = lead + rng.normal(0, 0.004, lead.shape).astype(np.float32)
        samples = np.concatenate([lead, trial.samples])
        peak = len(lead) + int(np.einsum("nc,nc->n", trial.samples, trial.samples).argmax())
        cuts = [(f"{after:g}", peak + round(after * trial.rate_hz)) for after in AFTER_S]
        if not trial.fall:
            cuts += [("random", int(at)) for at in rng.integers(len(lead) + 1, len(samples), RANDOM_CUTS)]
        for name, at in cuts:
            if at <= len(samples):
                before, end = _raised(FallDetector(model=models[trial.subject]), samples[:at], trial.rate_hz)
                raised.setdefault((trial.fall, name), []).append(end or (trial.fall and before))
    return {
        "falls_found": {name: _share(own) for (fall, name), own in raised.items() if fall},
        "activities_raised": {name: _share(own) for (fall, name), own in raised.items() if not fall},
        "cuts": {name: len(own) for (fall, name), own in raised.items() if not fall},
    }


def _raised(detector: FallDetector, samples: NDArray[np.float32], rate_hz: float) -> tuple[bool, bool]:
    """Whether the last ten seconds raise something in the ordinary way, and whether their end does."""
    recent = samples[-round(10 * rate_hz) :]
    state, before = detector.step(detector.start(np.array([rate_hz])), recent[None])
    _, findings = detector.finish(state, 0, now_s=len(recent) / rate_hz)
    return bool(before), bool(findings)


def _share(own: list[bool]) -> float:
    return round(float(np.mean(own)), 5)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the shares as one JSON object."""
    return print_measured("Falls whose stream ends soon after the impact.", cut_short, arguments)


if __name__ == "__main__":
    sys.exit(main())
