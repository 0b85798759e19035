"""When sensors could not be heard: as it was told, or by words that were due and did not come. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.checkins import CheckIn, check_in
from analytics.activity.events import Kind, Sensor
from gateway.days.sensors import tells_presence
from gateway.days.told import Told

BLIP_S: Final = 30 * 60.0  # out of reach for less than that, and back: its word counts as ever
AT_ONCE_S: Final = 10 * 60.0


@dataclass(frozen=True, slots=True)
class Loss:
    """A sensor that could not be heard, UTC seconds."""

    sensor: int
    from_s: float
    to_s: float


def losses_of(
    told: Told, sensors: Sequence[Sensor], heard: NDArray[np.float64], now_utc: float
) -> tuple[list[Loss], list[CheckIn | None]]:
    """When each sensor was lost, as it is told, or by words that were due and did not come; and how each checks in."""
    found: list[Loss] = []
    known: list[CheckIn | None] = []
    merged = _merged(heard)
    for index, sensor in enumerate(sensors):
        own = told.sensor == index
        at, state = told.at_s[own], told.state[own]
        gone = state < 0
        ends = np.append(at, now_utc)
        for begin in np.flatnonzero(gone & ~np.append(False, gone[:-1])).tolist():
            back = np.flatnonzero(~gone[begin:])
            end = float(at[begin + back[0]]) if len(back) else now_utc
            if not len(back) or end - float(at[begin]) >= BLIP_S:
                found.append(Loss(index, float(at[begin]), end))
        silent, listened = np.diff(ends), np.diff(_listened(ends, merged))
        whole = (listened > 0.99 * silent) & ~gone
        ended = whole[:-1]
        by_itself = state[1:] == state[:-1]
        if sensor.kind is Kind.MOTION and not tells_presence(sensor):
            by_itself &= state[1:] == 0  # motion is told again because somebody moves again
        known.append(check_in(silent[:-1][ended], by_itself[ended]))
        if (usual := known[-1]) is not None:
            found += [
                Loss(index, float(at[one]) + usual.missed_s, float(ends[one + 1]))
                for one in np.flatnonzero(whole & (silent > usual.missed_s)).tolist()
            ]
    return found, known


def together(losses: Sequence[Loss], sensors: int) -> tuple[list[Loss], list[tuple[float, float]]]:
    """Sensors that are lost at once are not broken: what carries them is. The others, and when nobody was heard."""
    kept: list[Loss] = []
    deaf: list[tuple[float, float]] = []
    waiting = sorted(losses, key=lambda one: one.from_s)
    while waiting:
        first = waiting[0]
        group = [one for one in waiting if one.from_s - first.from_s <= AT_ONCE_S]
        waiting = waiting[len(group) :]
        if len({one.sensor for one in group}) >= max(3, (sensors + 1) // 2):
            deaf.append((first.from_s, min(one.to_s for one in group)))
        else:
            kept += group
    return kept, deaf


def _merged(heard: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spans without overlaps, ascending, float64 (n, 2)."""
    found: list[list[float]] = []
    for begin, end in sorted(heard.tolist()):
        if found and begin <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([begin, end])
    return np.array(found, np.float64).reshape(-1, 2)


def _listened(at_s: NDArray[np.float64], merged: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds that were listened to until each instant; none where no span is known."""
    if not len(merged):
        return np.zeros(len(at_s))
    run = np.concatenate([[0.0], np.cumsum(merged[:, 1] - merged[:, 0])])
    return np.asarray(np.interp(at_s, merged.reshape(-1), np.stack([run[:-1], run[1:]], axis=1).reshape(-1)))
