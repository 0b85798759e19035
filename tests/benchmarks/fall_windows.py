"""Fall windows/s of one tick for all streams, against other ways to judge the same windows; samples/s against river.

Ours is everything from packets at 50 Hz to findings: rate conversion, buffers, search for peaks, quality, features,
kernels, network. The peers: tsfresh's 10 minimal features per axis, with nothing after them and with our own
classifier; PyOD's isolation forest on our features, which it is given; river's half-space trees, sample by sample on
|a|, which it is given too: there everybody walks, or is struck once a second for as long as it lasts, each time by
another strength, so that nearly half of the blows are judged by the network: those of the first seconds, and those that
stand out. Walking, no window is judged: a tick is one for the peers and none for us. Measured in turns, in processor
time, one thread each; the ratio is the median of the turns' ratios. The peers' interpreter is HUOMA_BENCH_PYTHON.

Beside it, in processes of their own: the first tick from the interpreter's start on, and the peak memory of detection
alone.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

import numpy as np

from tests.benchmarks._fall_peers import Peers
from tests.benchmarks._moving import struck, walking

STREAMS: Final = 1024
TICK: Final = 25  # samples at 50 Hz: half a second
TURNS: Final = 7
TICKS: Final = 8
PEER_WINDOWS: Final = 64
STRUCK_S: Final = 12
WALKING: Final = "all streams walking"
IMPACTING: Final = "all streams impacting"
STRUCK: Final = "all streams struck once a second"
# Which are compared in what.
CASES: Final = {"windows": (WALKING, IMPACTING), "samples": (WALKING, STRUCK)}
# Peer, what it is compared in, what it is called, the goal.
PEERS: Final = (
    ("judged", "windows", "tsfresh {} minimal, three axes, and our classifier", ">= 5"),
    ("xyz", "windows", "tsfresh {} minimal, three axes", ">= 5"),
    ("y", "windows", "tsfresh {} minimal, one axis only", None),
    ("pyod", "windows", "PyOD {} isolation forest, our features given", None),
    ("river", "samples", "river {} half-space trees, |a| given", ">= 20"),
)
FIRST_TICK: Final = """
from pathlib import Path
import numpy as np
from device_drivers.readings import Motion
from gateway.detection.detection import open_detection
detection = open_detection()
t = np.arange(400) / 50
for name in "abcd":
    samples = np.stack([0 * t, 1 + 0.9 * np.sin(12 * t), 0 * t + 0.1], axis=1).astype(np.float32)
    detection.feed(name, Motion(samples=samples, rate_hz=50.0, last_sample_ns=None, clipping_g=8.0), 1.0)
detection.tick(1.0)
status = Path("/proc/self/status")
lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
print(int(lines["VmHWM"].split()[0]) / 1024)
"""


def ticks(*, impacting: bool) -> Callable[[], None]:
    """One tick of all streams, ready to be repeated: in every one a decision falls due, or in none."""
    from analytics.falls import FallDetector, shipped
    from analytics.falls.candidates import AFTER

    motion = walking(STREAMS, 14)
    if impacting:
        motion[:, 510:514] *= 4
    detector = FallDetector(model=shipped()["trunk"])
    state = detector.start(np.full(STREAMS, 50.0))
    before = 510 + AFTER - 10
    state, _ = detector.step(state, motion[:, :before])
    chunk = motion[:, before : before + TICK]

    def tick() -> None:
        detector.step(state, chunk)

    return tick


def seconds_struck() -> Callable[[], None]:
    """`STRUCK_S` seconds of all streams from their start on, ready to be repeated."""
    from analytics.falls import FallDetector, shipped

    motion = struck(STREAMS, STRUCK_S)
    detector = FallDetector(model=shipped()["trunk"])
    chunks = [motion[:, begin : begin + TICK] for begin in range(0, motion.shape[1], TICK)]

    def all_of_it() -> None:
        state = detector.start(np.full(STREAMS, 50.0))
        for chunk in chunks:
            state, _ = detector.step(state, chunk)

    return all_of_it


def ticks_per_s(work: Callable[[], None], times: int, ticks_each: int) -> float:
    """How many ticks of one stream a second of processor time does."""
    began = process_time()
    for _ in range(times):
        work()
    return STREAMS * times * ticks_each / (process_time() - began)


def run() -> list[dict[str, Any]]:
    """The rows of this benchmark."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from analytics.falls.candidates import WINDOW

    with threadpool_limits(1):
        cases = {
            WALKING: (ticks(impacting=False), TICKS, 1),
            IMPACTING: (ticks(impacting=True), TICKS, 1),
            STRUCK: (seconds_struck(), 1, STRUCK_S * 50 // TICK),
        }
        peers = Peers.start(walking(PEER_WINDOWS, 14)[:, 400 : 400 + WINDOW])
        values: dict[str, list[float]] = {name: [] for name in cases}
        theirs: dict[str, list[float]] = {name: [] for name, *_ in PEERS}
        for _ in range(TURNS):
            for name, work in cases.items():
                values[name].append(ticks_per_s(*work))
            if peers is not None:
                for name, measured in theirs.items():
                    measured.append(peers.round(name))
        if peers is not None:
            peers.stop()
    rows: list[dict[str, Any]] = []
    for name, unit, words, goal in PEERS if peers is not None else ():
        for case in CASES[unit]:
            mine = [value * (TICK if unit == "samples" else 1) for value in values[case]]
            rows.append(
                {
                    "name": f"fall {unit}, {case}",
                    "value": median(mine),
                    "unit": f"{unit}/s",
                    "peer": words.format(peers.versions[name] if peers else ""),
                    "peer_value": median(theirs[name]),
                    "ratio": median(one / other for one, other in zip(mine, theirs[name], strict=True)),
                    "goal": goal,
                }
            )
    if peers is None:
        rows = [{"name": f"fall windows, {case}", "value": median(values[case]), "unit": "windows/s"}
                for case in CASES["windows"]]  # fmt: skip
    return rows + _first_tick()


def _first_tick() -> list[dict[str, Any]]:
    times, peaks = [], []
    for _ in range(3):
        began = perf_counter()
        done = subprocess.run([sys.executable, "-c", FIRST_TICK], check=True, capture_output=True, text=True)
        times.append(perf_counter() - began)
        peaks.append(float(done.stdout))
    nothing = {"peer": None, "peer_value": None, "ratio": None}
    return [
        {
            "name": "first tick, from the start of Python",
            "value": median(times),
            "unit": "s",
            "goal": "<= 3",
            **nothing,
        },
        {"name": "peak memory, detection alone", "value": max(peaks), "unit": "MB", "goal": "<= 135", **nothing},
    ]
