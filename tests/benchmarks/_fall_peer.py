"""The peer of `fall_windows`, run by the interpreter that has tsfresh: features of the same windows, a round a line.

Input: the path of an .npy file of float32 (N, samples, 3), then a line for each round. Output: a JSON line per round.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from time import process_time

import numpy as np
import pandas as pd  # type: ignore[import-not-found, import-untyped, unused-ignore]
from tsfresh import extract_features  # type: ignore[import-not-found]
from tsfresh.feature_extraction import MinimalFCParameters  # type: ignore[import-not-found]


def main() -> None:
    """Answer until the input ends."""
    windows = np.load(sys.stdin.readline().strip())
    count, length, _ = windows.shape
    frame = pd.DataFrame(windows.reshape(-1, 3).astype(np.float64), columns=["x", "y", "z"])
    frame["window"] = np.repeat(np.arange(count), length)
    frame["sample"] = np.tile(np.arange(length), count)
    settings = MinimalFCParameters()
    for line in sys.stdin:
        columns = [*line.strip(), "window", "sample"]
        began = process_time()
        extract_features(
            frame[columns],
            column_id="window",
            column_sort="sample",
            default_fc_parameters=settings,
            n_jobs=0,
            disable_progressbar=True,
        )
        print(
            json.dumps({"windows_per_s": count / (process_time() - began), "version": version("tsfresh")}), flush=True
        )


if __name__ == "__main__":
    main()
