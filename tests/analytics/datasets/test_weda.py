"""WEDA-FALL's two layouts, samples out of order, and what is wrong in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets import DatasetError, weda

Raw = NDArray[np.float32]
HEADER = "accel_time_list,accel_x_list,accel_y_list,accel_z_list"


def made_up(count: int = 300, rate_hz: float = 39.5, seed: int = 0) -> Raw:
    """Stamps in bursts, values in tenths of m/s²."""
    time = np.ceil(np.arange(count) / rate_hz * 10) / 10
    stamps = time + 0.002 * (np.arange(count) - np.searchsorted(time, time))
    values = np.random.default_rng(seed).integers(-392, 393, (count, 3)) / 10
    return np.column_stack((np.round(stamps, 3), values)).astype(np.float32)


def original(folder: Path, activity: str, name: str, raw: Raw) -> Path:
    (folder / activity).mkdir(parents=True, exist_ok=True)
    path = folder / activity / f"{name}_accel.csv"
    path.write_text("\n".join([HEADER, *(f"{t:.3f},{x:.1f},{y:.1f},{z:.1f}" for t, x, y, z in raw)]) + "\n")
    return path


def packed(folder: Path, subject: str, content: dict[str, Raw]) -> None:
    np.savez_compressed(folder / f"{subject}.npz", allow_pickle=False, **content)


def test_both_layouts_give_the_same(tmp_path: Path) -> None:
    fall, other = made_up(), made_up(rate_hz=49.4, seed=1)
    packed(tmp_path, "U01", {"F07_R03_acc": fall, "F07_R03_gyro": fall, "D01_R01_acc": other})
    original(tmp_path / "dataset/50Hz", "F07", "U02_R03", fall)
    original(tmp_path / "dataset/50Hz", "D01", "U21_R01", other)
    original(tmp_path / "dataset/10Hz", "D01", "U03_R01", other)
    original(tmp_path / "dataset/50Hz", "F07", "U02_R03_vertical", other)
    trials = weda.load(tmp_path)
    assert [(t.subject, t.name, t.activity, t.fall, t.position, t.elder) for t in trials] == [
        ("U01", "D01_R01", "D01", False, "wrist", False),
        ("U01", "F07_R03", "F07", True, "wrist", False),
        ("U02", "F07_R03", "F07", True, "wrist", False),
        ("U21", "D01_R01", "D01", False, "wrist", True),
    ]
    for one, two in ((trials[1], trials[2]), (trials[0], trials[3])):
        np.testing.assert_array_equal(one.samples, two.samples)
        assert one.rate_hz == two.rate_hz
    assert trials[0].rate_hz == pytest.approx(49.4, rel=0.01)
    assert trials[1].rate_hz == pytest.approx(39.5, rel=0.01)
    np.testing.assert_allclose(trials[1].samples, fall[:, 1:] / 9.80665, rtol=1e-6)
    assert trials[1].samples.dtype == np.float32
    assert weda.subjects(tmp_path) == ("U01", "U02", "U21")
    assert weda.subjects(tmp_path / "dataset") == weda.subjects(tmp_path / "dataset" / "50Hz") == ("U02", "U21")


def test_a_message_written_late_is_put_in_its_place(tmp_path: Path) -> None:
    raw = made_up()
    order = np.concatenate((np.arange(100), np.arange(115, 130), np.arange(100, 115), np.arange(130, 300)))
    packed(tmp_path, "U01", {"F01_R01_acc": raw, "F01_R02_acc": raw[order]})
    first, second = weda.load(tmp_path)
    np.testing.assert_array_equal(first.samples, second.samples)
    assert first.rate_hz == second.rate_hz


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", r"line 1: not the names of the columns \(''\)"),
        ("0.0,1,2,3\n" * 100, "line 1: not the names of the columns"),
        (HEADER + "\n" + "0.0,1,2,3\n" * 49, "only 49 samples and is cut short"),
        (HEADER + "\n0.0,1,2\n", "line 2: 3 numbers instead of 4"),
        (HEADER + "\n0.0,1,2,3\n\n1.012.598,1,2,3\n", "line 4: not numbers .*as if a spreadsheet"),
        (HEADER + "\n" + "".join(f"{n / 50},1,2,999\n" for n in range(100)), "beyond the sensor's range"),
        (HEADER + "\n" + "".join(f"{n / 50},1,2,nan\n" for n in range(100)), "beyond the sensor's range"),
        (HEADER + "\n" + "7.5,1,2,3\n" * 100, "100 samples in 0.00 s of its time stamps, from a sensor of 50"),
    ],
)
def test_mangled_files_are_refused(tmp_path: Path, content: str, words: str) -> None:
    path = original(tmp_path, "F01", "U01_R01", made_up())
    path.write_text(content)
    with pytest.raises(DatasetError, match=words) as caught:
        weda.load(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_others_are_loaded_for_whoever_wants_to_hear_of_the_refused(tmp_path: Path) -> None:
    original(tmp_path, "F01", "U01_R01", made_up())
    original(tmp_path, "F02", "U01_R01", made_up()).write_text(HEADER)
    packed(tmp_path, "U02", {"F01_R01_acc": made_up(40), "F02_R01_acc": made_up(), "D01_R01_acc": made_up()[:, :3]})
    (tmp_path / "U03.npz").write_bytes(b"not a zip")
    said: list[str] = []
    trials = weda.load(tmp_path, refused=said.append)
    assert [(t.subject, t.name) for t in trials] == [("U01", "F01_R01"), ("U02", "F02_R01")]
    assert [line.partition(str(tmp_path))[2][:22] for line in said] == [
        "/F02/U01_R01_accel.csv",
        "/U02.npz: F01_R01_acc ",
        "/U02.npz: D01_R01_acc ",
        "/U03.npz is not a read",
    ]
    with pytest.raises(DatasetError, match="no trial of U03 at the wrist"):
        weda.load(tmp_path, ["U03"], refused=said.append)


def test_strange_keys_layouts_subjects_and_positions(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no WEDA-FALL recordings.*expected WEDA-FALL: folders such as 50Hz/F07/"):
        weda.load(tmp_path)
    packed(tmp_path, "U01", {"walking": made_up()})
    with pytest.raises(DatasetError, match="'walking' is no WEDA-FALL trial; names look like F07_R03_acc"):
        weda.load(tmp_path)
    with pytest.raises(DatasetError, match=r"no subject U09.*there are U01"):
        weda.load(tmp_path, ["U09"])
    with pytest.raises(DatasetError, match="worn at the wrist only, there is no position 'waist'"):
        weda.load(tmp_path, position="waist")


@pytest.mark.slow
def test_the_recordings(recordings: Path | None) -> None:
    if recordings is None:
        return
    trials = weda.load(recordings / "weda")
    assert len(trials) == 617
    assert sum(trial.fall for trial in trials) == 225
    assert {trial.subject for trial in trials if trial.elder} == {f"U{n}" for n in range(21, 28)}
    assert not any(trial.fall for trial in trials if trial.elder)
    rates = {fall: [trial.rate_hz for trial in trials if trial.fall is fall] for fall in (True, False)}
    assert 39.3 < min(rates[True]) < max(rates[True]) < 39.8
    assert 47.9 < min(rates[False]) < max(rates[False]) < 50.1
