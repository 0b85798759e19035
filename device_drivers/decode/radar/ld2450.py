"""Hi-Link LD2450: up to three people in the plane of the sensor, ten times a second.

`AA FF 03 00 | 3 × {x, y (mm), speed (cm/s), resolution (mm); u16} | 55 CC`. The first three are signed by their top
bit, which means positive when it is set. A place of all zeros is nobody.

Source: Hi-Link, LD2450 serial communication protocol 1.00, §2.3. It does not say which way a positive speed is:
ESPHome's component reads it as away from the module.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from device_drivers.decode.radar import ld24xx
from device_drivers.decode.radar.splitter import NO_FRAME, Framing
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import RadarFrame, Targets

BEGIN: Final = bytes.fromhex("AAFF0300")
TAIL: Final = bytes.fromhex("55CC")
SINGLE: Final = 0x0080
MULTI: Final = 0x0090
ASK_MODE: Final = 0x0091
ASK_ZONES: Final = 0x00C1
SET_ZONES: Final = 0x00C2
PLACES: Final = 3
_BYTES: Final = len(BEGIN) + PLACES * 8 + len(TAIL)
_POSITIVE: Final = 0x8000
_MM_PER_M: Final = 1000.0
_CM_PER_M: Final = 100.0


def _length_at(held: bytearray, at: int, quiet: bool) -> int | None:
    del quiet
    if held.startswith(ld24xx.BEGIN, at):
        return ld24xx.length_at(held, at)
    if not held.startswith(BEGIN, at) or len(held) - at < _BYTES:
        return None
    return _BYTES if held.startswith(TAIL, at + _BYTES - len(TAIL)) else NO_FRAME


FRAMING: Final = Framing(begins=(BEGIN, ld24xx.BEGIN), longest=max(_BYTES, ld24xx.LONGEST), length_at=_length_at)


def decode(frame: bytes) -> RadarFrame:
    """What a whole frame says: a report, or the answer to a command. Its ids are the module's three places.

    The speed along the line of sight is given as a velocity along that line.

    Raises:
        DecodeError: neither.
    """
    if frame.startswith(ld24xx.BEGIN):
        return RadarFrame(answers=(ld24xx.decode_answer(frame),), raw=frame)
    if not frame.startswith(BEGIN) or _length_at(bytearray(frame), 0, True) != len(frame):
        raise DecodeError(f"ld2450: {frame[:8].hex() or 'nothing'} is not a report")
    rows = np.frombuffer(frame, "<u2", PLACES * 4, len(BEGIN)).reshape(PLACES, 4).astype(np.int32)
    (there,) = np.nonzero(rows.any(axis=1))
    signed = np.where(rows & _POSITIVE, rows - _POSITIVE, -rows)[there, :3]
    positions = np.full((len(there), 3), np.nan, np.float32)
    positions[:, :2] = signed[:, :2] / _MM_PER_M
    away = positions / np.maximum(np.hypot(positions[:, 0], positions[:, 1]), 1e-3)[:, None]
    nothing = np.full((len(there), 2), np.nan, np.float32)
    targets = Targets(
        ids=there.astype(np.int32), positions=positions,
        velocities=(away * (signed[:, 2:] / _CM_PER_M)).astype(np.float32),
        heights=nothing, confidences=nothing[:, 0],
    )  # fmt: skip
    return RadarFrame(targets=targets, present=bool(len(there)), moving=bool((signed[:, 2] != 0).any()), raw=frame)
