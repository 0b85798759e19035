"""The protocol on made-up trials, and on recordings where there are some."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets.trials import DatasetError, Trial
from analytics.falls import FallDetector, Model
from analytics.falls.artefact import FOLDS, WORN, load
from analytics.falls.evaluation import evaluate, judges
from analytics.falls.replay import replay
from analytics.findings import Finding

Make = Callable[..., NDArray[np.float32]]


def trial(motion: Make, subject: str, number: int, *, fall: bool, weak: bool = False) -> Trial:
    falls = (6.0,) if fall or weak else ()
    samples = motion(rate_hz=200.0, seconds=12 if not fall else 15, falls_at=falls, seed=number)
    if weak:  # something that is called a fall and does not look like one
        samples = samples * np.float32(0.1) + np.array([0, 0.9, 0], np.float32)
    name = f"{'F' if fall or weak else 'D'}{number:02d}"
    return Trial(
        subject=subject, name=f"{name}_{subject}_R01", activity=name, fall=fall or weak, position="waist",
        elder=subject.startswith("SE"), rate_hz=200.0, samples=samples,
    )  # fmt: skip


@pytest.fixture(scope="module")
def trials(motion: Make) -> list[Trial]:
    return [
        *[trial(motion, subject, n, fall=n % 2 == 0) for subject in ("SA90", "SE91") for n in range(6)],
        trial(motion, "SA90", 50, fall=False, weak=True),
        # A fall that calls itself a daily activity: a false alarm that must be counted.
        replace(trial(motion, "SE91", 60, fall=True), name="D60_SE91_R01", activity="D60", fall=False),
    ]


@pytest.mark.slow
def test_counts_what_it_should(trials: list[Trial], models: dict[str, Model]) -> None:
    report = evaluate(trials, judges(trials, "sisfall", "waist", models, load(FOLDS)), seeds=3)
    json.dumps(report, allow_nan=False)
    assert report["trials"] == 14
    assert report["seeds"] == 3
    assert report["sensitivity"] == pytest.approx(6 / 7)
    assert report["specificity"] == pytest.approx(6 / 7)
    assert report["missed_falls"] == {"SA90/F50_SA90_R01": 3}
    assert report["raised_activities"] == {"SE91/D60_SE91_R01": 3}
    assert report["by_group"]["elder"]["sensitivity"] == 1
    assert report["by_group"]["young"]["specificity"] == 1
    rates = [report["by_group"][group]["false_alarms_per_hour_of_activity"] for group in ("elder", "young")]
    assert rates[0] > report["false_alarms_per_hour_of_activity"] > rates[1] == 0, "falls are no daily activity"
    assert report["by_activity"]["D60"]["false_alarms_per_hour"] == pytest.approx(3600 / 15)
    assert report["false_alarms_per_hour"] == pytest.approx(1 / report["hours"], rel=0.02)
    assert 2.0 < report["delay_s"] <= report["delay_s_max"] <= 3.5
    assert report["metadata_auc_of_single_files"] > 0.75  # 15 s against 12 s: the trap is seen …
    assert report["metadata_auc"] < 0.75  # … and gone in the stream
    assert 0.5 < report["auc"] < 1


@pytest.mark.slow
def test_replay_gives_what_the_running_detector_gives(trials: list[Trial], model: Model) -> None:
    """Scores taken together after the replay are the same as step by step."""
    own = [one for one in trials if one.subject == "SA90"]
    (replayed,) = replay(own, {"SA90": model}, seed=1)
    detector = FallDetector(model=model)
    state = detector.start(np.array([200.0]))
    found: list[tuple[Finding, float]] = []
    cuts = np.round(replayed.chunk_s * 200).astype(int)
    for begin, end in zip([0, *cuts[:-1]], cuts, strict=True):
        state, now = detector.step(state, replayed.joined.samples[None, begin:end])
        found += [(finding, end / 200) for finding in now]
    assert [(finding.at_s, finding.decided_s) for finding, _ in found] == [
        (finding.at_s, finding.decided_s) for finding in replayed.raises
    ]
    np.testing.assert_allclose(
        [finding.probability for finding, _ in found], [f.probability for f in replayed.raises], atol=1e-9
    )
    np.testing.assert_allclose([known for _, known in found], replayed.raised_s)


@pytest.mark.parametrize(("dataset", "position"), [("sisfall", "waist"), ("umafall", "chest"), ("weda", "wrist")])
def test_nobody_is_judged_by_a_model_that_saw_them(
    models: dict[str, Model], trials: list[Trial], dataset: str, position: str
) -> None:
    folds = load(FOLDS)
    final = models[WORN[position]]
    seen = min(name.removeprefix(f"{dataset}/") for name in final.seen if name.startswith(dataset))
    chosen = judges([*trials, replace(trials[0], subject=seen)], dataset, position, models, folds)
    assert chosen["SA90"].network is final.network
    assert chosen["SA90"].calibration == final.devices[dataset]
    assert f"{dataset}/{seen}" not in chosen[seen].seen
    with pytest.raises(DatasetError, match=f"every model for the {position} was trained on {dataset}/{seen}"):
        judges([replace(trials[0], subject=seen)], dataset, position, models, {})


@pytest.mark.slow
def test_recordings_of_unseen_people(recordings: Path | None, models: dict[str, Model]) -> None:
    """Four people of SisFall, each judged by a model that never saw them; without recordings, made-up people."""
    from analytics.datasets import sisfall

    if recordings is None:
        return
    trials = sisfall.load(recordings / "sisfall", ["SA02", "SA07", "SA11", "SE04"])
    report = evaluate(trials, judges(trials, "sisfall", "waist", models, load(FOLDS)), seeds=1)
    assert report["sensitivity"] >= 0.98
    assert report["specificity"] >= 0.98
    assert report["delay_s_max"] <= 3.5
    assert report["metadata_auc"] < 0.65
