"""The classifier of windows: boosted trees averaged with a small network, as coefficients in a file."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import features
from analytics.falls.trees import Trees

Array = NDArray[np.float32]

FORMAT: Final = 1
SHIPPED: Final = Path(__file__).with_name("fall_model.npz")
FOLDS: Final = Path(__file__).with_name("fall_model_folds.npz")
_CLIP: Final = 5.0  # standard deviations a feature may be from the mean for the network


class ArtefactError(Exception):
    """The model file cannot be used: one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """One hidden layer of rectified units over standardised features.

    Attributes:
        mean: float32 (F,).
        scale: float32 (F,), one over the standard deviation.
        hidden: float32 (F, H) and hidden_bias float32 (H,).
        output: float32 (H,) and output_bias.
    """

    mean: Array
    scale: Array
    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: float

    def logit(self, columns: Array) -> NDArray[np.float64]:
        """float64 (N,), for features float32 (F, N)."""
        standard = np.clip((columns - self.mean[:, None]) * self.scale[:, None], -_CLIP, _CLIP)
        active = np.maximum(self.hidden.T @ standard + self.hidden_bias[:, None], 0)
        weighed = active * self.output[:, None]
        return np.asarray(weighed.sum(axis=0, dtype=np.float64) + self.output_bias, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """What scores a window.

    Attributes:
        trees: the boosted trees.
        network: the network.
        threshold: the probability from which a window is a fall, chosen on inner folds.
        slope: calibrated logit = slope · mean of both logits + offset.
        offset: see slope.
        seen: the subjects it was trained on.
        about: what else the training said of it (text values only).
    """

    trees: Trees
    network: Network
    threshold: float
    slope: float
    offset: float
    seen: frozenset[str]
    about: Mapping[str, str]

    def probability(self, windows: Array) -> NDArray[np.float64]:
        """Probability of a fall, float64 (N,), of windows float32 (N, WINDOW, 3) without gaps."""
        result = np.empty(len(windows))
        for begin, block in features.blocks(windows):
            result[begin : begin + features.BLOCK] = self._calibrated(features.columns(block))[: len(windows) - begin]
        return result

    def of_features(self, values: Array) -> NDArray[np.float64]:
        """The same from features float32 (N, F)."""
        result = np.empty(len(values))
        for begin, block in features.blocks(values):
            columns = np.ascontiguousarray(block.T)
            result[begin : begin + features.BLOCK] = self._calibrated(columns)[: len(values) - begin]
        return result

    def raw(self, columns: Array) -> NDArray[np.float64]:
        """The mean of the logits of trees and network, float64 (N,), from features float32 (F, N)."""
        return 0.5 * (self.trees.logit(columns) + self.network.logit(columns))

    def _calibrated(self, columns: Array) -> NDArray[np.float64]:
        logit = np.clip(self.slope * self.raw(columns) + self.offset, -40, 40)
        return np.asarray(1 / (1 + np.exp(-logit)), np.float64)


def save(path: Path, models: Sequence[Model]) -> str:
    """Write models to one file and give the SHA-256 of its content in hex."""
    arrays: dict[str, NDArray[Any]] = {}
    heads: list[dict[str, Any]] = []
    for number, model in enumerate(models):
        for part, holder in (("trees", model.trees), ("network", model.network)):
            for name in holder.__dataclass_fields__:
                value = getattr(holder, name)
                arrays[f"{number}/{part}/{name}"] = np.asarray(value)
        heads.append(
            {
                "threshold": model.threshold,
                "slope": model.slope,
                "offset": model.offset,
                "seen": sorted(model.seen),
                "about": dict(model.about),
            }
        )
    head = {"format": FORMAT, "features": _features_digest(), "models": heads}
    arrays["head"] = np.frombuffer(json.dumps(head, sort_keys=True).encode(), np.uint8)
    digest = _digest(arrays)
    arrays["sha256"] = np.frombuffer(bytes.fromhex(digest), np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return digest


def load(path: Path = SHIPPED) -> Model:
    """The one model of a file.

    Raises:
        ArtefactError: see `load_all`, or the file holds several.
    """
    models = load_all(path)
    if len(models) != 1:
        raise ArtefactError(f"{path} holds {len(models)} fall models where one was expected; install huoma again.")
    return models[0]


def load_all(path: Path) -> tuple[Model, ...]:
    """Every model of a file.

    Raises:
        ArtefactError: not there, of another version, or changed since it was made.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        stored = arrays.pop("sha256").tobytes().hex()
        head = json.loads(arrays["head"].tobytes())
        version = head["format"]
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise ArtefactError(f"{path} is no readable fall model ({error}); install huoma again.") from error
    if version != FORMAT or head.get("features") != _features_digest():
        raise ArtefactError(
            f"{path} is a fall model of another version (format {version}, expected {FORMAT}); "
            "install the model that came with this version."
        )
    if stored != _digest(arrays):
        raise ArtefactError(f"{path} was changed since it was made (SHA-256 differs); install huoma again.")
    return tuple(_model(arrays, number, entry) for number, entry in enumerate(head["models"]))


def digest_of(path: Path) -> str:
    """The SHA-256 the file states for its content, in hex."""
    with np.load(path, allow_pickle=False) as archive:
        return str(archive["sha256"].tobytes().hex())


def _model(arrays: Mapping[str, NDArray[Any]], number: int, entry: Mapping[str, Any]) -> Model:
    def part(name: str) -> dict[str, Any]:
        prefix = f"{number}/{name}/"
        found = {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
        return {key: float(value) if value.ndim == 0 else value for key, value in found.items()}

    return Model(
        trees=Trees(**part("trees")),
        network=Network(**part("network")),
        threshold=float(entry["threshold"]),
        slope=float(entry["slope"]),
        offset=float(entry["offset"]),
        seen=frozenset(entry["seen"]),
        about=dict(entry["about"]),
    )


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    total = hashlib.sha256()
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        total.update(f"{name}|{value.dtype.str}|{value.shape}|".encode())
        total.update(value.tobytes())
    return total.hexdigest()


def _features_digest() -> str:
    """Which features, in which order, a model was made for."""
    return hashlib.sha256("\n".join((features.DEFINITION, *features.names())).encode()).hexdigest()
