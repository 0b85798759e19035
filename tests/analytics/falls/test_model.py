"""The artefact and the classifier against a slow oracle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import ArtefactError, Model, artefact, features, kernels, shipped
from analytics.falls.candidates import WINDOW
from analytics.falls.model import Calibration, extract


def windows(count: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(count, WINDOW, 3)) * 0.4 + np.array([0, 1, 0]), np.float32)


@pytest.mark.parametrize("name", ["trunk", "wrist"])
def test_a_network_equals_its_units_one_by_one(models: dict[str, Model], name: str) -> None:
    network, values = models[name].network, models[name].extract(windows(3))
    for logit, row in zip(network.logit(np.ascontiguousarray(values.T)), values, strict=True):
        standard = np.clip((row.astype(np.float64) - network.mean) * network.scale, -5, 5)
        units = [
            max(0.0, float(standard @ network.hidden[:, k] * network.unit[k] + network.hidden_bias[k]))
            for k in range(len(network.output))
        ]
        assert logit == pytest.approx(float(np.dot(units, network.output)) + network.output_bias, abs=1e-3)


def test_a_networks_sums_are_the_same_in_any_order(model: Model) -> None:
    network, values = model.network, np.ascontiguousarray(model.extract(windows(3)).T)
    order = np.random.default_rng(1).permutation(len(values))
    other = replace(
        network,
        mean=network.mean[order],
        scale=network.scale[order],
        hidden=np.ascontiguousarray(network.hidden[order]),
    )
    np.testing.assert_array_equal(other.logit(np.ascontiguousarray(values[order])), network.logit(values))


@pytest.mark.slow
def test_a_windows_numbers_do_not_depend_on_its_neighbours(model: Model) -> None:
    many = windows(70)
    together = model.probability(many)
    np.testing.assert_array_equal(together, np.concatenate([model.probability(one[None]) for one in many]))
    np.testing.assert_array_equal(together, model.of_inputs(model.extract(many)))


def test_features_do_not_depend_on_the_mounting() -> None:
    from analytics.training.augmentation import rotation

    many = windows(8)
    turned = many @ rotation(np.random.default_rng(2))
    left, right = features.extract(many), features.extract(turned)
    assert np.isfinite(left).all()
    # Counts near a limit may change by one sample when rounding moves a value over it.
    np.testing.assert_allclose(left, right, atol=0.03)
    assert np.mean(np.abs(left - right) > 1e-4) < 0.01


@pytest.mark.parametrize("what", ["zeros", "constant", "one g"])
def test_features_of_flat_windows_are_numbers(what: str) -> None:
    window = {"zeros": np.zeros((1, WINDOW, 3)), "constant": np.full((1, WINDOW, 3), 7.0), "one g": windows(1) * 0 + 1}[
        what
    ]
    assert np.isfinite(features.extract(window.astype(np.float32))).all()


def test_every_column_has_one_name() -> None:
    assert len(set(features.names())) == features.COUNT == features.extract(windows(1)).shape[1]


def test_the_trunk_looks_at_features_too_and_the_others_at_kernels_alone(models: dict[str, Model]) -> None:
    many = windows(70)
    shares = extract(many)
    assert [models[name].band_hz for name in ("wrist", "any", "trunk")] == [10.5, None, None]
    assert models["wrist"].heard_by("weda").band_hz == models["wrist"].heard_by(None).band_hz == 10.5
    heard = np.concatenate([kernels.shares(many[:64], 10.5).T, kernels.shares(many[-64:], 10.5).T[-6:]])
    np.testing.assert_array_equal(models["wrist"].extract(many), heard)
    np.testing.assert_array_equal(models["any"].extract(many), shares)
    both = np.concatenate([features.extract(many), shares], axis=1)
    np.testing.assert_array_equal(models["trunk"].extract(many), both)


def test_round_trip(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    own = replace(model, about={"data": "made up"}, devices={"strap": Calibration(slope=2, offset=-1, threshold=0.7)})
    digest = artefact.save(path, {"one": own, "two": model, "wrist/3": model})
    again = artefact.load(path)
    assert [one.band_hz for one in again.values()] == [None, None, 10.5]
    assert artefact.digest_of_model("one", path) != artefact.digest_of_model("two", path)
    assert digest == artefact.digest_of(path)
    assert list(again) == ["one", "two", "wrist/3"]
    assert (again["one"].calibration, again["one"].devices) == (own.calibration, own.devices)
    assert (again["one"].seen, again["one"].about) == (model.seen, {"data": "made up"})
    np.testing.assert_array_equal(again["one"].probability(windows(5)), model.probability(windows(5)))


def test_a_device_is_judged_by_its_own_calibration(model: Model) -> None:
    own = replace(model, devices={"strap": Calibration(slope=0.0, offset=2.0, threshold=0.7)})
    assert own.heard_by(None) is own
    assert own.heard_by("unknown") is own
    assert own.heard_by("strap").threshold == 0.7
    np.testing.assert_allclose(own.heard_by("strap").probability(windows(2)), 1 / (1 + np.exp(-2.0)))


def test_a_changed_artefact_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    artefact.save(path, {"one": model})
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["one/output"] = arrays["one/output"] + np.float32(1e-3)
    np.savez_compressed(path, **arrays)
    with pytest.raises(ArtefactError, match="changed since it was made"):
        artefact.load(path)


def test_another_version_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    artefact.save(path, {"one": model})
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    head = json.loads(arrays["head"].tobytes())
    head["format"] = 99
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    np.savez_compressed(path, **arrays)
    with pytest.raises(ArtefactError, match=r"another version \(format 99, expected 3\)"):
        artefact.load(path)


def test_a_model_for_other_kernels_is_refused(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.npz"
    artefact.save(path, {"one": model})
    monkeypatch.setattr(kernels, "DEFINITION", "kernels of another day")
    with pytest.raises(ArtefactError, match="is a fall model of another version"):
        artefact.load(path)


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut"])
def test_no_artefact_is_one_sentence(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArtefactError, match=r"no readable fall model.*install huoma again") as caught:
        artefact.load(path)
    assert "\n" not in str(caught.value)


def test_wherever_an_artefact_is_damaged_it_is_one_sentence(model: Model, tmp_path: Path) -> None:
    """One byte of it; a gateway must start all the same, and say so."""
    path = tmp_path / "model.npz"
    artefact.save(path, {"one": model})
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for place in [64, *rng.integers(0, len(whole), 100).tolist(), *range(len(whole) - 200, len(whole))]:
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        try:
            artefact.load(path)
        except ArtefactError:
            refused += 1
    assert refused > 200


def test_a_missing_position_is_refused(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.npz"
    artefact.save(path, {"trunk": model})
    monkeypatch.setattr(artefact, "SHIPPED", path)
    with pytest.raises(ArtefactError, match="has no fall model any and no wrist; install huoma again"):
        shipped()


def test_shipped_files_fit_together_and_hold_no_recording(models: dict[str, Model]) -> None:
    folds = artefact.load(artefact.FOLDS)
    for name in set(artefact.WORN.values()):
        own = [fold for key, fold in folds.items() if key.startswith(f"{name}/")]
        assert len(own) == 10
        for person in models[name].seen:
            assert sum(person not in fold.seen for fold in own) == 1
        assert all(fold.seen < models[name].seen for fold in own)
    with np.load(artefact.SHIPPED) as archive:
        sizes = {name: archive[name].size for name in archive.files}
    assert sum(sizes.values()) < 1_200_000  # coefficients; the recordings they were made from have 35 million numbers
