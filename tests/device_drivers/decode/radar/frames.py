"""Good frames of every radar protocol; the source stands beside those that a maker printed or that were captured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from device_drivers.decode.radar import r60, ti, tinyframe
from device_drivers.virtual.radar import reports

# Hi-Link, LD6002C manual (checks computed anew); Seeed MR60FDA2's command for its heights.
TINYFRAME: Final = (
    "0100000001 0E02 F3 01 FE",
    "0100010001 0F09 F8 01 FE",
    "0100000004 0E04 F0 00002040 9F",
    "0100000004 0E08 FC 9A99193F DA",
    "0100010004 0A0D FC 05000000 FA",
    "0180000000 0E0E 7E",
)
R60: Final = ("5359 8380 0001 0F BF 5443", "5359 0602 0002 010E C5 5443")  # drivers of Seeed's MR60FDA1
LD2450: Final = "AAFF0300 0E03B18610004001" + "00" * 16 + "55CC"  # Hi-Link manual
LD2410: Final = "F4F3F2F1 0D00 02AA 02 5100 00 0000 3B 0000 5500 F8F7F6F5"  # Hi-Link manual


def ti_parts(points: int, targets: int, seed: int = 0) -> Sequence[tuple[int, bytes]]:
    """As the module sends them: compressed points, targets, which point is whose, heights, presence."""
    rng = np.random.default_rng(seed)
    low, high = [-0.6, -0.9, -0.1, 0.5, 0.0], [0.6, 0.9, 0.1, 5.0, 20.0]
    ids = range(targets)
    return (
        reports.ti_points(rng.uniform(low, high, (points, 5))),
        reports.ti_targets(ids, rng.uniform(-3, 3, (targets, 9))),
        (ti.INDEX, bytes(points)),
        reports.ti_heights(ids, np.tile([0.1, 1.7], (targets, 1))),
        reports.ti_presence(True),
    )


def _hex(frames: Sequence[str]) -> Sequence[bytes]:
    return [bytes.fromhex(frame) for frame in frames]


FRAMES: Final[Mapping[str, Sequence[bytes]]] = {
    "tinyframe": (
        *_hex(TINYFRAME),
        reports.tinyframe(tinyframe.TARGETS, b"\x01\0\0\0" + np.array([0.5, 1.0, 0.3], "<f4").tobytes() + bytes(8)),
        reports.tinyframe(tinyframe.BREATH, np.array([14.0], "<f4").tobytes()),
        reports.tinyframe(tinyframe.POINTS, b"\x02\0\0\0" + np.zeros(10, "<f4").tobytes()),
    ),
    "r60": (*_hex(R60), reports.r60(r60.FALL, b"\x01"), reports.r60(r60.PRESENCE, b"\x00")),
    "ld2410": (bytes.fromhex(LD2410), reports.ld24xx_answer(0x00FF, bytes.fromhex("01004000"))),
    "ld2450": (bytes.fromhex(LD2450), reports.ld24xx_answer(0x0090)),
    "ti": (
        reports.ti(1, ti_parts(12, 2)),
        reports.ti(2, ti_parts(5, 1), old=True),
        reports.ti(3, ti_parts(3, 1), counted_in=True),
        reports.ti(4, ti_parts(0, 0)),
        reports.ti(5, [(ti.POINTS, np.ones(8, "<f4").tobytes())], old=True, counted_in=True),
    ),
}
