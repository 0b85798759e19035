"""The peers of the fall benchmarks, run by the interpreter that has them: a measurement per line of input.

Input: the path of an .npz file, then a line for each round, the name of a peer. Output: a JSON line per round with how
many things were done in a second of processor time, and with which version.

The file has `windows`, float32 (N, samples, 3), and `features`, float32 (N, columns), the detector's own of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from time import process_time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SAMPLES: Final = 4000  # one by one
TREES: Final = 100  # PyOD's default


def minimal(windows: NDArray[np.float32], axes: str) -> Callable[[], NDArray[np.float64]]:
    """tsfresh's minimal features of these axes."""
    import pandas as pd  # type: ignore[import-not-found, import-untyped, unused-ignore]
    from tsfresh import extract_features  # type: ignore[import-not-found]
    from tsfresh.feature_extraction import MinimalFCParameters  # type: ignore[import-not-found]

    count, length, _ = windows.shape
    frame = pd.DataFrame(windows.reshape(-1, 3).astype(np.float64), columns=["x", "y", "z"])
    frame["window"] = np.repeat(np.arange(count), length)
    frame["sample"] = np.tile(np.arange(length), count)
    columns, settings = frame[[*axes, "window", "sample"]], MinimalFCParameters()

    def measured() -> NDArray[np.float64]:
        return np.asarray(
            extract_features(
                columns,
                column_id="window",
                column_sort="sample",
                default_fc_parameters=settings,
                n_jobs=0,
                disable_progressbar=True,
            )
        )

    return measured


def judged(windows: NDArray[np.float32], features: NDArray[np.float32]) -> Callable[[], object]:
    """tsfresh's minimal features and then our own classifier, which takes its time over whatever numbers."""
    from analytics.falls import shipped

    model, extract, taken = shipped()["trunk"], minimal(windows, "xyz"), features.copy()

    def measured() -> object:
        numbers = extract()
        taken[:, : numbers.shape[1]] = numbers
        return model.of_inputs(taken)

    return measured


def half_space_trees(windows: NDArray[np.float32]) -> Callable[[], object]:
    """river's detector of anomalies, fed with the length of each sample."""
    from river.anomaly import HalfSpaceTrees  # type: ignore[import-not-found]

    lengths = np.linalg.norm(windows.reshape(-1, 3)[:SAMPLES], axis=1).tolist()
    samples = [{"a": length / 16} for length in lengths]  # it expects 0 to 1
    trees = HalfSpaceTrees(seed=1)

    def measured() -> object:
        for sample in samples:
            trees.score_one(sample)
            trees.learn_one(sample)
        return trees

    return measured


def isolation_forest(features: NDArray[np.float32]) -> Callable[[], object]:
    """PyOD's judgement of features that are already there."""
    from pyod.models.iforest import IForest  # type: ignore[import-not-found]

    forest: Any = IForest(n_estimators=TREES, random_state=1, n_jobs=1)
    forest.fit(features)
    return lambda: forest.decision_function(features)


def main() -> None:
    """Answer until the input ends."""
    with np.load(sys.stdin.readline().strip()) as file:
        windows, features = file["windows"], file["features"]
    makers: dict[str, tuple[str, int, Callable[[], Callable[[], object]]]] = {
        "xyz": ("tsfresh", len(windows), lambda: minimal(windows, "xyz")),
        "y": ("tsfresh", len(windows), lambda: minimal(windows, "y")),
        "judged": ("tsfresh", len(windows), lambda: judged(windows, features)),
        "river": ("river", SAMPLES, lambda: half_space_trees(windows)),
        "pyod": ("pyod", len(windows), lambda: isolation_forest(features)),
    }
    ready: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        name, count, make = makers[line.strip()]
        if line not in ready:
            ready[line] = make()
            ready[line]()  # warms up
        began = process_time()
        ready[line]()
        print(json.dumps({"per_s": count / (process_time() - began), "version": version(name)}), flush=True)


if __name__ == "__main__":
    main()
