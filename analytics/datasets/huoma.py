"""Falls and false alarms of real homes, as `huoma dataset export` writes them: the acceleration around each alert.

Layout: `P3fa94c1b/false_007_chest_52.08hz.csv`, a line of column names, then x, y, z in g ("nan" where a sample was
lost) at the rate that the name gives. The folder is the person, by a pseudonym of that export; the first word is what
a nurse said of the alert: `real`, `false`, `accidental`, or `not-confirmed`, which tells nothing and is not loaded.
Packed layout: `P3fa94c1b.npz`, a float32 (n, 3) for each file under its name without the ending.

Every trial is there because a detector raised it. So the share of false alarms that a model would not raise says how
much better it is than the one that did; falls that were missed are not among them, and no sensitivity can be had.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.recordings import Raw, Recordings, Refused, lines, numbers
from analytics.datasets.trials import DatasetError, Trial

POSITIONS: Final = ("waist", "chest", "wrist", "ankle", "unknown")
RATE_HZ: Final = 50.0  # what most wearables give; the detector's own
COLUMNS: Final = "x_g,y_g,z_g"
_LIMIT_G: Final = 32.0
_SHORTEST_S: Final = 1.0
_SUBJECT: Final = re.compile(r"P[0-9a-f]{8}")
_KEY: Final = re.compile(
    r"(?P<name>(?P<verdict>real|false|accidental)_\d{3,})_(?P<position>waist|chest|wrist|ankle|unknown)_"
    r"(?P<rate>\d{1,3}\.\d{2})hz"
)
_UNKNOWN: Final = "not-confirmed"


def load(
    folder: Path, wanted: Iterable[str] | None = None, position: str = "waist", *, refused: Refused | None = None
) -> list[Trial]:
    """Every labelled trial of the wanted people (all when None) at one position, in the order of person and name.

    `refused` is told the sentence of each trial that cannot be used, and the others are loaded; without it the first
    ends it.

    Raises:
        DatasetError: unknown layout, person or position, or a damaged file.
    """
    return _HUOMA.load(folder, wanted, position, refused)


def _originals(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.glob("P*/*.csv"):
        if _SUBJECT.fullmatch(path.parent.name) and not path.stem.startswith(_UNKNOWN):
            yield path.parent.name, path


def _parse(path: Path, position: str) -> tuple[str, NDArray[np.float32]] | None:
    match = _KEY.fullmatch(path.stem)
    if match is not None and match["position"] != position:
        return None
    header, *rest = lines(path)
    if header.strip() != COLUMNS:
        raise DatasetError(f"{path}, line 1: {header[:60]!r} instead of {COLUMNS!r}; export it again.")
    rows = [
        numbers(line.strip(), ",", 3, f"{path}, line {number}")
        for number, line in enumerate(rest, start=2)
        if line.strip()
    ]
    return path.stem, np.array(rows, np.float32).reshape(len(rows), 3)


def _trial(subject: str, match: re.Match[str], raw: Raw, position: str, where: str) -> Trial:
    rate_hz = float(match["rate"])
    if raw.ndim != 2 or raw.shape[1] != 3 or raw.dtype.kind != "f":
        raise DatasetError(f"{where} has the shape {raw.shape} of {raw.dtype}, expected numbers (n, 3): x, y, z.")
    if rate_hz <= 0 or len(raw) < _SHORTEST_S * rate_hz:
        raise DatasetError(f"{where} has only {len(raw)} samples at {rate_hz} Hz and is cut short; export it again.")
    samples = np.asarray(raw, np.float32)
    if bool(np.any(np.abs(samples) > _LIMIT_G)):
        raise DatasetError(f"{where} holds values beyond any sensor's range and is mangled; export it again.")
    return Trial(
        subject=subject,
        name=match["name"],
        activity=match["verdict"],
        fall=match["verdict"] == "real",
        position=position,
        elder=True,
        rate_hz=rate_hz,
        samples=samples,
    )


_HUOMA: Final = Recordings(
    title="Huoma",
    expected="expected what 'huoma dataset export' writes: folders such as P3fa94c1b with false_007_chest_52.08hz.csv "
    "and its like",
    positions=POSITIONS,
    subject=_SUBJECT,
    originals=_originals,
    key=_KEY,
    example="false_007_chest_52.08hz",
    parse=_parse,
    trial=_trial,
)
