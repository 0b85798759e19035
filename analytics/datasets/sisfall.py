"""SisFall: staged falls and daily activity at the waist, 200 Hz.

Source: Sucerquia, López, Vargas-Bonilla, "SisFall: A Fall and Movement Dataset", Sensors 2017, 17(1):198. Published
layout: `SA01/F01_SA01_R01.txt`, one sample a line, nine integers separated by commas, the line ended by a semicolon:
ADXL345 x y z, ITG3200 x y z, MMA8451Q x y z. Packed layout: `SA01.npz`, one int16 (n, 3) array of raw ADXL345 values
for each trial. The first accelerometer is used. SA are 19–30 years old, SE 60–75.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.recordings import Raw, Recordings, Refused, in_range, lines, numbers
from analytics.datasets.trials import DatasetError, Trial

RATE_HZ: Final = 200.0
POSITIONS: Final = ("waist",)
G_PER_COUNT: Final = 32 / 8192  # ADXL345: ±16 g over 13 bits
_LIMIT_G: Final = 33.0
_COLUMNS: Final = 9
# The shortest published trial has 2,000 samples or so (10 s); a file cut below 5 s holds no trial of the protocol.
_SHORTEST: Final = 1000
_SUBJECT: Final = re.compile(r"S[AE]\d{2}")
_TRIAL: Final = re.compile(r"(?P<activity>[FD]\d{2})_(?P<subject>S[AE]\d{2})_(?P<repetition>R\d{2})")


def subjects(folder: Path) -> tuple[str, ...]:
    """The subjects found in a folder of either layout, sorted.

    Raises:
        DatasetError: nothing of SisFall is there.
    """
    return _SISFALL.subjects(folder)


def load(
    folder: Path, wanted: Iterable[str] | None = None, position: str = "waist", *, refused: Refused | None = None
) -> list[Trial]:
    """Every trial of the wanted subjects (all when None), in the order of subject and trial name.

    The group is the file's or folder's name: the published SA15 holds trials that call themselves SE15.

    `refused` is told the sentence of each damaged trial, and the others are loaded; without it the first ends it.

    Raises:
        DatasetError: unknown layout, subject or position, or a damaged file.
    """
    return _SISFALL.load(folder, wanted, position, refused)


def _originals(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.glob("S[AE][0-9][0-9]/*.txt"):
        if _TRIAL.fullmatch(path.stem):
            yield path.parent.name, path


def _parse(path: Path, _position: str) -> tuple[str, NDArray[np.int64]]:
    rows: list[tuple[float, ...]] = []
    for number, line in enumerate(lines(path), start=1):
        text = line.strip().rstrip(";").strip()
        if text:
            rows.append(numbers(text, ",", _COLUMNS, f"{path}, line {number}", whole=True))
    try:
        return path.stem, np.array(rows, np.int64).reshape(len(rows), _COLUMNS)[:, :3]
    except OverflowError:
        raise DatasetError(f"{path} holds a number that no sensor tells; fetch it again.") from None


def _trial(subject: str, match: re.Match[str], raw: Raw, position: str, where: str) -> Trial:
    if raw.ndim != 2 or raw.shape[1] != 3 or raw.dtype.kind not in "if":
        raise DatasetError(f"{where} has the shape {raw.shape} of {raw.dtype}, expected whole numbers (n, 3).")
    if match["subject"][2:] != subject[2:]:
        raise DatasetError(f"{where} says that it is of {match['subject']} and stands with {subject}; put it right.")
    if len(raw) < _SHORTEST:
        raise DatasetError(f"{where} has only {len(raw)} samples and is cut short; fetch it again.")
    return Trial(
        subject=subject,
        name=match[0],
        activity=match["activity"],
        fall=match["activity"].startswith("F"),
        position=position,
        elder=subject.startswith("SE"),
        rate_hz=RATE_HZ,
        samples=in_range(raw, G_PER_COUNT, _LIMIT_G, where),
    )


_SISFALL: Final = Recordings(
    title="SisFall",
    expected="expected SisFall: folders such as SA01/ with F01_SA01_R01.txt and its like, or packed files such as "
    "SA01.npz",
    positions=POSITIONS,
    subject=_SUBJECT,
    originals=_originals,
    key=_TRIAL,
    example="F05_SA03_R02",
    parse=_parse,
    trial=_trial,
)
