"""What a radar module says at one moment: `RadarFrame`, its `Targets`, and `Answer`s to commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# Columns of `RadarFrame.points`.
X, Y, Z, SPEED, SNR = range(5)


class Measure(StrEnum):
    """A number that a module gives beside points and targets, with its unit."""

    DISTANCE = "distance"  # m, from the module to whom it measures
    BREATH_RATE = "breath-rate"  # /min
    HEART_RATE = "heart-rate"  # /min
    HEIGHT = "height"  # m, of whom it measures above the floor
    MOVING_ENERGY = "moving-energy"  # 0–100
    STILL_ENERGY = "still-energy"  # 0–100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """Whom the module follows, k of them, in its own axes: x to its right, y away from it, z up along it.

    Attributes:
        ids: int32 (k,), the module's own numbers; the same as long as it does not lose one.
        positions: float32 (k, 3), m.
        velocities: float32 (k, 3), m/s; NaN where it does not tell.
        heights: float32 (k, 2), the lowest and the highest z of each, m; NaN where it does not tell.
        confidences: float32 (k,), 0–1; NaN where it does not tell.
    """

    ids: NDArray[np.int32]
    positions: Floats
    velocities: Floats
    heights: Floats
    confidences: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a module answered to a command.

    Attributes:
        code: of the command, in its protocol.
        data: behind it.
        done: it did what was asked, as far as its protocol says.
    """

    code: int
    data: bytes = b""
    done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RadarFrame:
    """One message. A field is None where the message does not speak of it: of most modules each tells one fact.

    Attributes:
        number: the module's own count of frames.
        points: float32 (n, 5): x, y, z (m), radial speed (m/s, away is positive), signal to noise (dB); NaN unknown.
        targets: whom it follows; no rows when it follows nobody.
        present: somebody is there.
        moving: somebody moves.
        fallen: the module's own opinion: one witness, never the judge.
        measures: other numbers.
        answers: to commands.
        unknown: parts that were kept and not understood, by their type.
    """

    number: int | None = None
    points: Floats | None = None
    targets: Targets | None = None
    present: bool | None = None
    moving: bool | None = None
    fallen: bool | None = None
    measures: Mapping[Measure, float] = field(default_factory=lambda: MappingProxyType({}))
    answers: tuple[Answer, ...] = ()
    unknown: Mapping[int, bytes] = field(default_factory=lambda: MappingProxyType({}))
    raw: bytes = b""


# No module looks further, and no home is larger: what lies beyond is a broken frame.
FURTHEST_M: Final = 50.0
FASTEST_MPS: Final = 50.0
