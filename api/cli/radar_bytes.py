"""One made-up day of a room as the bytes of a TI module: whether the parsers and the detector find what arrays say."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analytics.datasets.scenes.days import draw_day
from analytics.datasets.scenes.sensing import FRAMES, Tracks
from analytics.radar.falls import RadarFalls, RadarFinding
from analytics.radar.frames import Frames, Mounting, tops
from analytics.radar.replay import Heights
from device_drivers.decode.radar import ti
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.virtual.radar import reports

MOUNTING: Final = Mounting(height_m=2.0)
_FALLS: Final = 3
_CHUNK: Final = 512  # frames between looks at what was found: nothing depends on it


def report(seed: int, *, begin: int = 0, end: int = FRAMES) -> dict[str, Any]:
    """Of a day of room 0, frames `begin` to `end`: frames read, bytes dropped, findings of both ways."""
    rooms = Heights(seed, [0])
    (told,) = rooms.tells([draw_day(rooms.rooms[0], _FALLS, rooms.rngs[0])])
    straight = RadarFalls(rooms.zones)
    block = slice(begin, end)
    expected = straight.feed(
        told.ids[:, block].T[:, None], told.places[:, block].transpose(1, 0, 2)[:, None], told.tops[:, block].T[:, None]
    )
    splitter, frames, detector = Splitter(ti.FRAMING), Frames(1), RadarFalls(rooms.zones)
    found: list[RadarFinding] = []
    read = 0
    taken = []
    for at in range(begin, end):
        for frame in splitter.feed(encoded(told, at)):
            said = ti.decode(frame).targets
            read += 1
            if said is not None:
                frames.put(
                    0, said.ids, MOUNTING.to_room(said.positions)[:, :2],
                    tops(MOUNTING, said.positions, said.heights[:, 1]),
                )  # fmt: skip
        taken.append(frames.take())
        if len(taken) == _CHUNK or at == end - 1:
            ids, places, heights = zip(*taken, strict=True)
            found += detector.feed(np.stack(ids), np.stack(places), np.stack(heights))
            taken = []
    return {
        "frames": read,
        "frames_lost": end - begin - read,
        "bytes_dropped": splitter.dropped,
        "findings": len(found),
        "same_as_arrays": [_word(one) for one in found] == [_word(one) for one in expected],
    }


def encoded(told: Tracks, at: int) -> bytes:
    """Frame `at` of a day, as the module sends it; one that follows nobody sends no parts of targets."""
    slots = np.flatnonzero(told.ids[:, at] > 0)
    if not len(slots):
        return reports.ti(at, [reports.ti_targets([], np.zeros((0, 9)))])
    ids = (told.ids[slots, at] - 1).tolist()
    moved = np.zeros((len(slots), 9))
    moved[:, :2] = told.places[slots, at]
    top = told.tops[slots, at].astype(np.float64) - MOUNTING.height_m
    heights = reports.ti_heights([one & 0xFF for one in ids], np.column_stack([np.full(len(slots), -2.0), top]))
    return reports.ti(at, [reports.ti_targets(ids, moved), heights])


def _word(finding: RadarFinding) -> tuple[str, int, int]:
    return finding.kind, finding.down_at, finding.raised_at
