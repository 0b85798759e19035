"""UMAFall's two layouts, spreadsheets, quarters of g, and what is wrong in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets import DatasetError, umafall
from analytics.datasets.quarter_scale import quartered

Raw = NDArray[np.float32]
NAME = "UMAFall_Subject_{}_{}_2016-06-13_20-43-52.csv"
IDS = {"RIGHTPOCKET": 0, "WAIST": 2, "WRIST": 3, "ANKLE": 4, "CHEST": 1}


def made_up(count: int = 300, seed: int = 0, quarters: int = 0) -> Raw:
    """Stamps of a link with a delay of its own, values in counts of ±8 g."""
    rng = np.random.default_rng(seed)
    stamps = 105 + np.arange(count) * 50 + rng.integers(0, 20, count)
    values = (np.array([4096, 0, 0]) + rng.integers(-2000, 2000, (count, 3))) / 4096
    values[:quarters] /= 4
    return np.column_stack((stamps, values)).astype(np.float32)


def original(folder: Path, subject: str, trial: str, worn: Mapping[str, Raw], ids: Mapping[str, int] = IDS) -> Path:
    """Every sensor's accelerometer, mixed with what a gyroscope and a magnetometer say."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME.format(subject, trial)
    lines = ["% Universidad de Malaga - ETSI de Telecomunicacion (Spain)", "% Age: 27; Male", "%"]
    lines += [f"%C4:BE:84:71:A5:0{id_}; {id_}; {position}; SensorTag" for position, id_ in ids.items()]
    lines += [
        "% Sensor_Type:",
        "% Accelerometer = 0",
        "% TimeStamp; Sample No; X-Axis; Y-Axis; Z-Axis; Sensor Type; ID;",
    ]
    for position, raw in worn.items():
        for number, (t, x, y, z) in enumerate(raw.tolist()):
            lines.append(f"{t:.0f};{number};{x!r};{y!r};{z!r};0;{ids[position.upper()]};")
            lines.append(f"{t:.0f};{number};-250.5;3.0;1e-3;1;{ids[position.upper()]};")
            lines.append(f"{t:.0f};{number};40;-40;0;2;{ids[position.upper()]};")
    path.write_text("\r\n".join(lines) + "\r\n")
    return path


def packed(folder: Path, subject: str, content: dict[str, Raw]) -> None:
    np.savez_compressed(folder / f"{subject}.npz", allow_pickle=False, **content)


@pytest.mark.parametrize("position", umafall.POSITIONS)
def test_both_layouts_give_the_same(tmp_path: Path, position: str) -> None:
    fall, other = ({p: made_up(seed=seed + n) for n, p in enumerate(umafall.POSITIONS)} for seed in (0, 9))
    trials = {"Fall_backwardFall_1": fall, "ADL_Sitting_GettingUpOnAChair_2": other}
    keys = {f"{name}__{p}_acc": raw for name, worn in trials.items() for p, raw in worn.items()}
    packed(tmp_path, "01", keys | {f"Fall_backwardFall_1__{position}_gyro": made_up(3)})
    other_ids = dict(zip(IDS, (3, 0, 4, 1, 2), strict=True))
    original(tmp_path / "UMAFall_Dataset", "02", "Fall_backwardFall_1", fall)
    original(tmp_path / "UMAFall_Dataset", "02", "ADL_Sitting_GettingUpOnAChair_2", other, other_ids)
    loaded = umafall.load(tmp_path, position=position)
    assert [(t.subject, t.name, t.activity, t.fall, t.position, t.elder) for t in loaded] == [
        (subject, f"{kind}_{activity}_{number}", activity, kind == "Fall", position, False)
        for subject in ("01", "02")
        for kind, activity, number in (("ADL", "Sitting_GettingUpOnAChair", 2), ("Fall", "backwardFall", 1))
    ]
    for one, two in ((loaded[0], loaded[2]), (loaded[1], loaded[3])):
        np.testing.assert_array_equal(one.samples, two.samples)
        assert one.rate_hz == two.rate_hz == pytest.approx(20, rel=0.005)
    np.testing.assert_array_equal(loaded[1].samples, fall[position][:, 1:])
    assert loaded[1].samples.dtype == np.float32
    assert umafall.subjects(tmp_path) == ("01", "02")
    assert umafall.subjects(tmp_path / "UMAFall_Dataset") == ("02",)


def test_quarters_of_g_are_mended(tmp_path: Path) -> None:
    packed(tmp_path, "01", {"Fall_lateralFall_1__chest_acc": made_up(quarters=90)})
    (trial,) = umafall.load(tmp_path, position="chest")
    np.testing.assert_array_equal(trial.samples, made_up()[:, 1:])


def test_a_trial_without_that_sensor_is_left_out(tmp_path: Path) -> None:
    original(tmp_path, "01", "ADL_Walking_1", {"wrist": made_up()}, {"RIGHTPOCKET": 0, "WRIST": 3})
    original(tmp_path, "01", "ADL_Walking_2", {"wrist": made_up(), "waist": made_up()})
    original(tmp_path, "01", "ADL_Walking_3", {"wrist": made_up()})
    assert [trial.name for trial in umafall.load(tmp_path)] == ["ADL_Walking_2"]
    assert len(umafall.load(tmp_path, position="wrist")) == 3
    with pytest.raises(DatasetError, match="no trial of 01 at the ankle"):
        umafall.load(tmp_path, position="ankle")


def test_one_name_on_two_days(tmp_path: Path) -> None:
    first = original(tmp_path, "01", "ADL_Walking_1", {"waist": made_up(seed=1)})
    first.rename(tmp_path / first.name.replace("2016-06-13", "2017-04-14"))
    original(tmp_path, "01", "ADL_Walking_1", {"waist": made_up(seed=2)})
    assert [trial.name for trial in umafall.load(tmp_path)] == ["ADL_Walking_1", "ADL_Walking_1~2"]
    np.testing.assert_array_equal(umafall.load(tmp_path)[1].samples, made_up(seed=1)[:, 1:])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("105;0;1.012.598;0.1;0.2;0;2;", r"line 13: not numbers \('105;0;1.012.598;.*as if a spreadsheet had changed"),
        ("105;0;0.1;1.012.598.156.929.010;0.2;2;3;", "line 13: not numbers"),
        ("105;0;0,1;0.2;0.3;0;2;", "line 13: not numbers"),
        ("105;0;0.1;0.2;0;2;", "line 13: 6 numbers instead of 7"),
        ("105;0;936;0.1;0.2;0;2;", "beyond the sensor's range and is mangled"),
        ("105;0;nan;0.1;0.2;0;2;", "beyond the sensor's range and is mangled"),
    ],
)
def test_what_a_spreadsheet_has_touched_is_refused_whole(tmp_path: Path, line: str, words: str) -> None:
    path = original(tmp_path, "01", "ADL_Walking_1", {"waist": made_up(), "wrist": made_up()})
    original(tmp_path, "01", "ADL_Walking_2", {"waist": made_up()})
    text = path.read_text().splitlines()
    path.write_text("\n".join([*text[:12], line, *text[12:]]))
    with pytest.raises(DatasetError, match=words) as caught:
        umafall.load(tmp_path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    said: list[str] = []
    assert [trial.name for trial in umafall.load(tmp_path, refused=said.append)] == ["ADL_Walking_2"]
    assert said == [str(caught.value)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "only 0 samples and is cut short"),
        ("%C4:BE:84:71:A5:02; 2; WAIST; SensorTag\n", "only 0 samples and is cut short"),
        ("% nothing\n105;0;1;0;0;0;2;\n", "line 2: no line before it says which sensor was worn where"),
        ("%  0; C4:BE:84:71:A5:02; 2; WAIST; SensorTag\n105;0;1;0;0;0;2;\n", "only 1 samples and is cut short"),
        ("%A; 2; WAIST; SensorTag\n" + "105;0;1;0;0;0;2;\n" * 99, "99 samples in 0.00 s of its time stamps"),
    ],
)
def test_other_files_that_say_nothing_are_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / NAME.format("01", "Fall_lateralFall_3")).write_text(content)
    with pytest.raises(DatasetError, match=words):
        umafall.load(tmp_path)


def test_strange_keys_shapes_layouts_and_positions(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no UMAFall recordings.*expected UMAFall: files such as UMAFall_"):
        umafall.load(tmp_path)
    packed(tmp_path, "01", {"Fall_backwardFall_1_wrist": made_up()})
    with pytest.raises(DatasetError, match="is no UMAFall trial; names look like Fall_backwardFall_1__wrist_acc"):
        umafall.load(tmp_path)
    packed(tmp_path, "01", {"Fall_backwardFall_1__wrist_acc": made_up()[:, 1:]})
    with pytest.raises(DatasetError, match=r"the shape \(300, 3\) of float32, expected numbers \(n, 4\)"):
        umafall.load(tmp_path, position="wrist")
    with pytest.raises(DatasetError, match="waist, chest, wrist, ankle only, there is no position 'pocket'"):
        umafall.load(tmp_path, position="pocket")


@pytest.mark.parametrize(
    ("position", "count", "falls"), [("waist", 345, 107), ("chest", 387, 108), ("wrist", 388, 108), ("ankle", 386, 107)]
)
def test_the_recordings(recordings: Path | None, position: str, count: int, falls: int) -> None:
    if recordings is None:
        return
    trials = umafall.load(recordings / "umafall", position=position)
    assert (len(trials), sum(trial.fall for trial in trials)) == (count, falls)
    assert len({trial.subject for trial in trials}) == 11
    assert all(11 < trial.rate_hz < 21 for trial in trials)
    assert not any(quartered(trial.samples) for trial in trials)
    # With every beginning in g there is no fall without an impact left.
    assert min(float(np.linalg.norm(trial.samples, axis=1).max()) for trial in trials if trial.fall) > 1.6
