"""The other end of `_fall_peer`: peers in their own interpreter, which HUOMA_BENCH_PYTHON names."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

PEER: Final = Path(__file__).with_name("_fall_peer.py")
THREADS: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


class Peers:
    """tsfresh, river and PyOD on the same windows."""

    def __init__(self, process: subprocess.Popen[str], file: str) -> None:
        self._process, self._file = process, file
        self.versions: dict[str, str] = {}

    @classmethod
    def start(cls, windows: NDArray[np.float32]) -> Peers | None:
        """None where there is no interpreter with the peers."""
        from analytics.falls import shipped

        python = os.environ.get("HUOMA_BENCH_PYTHON")
        wanted = "import tsfresh, river, pyod"
        if not python or subprocess.run([python, "-c", wanted], check=False, capture_output=True).returncode:
            return None
        handle, file = tempfile.mkstemp(suffix=".npz")
        os.close(handle)
        np.savez(file, windows=windows, features=shipped()["trunk"].extract(windows))
        root = str(PEER.parents[2])
        process = subprocess.Popen(
            [python, str(PEER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, **THREADS, "PYTHONPATH": root},
        )  # fmt: skip
        peers = cls(process, file)
        peers._write(file)
        return peers

    def round(self, name: str) -> float:
        """How many windows (samples for river) the peer does in a second of processor time."""
        self._write(name)
        line = self._process.stdout.readline() if self._process.stdout else ""
        answer = json.loads(line)
        self.versions[name] = str(answer["version"])
        return float(answer["per_s"])

    def stop(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        Path(self._file).unlink()

    def _write(self, text: str) -> None:
        if self._process.stdin:
            self._process.stdin.write(text + "\n")
            self._process.stdin.flush()
