"""Going to bed, made of two recordings: somebody sits down on its edge and lies down at once.

SisFall's people sit down on a chair and get up again, or sit already when they lie down. Whoever goes to bed does both
within two seconds, bowing forward before it, and then lies as one who fell backwards does: a detector that never saw it
takes it for a fall. Each recording of sitting down is followed by one of lying down, of the same person with the same
mounting, soon after the person sat; the direction in which the person lies down is drawn, for it depends on the bed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial

# SisFall's codes: sitting down on a chair and getting up, slowly or quickly, low or high; lying down from sitting.
_SITTING: Final = frozenset({"D07", "D08", "D09", "D10", "D11"})
_LYING: Final = frozenset({"D12", "D13"})
_FIRST: Final = 0.6  # of a recording: the person sits, or lies, within it and gets up after it
_SAT_S: Final = (0.2, 1.0)  # from the seat's blow to the next movement
_BEFORE_S: Final = (0.3, 0.8)  # of the lying down before the body turns fastest
_AFTER_S: Final = 5.0
_FADE_S: Final = 0.2
_POSTURE_S: Final = 0.25
_EDGE_S: Final = 0.1
_TINY: Final = 1e-6


def composed(trials: Sequence[Trial], seed: int) -> list[Trial]:
    """One trial for each of sitting down whose person lies down in another; of no fall, activity "to bed".

    Args:
        trials: of SisFall, all of one rate.
        seed: of what is drawn.
    """
    made: list[Trial] = []
    for row, person in enumerate(sorted({trial.subject for trial in trials})):
        rng = np.random.default_rng([seed, row])
        own = [trial for trial in trials if trial.subject == person]
        lying = [trial for trial in own if trial.activity in _LYING]
        sitting = [trial for trial in own if trial.activity in _SITTING and lying]
        made.extend(to_bed(trial, lying[rng.integers(len(lying))], rng) for trial in sitting)
    return made


def to_bed(sitting: Trial, lying: Trial, rng: np.random.Generator) -> Trial:
    """The first trial until the person has sat down, and the lying down of the second after it.

    Args:
        sitting: down, on whatever.
        lying: down from sitting, of the same person and rate.
        rng: draws how soon the person lies down, and in which direction.
    """
    rate = sitting.rate_hz
    fade = round(_FADE_S * rate)
    early = sitting.samples[: round(_FIRST * len(sitting.samples))]
    sat = int(np.einsum("nc,nc->n", early, early).argmax()) + round(rng.uniform(*_SAT_S) * rate)
    turned = _turned(lying.samples[: round(_FIRST * len(lying.samples))], rate)
    begin = max(0, turned - round(rng.uniform(*_BEFORE_S) * rate))
    lain = lying.samples[begin : turned + round(_AFTER_S * rate)].astype(np.float64)
    lain = lain @ _about(lain[: round(_EDGE_S * rate)].mean(axis=0), rng.uniform(0, 2 * np.pi)).T
    part = ((np.arange(fade) + 0.5) / fade)[:, None]
    between = sitting.samples[sat - fade : sat] * (1 - part) + lain[:fade] * part
    samples = np.concatenate([sitting.samples[: sat - fade], between, lain[fade:]]).astype(np.float32)
    return replace(sitting, name=f"{sitting.name}, {lying.name}", activity="to bed", samples=samples)


def _turned(samples: NDArray[np.float32], rate_hz: float) -> int:
    """The sample at which the posture, the mean of 0.25 s, changes most from before it to after it."""
    width = round(_POSTURE_S * rate_hz)
    sums = np.cumsum(np.concatenate([np.zeros((1, 3)), samples]), axis=0)
    posture = sums[width:] - sums[:-width]
    posture /= np.maximum(np.linalg.norm(posture, axis=1, keepdims=True), _TINY)
    return width + int(np.einsum("nc,nc->n", posture[:-width], posture[width:]).argmin())


def _about(axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """The rotation by an angle about an axis (Rodrigues), float64 (3, 3)."""
    x, y, z = axis / max(float(np.linalg.norm(axis)), _TINY)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross, np.float64)
