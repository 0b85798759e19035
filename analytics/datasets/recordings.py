"""What the loaders share: who is in a folder, trial by trial from either layout, and the sentences of what is wrong.

A loader describes its set by a `Recordings`. An original file is parsed into the very array that the packed file holds
under a key of its own, so that one function makes the trial of both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.archives import DAMAGED
from analytics.datasets.trials import DatasetError, Trial

Raw = NDArray[np.generic]
Refused = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordings:
    """One published set.

    Attributes:
        title: how it is called ("SisFall").
        expected: the end of a sentence that says what a folder of it looks like.
        positions: where the sensors were worn.
        subject: what the stem of a packed file looks like.
        originals: gives (subject, file) for everything of the original layout in a folder, in any order.
        key: the keys of a packed file. What its groups `position` and `sensor` (acc) do not ask for is left alone.
        example: a key, for the error of a strange one.
        parse: reads an original file for a position into (key, array); None where that position was not recorded.
        trial: makes the trial of (subject, key's match, array, position, words that name the place in an error).
    """

    title: str
    expected: str
    positions: tuple[str, ...]
    subject: re.Pattern[str]
    originals: Callable[[Path], Iterator[tuple[str, Path]]]
    key: re.Pattern[str]
    example: str
    parse: Callable[[Path, str], tuple[str, Raw] | None]
    trial: Callable[[str, re.Match[str], Raw, str, str], Trial]

    def subjects(self, folder: Path) -> tuple[str, ...]:
        """The subjects found in a folder of either layout, sorted.

        Raises:
            DatasetError: nothing of this set is there.
        """
        return tuple(sorted(self._files(folder)))

    def load(self, folder: Path, wanted: Iterable[str] | None, position: str, refused: Refused | None) -> list[Trial]:
        """Every trial of the wanted subjects (all when None), in the order of subject and trial name.

        `refused` is told the sentence of each trial that cannot be used, and the others are loaded. When it is None,
        the first such trial ends it all.

        Raises:
            DatasetError: unknown layout, subject or position, no trial at all, or, without `refused`, a damaged one.
        """
        if position not in self.positions:
            worn = ", ".join(self.positions)
            raise DatasetError(f"{self.title} was worn at the {worn} only, there is no position {position!r}.")
        files = self._files(folder)
        chosen = tuple(sorted(files)) if wanted is None else tuple(dict.fromkeys(wanted))
        unknown = [name for name in chosen if name not in files]
        if unknown:
            raise DatasetError(f"no subject {', '.join(unknown)} in {folder}; there are {', '.join(sorted(files))}.")
        trials: list[Trial] = []
        for subject in chosen:
            found = [
                trial
                for path in files[subject]
                for trial in (_packed if path.suffix == ".npz" else _original)(self, subject, path, position, refused)
            ]
            trials.extend(_told_apart(sorted(found, key=lambda trial: trial.name)))
        if not trials:
            raise DatasetError(f"no trial of {', '.join(chosen)} at the {position} in {folder}; {self.expected}.")
        return trials

    def _files(self, folder: Path) -> dict[str, list[Path]]:
        """What to read of each subject; a packed file comes before original ones."""
        if not folder.is_dir():
            raise DatasetError(f"{folder} is not a folder; {self.expected}.")
        found: dict[str, list[Path]] = {}
        for subject, path in sorted(self.originals(folder)):
            found.setdefault(subject, []).append(path)
        found.update({path.stem: [path] for path in folder.glob("*.npz") if self.subject.fullmatch(path.stem)})
        if not found:
            raise DatasetError(f"no {self.title} recordings in {folder}; {self.expected}.")
        return found


def _packed(
    recordings: Recordings, subject: str, path: Path, position: str, refused: Refused | None
) -> Iterator[Trial]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            for key in archive.files:
                try:
                    match = _key(recordings, key, path)
                    groups = match.groupdict()
                    if groups.get("position", position) == position and groups.get("sensor", "acc") == "acc":
                        yield recordings.trial(subject, match, archive[key], position, f"{path}: {key}")
                except DatasetError as error:
                    _refuse(error, refused)
    except DAMAGED as error:
        _refuse(DatasetError(f"{path} is not a readable packed file ({error}); fetch it again."), refused)


def _original(
    recordings: Recordings, subject: str, path: Path, position: str, refused: Refused | None
) -> Iterator[Trial]:
    try:
        parsed = recordings.parse(path, position)
        if parsed is not None:
            key, raw = parsed
            yield recordings.trial(subject, _key(recordings, key, path), raw, position, str(path))
    except DatasetError as error:
        _refuse(error, refused)


def _key(recordings: Recordings, key: str, path: Path) -> re.Match[str]:
    match = recordings.key.fullmatch(key)
    if match is None:
        raise DatasetError(f"{path}: {key!r} is no {recordings.title} trial; names look like {recordings.example}.")
    return match


def _refuse(error: DatasetError, refused: Refused | None) -> None:
    if refused is None:
        raise error
    refused(str(error))


def _told_apart(trials: list[Trial]) -> Iterator[Trial]:
    """Recordings of one day and another may carry one name: the second is called `…~2`."""
    seen: Counter[str] = Counter()
    for trial in trials:
        seen[trial.name] += 1
        yield trial if seen[trial.name] == 1 else replace(trial, name=f"{trial.name}~{seen[trial.name]}")


def lines(path: Path) -> list[str]:
    """The lines of an original file, without their ends; what is no text becomes what is no number.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error}); fetch it again.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def numbers(text: str, separator: str, count: int, where: str, *, whole: bool = False) -> tuple[float, ...]:
    """The numbers of a line.

    Raises:
        DatasetError: something else is there, or another number of them.
    """
    try:
        row = tuple(int(field) if whole else float(field) for field in text.split(separator))
    except ValueError as error:
        kind = "whole numbers" if whole else "numbers"
        raise DatasetError(
            f"{where}: not {kind} ({text[:60]!r}), as if a spreadsheet had changed the file; fetch it again."
        ) from error
    if len(row) != count:
        raise DatasetError(f"{where}: {len(row)} numbers instead of {count}; fetch the file again.")
    return row


def in_range(raw: Raw, scale: float, limit_g: float, where: str) -> NDArray[np.float32]:
    """Raw values times `scale` as float32 (n, 3) in g.

    Raises:
        DatasetError: a value beyond `limit_g`, or not a number; or all the time the same: nobody wore that.
    """
    samples = np.asarray(raw, np.float32) * np.float32(scale)
    if not bool(np.all(np.abs(samples) <= limit_g)):
        raise DatasetError(f"{where} holds values beyond the sensor's range and is mangled; fetch it again.")
    if len(samples) and (samples == samples[0]).all():
        raise DatasetError(f"{where} holds the same values from beginning to end and is mangled; fetch it again.")
    return samples


def stamped(raw: Raw, shortest: int, where: str) -> NDArray[np.float64]:
    """An array of stamp, x, y, z as float64 (n, 4).

    Raises:
        DatasetError: another shape, or fewer samples than `shortest`.
    """
    if raw.ndim != 2 or raw.shape[1] != 4 or raw.dtype.kind not in "if":
        raise DatasetError(f"{where} has the shape {raw.shape} of {raw.dtype}, expected numbers (n, 4): time, x, y, z.")
    if len(raw) < shortest:
        raise DatasetError(f"{where} has only {len(raw)} samples and is cut short; fetch it again.")
    return np.asarray(raw, np.float64)
