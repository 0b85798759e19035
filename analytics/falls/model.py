"""The classifier of windows: a small network that sees what the kernels answer, at the trunk features of phases too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import features, kernels

Array = NDArray[np.float32]

INPUTS: Final = kernels.SHARES  # of a model that is taught now
WITH_FEATURES: Final = features.COUNT + kernels.SHARES  # of one made by an earlier version
_CLIP: Final = 5.0  # standard deviations an input may be from the mean for the network
# Inputs count in such parts of a standard deviation: 23 bits of an input, 7 of a weight and 11 for their sum are exact
# in float64. Libraries add in an order that depends on a window's place in the array, and on the processor.
_PARTS: Final = 2.0**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a logit of the model means.

    Attributes:
        slope: calibrated logit = slope · logit + offset.
        offset: see slope.
        threshold: the probability from which a window is a fall.
    """

    slope: float = 1.0
    offset: float = 0.0
    threshold: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """One hidden layer of rectified units over standardised inputs.

    Attributes:
        mean: float32 (I,).
        scale: float32 (I,), one over the standard deviation.
        hidden: weights in steps of each unit, int8 (I, H).
        unit: the step, float32 (H,).
        hidden_bias: float32 (H,).
        output: float32 (H,) and output_bias.
    """

    mean: Array
    scale: Array
    hidden: NDArray[np.int8]
    unit: Array
    hidden_bias: Array
    output: Array
    output_bias: float
    _weights: NDArray[np.float64] = field(init=False, repr=False)  # whole numbers (H, I)
    _units: NDArray[np.float64] = field(init=False, repr=False)  # what one of them times one part is worth, (H, 1)

    def __post_init__(self) -> None:
        """Work out once what every window needs."""
        object.__setattr__(self, "_weights", np.ascontiguousarray(self.hidden.T, np.float64))
        object.__setattr__(self, "_units", self.unit[:, None] / _PARTS)

    def logit(self, columns: Array) -> NDArray[np.float64]:
        """float64 (N,), for inputs float32 (I, N)."""
        standard = np.clip((columns - self.mean[:, None]) * self.scale[:, None], -_CLIP, _CLIP)
        sums = self._weights @ np.rint(np.multiply(standard, _PARTS, dtype=np.float64))
        active = np.maximum(sums * self._units + self.hidden_bias[:, None], 0)
        active *= self.output[:, None]
        return np.asarray(active.sum(axis=0) + self.output_bias, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """What scores a window.

    Attributes:
        network: several networks side by side, whose logits are averaged.
        calibration: of a device nobody calibrated it for; threshold and line come from people the model did not see.
        devices: calibrations by the device's profile, for devices that were measured.
        seen: the people it was trained on, "sisfall/SA01".
        about: what else the training said of it (text values only).
        band_hz: its kernels hear nothing above it; None: whatever 50 Hz carry.
    """

    network: Network
    calibration: Calibration
    devices: Mapping[str, Calibration]
    seen: frozenset[str]
    about: Mapping[str, str]
    band_hz: float | None = None

    @property
    def threshold(self) -> float:
        """The probability from which a window is a fall."""
        return self.calibration.threshold

    def heard_by(self, profile: str | None) -> Model:
        """The same model with the calibration of that device; with its own where that device was not measured."""
        if profile is None or profile not in self.devices:
            return self
        return replace(self, calibration=self.devices[profile], devices={})

    def probability(self, windows: Array) -> NDArray[np.float64]:
        """Probability of a fall, float64 (N,), of windows float32 (N, WINDOW, 3) without gaps."""
        result = np.empty(len(windows))
        for begin, block in kernels.blocks(windows):
            own = self.calibrated(self.network.logit(self.inputs(block)))
            result[begin : begin + kernels.BLOCK] = own[: len(windows) - begin]
        return result

    def inputs(self, block: Array) -> Array:
        """What its network looks at in one block of windows, float32 (BLOCK, WINDOW, 3) → (I, BLOCK)."""
        shares = kernels.shares(block, self.band_hz)
        return np.concatenate([features.columns(block), shares]) if len(self.network.mean) == WITH_FEATURES else shares

    def extract(self, windows: Array) -> Array:
        """The same of any number of windows without gaps, float32 (N, WINDOW, 3) → (N, I)."""
        result = np.empty((len(windows), len(self.network.mean)), np.float32)
        for begin, block in kernels.blocks(windows):
            result[begin : begin + kernels.BLOCK] = self.inputs(block).T[: len(windows) - begin]
        return result

    def of_inputs(self, values: Array) -> NDArray[np.float64]:
        """Probabilities from what `extract` gives, float32 (N, I)."""
        result = np.empty(len(values))
        for begin, block in kernels.blocks(values):
            own = self.calibrated(self.network.logit(np.ascontiguousarray(block.T)))
            result[begin : begin + kernels.BLOCK] = own[: len(values) - begin]
        return result

    def calibrated(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities of the network's logits, float64 (N,)."""
        logit = np.clip(self.calibration.slope * logits + self.calibration.offset, -40, 40)
        return np.asarray(1 / (1 + np.exp(-logit)), np.float64)


def extract(windows: Array) -> Array:
    """What a network that is taught now looks at in windows without gaps, float32 (N, WINDOW, 3) → (N, INPUTS)."""
    result = np.empty((len(windows), INPUTS), np.float32)
    for begin, block in kernels.blocks(windows):
        result[begin : begin + kernels.BLOCK] = kernels.shares(block).T[: len(windows) - begin]
    return result
