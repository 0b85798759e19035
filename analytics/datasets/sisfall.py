"""SisFall: staged falls and daily activity at the waist, 200 Hz.

Source: Sucerquia, López, Vargas-Bonilla, "SisFall: A Fall and Movement Dataset", Sensors 2017, 17(1):198. Published
layout: `SA01/F01_SA01_R01.txt`, one sample a line, nine integers separated by commas, the line ended by a semicolon:
ADXL345 x y z, ITG3200 x y z, MMA8451Q x y z. Packed layout: `SA01.npz`, one int16 (n, 3) array of raw ADXL345 values
for each trial. The first accelerometer is used. SA are 19–30 years old, SE 60–75.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import DatasetError, Trial

RATE_HZ: Final = 200.0
POSITIONS: Final = ("waist",)
G_PER_COUNT: Final = 32 / 8192  # ADXL345: ±16 g over 13 bits
_COLUMNS: Final = 9
# The shortest published trial has 2,000 samples or so (10 s); a file cut below 5 s holds no trial of the protocol.
_SHORTEST: Final = 1000
_SUBJECT: Final = re.compile(r"S[AE]\d{2}")
_TRIAL: Final = re.compile(r"(?P<activity>[FD]\d{2})_(?P<subject>S[AE]\d{2})_(?P<repetition>R\d{2})")
_EXPECTED: Final = (
    "expected SisFall: folders such as SA01/ with F01_SA01_R01.txt and its like, or packed files such as SA01.npz"
)


def subjects(folder: Path) -> tuple[str, ...]:
    """The subjects found in a folder of either layout, sorted.

    Raises:
        DatasetError: nothing of SisFall is there.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not a folder; {_EXPECTED}.")
    found = {path.stem for path in folder.glob("S[AE][0-9][0-9].npz")}
    found |= {path.name for path in folder.glob("S[AE][0-9][0-9]") if path.is_dir() and any(_text_files(path))}
    if not found:
        raise DatasetError(f"no SisFall recordings in {folder}; {_EXPECTED}.")
    return tuple(sorted(found))


def load(folder: Path, wanted: Iterable[str] | None = None, position: str = "waist") -> list[Trial]:
    """Every trial of the wanted subjects (all when None), in the order of subject and trial name.

    The group is the file's or folder's name: the published SA15 holds trials that call themselves SE15.

    Raises:
        DatasetError: unknown layout, subject or position, or a damaged file.
    """
    if position not in POSITIONS:
        raise DatasetError(f"SisFall was worn at the {POSITIONS[0]} only, there is no position {position!r}.")
    present = subjects(folder)
    chosen = present if wanted is None else tuple(dict.fromkeys(wanted))
    unknown = [name for name in chosen if name not in present]
    if unknown:
        raise DatasetError(f"no subject {', '.join(unknown)} in {folder}; there are {', '.join(present)}.")
    trials: list[Trial] = []
    for subject in chosen:
        packed = folder / f"{subject}.npz"
        trials.extend(_packed(packed) if packed.is_file() else _published(folder / subject))
    if not trials:
        raise DatasetError(f"no trial of {', '.join(chosen)} in {folder}; {_EXPECTED}.")
    return trials


def _packed(path: Path) -> Iterator[Trial]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            for name in sorted(archive.files):
                yield _trial(path.stem, name, archive[name], path)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path} is not a readable packed file ({error}); fetch it again.") from error


def _text_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("*.txt")) if _TRIAL.fullmatch(path.stem))


def _published(folder: Path) -> Iterator[Trial]:
    for path in _text_files(folder):
        yield _trial(folder.name, path.stem, _parse(path), path)


def _parse(path: Path) -> NDArray[np.int64]:
    try:
        lines = path.read_text(encoding="ascii").replace("\r", "\n").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} is not a text file of numbers ({error}); fetch it again.") from error
    rows: list[tuple[int, ...]] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip().rstrip(";").strip()
        if not text:
            continue
        try:
            row = tuple(int(field) for field in text.split(","))
        except ValueError as error:
            raise DatasetError(
                f"{path}, line {number}: not whole numbers ({text[:60]!r}); fetch the file again."
            ) from error
        if len(row) != _COLUMNS:
            raise DatasetError(
                f"{path}, line {number}: {len(row)} numbers instead of {_COLUMNS}; fetch the file again."
            )
        rows.append(row)
    return np.array(rows, np.int64).reshape(len(rows), _COLUMNS)[:, :3]


def _trial(subject: str, name: str, raw: NDArray[np.generic], path: Path) -> Trial:
    match = _TRIAL.fullmatch(name)
    if match is None:
        raise DatasetError(f"{path}: {name!r} is no SisFall trial; names look like F05_SA03_R02.")
    if raw.ndim != 2 or raw.shape[1] != 3 or raw.dtype.kind not in "if":
        raise DatasetError(f"{path}: {name} has the shape {raw.shape} of {raw.dtype}, expected whole numbers (n, 3).")
    if len(raw) < _SHORTEST:
        raise DatasetError(f"{path}: {name} has only {len(raw)} samples and is cut short; fetch it again.")
    samples = np.asarray(raw, np.float32) * np.float32(G_PER_COUNT)
    if not bool(np.all(np.abs(samples) <= 33)):
        raise DatasetError(f"{path}: {name} holds values beyond the sensor's range and is mangled; fetch it again.")
    activity = match["activity"]
    return Trial(
        subject=subject,
        name=name,
        activity=activity,
        fall=activity.startswith("F"),
        position="waist",
        elder=subject.startswith("SE"),
        rate_hz=RATE_HZ,
        samples=samples,
    )
