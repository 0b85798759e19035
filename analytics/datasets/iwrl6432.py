"""TI IWRL6432AOP: windows of 60 GHz point clouds, staged falls and other movement, 30 frames of some 0.26 s each.

Packed layout: `iwrl6432_fall.npz` and `iwrl6432_no_fall.npz`, for each window float32 (m, 6) `NNN_points` (frame, x,
y, z, doppler, signal to noise) and `NNN_t_ms` (30,). Published layout: JSON `{"sequences": [{"frames": [{"x_pos":
[...], "y_pos": [...], "z_pos": [...]}]}]}`; a file whose name says "no", "non" or "normal" holds no falls.

**Range, signal and the number of points give the label away**: each class is one sitting, and falls lie at 1.8 m, the
rest at 1 m. So only heights are kept here. The doppler column is zero, and a third of the heights in falls are exactly
0.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import DatasetError

NAME: Final = "iwrl6432"
_FALL, _NO_FALL = "iwrl6432_fall.npz", "iwrl6432_no_fall.npz"
_COLUMNS: Final = 6
_NOT_A_FALL: Final = re.compile(r"(^|[_\W])(no|non|not|normal)([_\W]|fall|$)", re.IGNORECASE)
_HIGHEST_M: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window.

    Attributes:
        fall: somebody fell in it.
        frames: int32 (m,), in which frame each point was seen.
        heights: float32 (m,), z of each point, m, in the axes of the sensor.
    """

    fall: bool
    frames: NDArray[np.int32]
    heights: NDArray[np.float32]


def load(folder: Path) -> list[Window]:
    """Every window, falls first, each class in the order of its recording.

    Raises:
        DatasetError: neither layout, or a damaged file.
    """
    if (folder / _FALL).is_file() and (folder / _NO_FALL).is_file():
        return [*_packed(folder / _FALL, fall=True), *_packed(folder / _NO_FALL, fall=False)]
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    found = [window for path in files for window in _original(path)]
    if not files or len({window.fall for window in found}) < 2:
        raise DatasetError(
            f"{folder} holds no recordings of falls and of other movement: give the folder with {_FALL} and "
            f"{_NO_FALL}, or with the published JSON files."
        )
    return sorted(found, key=lambda window: not window.fall)


def _packed(path: Path, *, fall: bool) -> Iterator[Window]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            names = sorted(name for name in held.files if name.endswith("_points"))
            for name in names:
                rows = held[name]
                if rows.ndim != 2 or rows.shape[1] != _COLUMNS or rows.dtype.kind != "f":
                    raise DatasetError(f"{path}, {name}: not rows of {_COLUMNS} numbers; fetch the file again.")
                yield _window(rows[:, 0], rows[:, 3], fall, f"{path}, {name}")
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path} cannot be read ({error}): fetch the file again.") from error


def _original(path: Path) -> Iterator[Window]:
    fall = _NOT_A_FALL.search(path.stem) is None
    try:
        sequences = json.loads(path.read_text(encoding="utf-8"))["sequences"]
        for number, sequence in enumerate(sequences):
            where = f"{path}, sequence {number}"
            heights = [_column(frame, where) for frame in sequence["frames"]]
            counts = [len(one) for one in heights]
            frames = np.repeat(np.arange(len(heights)), counts)
            yield _window(frames, np.concatenate([*heights, np.zeros(0)]), fall, where)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path} is not in the published layout ({error!r}): fetch the file again.") from error


def _column(frame: dict[str, Any], where: str) -> NDArray[np.float64]:
    heights = np.atleast_1d(np.asarray(frame["z_pos"], np.float64))
    if len(heights) != np.size(frame["x_pos"]):
        raise DatasetError(f"{where}: a frame has {len(heights)} heights and {np.size(frame['x_pos'])} places.")
    return heights


def _window(frames: NDArray[Any], heights: NDArray[Any], fall: bool, where: str) -> Window:
    if not np.isfinite(heights).all() or (np.abs(heights) > _HIGHEST_M).any():
        raise DatasetError(f"{where}: heights that no room has; fetch the file again.")
    return Window(fall=fall, frames=frames.astype(np.int32), heights=heights.astype(np.float32))
