"""The peers of `activity_city`, run by the interpreter that has them: one JSON object of records a second."""

from __future__ import annotations

import json
from importlib.metadata import version
from time import process_time
from typing import Final

import numpy as np

RECORDS: Final = 4000
UPDATES: Final = 200
HISTORY: Final = 90 * 24


def main() -> None:
    """Measure each once it is warm."""
    import stumpy  # type: ignore[import-not-found, unused-ignore]
    from river.anomaly import HalfSpaceTrees  # type: ignore[import-not-found, unused-ignore]

    rng = np.random.default_rng(0)
    rows = [dict(enumerate(row)) for row in (rng.poisson(6, (2 * RECORDS, 8)) / 20).tolist()]
    trees = HalfSpaceTrees(seed=0)
    for row in rows[:RECORDS]:
        trees.learn_one(row)
    began = process_time()
    for row in rows[RECORDS:]:
        trees.score_one(row)
        trees.learn_one(row)
    river = RECORDS / (process_time() - began)

    series = rng.poisson(6, HISTORY + UPDATES + 5).astype(np.float64) + rng.random(HISTORY + UPDATES + 5)
    stream = stumpy.stumpi(series[:HISTORY], m=24, egress=False)
    for value in series[HISTORY : HISTORY + 5]:
        stream.update(value)
    began = process_time()
    for value in series[HISTORY + 5 :]:
        stream.update(value)
    profile = UPDATES / (process_time() - began)
    print(
        json.dumps(
            {
                "river half-space trees": {"per_s": river, "version": version("river")},
                "stumpy stumpi": {"per_s": profile, "version": version("stumpy")},
            }
        )
    )


if __name__ == "__main__":
    main()
