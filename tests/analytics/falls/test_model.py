"""The artefact and the two classifiers against slow oracles."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import ArtefactError, Model, features, load
from analytics.falls import model as models
from analytics.falls.trees import Trees


def windows(count: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(count, 300, 3)) * 0.4 + np.array([0, 1, 0]), np.float32)


def test_trees_equal_walking_each_of_them() -> None:
    #        x0 ≤ 0.5 ?          one tree: ((leaf 0, leaf 1), (leaf 2, leaf 3)), splits in any order
    #     x1 ≤ 0   x2 ≤ −1
    trees = Trees(
        feature=np.array([[2], [0], [1]], np.int16),
        threshold=np.array([[-1], [0.5], [0]], np.float32),
        ruled_out=np.array([[0b1011], [0b1100], [0b1110]], np.uint16),
        value=np.array([[1.0, 10, 100, 1000]]),
        base=0.25,
    )
    columns = np.random.default_rng(0).normal(size=(3, 200)).astype(np.float32)
    columns[:, 0] = (0.5, 0, -1)  # on the thresholds: left
    expected = [
        0.25 + ((1 if y <= 0 else 10) if x <= 0.5 else (100 if z <= -1 else 1000)) for x, y, z in columns.T.tolist()
    ]
    np.testing.assert_array_equal(trees.logit(columns), expected)


@pytest.mark.slow
def test_flattened_boosting_equals_scikit_learn() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    from analytics.training.fitting import flatten

    rng = np.random.default_rng(1)
    values = rng.normal(size=(600, 9)).astype(np.float32)
    labels = (values[:, 0] * values[:, 1] + values[:, 2] > 0.2).astype(int)
    boosted = HistGradientBoostingClassifier(max_iter=25, max_leaf_nodes=16, min_samples_leaf=3).fit(values, labels)
    np.testing.assert_allclose(
        flatten(boosted).logit(np.ascontiguousarray(values.T)), boosted.decision_function(values), atol=1e-12
    )


@pytest.mark.slow
def test_a_windows_numbers_do_not_depend_on_its_neighbours(model: Model) -> None:
    many = windows(70)
    together = model.probability(many)
    np.testing.assert_allclose(together, np.concatenate([model.probability(one[None]) for one in many]), atol=1e-12)
    np.testing.assert_allclose(together, model.of_features(features.extract(many)), atol=1e-12)


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
    window = {"zeros": np.zeros((1, 300, 3)), "constant": np.full((1, 300, 3), 7.0), "one g": windows(1) * 0 + 1}[what]
    assert np.isfinite(features.extract(window.astype(np.float32))).all()


def test_every_column_has_one_name() -> None:
    assert len(set(features.names())) == features.COUNT == features.extract(windows(1)).shape[1]


def test_round_trip(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    digest = models.save(path, [replace(model, about={"data": "made up"})])
    again = load(path)
    assert digest == models.digest_of(path)
    assert (again.threshold, again.seen, again.about) == (model.threshold, model.seen, {"data": "made up"})
    np.testing.assert_array_equal(again.probability(windows(5)), model.probability(windows(5)))


def test_a_changed_artefact_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    models.save(path, [model])
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["0/trees/value"] = arrays["0/trees/value"] + 1e-9
    np.savez_compressed(path, **arrays)
    with pytest.raises(ArtefactError, match="changed since it was made"):
        load(path)


def test_another_version_is_refused(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    models.save(path, [model])
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    head = json.loads(arrays["head"].tobytes())
    head["format"] = 99
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    np.savez_compressed(path, **arrays)
    with pytest.raises(ArtefactError, match=r"another version \(format 99, expected 1\)"):
        load(path)


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut"])
def test_no_artefact_is_one_sentence(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArtefactError, match=r"no readable fall model.*install huoma again") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_shipped_files_fit_together_and_hold_no_recording(model: Model) -> None:
    folds = models.load_all(models.FOLDS)
    assert len(folds) == 5
    for subject in model.seen:
        assert sum(subject not in fold.seen for fold in folds) == 1
    assert all(fold.seen < model.seen for fold in folds)
    with np.load(models.SHIPPED) as archive:
        sizes = {name: archive[name].size for name in archive.files}
    assert sum(sizes.values()) < 100_000  # coefficients; the recordings it was made from have 30 million numbers


def test_the_model_card_names_the_shipped_content() -> None:
    card = models.SHIPPED.with_name("model_card.md").read_text(encoding="utf-8")
    assert models.digest_of(models.SHIPPED) in card
    assert models.digest_of(models.FOLDS) in card
    assert "staged" in card
