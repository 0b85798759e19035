"""One model from rows of inputs, and what its logits mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from analytics.falls.model import Calibration, Model
from analytics.training import networks

# Rows mixed a little and a quarter of the inputs left out: more of either, and SisFall's near-falls are told less well.
SHAPE: Final = networks.Shape(networks=4, epochs=12, dropped=0.25, mixed=0.2)


def fit(
    inputs: NDArray[np.float32],
    labels: NDArray[np.int8],
    seen: Iterable[str],
    seed: int = 0,
    shape: networks.Shape | None = None,
) -> Model:
    """A model of rows that are falls (1) or none (0); not calibrated yet.

    Args:
        inputs: float32 (N, INPUTS).
        labels: int8 (N,).
        seen: the people whose rows these are.
        seed: of everything that is drawn.
        shape: how its networks are fitted; SHAPE when not given.
    """
    return Model(
        network=networks.fit(inputs, labels, shape=shape or SHAPE, seed=seed),
        calibration=Calibration(),
        devices={},
        seen=frozenset(seen),
        about={},
    )


def calibration(logits: NDArray[np.float64], labels: NDArray[np.int8]) -> tuple[float, float]:
    """Slope and offset (Platt) from logits of people the model did not see."""
    line = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    return float(line.coef_[0, 0]), float(line.intercept_[0])
