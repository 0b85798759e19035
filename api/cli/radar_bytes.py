"""One made-up day of a room as the bytes of a TI module: whether the parsers and the detector find what arrays say."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from analytics.datasets.scenes.days import draw_day
from analytics.datasets.scenes.sensing import FRAMES, Tracks
from analytics.radar.falls import RadarFalls, RadarFinding
from analytics.radar.replay import Heights
from analytics.radar.tracks import RATE_HZ
from device_drivers.decode.radar import ti
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.virtual.radar import reports
from gateway.radar.modules import Module, Mounting
from gateway.radar.seen import Lately

MODULE: Final = Module(
    identity="port:made-up", port="", room="bedroom", height_m=2.0, mounting=Mounting.WALL, protocol="ti"
)  # fmt: skip
_FALLS: Final = 3
_CHUNK: Final = 100  # frames between looks at what was found, as many as the gateway keeps; nothing depends on it
_ROUNDING_S: Final = 1e-6


def report(seed: int, *, begin: int = 0, end: int = FRAMES) -> dict[str, Any]:
    """Of a day of room 0, frames `begin` to `end`: frames read, bytes dropped, findings of both ways."""
    rooms = Heights(seed, [0])
    (told,) = rooms.tells([draw_day(rooms.rooms[0], _FALLS, rooms.rngs[0])])
    straight = RadarFalls(rooms.zones)
    day = slice(begin, end)
    expected = straight.feed(
        told.ids[:, day].T[:, None], told.places[:, day].transpose(1, 0, 2)[:, None], told.tops[:, day].T[:, None]
    )
    splitter, lately, detector = Splitter(ti.FRAMING), Lately(0.0), RadarFalls(rooms.zones)
    lately.hung([MODULE])
    found: list[RadarFinding] = []
    read = 0
    for at in range(begin, end):
        now = (at - begin + 1) / RATE_HZ
        for frame in splitter.feed(encoded(told, at)):
            lately.feed(MODULE, ti.decode(frame), now)
            read += 1
        if (at - begin) % _CHUNK == _CHUNK - 1 or at == end - 1:
            block = lately.block(now + _ROUNDING_S)
            if block is not None:
                found += detector.feed(block.ids[:, :1], block.places[:, :1], block.tops[:, :1])
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
    top = told.tops[slots, at].astype(np.float64) - MODULE.height_m
    heights = reports.ti_heights([one & 0xFF for one in ids], np.column_stack([np.full(len(slots), -2.0), top]))
    return reports.ti(at, [reports.ti_targets(ids, moved), heights])


def _word(finding: RadarFinding) -> tuple[str, int, int]:
    return finding.kind, finding.down_at, finding.raised_at
