"""Training end to end on made-up people, with a small network: who sees whom, and the command that reports it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from analytics.datasets import DatasetError, Trial, sisfall
from analytics.falls import Model, artefact
from analytics.training import augmentation, cross, falls, fitting, material, networks, protocol, table
from analytics.training.augmentation import AS_RECORDED
from analytics.training.material import Material, Part
from analytics.training.sources import CHAINS, TEACHERS, Source, chains
from api.cli import evaluate
from gateway.core.errors import Invalid

Make = Callable[..., NDArray[np.float32]]
WAIST = Source(dataset="sisfall", position="waist")
PEOPLE = ("SA01", "SA02", "SA03", "SA04", "SE01")


@pytest.fixture(scope="module")
def folder(motion: Make, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five people in SisFall's published layout; each falls twice and walks three times, once with a stumble."""
    root = tmp_path_factory.mktemp("data") / "sisfall"
    for row, person in enumerate(PEOPLE):
        (root / person).mkdir(parents=True)
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
        patch.setattr(fitting, "SHAPE", networks.Shape(networks=1, hidden=8, epochs=20))
        patch.setattr(cross, "SHAPE", replace(cross.SHAPE, networks=1, hidden=8, epochs=20))
        patch.setattr(material, "chains", lambda source: CHAINS[source.dataset][:: 2 if source.aid else 3])
        for module in (falls, cross):  # of the few chains only the first is the recording as it is
            patch.setattr(module, "recorded", lambda source: () if source.aid else (0,))
        patch.setattr(falls, "TEACHERS", {"trunk": (WAIST,), "any": (WAIST,)})
        patch.setattr(falls, "GROUPS", {})
        yield


@pytest.fixture(scope="module")
def trained(folder: Path, small: None) -> tuple[Model, list[Model]]:
    return falls.train(Material.of([Part.of(WAIST, sisfall.load(folder), falls.SEED)]))


@pytest.mark.slow
def test_each_fold_leaves_out_its_people(trained: tuple[Model, list[Model]]) -> None:
    final, folds = trained
    assert final.seen == frozenset(f"sisfall/{person}" for person in PEOPLE)
    assert sorted(min(final.seen - fold.seen) for fold in folds) == sorted(final.seen)
    for one in (final, *folds):
        assert 0 < one.threshold < 1
        assert one.devices == {"sisfall": one.calibration}  # one set: its device is every device


@pytest.mark.slow
def test_the_command_writes_what_can_be_read_and_the_same_again(
    folder: Path, trained: tuple[Model, list[Model]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--all",
        "--data",
        str(folder.parent),
        "--out",
        str(tmp_path / "a.npz"),
        "--folds-out",
        str(tmp_path / "b.npz"),
    ]
    assert falls.main(arguments) == 0
    assert artefact.digest_of(tmp_path / "a.npz") in capsys.readouterr().out
    again = artefact.load(tmp_path / "a.npz")
    assert again["trunk"].calibration == again["any"].calibration == trained[0].calibration
    np.testing.assert_array_equal(again["trunk"].network.hidden, trained[0].network.hidden)
    assert again["trunk"].about["people"] == "5"
    assert sorted(artefact.load(tmp_path / "b.npz")) == [f"trunk/{number}" for number in range(5)]
    assert falls.main(["--data", str(tmp_path / "nowhere")]) == 2


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


@pytest.mark.slow
def test_verdicts_are_a_dataset_like_any_other(motion: Make, tmp_path: Path) -> None:
    for row, person in enumerate(("P00000001", "P00000002")):
        (tmp_path / person).mkdir()
        for number in range(4):
            samples = motion(rate_hz=52.0, seconds=10, falls_at=(7.5,) if number < 2 else (), seed=10 * row + number)
            samples[100:110] = np.nan
            lines = ["x_g,y_g,z_g", *[",".join(f"{v:.4f}" for v in line) for line in samples.tolist()]]
            name = f"{'real' if number < 2 else 'false'}_{number:03d}_wrist_52.00hz"
            (tmp_path / person / f"{name}.csv").write_text("\n".join(lines) + "\n")
    arguments = ["fall", str(tmp_path), "--dataset", "huoma", "--position", "wrist", "--seeds", "1", "--json"]
    done = CliRunner().invoke(evaluate.app, arguments)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["trials"], report["people"], report["falls"], report["position"]) == (8, 2, 4, "wrist")
    assert report["specificity"] == 1
    assert (report["missed_falls"] == {}) == (report["sensitivity"] == 1)


@pytest.mark.slow
def test_the_matrix_of_sets_is_a_command(folder: Path, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = cross.Crossing(taught=(replace(WAIST, slow=True),), tested=WAIST, allowed=0.1)
    monkeypatch.setattr(cross, "MATRIX", (cell,))
    done = CliRunner().invoke(evaluate.app, ["fall", str(folder.parent), "--cross", "--seeds", "1", "--json"])
    assert done.exit_code == 0, done.output
    (report,) = json.loads(done.stdout).values()
    assert report["trials"] == 25
    assert 0 <= min(report["where_equal"]) <= 1
    assert 0 <= min(report["by_activities"].values()) <= 1
    for kind in ("apart", "native"):
        for change, low, high in report["changes"][kind].values():
            assert -1 <= low <= change <= high <= 1
    done = CliRunner().invoke(evaluate.app, ["fall", str(folder), "--cross"])
    assert isinstance(done.exception, Invalid)
    assert "expected SisFall" in str(done.exception)


@pytest.mark.slow
def test_plots_and_native_rates(folder: Path, tmp_path: Path) -> None:
    arguments = ["fall", str(folder), "--subjects", "SE01", "--seeds", "1", "--native", "--plots", str(tmp_path / "p")]
    done = CliRunner().invoke(evaluate.app, arguments)
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == ["delay.svg", "misses.svg", "roc.svg"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dataset", "nope"], "no dataset 'nope'; known are: sisfall, umafall, weda, huoma"),
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


@pytest.mark.slow
def test_a_new_sets_threshold_comes_from_other_people(folder: Path, trained: tuple[Model, list[Model]]) -> None:
    part = Part.of(WAIST, sisfall.load(folder), falls.SEED)
    model, _ = trained
    by_activities, labelled = cross.by_activities(model, part, 0.0), cross.calibrated(model, part)
    (scores,) = protocol.trial_scores(part.rows, part.trials, falls.raw(model, part.inputs))
    assert set(by_activities) == set(labelled) == set(PEOPLE)
    for name in PEOPLE:
        others = np.array([trial.subject != name for trial in part.trials])
        fell = np.array([trial.fall for trial in part.trials])
        highest = scores[others & ~fell].max()
        assert by_activities[name].threshold == pytest.approx(1 / (1 + np.exp(-highest)))
        line = labelled[name].calibration
        at = (np.log(line.threshold / (1 - line.threshold)) - line.offset) / line.slope
        assert at == pytest.approx(protocol.threshold(scores[others], fell[others], ahead=cross.AHEAD))


@pytest.mark.slow
def test_nothing_of_a_person_sets_what_judges_them(folder: Path, trained: tuple[Model, list[Model]]) -> None:
    part = Part.of(WAIST, sisfall.load(folder), falls.SEED)
    model, _ = trained
    own = part.rows.subject == PEOPLE.index("SA01")
    label, inputs = part.rows.label.copy(), part.inputs.copy()
    label[own] = 1 - np.abs(label[own])
    inputs[own] += 1
    trials = tuple(replace(one, fall=not one.fall) if one.subject == "SA01" else one for one in part.trials)
    changed = replace(part, trials=trials, rows=replace(part.rows, label=label), inputs=inputs)
    for chosen in (partial(cross.by_activities, allowed=0.1), cross.calibrated):
        old, new = chosen(model, part), chosen(model, changed)
        assert old["SA01"].calibration == new["SA01"].calibration
        assert old["SA02"].calibration != new["SA02"].calibration


def test_a_threshold_ahead_trades_specificity_for_sensitivity() -> None:
    rng = np.random.default_rng(0)
    scores, fell = np.concatenate([rng.normal(1, 1, 2000), rng.normal(-1, 1, 2000)]), np.arange(4000) < 2000
    for ahead in (0.0, 0.02, 0.1):
        at = protocol.threshold(scores, fell, ahead=ahead)
        assert (scores[fell] >= at).mean() - (scores[~fell] < at).mean() == pytest.approx(ahead, abs=0.002)


def test_rows_are_mixed_and_lack_inputs() -> None:
    rng = np.random.default_rng(0)
    values, labels = rng.normal(size=(400, 6)).astype(np.float32), (np.arange(400) % 2).astype(np.int8)
    values[:, 3:] += labels[:, None]
    shape = networks.Shape(networks=2, hidden=4, epochs=200, dropped=0.25, mixed=0.4)
    network = networks.fit(values, labels, shape=shape, seed=0)
    logits = network.logit(values.T.copy())
    np.testing.assert_array_equal(logits, networks.fit(values, labels, shape=shape, seed=0).logit(values.T.copy()))
    assert 0.75 < ((logits > 0) == labels).mean() < 1
    more = networks.fit(values, labels, shape=replace(shape, groups=2), seed=0)
    other = networks.fit(values, labels, shape=shape, seed=1)
    np.testing.assert_array_equal(more.hidden, np.concatenate([network.hidden, other.hidden], axis=1))
    both = (logits + other.logit(values.T.copy())) / 2
    np.testing.assert_allclose(more.logit(values.T.copy()), both, atol=1e-5)
    ones, wanted = np.ones((200, 600), np.float32), np.repeat(np.array([0, 1], np.float32), 100)
    seen, meant = networks._varied(ones, wanted, shape, np.random.default_rng(0))
    assert (seen == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert seen.mean() == pytest.approx(1, abs=0.01)
    assert ((meant <= 0.5) == (wanted == 0)).all()
    assert ((meant > 0) & (meant < 1)).any()


@pytest.mark.slow
def test_an_aid_teaches_and_sets_no_threshold(folder: Path, small: None) -> None:
    trials = sisfall.load(folder)
    told = Part.of(Source(dataset="weda", position="wrist"), [replace(t, position="wrist") for t in trials], 0)
    aid = Part.of(Source(dataset="sisfall", position="waist", aid=True), trials, 0)
    both = Material.of([told, aid])
    assert both.sets() == {"weda": (0,)}
    assert len(both.people) == 10
    logits = np.where(both.part == 1, 100.0, np.where(both.label == 1, 2.0, -2.0))  # nobody asks what the aid's are
    everybody = np.ones(10, np.bool_)
    model = falls.committed(falls._fitted(both, everybody), both, logits, everybody)
    assert set(model.devices) == {"weda"}
    assert model.devices["weda"] == model.calibration
    line = model.calibration
    assert -2 < (np.log(line.threshold / (1 - line.threshold)) - line.offset) / line.slope < 2


def test_an_aid_is_heard_as_slow_devices_hear_it() -> None:
    aid = chains(Source(dataset="sisfall", position="waist", aid=True))
    assert {chain.rate_hz for chain in aid} == {20.0, 25.0}
    for source in {source for sources in TEACHERS.values() for source in sources if not source.aid}:
        assert chains(source)[0] == AS_RECORDED


def test_too_few_people_are_refused(folder: Path) -> None:
    with pytest.raises(DatasetError, match="at least 5 people"):
        falls.train(Material.of([Part.of(WAIST, sisfall.load(folder, ["SA01"]), 0)]))


def test_threshold_balances_both_errors() -> None:
    scores = np.array([3.0, 4.0, 5.0, -1.0, -5.0, -4.0, -3.0, 2.0])
    falls_are = np.repeat([True, False], 4)
    at = protocol.threshold(scores, falls_are)
    assert -1 < at < 3  # one of four wrong on either side
    assert protocol.threshold(scores + 10, falls_are) == pytest.approx(at + 10)
    assert protocol.threshold(scores, falls_are, np.ones(8) / 8) == at


def test_a_weight_counts_as_so_many_trials() -> None:
    rng = np.random.default_rng(0)
    scores, falls_are = rng.normal(size=30), np.arange(30) < 12
    scores[falls_are] += 1
    weights = rng.integers(1, 4, 30)
    often = np.repeat(np.arange(30), weights)
    assert protocol.threshold(scores, falls_are, weights.astype(float)) == protocol.threshold(
        scores[often], falls_are[often]
    )


def test_folds_spread_both_age_groups() -> None:
    fold = protocol.folds(["young"] * 15 + ["elder"] * 10, seed=1, count=5)
    assert np.bincount(fold[:15]).tolist() == [3] * 5
    assert np.bincount(fold[15:]).tolist() == [2] * 5


def test_a_network_learns_what_no_line_tells_apart() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2000, 6)).astype(np.float32)
    values[:, 5] = 3  # tells nothing
    labels = (values[:, 0] * values[:, 1] > 0).astype(np.int8)
    network = networks.fit(values, labels, shape=networks.Shape(networks=2, hidden=16, epochs=60), seed=0)
    again = networks.fit(values, labels, shape=networks.Shape(networks=2, hidden=16, epochs=60), seed=0)
    np.testing.assert_array_equal(network.hidden, again.hidden)
    assert network.hidden.shape == (6, 32)
    assert np.mean((network.logit(np.ascontiguousarray(values.T)) > 0) == labels) > 0.9


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
    lost, _ = augmentation.apply(augmentation.Chain(lost=600), samples, 200.0, rng)
    assert 0 < np.isnan(lost[:, 0]).mean() < 1
    assert augmentation.apply(augmentation.Chain(rate_hz=60.0), samples, 200.0, rng)[1] == 60
    with pytest.raises(ValueError, match="cannot be reduced"):
        augmentation.apply(augmentation.Chain(rate_hz=60.0), samples, 50.0, rng)


def test_the_table_calls_the_impact_a_fall_and_walking_none(folder: Path) -> None:
    trials: list[Trial] = sisfall.load(folder, ["SA01"])
    built = table.build(trials, [augmentation.AS_RECORDED], seed=0)
    own = {trials[index].name for index in built.trial[built.label == 1]}
    assert own == {"F01_SA01_R01", "F02_SA01_R01"}
    assert {trials[index].fall for index in built.trial[built.label == 0]} <= {False}
    assert np.all(np.abs(built.offset_s[built.label == 1]) <= 0.8)


def test_a_sudden_fall_is_still_labelled_where_it_is(folder: Path) -> None:
    """Without most of what was before it: the window before the peak is the trial before."""
    trials: list[Trial] = sisfall.load(folder, ["SA01"])
    built = table.build(trials, [augmentation.Chain(sudden=True)], seed=0)
    own = {trials[index].name for index in built.trial[built.label == 1]}
    assert own == {"F01_SA01_R01", "F02_SA01_R01"}
    assert np.all(np.abs(built.offset_s[built.label == 1]) <= 0.8)
    (fall, *_) = (trial for trial in trials if trial.fall)
    assert table._without(fall, 2.0).samples.shape == (len(fall.samples) - 400, 3)
    assert table._without(fall, 0.0) is fall


def test_a_new_device_is_heard_as_slow_ones_hear_with_and_without_a_filter() -> None:
    slow = chains(replace(WAIST, slow=True))
    assert {chain.rate_hz for chain in slow} == {20.0, 25.0}
    assert {chain.filtered for chain in slow} == {True, False}
    # Where other things happen before its falls than in the recordings, once more without what led to the blow.
    more = chains(replace(WAIST, slow=True, before=True))
    assert more[:-1] == slow
    assert (more[-1].sudden, more[-1].rate_hz) == (True, 25.0)
