"""SisFall's two layouts, and what is wrong with a folder in one sentence."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets import DatasetError, sisfall

Raw = NDArray[np.int16]
RAW = np.random.default_rng(0).integers(-4096, 4096, (1200, 3)).astype(np.int16)


def published(folder: Path, subject: str, names: dict[str, Raw]) -> None:
    (folder / subject).mkdir(parents=True)
    for name, raw in names.items():
        lines = [f"{x},{y}, {z},-18,-504,-352,76,-697,-279;" for x, y, z in raw]
        (folder / subject / f"{name}.txt").write_text("\r\n".join(lines) + "\r\n")


def packed(folder: Path, subject: str, names: dict[str, Raw]) -> None:
    np.savez_compressed(folder / f"{subject}.npz", allow_pickle=False, **names)


@pytest.fixture
def both(tmp_path: Path) -> Path:
    published(tmp_path, "SA01", {"F01_SA01_R01": RAW, "D02_SA01_R01": RAW[::-1]})
    packed(tmp_path, "SE06", {"F05_SE06_R02": RAW})
    return tmp_path


def test_both_layouts_give_the_same(both: Path) -> None:
    trials = sisfall.load(both)
    assert [(t.subject, t.name, t.activity, t.fall, t.elder) for t in trials] == [
        ("SA01", "D02_SA01_R01", "D02", False, False),
        ("SA01", "F01_SA01_R01", "F01", True, False),
        ("SE06", "F05_SE06_R02", "F05", True, True),
    ]
    np.testing.assert_array_equal(trials[1].samples, trials[2].samples)
    np.testing.assert_array_equal(trials[1].samples, RAW.astype(np.float32) * np.float32(0.00390625))
    assert trials[0].rate_hz == 200
    assert sisfall.subjects(both) == ("SA01", "SE06")


def test_the_group_is_the_file_not_the_trials_own_name(tmp_path: Path) -> None:
    packed(tmp_path, "SA15", {"D17_SE15_R01": RAW})
    (trial,) = sisfall.load(tmp_path)
    assert (trial.subject, trial.elder) == ("SA15", False)


def test_only_the_wanted(both: Path) -> None:
    assert {t.subject for t in sisfall.load(both, ["SE06"])} == {"SE06"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1,2,3,4,5,6,7,8,9;\n" * 10, "only 10 samples"),
        ("1,2,3,4,5,6;\n" * 1200, "line 1: 6 numbers instead of 9"),
        ("1,2,3,4,5,6,7,8,9;\n" * 1200 + "1,2,3", "line 1201: 3 numbers"),
        ("1.012.598,2,3,4,5,6,7,8,9;\n" * 1200, "line 1: not whole numbers"),
        ("99999,2,3,4,5,6,7,8,9;\n" * 1200, "beyond the sensor's range"),
        ("", "only 0 samples"),
        ("99999999999999999999,2,3,4,5,6,7,8,9;\n" * 1200, "a number that no sensor tells"),
        ("0,0,0,0,0,0,0,0,0;\n" * 1200, "the same values from beginning to end"),
    ],
)
def test_mangled_files_are_refused(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "SA01").mkdir()
    (tmp_path / "SA01" / "F01_SA01_R01.txt").write_text(content)
    with pytest.raises(DatasetError, match=words) as caught:
        sisfall.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_recording_of_somebody_else_is_not_judged_as_of_this_one(tmp_path: Path) -> None:
    """The fold that left this one out may have been taught by that one."""
    (tmp_path / "SA01").mkdir()
    lines = "".join(f"{n % 7},2,3,4,5,6,7,8,9;\n" for n in range(1200))
    (tmp_path / "SA01" / "F01_SA03_R01.txt").write_text(lines)
    with pytest.raises(DatasetError, match="says that it is of SA03 and stands with SA01"):
        sisfall.load(tmp_path)


def test_wherever_a_packed_file_is_damaged_it_is_one_sentence(tmp_path: Path) -> None:
    packed(tmp_path, "SA01", {"F01_SA01_R01": RAW})
    whole = (tmp_path / "SA01.npz").read_bytes()
    rng = np.random.default_rng(1)
    refused = 0
    for place in [*rng.integers(0, len(whole), 150).tolist(), *range(len(whole) - 150, len(whole))]:
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        (tmp_path / "SA01.npz").write_bytes(broken)
        with suppress(DatasetError):
            sisfall.load(tmp_path)
            refused -= 1
        refused += 1
    assert refused > 150


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04"])
def test_damaged_packed_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "SA01.npz").write_bytes(content)
    with pytest.raises(DatasetError, match="not a readable packed file"):
        sisfall.load(tmp_path)


def test_strange_packed_content_is_refused(tmp_path: Path) -> None:
    packed(tmp_path, "SA01", {"F01_SA01_R01": RAW[:, :2]})
    with pytest.raises(DatasetError, match="expected whole numbers"):
        sisfall.load(tmp_path)
    packed(tmp_path, "SA01", {"walking": RAW})
    with pytest.raises(DatasetError, match="no SisFall trial"):
        sisfall.load(tmp_path)


def test_unknown_layout_subject_and_position(both: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(DatasetError, match=r"no SisFall recordings.*expected SisFall: folders such as SA01/"):
        sisfall.load(empty)
    with pytest.raises(DatasetError, match="is not a folder"):
        sisfall.load(empty / "nowhere")
    with pytest.raises(DatasetError, match=r"no subject SA99.*there are SA01, SE06"):
        sisfall.load(both, ["SA01", "SA99"])
    with pytest.raises(DatasetError, match="waist only, there is no position 'wrist'"):
        sisfall.load(both, position="wrist")
