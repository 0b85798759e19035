"""R13: the time of every decoder over broken and whole frames. The 99th percentile of each must be 1 ms or less.

Each decoder takes 20,000 fuzzed frames (the same kinds as the fuzz test); the row's value is its 99th percentile in ms,
and its ratio is to the limit. One row for the slowest, one for each decoder that is within a tenth of the limit.
"""

from __future__ import annotations

import random
from contextlib import suppress
from time import perf_counter_ns
from typing import Any, Final

from device_drivers.errors import DecodeError
from tests.device_drivers.decode.targets import TARGETS, Target, frames

FRAMES: Final = 20_000
LIMIT_MS: Final = 1.0
WORTH_TELLING: Final = 0.1  # of the limit
_NS_PER_MS: Final = 1e6


def percentile_ms(target: Target, *, seed: str, count: int = FRAMES) -> float:
    """The time within which 99 of 100 frames are decoded or refused."""
    taken: list[int] = []
    for frame in frames(target.golden, random.Random(seed), count):
        began = perf_counter_ns()
        with suppress(DecodeError):
            target.decode(frame)
        taken.append(perf_counter_ns() - began)
    return sorted(taken)[count * 99 // 100] / _NS_PER_MS


def run() -> list[dict[str, Any]]:
    """The slowest decoder first."""
    measured = {name: percentile_ms(target, seed=name) for name, target in TARGETS.items()}
    order = sorted(measured, key=lambda name: -measured[name])
    told = order[:1] + [name for name in order[1:] if measured[name] >= WORTH_TELLING * LIMIT_MS]
    return [
        {
            "name": f"decoding, 99th percentile: {name}" + (f", slowest of {len(order)}" if name == order[0] else ""),
            "value": measured[name],
            "unit": "ms",
            "peer": "the limit",
            "peer_value": LIMIT_MS,
            "ratio": measured[name] / LIMIT_MS,
            "goal": "<= 1",
        }
        for name in told
    ]
