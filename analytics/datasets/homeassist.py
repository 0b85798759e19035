"""HomeAssist: room sensors of people living alone (Belloum et al.). One CSV of one home: `ISO time;sensor;value`.

A sensor's kind and room are in its name: `MotionD_B` is a motion detector in the bedroom, `ContactS_E` the contact of
the outer door. Names with a dot are the system talking of a sensor (`MotionD_B.CommFailure`): they say nothing of the
resident and come apart. Nothing odd in a line is fatal; it is left out and named in the record's remarks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from analytics.activity.events import DAY_S, LIFE, Events, Kind, Place, Sensor
from analytics.datasets.recordings import lines
from analytics.datasets.trials import DatasetError

NAME: Final = "homeassist"
EXPECTED: Final = "a HomeAssist record has lines such as 2017-06-01T02:23:20.849;MotionD_B;1"

_KINDS: Final = {"MotionD": Kind.MOTION, "ContactS": Kind.CONTACT, "EMeter": Kind.METER}
_PLACES: Final = {
    "B": Place.BEDROOM,
    "Ba": Place.BATHROOM,
    "T": Place.BATHROOM,
    "E": Place.ENTRANCE,
    "K": Place.KITCHEN,
    "L": Place.LIVING,
    "Fridge": Place.KITCHEN,
    "Cupboard": Place.KITCHEN,
}
_MOST: Final = np.timedelta64(5 * 365, "D")  # of a record from its middle
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?")
_BACK_S: Final = 60.0  # lines a little out of order are ordinary; more is a clock that was set back
_AWAY_S: Final = 86_400.0  # and a whole day of nothing at all is no resident's stillness


class _Line(NamedTuple):
    at: np.datetime64
    name: str
    value: float


def load(path: Path) -> Events:
    """The record of a file: whole days, in order, each event once.

    Raises:
        DatasetError: there is no such file, or no line of it is an event.
    """
    if not path.is_file():
        raise DatasetError(f"{path} is not a file; {EXPECTED}.")
    return parse(lines(path), str(path))


def parse(text: Iterable[str], where: str = "record") -> Events:
    """The record of lines; see `load`."""
    said: Counter[str] = Counter()
    read = [one for number, line in enumerate(text, 1) if (one := _line(line, number, where, said)) is not None]
    if not read:
        raise DatasetError(f"{where}: no line is an event; {EXPECTED}.")
    read = _near(read, said)
    first = min(one.at for one in read).astype("datetime64[D]")
    at_s = np.array([(one.at - first) / np.timedelta64(1, "us") for one in read], np.float64) / 1e6
    _clock(at_s, said)
    names = sorted({one.name.partition(".")[0] for one in read})
    place = {name: index for index, name in enumerate(names)}
    sensors = tuple(_sensor(name, said) for name in names)

    order = np.argsort(at_s, kind="stable")
    events: list[tuple[float, int, bool]] = []
    failures: list[tuple[float, int, bool]] = []
    seen: set[tuple[float, str, float]] = set()
    for one, at in ((read[index], float(at_s[index])) for index in order.tolist()):
        if (at, one.name, one.value) in seen:
            said["duplicate lines left out"] += 1
            continue
        seen.add((at, one.name, one.value))
        name, _, diagnostic = one.name.partition(".")
        if not diagnostic:
            events.append((at, place[name], one.value > 0))
        elif diagnostic == "CommFailure":
            failures.append((at, place[name], one.value > 0))
    record = Events(
        first_day=first,
        days=int(max(at_s) // DAY_S) + 1,
        sensors=sensors,
        at_s=np.array([at for at, _, _ in events], np.float64),
        sensor=np.array([index for _, index, _ in events], np.int16),
        on=np.array([on for _, _, on in events], bool),
        failed_at_s=np.array([at for at, _, _ in failures], np.float64),
        failed_sensor=np.array([index for _, index, _ in failures], np.int16),
        failed=np.array([failed for _, _, failed in failures], bool),
        remarks=tuple(f"{what}: {count}" if count > 1 else what for what, count in said.items()),
    )
    if not record.of_kinds(*LIFE)[record.sensor].any():
        raise DatasetError(f"{where}: no motion detector and no contact says anything; {EXPECTED}.")
    return record


def _line(line: str, number: int, where: str, said: Counter[str]) -> _Line | None:
    if not line.strip():
        return None
    fields = [field.strip() for field in line.split(";")]
    if len(fields) != 3 or not _STAMP.fullmatch(fields[0]) or not fields[1].partition(".")[0]:
        if not said["lines that are no event left out"]:
            said[f"the first of them is line {number} of {where}"] = 1
        said["lines that are no event left out"] += 1
        return None
    try:
        return _Line(np.datetime64(fields[0], "us"), fields[1], float(fields[2]))
    except ValueError:
        said["lines with an impossible time or value left out"] += 1
        return None


def _near(read: list[_Line], said: Counter[str]) -> list[_Line]:
    """Without times that are years from the middle one: one wrong year would make centuries of silence."""
    middle = sorted(one.at for one in read)[len(read) // 2]
    near = [one for one in read if abs(one.at - middle) <= _MOST]
    if len(near) < len(read):
        said[f"lines of a time more than {_MOST.astype(int) // 365} years from most left out"] = len(read) - len(near)
    return near


def _sensor(name: str, said: Counter[str]) -> Sensor:
    kind, _, room = name.partition("_")
    known = _KINDS.get(kind, Kind.UNKNOWN)
    if known is Kind.UNKNOWN:
        said[f"unknown sensor {name}: not taken for a sign of life"] = 1
    elif known is not Kind.METER and room not in _PLACES:
        said[f"sensor {name} is in no known room"] = 1
    if known is Kind.CONTACT and room == "E":
        known = Kind.DOOR
    return Sensor(name=name, kind=known, place=_PLACES.get(room, Place.OTHER))


def _clock(at_s: np.typing.NDArray[np.float64], said: Counter[str]) -> None:
    """Name what is odd in the order of lines; they are sorted afterwards."""
    steps = np.diff(at_s)
    for what, found in (
        ("lines out of order, sorted", (steps < 0) & (steps >= -_BACK_S)),
        ("the clock was set back", steps < -_BACK_S),
        ("more than a day without a line: the clock jumped or the system was off", steps > _AWAY_S),
    ):
        if found.any():
            said[what] = int(found.sum())
