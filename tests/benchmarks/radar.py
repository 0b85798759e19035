"""Radar: TI frames decoded a second, and ten modules at 20 Hz from bytes to findings, in processor time.

A frame is that of IWR6843's 3D People Tracking: 50 compressed points, three targets, their heights, presence. In each
of the ten rooms one person walks and falls once, another walks up and down, and a dog lies. What a core carries is the
processor time of a second of all modules: splitting, decoding, turning into the room's axes, and the detector, a frame
a tenth of a second.
"""

from __future__ import annotations

from statistics import median
from time import process_time
from typing import Any, Final

import numpy as np

from analytics.radar.falls import RadarFalls
from analytics.radar.places import Zone
from device_drivers.decode.radar import ti
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.virtual.radar import reports
from gateway.radar.modules import Module, Mounting
from gateway.radar.seen import PLACES, Lately

POINTS: Final = 50
TARGETS: Final = 3
TURNS: Final = 7
ROUNDS: Final = 3_000  # frames of a turn
GOAL_FRAMES: Final = 20_000  # a second
RADARS: Final = 10
RATE_HZ: Final = 20
SECONDS: Final = 60
FALLS_S: Final = 30.0
GOAL_SHARE: Final = 0.10  # of a core
HEIGHT_M: Final = 2.0
MODULES: Final = [
    Module(
        identity=f"port:{number}", port="", room="bedroom", height_m=HEIGHT_M, mounting=Mounting.WALL, protocol="ti",
        zones=(Zone(low=(1.5, 3.0), high=(2.5, 5.0), height=0.5),),
    )
    for number in range(RADARS)
]  # fmt: skip
TICK: Final = RATE_HZ // 2  # frames between looks, as the gateway has them


def sent(radar: int, seconds: int = SECONDS) -> list[bytes]:
    """Frames of one module."""
    rng = np.random.default_rng(radar)
    t = np.arange(seconds * RATE_HZ) / RATE_HZ
    angle = np.minimum(t, FALLS_S) * 0.4 + radar
    down = np.clip((t - FALLS_S) / 0.9, 0, 1) ** 2
    top = 1.7 - 1.4 * down - HEIGHT_M
    frames = []
    for at in range(len(t)):
        moved = np.zeros((TARGETS, 9))
        moved[0, :2] = np.cos(angle[at]) + 0.4 * down[at], 2.5 + np.sin(angle[at])
        moved[1, :2] = 1.2, 1.0 + 0.02 * abs(at % 100 - 50)
        moved[2, :2] = -2.5, 1.5
        highest = np.array([top[at], -0.4, -1.6]) + rng.normal(0, 0.05, TARGETS)
        spherical = rng.uniform((-0.6, -0.6, -1, 1, 5), (0.6, 0.6, 1, 4, 30), (POINTS, 5))
        parts = [
            reports.ti_points(spherical),
            reports.ti_targets(range(TARGETS), moved),
            reports.ti_heights(range(TARGETS), np.column_stack([highest - 1.5, highest])),
            reports.ti_presence(True),
        ]
        frames.append(reports.ti(at, parts))
    return frames


def decode_rate(frames: list[bytes]) -> float:
    """Frames a second, decoding alone."""
    began = process_time()
    for _ in range(ROUNDS // len(frames)):
        for frame in frames:
            ti.decode(frame)
    return ROUNDS // len(frames) * len(frames) / (process_time() - began)


class Home:
    """Ten modules and the detector of all their rooms."""

    def __init__(self) -> None:
        self.splitters = [Splitter(ti.FRAMING) for _ in range(RADARS)]
        self.lately = Lately(0.0)
        self.lately.hung(MODULES)
        self.detector = RadarFalls([one.zones for one in MODULES] + [()] * (PLACES - RADARS))
        self.found = 0

    def go(self, lines: list[list[bytes]], begin_s: int, end_s: int) -> float:
        """Processor time a second of those seconds."""
        began = process_time()
        for at in range(begin_s * RATE_HZ, end_s * RATE_HZ):
            now = (at + 1) / RATE_HZ
            for room, line in enumerate(lines):
                for frame in self.splitters[room].feed(line[at]):
                    self.lately.feed(MODULES[room], ti.decode(frame), now)
            if at % TICK == TICK - 1 and (block := self.lately.block(now)) is not None:
                self.found += len(self.detector.feed(block.ids, block.places, block.tops))
        return (process_time() - began) / (end_s - begin_s)


def run() -> list[dict[str, Any]]:
    """Two rows: decoding, and all of it.

    Raises:
        RuntimeError: the falls of the made-up rooms were not found: what is measured is not the detector at work.
    """
    frames = sent(0, 10)
    rate = median(decode_rate(frames) for _ in range(TURNS))
    lines = [sent(radar) for radar in range(RADARS)]
    home = Home()
    home.go(lines, 0, 10)
    shares = [home.go(lines, begin, begin + 10) for begin in range(10, SECONDS, 10)]
    if home.found < RADARS:
        raise RuntimeError(f"{home.found} findings of {RADARS} falls: the detector did not see the made-up rooms.")
    share = median(shares)
    return [
        {
            "name": f"radar: TI frames of {POINTS} points and {TARGETS} targets decoded",
            "value": rate,
            "unit": "frames/s",
            "peer": "the goal",
            "peer_value": GOAL_FRAMES,
            "ratio": rate / GOAL_FRAMES,
            "goal": ">= 1",
        },
        {
            "name": f"radar: {RADARS} modules at {RATE_HZ} Hz, from bytes to findings",
            "value": 100 * share,
            "unit": "% of a core",
            "peer": "the goal",
            "peer_value": 100 * GOAL_SHARE,
            "ratio": share / GOAL_SHARE,
            "goal": "<= 1",
        },
    ]
