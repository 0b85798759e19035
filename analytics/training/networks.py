"""Small networks of one hidden layer, fitted with Adam in single precision.

Sources: Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015; Srivastava et al., "Dropout", Journal of
Machine Learning Research 2014, 15:1929; Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.model import Network

Array = NDArray[np.float32]

CLIP: Final = 5.0  # standard deviations, as the network itself clips
_RATE: Final = 1e-3
_DECAY: Final = 0.3  # of squared weights, over a batch
_BATCH: Final = 200
_STEPS: Final = 127
_FIRST: Final = np.float32(0.9)
_SECOND: Final = np.float32(0.999)
# Added to squared gradients: what is smaller than 10⁻³⁰ would become denormal, which costs a processor dearly.
_FLOOR: Final = np.float32(1e-30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How networks are fitted.

    Attributes:
        networks: how many; their logits are averaged.
        hidden: units of each.
        epochs: times that every row is seen.
        blind: so many inputs, from the first on, are not looked at.
        dropped: share of the inputs that a row lacks each time it is seen.
        mixed: of the beta distribution by which two rows and their labels are mixed into one; 0: they are not.
    """

    networks: int = 4
    hidden: int = 64
    epochs: int = 12
    blind: int = 0
    dropped: float = 0.0
    mixed: float = 0.0


def fit(values: Array, labels: NDArray[np.int8], *, shape: Shape, seed: int) -> Network:
    """Several networks as one wide one with a share of each output weight.

    Args:
        values: float32 (N, I), finite.
        labels: 0 or 1, (N,).
        shape: how.
        seed: of first weights and batches.
    """
    mean = values.mean(axis=0)
    scale = 1 / np.maximum(values.std(axis=0), np.float32(1e-3))
    standard = values - mean
    standard *= scale
    np.clip(standard, -CLIP, CLIP, out=standard)
    standard[:, : shape.blind] = 0
    wanted = labels.astype(np.float32)
    fitted = [_one(standard, wanted, shape, np.random.default_rng([seed, number])) for number in range(shape.networks)]
    hidden, unit = _in_steps(np.concatenate([weights[0] for weights in fitted], axis=1))
    return Network(
        mean=mean,
        scale=scale,
        hidden=hidden,
        unit=unit,
        hidden_bias=np.concatenate([weights[1] for weights in fitted]),
        output=(np.concatenate([weights[2] for weights in fitted]) / shape.networks).astype(np.float32),
        output_bias=float(np.mean([weights[3][0] for weights in fitted])),
    )


def _one(values: Array, wanted: Array, shape: Shape, rng: np.random.Generator) -> list[Array]:
    count, inputs = values.shape
    first, last = np.sqrt(6 / (inputs + shape.hidden)), np.sqrt(6 / (shape.hidden + 1))
    weights = [
        rng.uniform(-first, first, (inputs, shape.hidden)).astype(np.float32),
        np.zeros(shape.hidden, np.float32),
        rng.uniform(-last, last, shape.hidden).astype(np.float32),
        np.zeros(1, np.float32),
    ]
    weights[0][: shape.blind] = 0  # and stay so: what is always nought has no slope
    means = [np.zeros_like(one) for one in weights]
    squares = [np.zeros_like(one) for one in weights]
    step = 0
    for _ in range(shape.epochs):
        order = rng.permutation(count)
        for begin in range(0, count, _BATCH):
            rows = order[begin : begin + _BATCH]
            step += 1
            rate = np.float32(_RATE * np.sqrt(1 - float(_SECOND) ** step) / (1 - float(_FIRST) ** step))
            slopes = _gradient(weights, *_varied(values[rows], wanted[rows], shape, rng))
            for weight, slope, average, square in zip(weights, slopes, means, squares, strict=True):
                average *= _FIRST
                average += (1 - _FIRST) * slope
                slope *= slope
                slope += _FLOOR
                square *= _SECOND
                square += (1 - _SECOND) * slope
                weight -= rate * average / (np.sqrt(square) + np.float32(1e-8))
    return weights


def _varied(values: Array, wanted: Array, shape: Shape, rng: np.random.Generator) -> tuple[Array, Array]:
    """A batch as it is seen this time: rows mixed two by two, and without some of their inputs."""
    if shape.mixed:
        part = rng.beta(shape.mixed, shape.mixed, len(values)).astype(np.float32)
        part = np.maximum(part, 1 - part)  # the row itself has the greater part
        other = rng.permutation(len(values))
        values = part[:, None] * values + (1 - part[:, None]) * values[other]
        wanted = part * wanted + (1 - part) * wanted[other]
    if shape.dropped:
        limit = round(256 * shape.dropped)  # a byte for each input decides
        kept = np.frombuffer(rng.bytes(values.size), np.uint8).reshape(values.shape) >= limit
        values = values * kept * np.float32(256 / (256 - limit))
    return values, wanted


def _gradient(weights: list[Array], values: Array, wanted: Array) -> list[Array]:
    hidden, bias, output, offset = weights
    active = np.maximum(values @ hidden + bias, 0)
    probability = 1 / (1 + np.exp(-np.clip(active @ output + offset, -30, 30)))
    error = ((probability - wanted) / np.float32(len(wanted))).astype(np.float32)
    decay = np.float32(_DECAY / len(wanted))
    back = np.where(active > 0, error[:, None] * output, np.float32(0))
    return [
        values.T @ back + decay * hidden,
        back.sum(axis=0),
        active.T @ error + decay * output,
        np.array([error.sum()], np.float32),
    ]


def _in_steps(weights: Array) -> tuple[NDArray[np.int8], Array]:
    """Weights of each unit in 127 steps up to the largest: a quarter of the size, and nothing is lost that matters."""
    unit = np.maximum(np.abs(weights).max(axis=0), np.float32(1e-6)) / np.float32(_STEPS)
    return np.rint(weights / unit).astype(np.int8), unit
