"""UMAFall: staged falls and daily activity at the waist, chest, wrist and ankle, 20 Hz.

Source: Casilari, Santoyo-Ramón, Cano-García, "UMAFall: A Multisensor Dataset for the Research on Automatic Fall
Detection", Procedia Computer Science 2017, 110:32–39. Published layout: one file a trial for all sensors,
`UMAFall_Subject_01_Fall_backwardFall_1_2016-06-13_20-43-52.csv`. Lines that begin with % are its header, among them one
for each sensor, `%C4:BE:84:71:A5:02; 2; WAIST; SensorTag`: the number differs from file to file. Then one sample a
line: TimeStamp (ms); Sample No; X-Axis; Y-Axis; Z-Axis; Sensor Type (0 accelerometer in g, 1 gyroscope,
2 magnetometer); Sensor ID. Packed layout: `01.npz`, for each trial and sensor a float32 (n, 4) of ms, x, y, z under
`Fall_backwardFall_1__wrist_acc`. The telephone in the pocket (200 Hz) is not used.

About twenty published files went through a spreadsheet, which took 1.012598 for a thousand million. There is no telling
what else it changed, so a file with one such number in it, of whatever sensor, is refused. Time stamps come in bursts:
time is the sample's index over the trial's mean rate. People are named by number, and no group of older ones is told
apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.quarter_scale import mended
from analytics.datasets.recordings import Raw, Recordings, Refused, in_range, lines, numbers, stamped
from analytics.datasets.stamps import mean_rate_hz
from analytics.datasets.trials import DatasetError, Trial

SENSOR_HZ: Final = 20.0
POSITIONS: Final = ("waist", "chest", "wrist", "ankle")
_LIMIT_G: Final = 16.0  # the most that a SensorTag can be set to; these measured ±8 g or ±2 g
_MS: Final = 1e-3
_ACCELEROMETER: Final = 0
_COLUMNS: Final = 7
_SHORTEST: Final = 40  # 2 s; a fall that was cut is still a fall
_WORN: Final = re.compile(r"[;%]\s*(?P<id>\d+)\s*;\s*(?P<position>[A-Za-z]{4,})\s*(?:;|$)")
_SUBJECT: Final = re.compile(r"\d{2}")
_FILE: Final = re.compile(
    r"UMAFall_Subject_(?P<subject>\d{2})_(?P<name>(?:ADL|Fall)_[A-Za-z_]+_\d+)_\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}"
)
_KEY: Final = re.compile(
    r"(?P<name>(?P<kind>ADL|Fall)_(?P<activity>[A-Za-z_]+)_\d+)__(?P<position>[a-z]+)_(?P<sensor>acc|gyro)"
)


def subjects(folder: Path) -> tuple[str, ...]:
    """The subjects found in a folder of either layout, sorted.

    Raises:
        DatasetError: nothing of UMAFall is there.
    """
    return _UMAFALL.subjects(folder)


def load(
    folder: Path, wanted: Iterable[str] | None = None, position: str = "waist", *, refused: Refused | None = None
) -> list[Trial]:
    """Every trial of the wanted subjects (all when None) at one position, in the order of subject and trial name.

    A trial without that position is left out. Beginnings in quarters of g are mended, see `quarter_scale`.

    `refused` is told the sentence of each trial that cannot be used, such as one that a spreadsheet has mangled, and
    the others are loaded; without it the first ends it.

    Raises:
        DatasetError: unknown layout, subject or position, or a damaged file.
    """
    return _UMAFALL.load(folder, wanted, position, refused)


def _originals(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in (*folder.glob("UMAFall_Subject_*.csv"), *folder.glob("UMAFall_Dataset/UMAFall_Subject_*.csv")):
        match = _FILE.fullmatch(path.stem)
        if match:
            yield match["subject"], path


def _parse(path: Path, position: str) -> tuple[str, NDArray[np.float64]] | None:
    worn: dict[str, int] = {}
    anything = False
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(lines(path), start=1):
        text = line.strip(" \t;")
        if not text:
            continue
        if text.startswith("%"):
            match = _WORN.search(text)
            if match:
                worn[match["position"].upper()] = int(match["id"])
            continue
        if not worn:
            raise DatasetError(f"{path}, line {number}: no line before it says which sensor was worn where.")
        row = numbers(text, ";", _COLUMNS, f"{path}, line {number}")
        anything = True
        if row[5:] == (_ACCELEROMETER, worn.get(position.upper())):
            rows.append((row[0], *row[2:5]))
    name = _FILE.fullmatch(path.stem)
    if name is None or (anything and not rows):
        return None
    return f"{name['name']}__{position}_acc", np.array(rows, np.float64).reshape(len(rows), 4)


def _trial(subject: str, match: re.Match[str], raw: Raw, position: str, where: str) -> Trial:
    values = stamped(raw, _SHORTEST, where)
    return Trial(
        subject=subject,
        name=match["name"],
        activity=match["activity"],
        fall=match["kind"] == "Fall",
        position=position,
        elder=False,
        rate_hz=mean_rate_hz(values[:, 0] * _MS, sensor_hz=SENSOR_HZ, where=where),
        samples=mended(in_range(values[:, 1:], 1.0, _LIMIT_G, where)),
    )


_UMAFALL: Final = Recordings(
    title="UMAFall",
    expected="expected UMAFall: files such as UMAFall_Subject_01_Fall_backwardFall_1_2016-06-13_20-43-52.csv, or "
    "packed files such as 01.npz",
    positions=POSITIONS,
    subject=_SUBJECT,
    originals=_originals,
    key=_KEY,
    example="Fall_backwardFall_1__wrist_acc",
    parse=_parse,
    trial=_trial,
)
