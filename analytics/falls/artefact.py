"""The file with the models: coefficients by name, a digest of them, and which model judges a wearable worn where."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.archives import DAMAGED
from analytics.falls import features, kernels
from analytics.falls.model import Calibration, Model, Network

FORMAT: Final = 3
SHIPPED: Final = Path(__file__).with_name("fall_model.npz")
FOLDS: Final = Path(__file__).with_name("fall_model_folds.npz")
# Which model judges what is worn there; ANYWHERE where nobody said, or at a place no model was made for.
WORN: Final[Mapping[str, str]] = MappingProxyType({"waist": "trunk", "chest": "trunk", "wrist": "wrist"})
ANYWHERE: Final = "any"
# What a model's kernels hear half of, and hardly anything above. They look 25 times a second, and what is above half
# of that folds back (0.42 of a rate, as rates are converted). Nothing that taught the wrist's has anything above 16 Hz,
# and little above this; a watch of 50 Hz has.
HEARD_HZ: Final[Mapping[str, float]] = MappingProxyType({"wrist": 10.5})


class ArtefactError(Exception):
    """The model file cannot be used: one sentence that says why and what to do."""


def save(path: Path, models: Mapping[str, Model]) -> str:
    """Write models by name to one file and give the SHA-256 of its content in hex."""
    arrays: dict[str, NDArray[Any]] = {}
    heads: dict[str, Any] = {}
    for name, model in models.items():
        for field in fields(model.network):
            if field.init:
                arrays[f"{name}/{field.name}"] = np.asarray(getattr(model.network, field.name))
        heads[name] = {
            "calibration": asdict(model.calibration),
            "devices": {profile: asdict(one) for profile, one in sorted(model.devices.items())},
            "seen": sorted(model.seen),
            "about": dict(model.about),
        }
    head = {"format": FORMAT, "inputs": _inputs_digest(), "models": heads}
    arrays["head"] = np.frombuffer(json.dumps(head, sort_keys=True).encode(), np.uint8)
    digest = _digest(arrays)
    arrays["sha256"] = np.frombuffer(bytes.fromhex(digest), np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return digest


def load(path: Path = SHIPPED) -> dict[str, Model]:
    """Every model of a file by its name.

    Raises:
        ArtefactError: not there, of another version, or changed since it was made.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        stored = arrays.pop("sha256").tobytes().hex()
        head = json.loads(arrays["head"].tobytes())
        version = head["format"]
    except DAMAGED as error:
        raise ArtefactError(f"{path} is no readable fall model ({error}); install huoma again.") from error
    if version != FORMAT or head.get("inputs") != _inputs_digest():
        raise ArtefactError(
            f"{path} is a fall model of another version (format {version}, expected {FORMAT}); "
            "install the model that came with this version."
        )
    if stored != _digest(arrays):
        raise ArtefactError(f"{path} was changed since it was made (SHA-256 differs); install huoma again.")
    return {name: _model(arrays, name, entry) for name, entry in head["models"].items()}


def shipped() -> dict[str, Model]:
    """The models the gateway runs: one for each name of `WORN`, and one for anywhere.

    Raises:
        ArtefactError: see `load`, or one is missing.
    """
    models = load(SHIPPED)
    missing = sorted({*WORN.values(), ANYWHERE} - models.keys())
    if missing:
        raise ArtefactError(f"{SHIPPED} has no fall model {' and no '.join(missing)}; install huoma again.")
    return models


def digest_of(path: Path) -> str:
    """The SHA-256 the file states for its content, in hex."""
    with np.load(path, allow_pickle=False) as archive:
        return str(archive["sha256"].tobytes().hex())


def digest_of_model(name: str, *paths: Path) -> str:
    """The SHA-256 of what these files hold of one model and its folds, and of what it hears, in hex."""
    total = hashlib.sha256(str(HEARD_HZ.get(name)).encode())
    for path in paths:
        with np.load(path, allow_pickle=False) as archive:
            heads = json.loads(archive["head"].tobytes())["models"]
            own = {key: archive[key] for key in archive.files if key.split("/")[0] == name}
        words = json.dumps({key: heads[key] for key in heads if key.split("/")[0] == name}, sort_keys=True)
        total.update(_digest({**own, "head": np.frombuffer(words.encode(), np.uint8)}).encode())
    return total.hexdigest()


def _model(arrays: Mapping[str, NDArray[Any]], name: str, entry: Mapping[str, Any]) -> Model:
    prefix = f"{name}/"
    found: dict[str, Any] = {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
    return Model(
        network=Network(**(found | {"output_bias": float(found["output_bias"])})),
        calibration=Calibration(**entry["calibration"]),
        devices={profile: Calibration(**one) for profile, one in entry["devices"].items()},
        seen=frozenset(entry["seen"]),
        about=dict(entry["about"]),
        band_hz=HEARD_HZ.get(name.split("/")[0]),
    )


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    total = hashlib.sha256()
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        total.update(f"{name}|{value.dtype.str}|{value.shape}|".encode())
        total.update(value.tobytes())
    return total.hexdigest()


def _inputs_digest() -> str:
    """Which inputs, in which order, a model is made for: the last so many of these as it has."""
    words = "\n".join((features.DEFINITION, *features.names(), kernels.DEFINITION))
    return hashlib.sha256(words.encode()).hexdigest()
