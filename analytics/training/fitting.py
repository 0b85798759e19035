"""One model from one table: boosted trees, small networks, calibration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from analytics.falls.model import Model, Network
from analytics.falls.trees import MAX_LEAVES, Trees
from analytics.training.table import Table

TREES: Final = 200
LEAVES: Final = 8
NETWORKS: Final = 2
HIDDEN: Final = 64
EPOCHS: Final = 12
_CLIP: Final = 5.0


def fit(table: Table, seen: Iterable[str], seed: int = 0) -> Model:
    """A model of the rows that are taught (label ≥ 0); threshold ½ and no calibration yet."""
    taught = table.label >= 0
    values, labels = table.features[taught], table.label[taught]
    boosted = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        learning_rate=0.1,
        min_samples_leaf=20,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    ).fit(values, labels)
    return Model(
        trees=flatten(boosted),
        network=_networks(values, labels, seed),
        threshold=0.5,
        slope=1.0,
        offset=0.0,
        seen=frozenset(seen),
        about={},
    )


def _networks(values: NDArray[np.float32], labels: NDArray[np.int8], seed: int) -> Network:
    """Several networks whose logits are averaged: one wide network with a share of each output weight."""
    scaler = StandardScaler().fit(values)
    mean = np.asarray(scaler.mean_, np.float32)
    scale = np.asarray(1 / np.maximum(scaler.scale_, 1e-6), np.float32)
    standard = np.clip((values - mean) * scale, -_CLIP, _CLIP)
    fitted: list[MLPClassifier] = []
    for number in range(NETWORKS):
        network = MLPClassifier((HIDDEN,), alpha=0.3, learning_rate_init=1e-3, random_state=seed + number)
        for _ in range(EPOCHS):
            network.partial_fit(standard, labels, classes=[0, 1])
        fitted.append(network)
    return Network(
        mean=mean,
        scale=scale,
        hidden=_without_dust(np.concatenate([one.coefs_[0] for one in fitted], axis=1)),
        hidden_bias=np.concatenate([one.intercepts_[0] for one in fitted]).astype(np.float32),
        output=np.concatenate([one.coefs_[1][:, 0] for one in fitted]).astype(np.float32) / np.float32(NETWORKS),
        output_bias=float(np.mean([one.intercepts_[1][0] for one in fitted])),
    )


def _without_dust(weights: NDArray[np.floating]) -> NDArray[np.float32]:
    """What regularisation has shrunk to nothing, set to nothing: denormal numbers cost a processor dearly."""
    return np.asarray(np.where(np.abs(weights) < 1e-12, 0, weights), np.float32)


def calibration(logits: NDArray[np.float64], labels: NDArray[np.int8]) -> tuple[float, float]:
    """Slope and offset (Platt) from logits of people the model did not see."""
    line = LogisticRegression(C=1e6).fit(logits[:, None], labels)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def flatten(boosted: Any) -> Trees:
    """scikit-learn's histogram boosting as flat arrays; the sums are the same to the last bits."""
    grown = [predictor[0].nodes for predictor in boosted._predictors]  # noqa: SLF001  # its only way out
    splits = max(1, max(int((~nodes["is_leaf"].astype(bool)).sum()) for nodes in grown))
    if splits + 1 > MAX_LEAVES:
        raise ValueError(f"trees of more than {MAX_LEAVES} leaves cannot be flattened")
    feature = np.zeros((splits, len(grown)), np.int16)
    threshold = np.full((splits, len(grown)), np.inf, np.float32)
    ruled_out = np.full((splits, len(grown)), 0xFFFF, np.uint16)
    value = np.zeros((len(grown), splits + 1))
    for tree, nodes in enumerate(grown):
        leaves: list[float] = []
        split = 0

        def walk(node: int, tree: int = tree, nodes: Any = nodes, leaves: list[float] = leaves) -> tuple[int, int]:
            """First and one past the last leaf below a node, leaves numbered from the left."""
            nonlocal split
            if nodes[node]["is_leaf"]:
                leaves.append(float(nodes[node]["value"]))
                return len(leaves) - 1, len(leaves)
            row, split = split, split + 1
            first, middle = walk(int(nodes[node]["left"]))
            _, last = walk(int(nodes[node]["right"]))
            feature[row, tree] = nodes[node]["feature_idx"]
            threshold[row, tree] = _floor32(float(nodes[node]["num_threshold"]))
            ruled_out[row, tree] = 0xFFFF & ~((1 << middle) - (1 << first))
            return first, last

        walk(0)
        value[tree, : len(leaves)] = leaves
    return Trees(
        feature=feature,
        threshold=threshold,
        ruled_out=ruled_out,
        value=value,
        base=float(np.ravel(boosted._baseline_prediction)[0]),  # noqa: SLF001
    )


def _floor32(value: float) -> np.float32:
    """The largest float32 not above the value, so that a float32 compares with both alike."""
    near = np.float32(value)
    return near if float(near) <= value else np.nextafter(near, np.float32(-np.inf))
