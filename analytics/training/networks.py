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
        networks: how many see the same batches and differ in their first weights only.
        groups: of so many networks, each with batches of its own; all logits are averaged.
        hidden: units of each.
        epochs: times that every row is seen.
        dropped: share of the inputs that a row lacks each time it is seen.
        mixed: of the beta distribution by which two rows and their labels are mixed into one; 0: they are not.
    """

    networks: int = 4
    groups: int = 1
    hidden: int = 64
    epochs: int = 12
    dropped: float = 0.0
    mixed: float = 0.0


def fit(values: Array, labels: NDArray[np.int8], *, shape: Shape, seed: int) -> Network:
    """Several networks as one wide one with a share of each output weight.

    Those of a group see the same rows in the same order: one product serves all.

    Args:
        values: float32 (N, I), finite.
        labels: 0 or 1, (N,).
        shape: how.
        seed: of first weights, batches and what a row lacks, of the first group; the next have the next.
    """
    mean = values.mean(axis=0)
    scale = 1 / np.maximum(values.std(axis=0), np.float32(1e-3))
    standard = values - mean
    standard *= scale
    np.clip(standard, -CLIP, CLIP, out=standard)
    wanted = labels.astype(np.float32)
    groups = [_fitted(standard, wanted, shape, np.random.default_rng(seed + number)) for number in range(shape.groups)]
    hidden, unit = _in_steps(np.concatenate([weights[0] for weights in groups], axis=1))
    share = np.float32(shape.networks * shape.groups)
    return Network(
        mean=mean,
        scale=scale,
        hidden=hidden,
        unit=unit,
        hidden_bias=np.concatenate([weights[1] for weights in groups]),
        output=(np.concatenate([weights[2] for weights in groups]) / share).astype(np.float32),
        output_bias=float(np.mean([float(weights[3].mean()) for weights in groups])),
    )


def _fitted(values: Array, wanted: Array, shape: Shape, rng: np.random.Generator) -> list[Array]:
    """Hidden weights (I, networks · hidden), their bias, output weights, and the output bias of each network."""
    count, inputs = values.shape
    units = shape.networks * shape.hidden
    first, last = np.sqrt(6 / (inputs + shape.hidden)), np.sqrt(6 / (shape.hidden + 1))
    weights = [
        rng.uniform(-first, first, (inputs, units)).astype(np.float32),
        np.zeros(units, np.float32),
        rng.uniform(-last, last, units).astype(np.float32),
        np.zeros(shape.networks, np.float32),
    ]
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
                _moved(weight, slope, average, square, rate)
    return weights


def _moved(weight: Array, slope: Array, average: Array, square: Array, rate: np.float32) -> None:
    """One step of Adam, in place; the slope is used up."""
    average *= _FIRST
    average += (1 - _FIRST) * slope
    slope *= slope
    slope += _FLOOR
    slope *= 1 - _SECOND
    square *= _SECOND
    square += slope
    np.sqrt(square, out=slope)
    slope += np.float32(1e-8)
    np.divide(average, slope, out=slope)
    slope *= rate
    weight -= slope


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
    count, networks = len(values), len(offset)
    active = np.maximum(values @ hidden + bias, 0)
    logit = (active * output).reshape(count, networks, -1).sum(axis=2) + offset
    error = (1 / (1 + np.exp(-np.clip(logit, -30, 30))) - wanted[:, None]) / np.float32(count)
    decay = np.float32(_DECAY / count)
    back = (error[:, :, None] * output.reshape(networks, -1)).reshape(count, -1)
    back *= active > 0
    return [
        values.T @ back + decay * hidden,
        back.sum(axis=0),
        np.einsum("nku,nk->ku", active.reshape(count, networks, -1), error).ravel() + decay * output,
        error.sum(axis=0),
    ]


def _in_steps(weights: Array) -> tuple[NDArray[np.int8], Array]:
    """Weights of each unit in 127 steps up to the largest: a quarter of the size, and nothing is lost that matters."""
    unit = np.maximum(np.abs(weights).max(axis=0), np.float32(1e-6)) / np.float32(_STEPS)
    return np.rint(weights / unit).astype(np.int8), unit
