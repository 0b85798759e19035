"""WEDA-FALL: staged falls and daily activity at the wrist, 50 Hz.

Source: Marques, Moreno, "Online Fall Detection Using Wrist Devices", Sensors 2023, 23(3):1146. Published layout:
`50Hz/F07/U02_R03_accel.csv`, a line of column names, then stamp (s), x, y, z (m/s²) separated by commas;
`*_vertical_accel.csv` is something derived and not it, and neither are the other rates. Packed layout: `U01.npz`, a
float32 (n, 4) of the same for each trial under `F07_R03_acc`. U21 and above are 77–95 years old, the others 20–46; the
older people did not fall.

Time stamps come in bursts of four or five: time is the sample's index over the trial's mean rate. **The rate gives the
label away** (about 39.5 Hz in falls, 49.4 Hz in everything else): whoever measures with these must match it. In one
trial of 27 a message of 15 or 19 samples was written after its successors. Samples are put in the order of their
stamps, and no hole beyond 0.2 s remains where there were such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.recordings import Raw, Recordings, Refused, in_range, lines, numbers, stamped
from analytics.datasets.stamps import by_stamp, mean_rate_hz
from analytics.datasets.trials import DatasetError, Trial

SENSOR_HZ: Final = 50.0
POSITIONS: Final = ("wrist",)
G_MS2: Final = 9.80665  # standard gravity (CGPM 1901)
FIRST_ELDER: Final = 21
_LIMIT_G: Final = 16.0  # the watch stops at ±4 g (39.2 m/s²)
_COLUMNS: Final = 4
_SHORTEST: Final = 50  # 1 s; the shortest published trial has 158 samples
_SUBJECT: Final = re.compile(r"U\d{2}")
_FILE: Final = re.compile(r"(?P<subject>U\d{2})_(?P<repetition>R\d{2})_accel")
_KEY: Final = re.compile(r"(?P<name>(?P<activity>[FD]\d{2})_R\d{2})_(?P<sensor>acc|gyro)")
_ROOTS: Final = (".", "50Hz", "dataset/50Hz")  # of a checkout, of its dataset/, of its dataset/50Hz/


def subjects(folder: Path) -> tuple[str, ...]:
    """The subjects found in a folder of either layout, sorted.

    Raises:
        DatasetError: nothing of WEDA-FALL is there.
    """
    return _WEDA.subjects(folder)


def load(
    folder: Path, wanted: Iterable[str] | None = None, position: str = "wrist", *, refused: Refused | None = None
) -> list[Trial]:
    """Every trial of the wanted subjects (all when None), in the order of subject and trial name.

    `refused` is told the sentence of each trial that cannot be used, and the others are loaded; without it the first
    ends it.

    Raises:
        DatasetError: unknown layout, subject or position, or a damaged file.
    """
    return _WEDA.load(folder, wanted, position, refused)


def _originals(folder: Path) -> Iterator[tuple[str, Path]]:
    for root in _ROOTS:
        for path in (folder / root).glob("[FD][0-9][0-9]/U*_accel.csv"):
            match = _FILE.fullmatch(path.stem)
            if match:
                yield match["subject"], path


def _parse(path: Path, _position: str) -> tuple[str, NDArray[np.float64]] | None:
    match = _FILE.fullmatch(path.stem)
    if match is None:
        return None
    header, *rest = lines(path)
    if not header.startswith("accel_time_list"):
        raise DatasetError(f"{path}, line 1: not the names of the columns ({header[:60]!r}); fetch the file again.")
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(rest, start=2):
        text = line.strip()
        if text:
            rows.append(numbers(text, ",", _COLUMNS, f"{path}, line {number}"))
    values = np.array(rows, np.float64).reshape(len(rows), _COLUMNS)
    return f"{path.parent.name}_{match['repetition']}_acc", values


def _trial(subject: str, match: re.Match[str], raw: Raw, position: str, where: str) -> Trial:
    values = stamped(raw, _SHORTEST, where)
    values = values[by_stamp(values[:, 0])]
    return Trial(
        subject=subject,
        name=match["name"],
        activity=match["activity"],
        fall=match["activity"].startswith("F"),
        position=position,
        elder=int(subject[1:]) >= FIRST_ELDER,
        rate_hz=mean_rate_hz(values[:, 0], sensor_hz=SENSOR_HZ, where=where),
        samples=in_range(values[:, 1:], 1 / G_MS2, _LIMIT_G, where),
    )


_WEDA: Final = Recordings(
    title="WEDA-FALL",
    expected="expected WEDA-FALL: folders such as 50Hz/F07/ with U02_R03_accel.csv and its like, or packed files such "
    "as U01.npz",
    positions=POSITIONS,
    subject=_SUBJECT,
    originals=_originals,
    key=_KEY,
    example="F07_R03_acc",
    parse=_parse,
    trial=_trial,
)
