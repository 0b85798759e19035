"""Fall windows/s of one tick for all streams, against tsfresh's minimal features on the same windows.

Ours is everything from packets at 50 Hz to findings: rate conversion, buffers, search for peaks, quality, 312
features, trees, network. The peer computes its 10 minimal features per axis and classifies nothing. Measured in
turns, in processor time, one thread each; the ratio is the median of the turns' ratios. The peer's interpreter is
HUOMA_BENCH_PYTHON.

Beside it, in processes of their own: the first tick from the interpreter's start on, and the peak memory of detection
alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

STREAMS: Final = 256
TICK: Final = 25  # samples at 50 Hz: half a second
TURNS: Final = 7
TICKS: Final = 20
PEER_WINDOWS: Final = 64
PEER: Final = Path(__file__).with_name("_fall_peer.py")
THREADS: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
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


def streams() -> NDArray[np.float32]:
    """Six seconds and more of all streams walking, float32 (STREAMS, samples, 3)."""
    rng = np.random.default_rng(0)
    t = np.arange(700) / 50 + rng.random((STREAMS, 1))
    phase = 2 * np.pi * 1.8 * t
    values = np.stack([0.08 * np.sin(phase / 2), 1 + 0.25 * np.sin(phase), 0.12 * np.sin(phase + 1)], axis=2)
    return np.asarray(values + rng.normal(size=values.shape) * 0.02, np.float32)


def ticks(*, impacting: bool) -> Callable[[], None]:
    """One tick of all streams, ready to be repeated: in every one a decision falls due, or in none."""
    from analytics.falls import FallDetector, load

    motion = streams()
    if impacting:
        motion[:, 510:514] *= 4
    detector = FallDetector(model=load())
    state = detector.start(np.full(STREAMS, 50.0))
    before = 510 + 125 - 10
    state, _ = detector.step(state, motion[:, :before])
    chunk = motion[:, before : before + TICK]

    def tick() -> None:
        detector.step(state, chunk)

    return tick


def windows_per_s(tick: Callable[[], None]) -> float:
    """Streams judged in a second of processor time."""
    began = process_time()
    for _ in range(TICKS):
        tick()
    return STREAMS * TICKS / (process_time() - began)


def run() -> list[dict[str, Any]]:
    """The rows of this benchmark."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        cases = {"all streams walking": ticks(impacting=False), "all streams impacting": ticks(impacting=True)}
        peer = _Peer.start(streams()[:PEER_WINDOWS, 400:700])
        values: dict[str, list[float]] = {name: [] for name in cases}
        peers: dict[str, list[float]] = {"xyz": [], "y": []}
        for _ in range(TURNS):
            for name, tick in cases.items():
                values[name].append(windows_per_s(tick))
            for axes, measured in peers.items():
                if peer is not None:
                    measured.append(peer.round(axes))
        version = peer.stop() if peer is not None else None
    rows = []
    for name, measured in values.items():
        for axes, words, goal in (("xyz", "three axes", ">= 10"), ("y", "one axis only", None)):
            ratios = [own / other for own, other in zip(measured, peers[axes], strict=False)]
            rows.append(
                {
                    "name": f"fall windows, {name}",
                    "value": median(measured),
                    "unit": "windows/s",
                    "peer": f"tsfresh {version} minimal, {words}" if version else None,
                    "peer_value": median(peers[axes]) if peers[axes] else None,
                    "ratio": median(ratios) if ratios else None,
                    "goal": goal if ratios else None,
                }
            )
            if not ratios:
                break
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


class _Peer:
    """tsfresh in its own interpreter."""

    def __init__(self, process: subprocess.Popen[str], file: str) -> None:
        self._process, self._file = process, file
        self._version = ""

    @classmethod
    def start(cls, windows: NDArray[np.float32]) -> _Peer | None:
        """None where there is no interpreter with tsfresh."""
        python = os.environ.get("HUOMA_BENCH_PYTHON")
        if not python or subprocess.run([python, "-c", "import tsfresh"], check=False, capture_output=True).returncode:
            return None
        handle, file = tempfile.mkstemp(suffix=".npy")
        os.close(handle)
        np.save(file, windows)
        process = subprocess.Popen(
            [python, str(PEER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, **THREADS},
        )  # fmt: skip
        peer = cls(process, file)
        peer._write(file)
        peer.round("y")  # the first round imports and warms up
        return peer

    def round(self, axes: str) -> float:
        """Windows per second of processor time."""
        self._write(axes)
        line = self._process.stdout.readline() if self._process.stdout else ""
        answer = json.loads(line)
        self._version = str(answer["version"])
        return float(answer["windows_per_s"])

    def stop(self) -> str:
        """End the process; the version that was measured."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        Path(self._file).unlink()
        return self._version

    def _write(self, text: str) -> None:
        if self._process.stdin:
            self._process.stdin.write(text + "\n")
            self._process.stdin.flush()
