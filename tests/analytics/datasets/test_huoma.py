"""The layout that `huoma dataset export` writes, as a data set; what is wrong in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.datasets import DatasetError, huoma

PERSON = "P3fa94c1b"


def written(folder: Path, name: str, count: int = 100, person: str = PERSON, value: str = "0.1,-0.2,0.98") -> Path:
    (folder / person).mkdir(exist_ok=True)
    path = folder / person / f"{name}.csv"
    path.write_text("\n".join(["x_g,y_g,z_g", *[value] * count]) + "\n", encoding="utf-8")
    return path


def test_what_nurses_said_are_the_labels(tmp_path: Path) -> None:
    written(tmp_path, "real_001_chest_52.08hz")
    written(tmp_path, "false_002_chest_52.08hz")
    written(tmp_path, "accidental_003_chest_52.08hz")
    written(tmp_path, "not-confirmed_004_chest_52.08hz")
    written(tmp_path, "false_005_wrist_26.00hz")
    written(tmp_path, "real_001_chest_52.08hz", person="P00000001", value="nan,nan,nan")
    (tmp_path / "trials.csv").write_text("person,trial\n")
    trials = huoma.load(tmp_path, position="chest")
    assert [(t.subject, t.name, t.activity, t.fall, t.rate_hz, t.elder) for t in trials] == [
        ("P00000001", "real_001", "real", True, 52.08, True),
        (PERSON, "accidental_003", "accidental", False, 52.08, True),
        (PERSON, "false_002", "false", False, 52.08, True),
        (PERSON, "real_001", "real", True, 52.08, True),
    ]
    assert np.isnan(trials[0].samples).all()
    np.testing.assert_array_equal(trials[1].samples, np.array([[0.1, -0.2, 0.98]] * 100, np.float32))
    [wrist] = huoma.load(tmp_path, position="wrist")
    assert (wrist.name, wrist.rate_hz) == ("false_005", 26.0)


def test_packed_is_the_same(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).normal(0, 1, (120, 3)).astype(np.float32)
    np.savez_compressed(tmp_path / f"{PERSON}.npz", allow_pickle=False, **{"false_002_waist_50.00hz": samples})
    [trial] = huoma.load(tmp_path)
    assert (trial.subject, trial.name, trial.fall) == (PERSON, "false_002", False)
    np.testing.assert_array_equal(trial.samples, samples)


@pytest.mark.parametrize(
    ("name", "count", "value", "words"),
    [
        ("false_001_waist_50.00hz", 10, "0,0,1", "cut short"),
        ("false_001_waist_50.00hz", 100, "0,0,99", "mangled"),
        ("false_001_waist_50.00hz", 100, "0,0", "2 numbers instead of 3"),
        ("maybe_001_waist_50.00hz", 100, "0,0,1", "no Huoma trial"),
        ("false_001_waist_0.00hz", 100, "0,0,1", "0.0 Hz"),
    ],
)
def test_what_is_wrong_is_said_and_the_others_load(
    tmp_path: Path, name: str, count: int, value: str, words: str
) -> None:
    written(tmp_path, name, count, value=value)
    written(tmp_path, "real_009_waist_50.00hz")
    with pytest.raises(DatasetError, match=words):
        huoma.load(tmp_path)
    said: list[str] = []
    assert [trial.name for trial in huoma.load(tmp_path, refused=said.append)] == ["real_009"]
    assert len(said) == 1


def test_another_first_line(tmp_path: Path) -> None:
    written(tmp_path, "real_001_waist_50.00hz").write_text("a,b,c\n0,0,1\n")
    with pytest.raises(DatasetError, match="instead of 'x_g,y_g,z_g'"):
        huoma.load(tmp_path)


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="huoma dataset export"):
        huoma.load(tmp_path)
