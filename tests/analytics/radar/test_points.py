"""What points alone tell, and the recordings of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from analytics.datasets import DatasetError, iwrl6432
from analytics.radar import regression
from analytics.radar.point_heights import middles, vertical_motion
from api.cli.evaluate import app


def made_up(folder: Path, *, falls: int = 10, others: int = 10, seed: int = 0) -> None:
    """Packed windows: in falls the points go down by a metre."""
    rng = np.random.default_rng(seed)
    for name, count, drop in (("fall", falls, 1.0), ("no_fall", others, 0.0)):
        held = {}
        for number in range(count):
            frames = np.sort(rng.integers(0, 30, 150))
            points = np.zeros((150, 6), np.float32)
            points[:, 0] = frames
            points[:, 3] = rng.normal(0, 0.3, 150) - drop * (frames > 15)
            held[f"{number:03d}_points"] = points
            held[f"{number:03d}_t_ms"] = np.arange(30) * 260.0
        np.savez(folder / f"iwrl6432_{name}.npz", allow_pickle=False, **held)


def slow_middles(frames: list[int], heights: list[float], count: int) -> list[float]:
    seen = [[z for f, z in zip(frames, heights, strict=True) if f == one] for one in range(count)]
    return [float(np.median(one)) if one else np.nan for one in seen]


def test_middles_are_medians_of_each_frame() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        m = int(rng.integers(0, 60))
        frames = rng.integers(0, 12, m).astype(np.int32)
        heights = rng.normal(size=m).astype(np.float32)
        found = middles(frames, heights, 12)
        assert np.allclose(found, slow_middles(frames.tolist(), heights.tolist(), 12), equal_nan=True)
        assert vertical_motion(found) == pytest.approx(np.nan_to_num(np.nanstd(found)) if m else 0.0)
    assert vertical_motion(np.full((3, 5), np.nan)).tolist() == [0, 0, 0]


def test_both_layouts_give_the_same(tmp_path: Path) -> None:
    (packed := tmp_path / "packed").mkdir()
    (original := tmp_path / "original").mkdir()
    made_up(packed)
    for name, file in (("fall", "fall_data.json"), ("no_fall", "no_fall_data.json")):
        with np.load(packed / f"iwrl6432_{name}.npz") as held:
            sequences = []
            for key in sorted(one for one in held.files if one.endswith("_points")):
                rows = held[key]
                frames = [rows[rows[:, 0] == frame] for frame in range(30)]
                sequences.append(
                    {"frames": [{"x_pos": f[:, 1].tolist(), "y_pos": f[:, 2].tolist(), "z_pos": f[:, 3].tolist()}
                                for f in frames]}
                )  # fmt: skip
        (original / file).write_text(json.dumps({"sequences": sequences}))
    first, second = regression.report(iwrl6432.load(packed)), regression.report(iwrl6432.load(original))
    assert first == second
    assert (first["windows"], first["falls"]) == (20, 10)
    assert first["auc_block_wise"] > 0.9


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("fall.json", "{", "not in the published layout"),
        ("fall.json", '{"sequences": [{"frames": [{"x_pos": [1]}]}]}', "not in the published layout"),
        ("fall.json", '{"sequences": [{"frames": [{"x_pos": [1], "z_pos": [1, 2]}]}]}', "2 heights and 1 places"),
        ("fall.json", '{"sequences": [{"frames": [{"x_pos": [1], "z_pos": [1e9]}]}]}', "that no room has"),
        ("fall.json", '{"sequences": []}', "holds no recordings of falls and of other movement"),
        ("iwrl6432_fall.npz", "no archive", "holds no recordings"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, file: str, content: str, says: str) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(DatasetError, match=says):
        iwrl6432.load(tmp_path)


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    made_up(tmp_path)
    (tmp_path / "iwrl6432_fall.npz").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(DatasetError, match=r"iwrl6432_fall\.npz cannot be read"):
        iwrl6432.load(tmp_path)


def test_the_command(tmp_path: Path) -> None:
    made_up(tmp_path)
    runner = CliRunner()
    done = runner.invoke(app, ["fall", "--dataset", "iwrl6432", str(tmp_path), "--json"])
    report = json.loads(done.stdout)
    assert report["dataset"] == "iwrl6432"
    assert "a test that nothing broke" in report["note"]
    table = runner.invoke(app, ["fall", "--dataset", "iwrl6432", str(tmp_path)]).stdout
    assert "auc_block_wise: " in table
    refused = runner.invoke(app, ["fall", "--dataset", "iwrl6432", str(tmp_path / "nowhere")])
    assert "holds no recordings" in str(refused.exception)


def test_the_recordings(recordings: Path | None) -> None:
    if recordings is None:
        return  # the made-up ones above stand for them
    report = regression.report(iwrl6432.load(recordings / "radar"))
    assert (report["windows"], report["falls"]) == (180, 102)
    assert report["auc_block_wise"] >= 0.96
    assert report["auc"] >= 0.96
