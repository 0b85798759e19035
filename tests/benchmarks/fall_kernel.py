"""What the fall detector costs always: conversion, newest samples and search for peaks, without the classifier.

Against one `np.linalg.norm` of the same array: float32 (streams, 25, 3), a tick of half a second at 50 Hz; at one and
at ten streams both are the price of calling NumPy. In one input everybody walks, in the other everybody's body is
struck once a second, each time by another strength, and each blow's window is taken out. Measured in turns, in
processor time, one thread.
"""

from __future__ import annotations

from statistics import median
from time import process_time
from typing import Any, Final

import numpy as np

from tests.benchmarks._moving import RATE_HZ, struck, walking

STREAMS: Final = (1, 10, 100, 1_000, 10_000)
TICK: Final = 25
TICKS: Final = 4  # different ones: two seconds, which follow each other for ever
TURNS: Final = 7
_SAMPLES: Final = 1_000_000  # in a turn, of all streams
_NS: Final = 1e9
# Below a hundred streams the thirty calls of a tick are what costs, 1 to 2 µs each; norm makes three.
_FROM: Final = 100


def costs(streams: int, *, impacting: bool) -> tuple[list[float], list[float]]:
    """ns a sample of ours and of the norm, a number for each turn."""
    from analytics.falls import candidates

    values = (struck if impacting else walking)(streams, TICKS * TICK // RATE_HZ)
    ticks = [np.ascontiguousarray(part) for part in np.split(values, TICKS, axis=1)]
    state = candidates.start(np.full(streams, 50.0))
    for chunk in ticks * 4:
        state, _ = candidates.advance(state, chunk)
    rounds = min(400, max(1, _SAMPLES // (streams * TICKS * TICK)))
    samples = rounds * TICKS * TICK * streams
    own: list[float] = []
    norm: list[float] = []
    for _ in range(TURNS):
        began = process_time()
        for _ in range(rounds):
            for chunk in ticks:
                np.linalg.norm(chunk, axis=-1)
        norm.append((process_time() - began) / samples * _NS)
        began = process_time()
        for _ in range(rounds):
            for chunk in ticks:
                state, found = candidates.advance(state, chunk)
                for _ in found.pieces():
                    pass
        own.append((process_time() - began) / samples * _NS)
    return own, norm


def run() -> list[dict[str, Any]]:
    """A row for each number of streams and input, and whether a stream gets dearer with their number."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows: list[dict[str, Any]] = []
    with threadpool_limits(1):
        for impacting, words in ((False, "walking"), (True, "struck once a second")):
            found = {streams: costs(streams, impacting=impacting) for streams in STREAMS}
            for streams, (own, norm) in found.items():
                rows.append(
                    {
                        "name": f"falls, always on: {streams:,} streams {words}",
                        "value": median(own),
                        "unit": "ns a sample",
                        "peer": "np.linalg.norm of the same array",
                        "peer_value": median(norm),
                        "ratio": median(mine / theirs for mine, theirs in zip(own, norm, strict=True)),
                        "goal": "<= 6" if streams >= _FROM else None,
                    }
                )
            least = min(median(own) for own, _ in found.values())
            rows.append(
                {
                    "name": f"falls, always on: a sample at 10,000 streams {words}, against the best of fewer",
                    "value": median(found[STREAMS[-1]][0]),
                    "unit": "ns a sample",
                    "peer": "the same with fewer",
                    "peer_value": least,
                    "ratio": median(found[STREAMS[-1]][0]) / least,
                    "goal": "<= 1.1",
                }
            )
    return rows
