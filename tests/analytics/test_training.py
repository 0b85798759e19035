"""Training end to end on made-up people, with few trees: who sees whom, what comes out, the command that reports it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from analytics.datasets import DatasetError, Trial, sisfall
from analytics.falls import ArtefactError, Model, load
from analytics.falls import model as models
from analytics.training import augmentation, falls, fitting, protocol, table
from api.cli import evaluate
from gateway.core.errors import Invalid

Make = Callable[..., NDArray[np.float32]]
PEOPLE = ("SA01", "SA02", "SA03", "SA04", "SE01")


@pytest.fixture(scope="module")
def folder(motion: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five people in SisFall's published layout; each falls twice and walks three times, once with a stumble."""
    root = tmp_path_factory.mktemp("sisfall")
    for row, person in enumerate(PEOPLE):
        (root / person).mkdir()
        for number in range(5):
            fall = number < 2
            samples = motion(rate_hz=200.0, seconds=12, falls_at=(6.0,) if fall else (), seed=10 * row + number)
            if number == 4:
                samples[1200:1210] *= 2.4
            raw = np.clip(np.round(samples * 256), -4096, 4095).astype(int)
            name = f"{'F' if fall else 'D'}{number + 1:02d}_{person}_R01"
            lines = [f"{x},{y},{z},0,0,0,0,0,0;" for x, y, z in raw.tolist()]
            (root / person / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(scope="module")
def small() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "TREES", 12)
        patch.setattr(fitting, "NETWORKS", 1)
        patch.setattr(fitting, "HIDDEN", 8)
        patch.setattr(fitting, "EPOCHS", 10)
        patch.setattr(falls, "CHAINS", augmentation.CHAINS[::3])
        yield


@pytest.fixture(scope="module")
def trained(folder: Path, small: None) -> tuple[Model, list[Model]]:
    return falls.train(sisfall.load(folder))


@pytest.mark.slow
def test_each_fold_leaves_out_its_people(trained: tuple[Model, list[Model]]) -> None:
    final, folds = trained
    assert final.seen == frozenset(PEOPLE)
    assert sorted(min(final.seen - fold.seen) for fold in folds) == sorted(PEOPLE)
    assert all(0 < one.threshold < 1 for one in (final, *folds))


@pytest.mark.slow
def test_the_command_writes_what_can_be_read_and_the_same_again(
    folder: Path, trained: tuple[Model, list[Model]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--sisfall", str(folder), "--out", str(tmp_path / "a.npz"), "--folds-out", str(tmp_path / "b.npz")]
    assert falls.main(arguments) == 0
    assert models.digest_of(tmp_path / "a.npz") in capsys.readouterr().out
    again = load(tmp_path / "a.npz")
    assert replace(again, about={}).threshold == trained[0].threshold
    assert again.about["people"] == "5"
    with pytest.raises(ArtefactError, match="holds 5 fall models"):
        load(tmp_path / "b.npz")
    assert falls.main(["--sisfall", str(tmp_path / "nowhere")]) == 2


@pytest.mark.slow
def test_refit_judges_by_models_of_these_recordings(folder: Path, small: None) -> None:
    done = CliRunner().invoke(evaluate.app, ["fall", str(folder), "--json", "--seeds", "2", "--refit"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["trials"], report["people"], report["seeds"]) == (25, 5, 2)
    for name in ("sensitivity", "specificity", "auc", "delay_s", "false_alarms_per_hour", "metadata_auc"):
        assert isinstance(report[name], float)
    assert set(report["models"].values()) == {"not trained on this person, trained on 4"}


@pytest.mark.slow
def test_evaluate_takes_some_people_in_words(folder: Path) -> None:
    done = CliRunner().invoke(evaluate.app, ["fall", str(folder), "--subjects", "SE01", "--seeds", "1"])
    assert done.exit_code == 0, done.output
    assert "5 trials of 1 people" in done.stdout
    assert "staged falls only" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dataset", "nope"], "no dataset 'nope'; known are: sisfall"),
        (["--position", "wrist"], "no position 'wrist'"),
        (["--subjects", "SA99"], "no subject SA99"),
        (["--subjects", ","], "names nobody"),
    ],
)
def test_what_cannot_be_evaluated_is_one_sentence(folder: Path, arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(evaluate.app, ["fall", str(folder), *arguments])
    assert isinstance(done.exception, Invalid)
    assert done.exception.exit_status == 2
    assert words in str(done.exception)
    assert "\n" not in str(done.exception)


def test_too_few_people_are_refused(folder: Path) -> None:
    with pytest.raises(DatasetError, match="at least 5 people"):
        falls.train(sisfall.load(folder, ["SA01"]))


def test_threshold_balances_both_errors() -> None:
    fall = np.array([[3.0, 4.0, 5.0, -1.0]])
    daily = np.array([[-5.0, -4.0, -3.0, 2.0]])
    scores, falls_are = np.concatenate([fall, daily], axis=1), np.repeat([True, False], 4)
    at = protocol.threshold(scores, falls_are)
    assert -1 < at < 3  # one of four wrong on either side
    assert protocol.threshold(scores + 10, falls_are) == pytest.approx(at + 10)


def test_folds_spread_both_age_groups() -> None:
    people = [f"SA{n:02d}" for n in range(1, 16)] + [f"SE{n:02d}" for n in range(1, 11)]
    fold = protocol.folds(people, seed=1)
    assert np.bincount(fold[:15]).tolist() == [3] * 5
    assert np.bincount(fold[15:]).tolist() == [2] * 5


def test_a_device_clips_turns_and_drops_samples() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(800, 3)).astype(np.float32) * 12
    chain = augmentation.Chain(rate_hz=50.0, filtered=False, clip_g=8.0)
    values, rate = augmentation.apply(chain, samples, 200.0, rng)
    np.testing.assert_array_equal(values, np.clip(samples[::4], -8, 8))
    assert rate == 50
    turned, _ = augmentation.apply(augmentation.Chain(rate_hz=200.0, rotated=True, clip_g=99), samples, 200.0, rng)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(samples, axis=1), rtol=1e-5)
    constant = np.ones((800, 3), np.float32)
    np.testing.assert_allclose(
        augmentation.apply(augmentation.Chain(rate_hz=25.0), constant, 200.0, rng)[0], 1, atol=1e-6
    )
    with pytest.raises(ValueError, match="cannot be reduced"):
        augmentation.apply(augmentation.Chain(rate_hz=60.0), samples, 200.0, rng)


def test_the_table_calls_the_impact_a_fall_and_walking_none(folder: Path) -> None:
    trials: list[Trial] = sisfall.load(folder, ["SA01"])
    built = table.build(trials, [augmentation.AS_RECORDED], seed=0)
    own = {trials[index].name for index in built.trial[built.label == 1]}
    assert own == {"F01_SA01_R01", "F02_SA01_R01"}
    assert {trials[index].fall for index in built.trial[built.label == 0]} <= {False}
    assert np.all(np.abs(built.offset_s[built.label == 1]) <= 0.8)
